"""The benchmark of the estimates runs on a few people, and sees answers that disagree."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks import estimates, estimates_ways


@pytest.fixture(autouse=True)
def no_garbage_is_looked_for(monkeypatch):
    """Collect nothing before each call: with all that tests hold it takes longer than the calls."""
    monkeypatch.setattr(estimates_ways.gc, "collect", lambda: 0)


def test_the_page_is_written_and_holds_every_way_that_is_here(tmp_path, capsys, monkeypatch):
    # Every way answers once, at the smaller size; the page is written of both. Few people are
    # not followed for a year, and lifelines takes seconds for the variance of some hundreds.
    measured = []

    def once(*asked):
        if not measured:
            measured.append(real(*asked))
        return measured[0]

    real = estimates.measure
    monkeypatch.setattr(estimates, "measure", once)
    for module in (estimates, estimates_ways):
        monkeypatch.setattr(module, "DAYS", (30, 60, 90))
    page = tmp_path / "page.md"
    sizes = ["--people", "120", "--small", "60", "--growth", "50"]
    estimates.main([*sizes, "--repeat", "1", "--limit", "1000", "--out", str(page)])
    text = page.read_text(encoding="utf-8")
    assert text in capsys.readouterr().out
    assert not re.search(r"\{\w+\}", text)
    assert "30, 60, 90" in text
    assert "## 60 people" in text
    assert "## 120 people" in text
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    for told in estimates.TASKS.values():
        ways = [row[1] for row in rows if row[0] == f"| {told}"]
        assert ways.count("this library") == ways.count("lifelines") == 2
    told = {name: name in text for name in ("scikit-survival is not", "R is not installed")}
    assert told["scikit-survival is not"] == (estimates_ways.find_spec("sksurv") is None)
    assert told["R is not installed"] == (estimates_ways.shutil.which("Rscript") is None)
    assert len([row for row in rows if row[0] == "| 50"]) == 3


def test_the_people_are_the_same_for_the_same_seed_and_stand_on_a_daily_grid():
    one, again, other = (estimates_ways.draw(2000, seed) for seed in (1, 1, 2))
    assert one.frame.equals(again.frame)
    assert not one.frame.equals(other.frame)
    assert one.frame["days"].dtype == np.int32
    assert one.frame["days"].between(1, 365).all()
    assert sorted(one.frame["ended_by"].unique()) == ["completed", "died", "relapse", "transferred"]
    assert (one.frame["event"] == (one.frame["ended_by"] != "completed")).all()


def test_answers_that_are_apart_end_the_run(monkeypatch):
    def shifted(self, task, data):
        taken, figures = estimates_ways.Library.run(self, task, data)
        return taken, figures + 0.1

    monkeypatch.setattr(estimates_ways.Lifelines, "run", shifted)
    monkeypatch.setattr(estimates_ways.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"lifelines is 0\.1 away"):
        estimates.measure(1000, 1, 1, {})


def test_answers_of_another_number_are_no_agreement():
    with pytest.raises(SystemExit, match="2 figures and 1"):
        estimates.disagreement("curves", np.ones(2), np.ones(1))
    assert estimates.disagreement("test", np.array([200.0]), np.array([201.0])) == 0.005
    assert np.isnan(estimates.disagreement("curves", np.ones(1), np.array([np.nan])))


def test_a_way_that_is_foreseen_to_pass_the_limit_is_left_out_and_named():
    times = {"curves": {"this library": [0.1, 0.2], "lifelines": [4.0, 9.0]}}
    assert estimates.too_long(times, 10, 60) == {"curves": {"lifelines"}}
    told = estimates.left_out({"curves": {"lifelines"}}, ["R"], 60, 1_000_000)
    assert "with limits by lifelines is not timed at 1,000,000" in told
    assert "R is not installed" in told
