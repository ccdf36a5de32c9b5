"""What the README shows runs as it stands there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import iop_outcomes as iop

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.S)
PYTHON = [text for language, text in BLOCKS if language == "python"]


@pytest.mark.parametrize("code", PYTHON, ids=["director", "researcher"])
def test_the_code_runs_as_written(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib

    from iop_outcomes.report import model

    matplotlib.use("agg")
    draw, drawn = model.draw_svg, []

    def first_or_again(plot: Any, result: Any, **options: Any) -> Any:
        """Draw two pictures, and let these stand for the others: tests/report draws them all."""
        if len(drawn) < 2:
            drawn.append(draw(plot, result, **options))
        return drawn[-1]

    monkeypatch.setattr(model, "draw_svg", first_or_again)
    (tmp_path / "data").mkdir()
    shutil.copytree(ROOT / "data" / "samples", tmp_path / "data" / "samples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    if "report" in names:
        assert "</html>" in (tmp_path / "2026Q3.html").read_text(encoding="utf-8")
        assert len(drawn) == 2
    from matplotlib import pyplot

    pyplot.close("all")


def test_there_are_the_director_s_and_the_researcher_s_code() -> None:
    assert len(PYTHON) == 2


def test_the_mapping_it_shows_is_a_mapping() -> None:
    shown = next(text for language, text in BLOCKS if language == "toml")
    mapping = iop.read_mapping(tomllib.loads(shown))
    assert mapping.words["attendance"]["status"] == {"present": "attended", "absent": "no_show"}


def test_two_reports_in_a_row_as_it_shows_them_have_numbers_of_programs(tmp_path: Path) -> None:
    """Both of the newest records hid the whole table of programs of the sample in the second."""
    shown = next(text for _, text in BLOCKS if "--compare" in text)
    commands = [line for line in shown.splitlines() if re.search("report DATA.*json", line)]
    assert [line.count("--compare") for line in commands] == [0, 1]
    for line in commands:
        words = shlex.split(line, comments=True)[1:]
        words[words.index("DATA")] = str(ROOT / "data" / "samples")
        words[words.index("--format") + 1] = "json"
        command = [sys.executable, "-m", "iop_outcomes", *words, "--quiet"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    said = json.loads((tmp_path / "2026Q3.json").read_text("utf-8"))
    tables = {one["name"]: one for part in said["sections"] for one in part["tables"]}
    place = [one["name"] for one in tables["programs"]["columns"]].index("sessions_attended")
    shares = [row[place] for row in tables["programs"]["rows"]]
    assert len(shares) == 5
    assert "hidden" not in shares


def test_every_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_alternative_texts_are_those_of_the_run() -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    from docs.pictures import described, pictures

    assert described(README, pictures()) == README
    pyplot.close("all")
