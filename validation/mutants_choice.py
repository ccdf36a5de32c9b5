"""Which tests are to notice a change of a line: those that execute it, quick ones first."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

QUICK = 0.5  # seconds of processor time: tests that take longer come after all that do not
BEYOND = 120.0  # seconds of tests of other rooms that a mutant is run against at most


class TestMap:
    """What ``mutants_map`` has written: how long each test takes, and what it executes."""

    def __init__(self, path: Path) -> None:
        content = json.loads(path.read_text(encoding="utf-8"))
        self.seconds = {name: test["seconds"] for name, test in content["tests"].items()}
        self._contexts = {name: set(test["contexts"]) for name, test in content["tests"].items()}
        self._import = content["import"]
        self._lines = {
            file: {int(line): set(contexts) for line, contexts in lines.items()}
            for file, lines in content["lines"].items()
        }

    def of_lines(self, file: str, lines: Iterator[int] | range) -> list[str]:
        """Return the tests that execute one of the lines, otherwise than by importing the file."""
        known = self._lines.get(file, {})
        contexts = set().union(*(known.get(line, set()) for line in lines)) - {self._import}
        return [name for name, own in self._contexts.items() if own & contexts]

    def tests(self, tree: Path, file: str, line: int) -> dict[str, float]:
        """Return the tests for a change on a line, in their order, with their seconds.

        A line that runs when the file is imported shows itself to all tests that run anything of
        it: of the function whose decorator or default value it is, else of the file; where nothing
        of the file runs later, to all tests of the room.
        """
        room = Path(file).parts[1]
        names: list[str] = []
        statement = _statement(ast.parse((tree / file).read_text(encoding="utf-8")), line)
        if not statement.at_import:
            names = self.of_lines(file, statement.lines)
        else:
            names = self.of_lines(file, statement.body or iter(self._lines.get(file, {})))
            if not statement.body and not names:
                names = [name for name in self.seconds if _room(name) == room]
        return self._ordered(names, room)

    def _ordered(self, names: list[str], room: str) -> dict[str, float]:
        def place(name: str) -> tuple[bool, str, float]:
            return self.seconds[name] > QUICK, name.split("::")[0], self.seconds[name]

        own = sorted((name for name in names if _room(name) == room), key=place)
        ordered = {name: self.seconds[name] for name in own}
        beyond = 0.0
        for name in sorted((name for name in names if _room(name) != room), key=place):
            beyond += self.seconds[name]
            if beyond <= BEYOND:
                ordered[name] = self.seconds[name]
        return ordered


class _Statement:
    """The statement that a line belongs to: its lines, and what of it runs at import."""

    def __init__(self, line: int) -> None:
        self.lines = range(line, line + 1)
        self.at_import = True
        self.body = range(0)  # of the function of which this is the first line; else empty


def _statement(module: ast.Module, line: int) -> _Statement:
    statement = _Statement(line)
    _search(module.body, line, False, statement)
    return statement


def _search(nodes: list[ast.AST], line: int, within: bool, statement: _Statement) -> None:
    """Find the smallest statement that holds the line; `within`: in a function."""
    for node in nodes:
        first, last = _span(node)
        if not first <= line <= last:
            continue
        names = ("body", "orelse", "finalbody", "handlers", "cases")
        inner = [block for name in names if isinstance(block := getattr(node, name, 0), list)]
        inner = [block for block in inner if block]
        begins = _span(inner[0][0])[0] if inner else last + 1
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        statement.lines = range(first, max(begins, first + 1))
        statement.at_import = not within
        statement.body = range(begins, last + 1) if function and not within else range(0)
        if line >= begins:
            for block in inner:
                _search(block, line, within or function, statement)
        return


def _span(node: ast.AST) -> tuple[int, int]:
    """Return the first and the last line of a statement, a handler or a case."""
    if isinstance(node, ast.match_case):
        return node.pattern.lineno, _span(node.body[-1])[1]
    own = node.lineno  # type: ignore[attr-defined]
    decorators = getattr(node, "decorator_list", [])
    return min([own, *(each.lineno for each in decorators)]), node.end_lineno or own  # type: ignore


def _room(test: str) -> str:
    return Path(test).parts[1]
