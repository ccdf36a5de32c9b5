r"""The document as a LaTeX file of tables and text.

Every letter that LaTeX reads as a command is written as the letter itself, so that no name of a
group or column can be one; ``[`` and ``*`` are in braces, since they are read as an option after
the end of a row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from iop_outcomes.compare.cohorts.document import WARNING, Part, cells_of
from iop_outcomes.shared.characters import one_line

LETTERS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "–": "--",
    "∞": r"\ensuremath{\infty}",
}
_ANY = re.compile("|".join(map(re.escape, LETTERS)))
HEAD = r"""\documentclass[10pt,a4paper,landscape]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp,booktabs,longtable,array}
\usepackage[margin=2cm]{geometry}
\begin{document}
\setlength{\tabcolsep}{3pt}
\footnotesize
"""


def document(title: str, parts: Sequence[Part], *, synthetic: bool) -> str:
    """Return the file as text."""
    made_up = "\\textbf{Synthetic data.}\n\n" if synthetic else ""
    body = "\n".join(_part(part) for part in parts)
    return (
        f"{HEAD}\\section*{{{escaped(title)}}}\n{made_up}{body}\n{escaped(WARNING)}\n"
        "\\end{document}\n"
    )


def escaped(text: str) -> str:
    r"""Return text as LaTeX prints it.

    Examples
    --------
    >>> escaped("50% & more")
    '50\\% \\& more'
    """
    return _ANY.sub(lambda letter: LETTERS[letter[0]], one_line(text))


def _part(part: Part) -> str:
    text = f"\\subsection*{{{escaped(part.title)}}}\n{escaped(part.text)}\n"
    if part.table is None or not len(part.table.columns):
        return text
    header, rows = cells_of(part.table)
    columns = "".join(
        ">{\\raggedright\\arraybackslash}"
        f"p{{\\dimexpr {share:.3f}\\linewidth-2\\tabcolsep\\relax}}"
        for share in _shares(header, rows)
    )
    lines = [
        f"\\begin{{longtable}}{{{columns}}}",
        "\\toprule",
        f"{_row(header)}",
        "\\midrule\\endhead",
        *(_row(row) for row in rows),
        "\\bottomrule",
        "\\end{longtable}",
    ]
    return text + "\n" + "\n".join(lines) + "\n"


def _shares(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """Return the part of the width that each column is given.

    In proportion to its longest cell, of at most 40 letters, and never less than its longest word.
    """
    lengths = []
    for column in zip(header, *rows, strict=True):
        word = max((len(part) for cell in column for part in cell.split()), default=1)
        lengths.append(2 + max(word, min(max(map(len, column[1:]), default=1), 40)))
    return [length / sum(lengths) for length in lengths]


def _row(cells: Sequence[str]) -> str:
    return " & ".join(escaped(cell) for cell in cells) + r" \\"
