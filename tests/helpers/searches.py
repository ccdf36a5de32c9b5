"""How often whole numbers are looked for while a report is protected."""

from __future__ import annotations

import pytest

from iop_outcomes.disclosure.solutions import kept


def counted_searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets one longer with each search for one count."""
    asked: list[int] = []
    solve = kept.find_fit

    def counted(*given: object) -> object:
        asked.append(1)
        return solve(*given)  # type: ignore[arg-type]  # what it was given, handed on

    monkeypatch.setattr(kept, "find_fit", counted)
    return asked
