"""The reading age of the sample's report: ``python -m docs.reading`` writes docs/reading.md.

It takes the grade of Flesch and Kincaid as textstat works it out, from the syllables of pyphen's
patterns: nothing is downloaded. A grade is a year of school in the United States; grade 7 is about
the age of twelve.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import textstat

import iop_outcomes as iop

HERE = Path(__file__).parent
AIM = 7.0
QUARTER = "2026Q3"


def grade(texts: Iterable[str]) -> float:
    """Return the grade of texts, each of which ends with a stop."""
    return float(textstat.flesch_kincaid_grade(" ".join(map(_ended, texts))))


def _ended(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "?", "!")) else f"{text}."


def in_words(text: str) -> str:
    """Return a text without what is in brackets, and with a short word for each number.

    Digits have no syllables that textstat knows of, so that a text full of them would seem easy.
    """
    return re.sub(r"\b\d[\w.,%-]*(?<![.,])%?", "ten", re.sub(r"\s*\([^()]*\)", "", text))


def texts_of(document: dict[str, object]) -> dict[str, list[str]]:
    """Return the findings, the captions and the sentences of a report."""
    findings, captions, sentences = [], [], []
    for section in document["sections"]:
        findings += [
            in_words(f"{one['title']} {one['text']}".replace(" :", ":")) for one in section["items"]
        ]
        captions += [in_words(one["caption"]) for one in section["tables"]]
        captions += [in_words(one["title"]) for one in section["figures"]]
        sentences += [in_words(one) for one in section["sentences"]]
    return {"findings": findings, "captions": captions, "sentences of the sections": sentences}


def page() -> str:
    """Return the page."""
    report = iop.quarterly_report(iop.read_records(HERE.parent / "data" / "samples"), QUARTER)
    parts = texts_of(report._document)
    lines = [
        "# Reading age of the report",
        "",
        "Written by `python -m docs.reading`: the grade of Flesch and Kincaid (textstat 0.7.4, with the",
        f"syllables of pyphen) of the report of {QUARTER} of the sample. The aim is grade {AIM:.0f}, which is about",
        "the age of twelve. What is in brackets, counts and intervals, is left out, a number or date is",
        "taken as one short word, and a caption as a sentence. The footnotes, which hold the statistics, are",
        "not in it.",
        "",
        "| text | number | grade |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {len(texts)} | {grade(texts):.1f} |" for name, texts in parts.items()]
    both = [*parts["findings"], *parts["captions"]]
    lines += [f"| findings and captions together | {len(both)} | {grade(both):.1f} |", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    (HERE / "reading.md").write_text(page(), encoding="utf-8")
    print(page())
