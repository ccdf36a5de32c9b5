"""Visit schedules (lattices): weeks of a protocol with a visit (``o``) and without (``_``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from iop_outcomes.errors import RuleError
from iop_outcomes.use.pattern_array import PAD, PatternArray, check_symbols, code, through


def collapse_lattice(pieces: Sequence[str], times: Sequence[int]) -> str:
    """Repeat each piece the given number of times, and join them.

    Examples
    --------
    >>> from iop_outcomes.use.visit_schedules import collapse_lattice
    >>> collapse_lattice(["o", "_o__"], [12, 3])
    'oooooooooooo_o___o___o__'
    """
    if len(pieces) != len(times):
        raise RuleError(
            "Each piece of a visit schedule (lattice) needs its number of repetitions.",
            found=f"{len(pieces)} pieces and {len(times)} numbers",
            instead='collapse_lattice(["o", "_o__"], [12, 3])',
        )
    return "".join(piece * count for piece, count in zip(pieces, times, strict=True))


def view_by_lattice(
    patterns: PatternArray, lattice: str, visit: str = "o", no_visit: str = "_"
) -> PatternArray:
    """Return the patterns as they would be under a protocol with visits in the weeks of `lattice`.

    Parameters
    ----------
    patterns : PatternArray
        The use patterns. Weeks after the end of the lattice are cut off; a shorter pattern is
        extended with `visit`.
    lattice : str
        `visit` and `no_visit`, one a week.
    visit : str
        The symbol of a week with a visit in the lattice.
    no_visit : str
        The symbol of a week without a visit, in the lattice and in the returned pattern.

    Returns
    -------
    PatternArray
        Patterns as long as the lattice.

    Examples
    --------
    >>> from iop_outcomes.use.pattern_array import decode, encode
    >>> from iop_outcomes.use.visit_schedules import view_by_lattice
    >>> decode(view_by_lattice(encode(["++--++", "-"]), "_o_o")).tolist()
    ['_+_-', '_o_o']
    """
    check_symbols(lattice)
    unknown = set(lattice) - {visit, no_visit}
    if unknown:
        raise RuleError(
            "A visit schedule (lattice) has one symbol a week.",
            found=", ".join(sorted(unknown)),
            instead=f"{visit!r} for a visit and {no_visit!r} for none.",
        )
    cut = through(patterns, len(lattice))
    by_week = np.full((len(lattice), len(patterns)), code(visit), dtype=np.int8)
    inner = by_week[: cut.longest]
    np.copyto(inner, cut.by_week, where=cut.by_week != PAD)
    by_week[[place for place, symbol in enumerate(lattice) if symbol == no_visit]] = code(no_visit)
    by_week[:, ~patterns.has_pattern] = PAD
    lengths = np.where(patterns.has_pattern, len(lattice), 0).astype(np.int32)
    return replace(patterns, by_week=by_week, lengths=lengths)
