"""The ways that benchmarks/estimates.py times: one class each, with a method a task.

A method takes the data and returns a function that does the work, which alone is timed, and one
that reads the figures off what it gave.
"""

from __future__ import annotations

import gc
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

DAYS = (30, 90, 180, 364)
CAUSES = ("relapse", "died", "transferred")
Work = tuple[Callable[[], Any], Callable[[Any], Any]]


@dataclass(frozen=True, eq=False)
class Data:
    """People on a daily grid of a year, in the shape that each way likes best."""

    frame: pd.DataFrame  # days (int32), event (bool), track, ended_by (category)
    track: np.ndarray  # int8
    cause: np.ndarray  # int8, 0 censored


def draw(people: int, seed: int) -> Data:
    """Draw people in 4 tracks, of whom some end by one of 3 causes and the rest are censored."""
    random = np.random.default_rng(seed)
    track = random.integers(0, 4, people).astype(np.int8)
    rates = np.array([1 / 250, 1 / 1500, 1 / 900])
    scale = np.array([1.0, 1.05, 1.1, 1.2])[track]
    ends = random.exponential(1 / rates.sum(), people) * scale
    cause = random.choice([1, 2, 3], people, p=rates / rates.sum()).astype(np.int8)
    followed = random.uniform(60, 365, people)
    followed[random.random(people) < 0.3] = 365
    cause[ends > followed] = 0
    days = np.ceil(np.minimum(ends, followed)).astype(np.int32)
    frame = pd.DataFrame(
        {
            "days": days,
            "event": cause > 0,
            "track": pd.Categorical.from_codes(track, list("abcd")),
            "ended_by": pd.Categorical.from_codes(cause, ["completed", *CAUSES]),
        }
    )
    return Data(frame, track, cause)


class Library:
    """This library, by its public calls, checks included."""

    name = "this library"
    tolerance: ClassVar = {"curves": 0.0, "test": 0.0, "incidence": 0.0}

    def curves(self, data: Data) -> Work:
        import iop_outcomes as iop

        names = ["survival", "lower", "upper"]
        return (
            lambda: iop.survival_curves(data.frame, by="track"),
            lambda found: found.at(DAYS)[names].to_numpy().ravel(),
        )

    def test(self, data: Data) -> Work:
        import iop_outcomes as iop

        return (
            lambda: iop.compare_survival(data.frame, by="track"),
            lambda found: np.array([found.statistic]),
        )

    def incidence(self, data: Data) -> Work:
        from iop_outcomes.survival.competing.estimate import cumulative_incidence

        names = ["incidence", "lower", "upper"]
        return (
            lambda: cumulative_incidence(data.frame, causes=CAUSES),
            lambda found: found.at(DAYS)[names].to_numpy().ravel(),
        )

    def run(self, task: str, data: Data) -> tuple[float, np.ndarray]:
        """Return the seconds that a task takes, and its figures."""
        work, read = getattr(self, task)(data)
        gc.collect()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # lifelines warns that it moves ties
            started = time.perf_counter()
            found = work()
            taken = time.perf_counter() - started
        return taken, np.asarray(read(found), dtype=float)

    @property
    def says(self) -> str:
        return f"numpy {np.__version__}, pandas {pd.__version__}"

    def close(self) -> None:
        """End what was begun for this way: nothing here."""


class Lifelines(Library):
    """lifelines: a fit a group and, for the incidence, a fit a cause."""

    name = "lifelines"
    tolerance: ClassVar = {"curves": 1e-9, "test": 1e-9, "incidence": 1e-2}

    def curves(self, data: Data) -> Work:
        from lifelines import KaplanMeierFitter

        def work() -> list[Any]:
            groups = data.frame.groupby("track", observed=True)
            return [KaplanMeierFitter().fit(rows["days"], rows["event"]) for _, rows in groups]

        def read(fits: list[Any]) -> list[float]:
            return np.ravel([_of_lifelines(fit.survival_function_, fit) for fit in fits]).tolist()

        return work, read

    def test(self, data: Data) -> Work:
        from lifelines.statistics import multivariate_logrank_test

        frame = data.frame
        return (
            lambda: multivariate_logrank_test(frame["days"], frame["track"], frame["event"]),
            lambda found: [found.test_statistic],
        )

    def incidence(self, data: Data) -> Work:
        from lifelines import AalenJohansenFitter

        def work() -> list[Any]:
            fits = [AalenJohansenFitter(calculate_variance=True, seed=1) for _ in CAUSES]
            return [
                fit.fit(data.frame["days"], data.cause, event_of_interest=number + 1)
                for number, fit in enumerate(fits)
            ]

        def read(fits: list[Any]) -> list[float]:
            return np.ravel([_of_lifelines(fit.cumulative_density_, fit) for fit in fits]).tolist()

        return work, read

    @property
    def says(self) -> str:
        return f"lifelines {version('lifelines')}"


