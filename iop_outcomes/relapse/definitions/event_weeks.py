"""When a definition with a time is met, and what its event rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.outcomes import KNOWN, answers, as_reasons, views
from iop_outcomes.relapse.definitions.registry import find, published
from iop_outcomes.relapse.definitions.windows import Window
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.shared.vocabulary import MISSING_RULES
from iop_outcomes.use.pattern_array import encode

NUMBERS = ("weeks", "onset", "missed_weeks", "last_clear")


def event_weeks(
    patterns: pd.Series[Any] | Iterable[str],
    definition: str | Definition,
    *,
    missing: str | None = None,
) -> pd.DataFrame:
    """Return when a definition with a time is met, week by week, and what that rests on.

    Parameters
    ----------
    patterns : pandas.Series of str
        As for ``outcomes``.
    definition : str or Definition
        One whose unit in ``definitions()`` is an event and the weeks to it, such as
        ``"lee_2016"``, or one of your own that measures a ``Window``.
    missing : str, optional
        What a missed week counts as, in place of the definition's own rule: ``"use"``,
        ``"no_use"``, ``"last_value"``, ``"last_value_to_last_contact"`` (only up to the last week
        known), ``"drop"`` (the weeks seen follow each other), or ``"censor"`` (nothing
        counts from the first missed week on).

    Returns
    -------
    pandas.DataFrame
        Indexed as `patterns`; all but ``why_missing`` are missing where there is no answer:

        - ``weeks`` (Int64): to the week in which the definition is met, and so known to be; or
          else the last of which the rule says something: the last due where missed weeks count
          as use, no use or the last value (and for dropout), else the last seen;
        - ``event`` (boolean): whether it is met;
        - ``onset`` (Int64): the first of the weeks that were counted, missing without an event;
        - ``missed_weeks`` (Int64): how many of the counted weeks were missed; the event rests on
          missing weeks where this is above 0;
        - ``last_clear`` (Int64): the last week seen without use, of an event before its onset;
          0 if none. The event lies between it and ``weeks``;
        - ``why_missing`` (category): as ``missing_outcomes``.

        ``attrs["rule"]``: title, rule and missing rule, for every figure made of this.

    Raises
    ------
    RuleError
        If the definition is not known or has no time, or `missing` is not a rule for it.

    Examples
    --------
    >>> from iop_outcomes.relapse.definitions.event_weeks import event_weeks
    >>> event_weeks(["--+ooo-", "--+-+o", "oooo"], "ctn_0094_relapse").iloc[:, :4]
       weeks  event  onset  missed_weeks
    0      6   True      3             3
    1      6  False   <NA>             0
    2   <NA>   <NA>   <NA>          <NA>
    """
    chosen = find(definition) if isinstance(definition, str) else definition
    window = _window(chosen, missing)
    encoded = encode(patterns)
    columns = {name: np.zeros(len(encoded), dtype=np.int64) for name in NUMBERS}
    event = np.zeros(len(encoded), dtype=bool)
    codes = np.zeros(len(encoded), dtype=np.int8)
    for people, view in views(encoded, compatible=False):
        events = window.events(view)
        event[people] = events.event
        columns["weeks"][people] = np.where(events.event, events.met, events.until)
        columns["onset"][people] = events.onset
        columns["missed_weeks"][people] = events.missed
        columns["last_clear"][people] = events.last_clear
        codes[people] = answers(window, view)[1]
    unknown = codes != KNOWN
    table: dict[str, Any] = {
        "weeks": _integers(columns["weeks"], unknown),
        "event": pd.arrays.BooleanArray(event, unknown),
        "onset": _integers(columns["onset"], unknown | ~event),
        "missed_weeks": _integers(columns["missed_weeks"], unknown),
        "last_clear": _integers(columns["last_clear"], unknown),
        "why_missing": as_reasons(codes),
    }
    frame = pd.DataFrame(table, index=encoded.index)
    text = rule_text(chosen, missing)
    return label(frame, Provenance(text), rule=text)


def rule_text(definition: Definition, missing: str | None) -> str:
    """Return title, rule and missing rule of a definition, the latter as `missing` says."""
    if missing is None:
        return definition.text
    return f"{definition.title}: {definition.rule} {MISSING_RULES[missing].week}"


def _window(definition: Definition, missing: str | None) -> Window:
    window = definition.window
    if window is None:
        timed = [known.name for known in published() if known.window is not None]
        raise RuleError(
            "That definition has no time to an event.",
            found=as_written(definition.name),
            instead=f"one of {', '.join(timed)}; or outcomes(patterns, ...).",
        )
    if missing is None:
        return window
    if missing not in MISSING_RULES or window.of_missed:
        raise RuleError(
            "A definition of dropout counts missed weeks."
            if window.of_missed
            else "That is not a rule for missed weeks.",
            found=f"missing={as_written(missing)}",
            instead="missing=None" if window.of_missed else f"one of {', '.join(MISSING_RULES)}.",
        )
    return replace(window, missing=missing)


def _integers(values: NDArray[np.int64], missing: NDArray[np.bool_]) -> Any:
    return pd.arrays.IntegerArray(values, missing)
