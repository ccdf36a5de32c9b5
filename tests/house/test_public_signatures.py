"""The names, order, kinds and defaults of what public functions and methods are given."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import iop_outcomes as iop
from tests.helpers.recorded import compare_recorded

RECORDED = Path(__file__).parent / "recorded" / "public_signatures.txt"
KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "by place only",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "by place",
    inspect.Parameter.VAR_POSITIONAL: "any by place",
    inspect.Parameter.KEYWORD_ONLY: "by name",
    inspect.Parameter.VAR_KEYWORD: "any by name",
}


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in sorted(iop.__all__):
        thing = getattr(iop, name)
        if inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing):
            for method, function in sorted(vars(thing).items()):
                one = function.__func__ if isinstance(function, classmethod) else function
                if not method.startswith("_") and inspect.isfunction(one):
                    yield f"{name}.{method}", one


def line(name: str, function: Callable[..., Any]) -> str:
    parameters = inspect.signature(function).parameters.values()
    given = [
        f"{one.name} ({KINDS[one.kind]}"
        + ("" if one.default is one.empty else f"; {one.default!r}")
        + ")"
        for one in parameters
        if one.name not in ("self", "cls")
    ]
    return f"{name}: {', '.join(given) or 'nothing'}"


def test_what_public_functions_are_given_is_as_recorded() -> None:
    """A name, order or default that changes breaks the code of others: it is changed knowingly."""
    lines = [line(name, function) for name, function in public()]
    assert len(lines) > 200
    assert not any("by place only" in one for one in lines)
    compare_recorded(RECORDED, "\n".join(lines) + "\n")