def _of_lifelines(curve: pd.DataFrame, fit: Any) -> list[list[float]]:
    limits = fit.confidence_interval_
    # Half a day later: its Aalen-Johansen moves tied days a little.
    place = np.searchsorted(curve.index, np.array(DAYS) + 0.5) - 1
    return np.column_stack([curve.iloc[place, 0], limits.iloc[place]]).tolist()


class ScikitSurvival(Library):
    """scikit-survival, given arrays."""

    name = "scikit-survival"
    tolerance: ClassVar = {"curves": 1e-9, "test": 1e-9, "incidence": 1e-3}

    def curves(self, data: Data) -> Work:
        from sksurv.nonparametric import kaplan_meier_estimator

        days, event = data.frame["days"].to_numpy(), data.frame["event"].to_numpy()

        def work() -> list[Any]:
            masks = [data.track == group for group in range(4)]
            return [
                kaplan_meier_estimator(event[mask], days[mask], conf_type="log-log")
                for mask in masks
            ]

        def read(found: list[Any]) -> list[float]:
            return np.ravel([_at(day, curve, limits) for day, curve, limits in found]).tolist()

        return work, read

    def test(self, data: Data) -> Work:
        from sksurv.compare import compare_survival

        ends = np.zeros(len(data.track), dtype=[("event", bool), ("days", float)])
        ends["event"], ends["days"] = data.frame["event"], data.frame["days"]
        return lambda: compare_survival(ends, data.track), lambda found: [found[0]]

    def incidence(self, data: Data) -> Work:
        from sksurv.nonparametric import cumulative_incidence_competing_risks

        cause, days = data.cause.astype(np.int64), data.frame["days"].to_numpy(dtype=float)

        def read(found: Any) -> list[float]:
            day, curves, limits = found
            return np.ravel([_at(day, curves[k], limits[k]) for k in (1, 2, 3)]).tolist()

        return (
            lambda: cumulative_incidence_competing_risks(
                cause, days, conf_type="log-log", var_type="Aalen"
            ),
            read,
        )

    @property
    def says(self) -> str:
        return f"scikit-survival {version('scikit-survival')}"


def _at(day: np.ndarray, curve: np.ndarray, limits: np.ndarray) -> np.ndarray:
    place = np.searchsorted(day, DAYS, side="right") - 1
    return np.column_stack([curve[place], limits[0][place], limits[1][place]])


class InR:
    """R, kept open: it reads the data once, and times each task itself."""

    name = "R"
    tolerance: ClassVar = {"curves": 1e-9, "test": 1e-9, "incidence": 1e-9}

    def __init__(self, data: Data, folder: Path) -> None:
        for name, values in (
            ("days", data.frame["days"]),
            ("track", data.track),
            ("cause", data.cause),
        ):
            np.asarray(values, dtype=np.int32).tofile(folder / name)
        script = Path(__file__).with_name("estimates.R")
        command = ["Rscript", "--vanilla", script, folder, ",".join(map(str, DAYS))]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self.says = self._answer()

    def run(self, task: str, data: Data) -> tuple[float, np.ndarray]:
        """Return the seconds that R says a task took, and its figures."""
        assert self._process.stdin is not None
        self._process.stdin.write(task + "\n")
        self._process.stdin.flush()
        taken, *figures = map(float, self._answer().split())
        return taken, np.array(figures)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("R ended without an answer.")
        return line.strip()

    def close(self) -> None:
        """Let R end."""
        self._process.communicate()


def ways_here(data: Data, folder: Path) -> tuple[list[Any], list[str]]:
    """Return the ways that this machine has, and the names of those that it does not."""
    ways: list[Any] = [Library(), Lifelines()]
    absent = []
    if find_spec("sksurv"):
        ways.append(ScikitSurvival())
    else:
        absent.append("scikit-survival")
    if shutil.which("Rscript"):
        ways.append(InR(data, folder))
    else:
        absent.append("R")
    return ways, absent


def python_says() -> str:
    return f"Python {sys.version.split()[0]}"
