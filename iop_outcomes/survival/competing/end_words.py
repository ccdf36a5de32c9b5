"""Words for how a time ended: those that do not occur, and those that are misspelt."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import names_asked, words_found

ALIKE = 0.9  # of two words, by difflib: one letter in seven more or less


def refuse_misspelt(asked: Sequence[str], known: Sequence[str], rows: int) -> None:
    """Refuse a word that no time ended by and that is almost one by which some did.

    A word that is unlike all of them is kept as an end that did not occur, as in a small program in
    which nobody died. So is one that is beside the word it is like.

    Parameters
    ----------
    asked : sequence of str
        The words asked for.
    known : sequence of str
        Those of the column.
    rows : int
        The number of rows of the column.
    """
    others = {_bare(word): word for word in known if word not in asked}
    wrong = [
        word
        for word in asked
        if word not in known and get_close_matches(_bare(word), list(others), 1, ALIKE)
    ]
    if wrong:
        raise RuleError(
            f"No event of {names_asked(wrong)}, which is almost a word of the column.",
            found=words_found(known, rows),
            instead="a word that is among these; or add it to the categories of the column, if it "
            "is another end that nobody came to.",
        )


def _bare(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())
