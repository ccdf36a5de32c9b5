"""One file of a command is not written over another one: said before anything is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from iop_outcomes.cli import app
from iop_outcomes.errors import RuleError
from iop_outcomes.report.command import refuse_same_places
from iop_outcomes.shared.saving import refuse_same_files

Ask = Callable[..., None]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Return what checks the files of a report that are named, with data in a folder."""

    def start(out: str, ledger: str | None = None, **named: str | list[str] | bool) -> None:
        def at(name: object) -> Path | None:
            return tmp_path / name if isinstance(name, str) else None

        compare = named.get("compare", [])
        assert isinstance(compare, list)
        refuse_same_places(
            [tmp_path / one for one in out.split()],
            at(ledger),
            tmp_path / str(named.get("data", "data")),
            at(named.get("mapping")),
            at(named.get("settings")),
            [tmp_path / one for one in compare],
            all_programs=bool(named.get("each")),
        )

    (tmp_path / "data").mkdir()
    (tmp_path / "link.json").symlink_to("x.json")
    (tmp_path / "also").symlink_to(".", target_is_directory=True)
    return start


@pytest.mark.parametrize(
    ("out", "ledger", "named", "said"),
    [
        ("x.json", "x.json", {}, "the report .*, and the ledger"),
        ("x.html x.json", "data/../x.json", {}, "the report .*, and the ledger"),
        ("x.json", "link.json", {}, "the report .*, and the ledger"),
        ("also/x.json", "x.json", {}, "the report .*, and the ledger"),
        ("x.html x.json", None, {"compare": ["w.json", "x.json"]}, "the report .*an earlier"),
        ("y.html", "x.json", {"compare": ["link.json"]}, "the ledger .*, and an earlier"),
        ("y.html", "m.toml", {"mapping": "m.toml"}, "the ledger .*, and the mapping"),
        ("y.html", "data/mapping.toml", {}, "the ledger .*, and the mapping"),
        ("y.html", "s.toml", {"settings": "s.toml"}, "the ledger .*, and the settings"),
        ("y.html", "data/report.toml", {}, "the ledger .*, and the settings"),
        ("b.xlsx", None, {"data": "b.xlsx"}, "the report .*, and the data"),
        ("x.json", "x_2-north.json", {"each": True}, "the ledger .*of a program"),
        ("x.json", "also/x_02.json", {"each": True}, "the ledger .*of a program"),
    ],
)
def test_a_file_that_is_two_is_refused(
    ask: Ask, out: str, ledger: str | None, named: dict[str, str], said: str
) -> None:
    with pytest.raises(RuleError, match=said) as caught:
        ask(out, ledger, **named)
    assert "Nothing is written" in str(caught.value)


def test_files_that_are_all_others_are_not(ask: Ask) -> None:
    ask("x.html x.json", "ledger.json", compare=["w.json", "v.json"], mapping="m.toml")
    ask("x.json", "x_ledger.json", each=True)
    ask("x.json", "x_2.json")  # one report only
    refuse_same_files([("one", Path("a\0b"))], [("other", Path("c"))])  # said where it is opened


def test_the_command_says_it_before_it_reads_the_records(tmp_path: Path) -> None:
    x = str(tmp_path / "x.json")
    words = ["report", str(tmp_path / "nowhere"), "--quarter", "2026Q3", "--out", x, "--ledger", x]
    ended = CliRunner().invoke(app, words)
    assert isinstance(ended.exception, RuleError)
    assert list(tmp_path.iterdir()) == []
