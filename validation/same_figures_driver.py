"""Write every public result on the sample and the reference data as tables of text.

    python same_figures_driver.py DATA OUT

It is run by `validation.same_figures` in the folder of a commit, and uses names of `iop_outcomes`
alone, so that it runs beside any of them. DATA holds ``samples`` and ``reference``. A result is
taken apart into its public frames and numbers, whatever they are called; sentences go to a file of
their own. What is refused is written down as the name of its error.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from inspect import signature
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from openpyxl import load_workbook

import iop_outcomes as iop

mpl.use("Agg")

DAYS = [0, 7, 14, 28, 30, 60, 90, 180]
RULES = {
    "first use": {"missing": "censor"},
    "first use, missed is use": {"missing": "use"},
    "4 of 4 weeks": {"definition": "k_of_n_weeks", "missing": "no_use"},
    "first use, ends compete": {"missing": "drop", "competing": ("died", "dropped_out")},
    "after discharge": {"origin": "discharge", "missing": "last_value"},
}
GROUPS = {"all": None, "program": "program", "track": "track"}
CLUSTERS = {"persons": {}, "rows": {"cluster": None}}
# Of each kind of result, what is asked of it; where a result has no such method, it is left out.
ASKED: dict[str, tuple[Any, ...]] = {
    "at": (DAYS,),
    "median": (),
    "quantile": (0.25,),
    "restricted_mean": (90,),
    "time_lost": (90,),
    "risk_table": (DAYS,),
    "band": (),
    "by_month": (),
    "follow_up": (),
    "naive": (),
    "gap": (),
    "time_in_state": (90,),
    "against_check_in_dates": (),
    "ratio": (),
}


class Writer:
    """Writes results into a folder: a CSV a table, and all sentences and names of errors."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.texts: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.number = 0

    def result(self, name: str, make: Callable[[], Any]) -> Any:
        """Write what a call gives, or the kind of its error."""
        try:
            output = make()
        except Exception as error:
            self._refuse(name, error)
            return None
        self.take(name, output)
        return output

    def take(self, name: str, result: Any) -> None:
        """Write the parts of a result."""
        if isinstance(result, pd.DataFrame):
            self.table(name, result)
        elif isinstance(result, pd.Series):
            self.table(name, result.to_frame("value"))
        elif isinstance(result, (np.ndarray, list, tuple)):
            self.table(name, pd.DataFrame({"value": np.asarray(result, dtype=object).ravel()}))
        elif isinstance(result, (bool, int, float, np.number)):
            self.table(name, pd.DataFrame({"value": [result]}))
        elif isinstance(result, str):
            self.texts[name] = result
        elif isinstance(result, dict):
            for key, value in result.items():
                self.take(f"{name}: {key}", value)
        elif dataclasses.is_dataclass(result):
            self._parts(name, result)

    def _parts(self, name: str, result: Any) -> None:
        for part, value in _public(result):
            if isinstance(value, (pd.DataFrame, pd.Series, str, bool, int, float, np.ndarray)):
                self.take(f"{name} / {part}", value)
        for method, arguments in ASKED.items():
            ask = getattr(result, method, None)
            if ask is None or method in {field.name for field in dataclasses.fields(result)}:
                continue
            label = f"{name} / {method}"
            if not callable(ask):
                self.take(label, ask)
                continue
            try:
                self.take(label, ask(*arguments))
            except Exception as error:
                self._refuse(label, error)

    def _refuse(self, name: str, error: Exception) -> None:
        kind = type(error).__name__
        self.refused[name] = kind
        if not isinstance(error, iop.OutcomesError):
            print(f"{name}: {kind}: {error}", file=sys.stderr)

    def table(self, name: str, frame: pd.DataFrame) -> None:
        """Write a frame, each number with all digits that tell it apart."""
        frame = frame.reset_index() if frame.index.names != [None] else frame
        text = pd.DataFrame(
            {str(column): [_written(value) for value in frame[column]] for column in frame}
        )
        self.number += 1
        file = f"{self.number:05d}.csv"
        text.to_csv(self.out / file, index=False)
        with (self.out / "names.jsonl").open("a", encoding="utf-8") as names:
            names.write(json.dumps({"name": name, "file": file}) + "\n")

    def close(self) -> None:
        """Write the sentences and the errors."""
        for name, content in (("texts", self.texts), ("refused", self.refused)):
            text = json.dumps(content, indent=0, sort_keys=True, ensure_ascii=False)
            (self.out / f"{name}.json").write_text(text, encoding="utf-8")


def _public(result: Any) -> Iterator[tuple[str, Any]]:
    names = [field.name for field in dataclasses.fields(result)]
    names += [name for name in ("text", "sizes", "clustering") if hasattr(type(result), name)]
    for name in dict.fromkeys(names):
        if not name.startswith("_"):
            yield name, getattr(result, name)


def _written(value: Any) -> str:
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else repr(float(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return str(value)


def of_sample(data: Path, write: Writer) -> None:
    """Write all results on the sample."""
    records = iop.read_records(data / "data/samples", as_of="2026-09-30")
    for table in ("episodes", "attendance", "checkins", "problems", "sources"):
        write.table(f"sample: {table}", getattr(records, table))
    write.result("sample: quality", records.quality)
    write.result("sample: engagement", lambda: iop.engagement(records))
    write.result("sample: definitions", iop.definitions)
    write.result("sample: quantities", iop.describe_quantities)
    write.result("sample: tables", iop.describe_tables)
    for name, by in GROUPS.items():
        label = f"sample, by {name}: attendance by week"
        weeks = write.result(label, lambda by=by: iop.attendance_by_week(records, by=by))
        write.result(f"{label}, protected", lambda weeks=weeks: iop.protect(weeks))
    _trends(records, write)
    _patterns(records, write)
    for name, options in RULES.items():
        _of_rule(f"sample, {name}", records, iop.RelapseRule(**options), write)
    for name, options in CLUSTERS.items():
        for by in ("track", "program"):
            write.result(
                f"sample, by {by}, {name}: sensitivity",
                lambda by=by, options=options: iop.sensitivity(records, by=by, **options),
            )
    _reports(records, write)
    messy = iop.read_records(data / "data/samples" / "messy")
    for table in ("episodes", "attendance", "checkins", "problems"):
        write.table(f"messy sample: {table}", getattr(messy, table))
    write.result("messy sample: quality", messy.quality)
    _reports(messy, write, "messy sample")


def _trends(records: iop.Records, write: Writer) -> None:
    for measure in iop.describe_quantities().iloc[:, 0]:
        for every in ("month", "quarter"):
            for name, by in GROUPS.items():
                label = f"sample, by {name}: {measure} by {every}"
                trend = write.result(
                    label,
                    lambda m=measure, e=every, by=by: iop.trend(records, m, every=e, by=by),
                )
                if trend is not None:
                    write.result(f"{label}, protected", lambda trend=trend: iop.protect(trend))


def _patterns(records: iop.Records, write: Writer) -> None:
    patterns = iop.use_patterns(records, weeks=24)
    write.table("sample: patterns", patterns.to_frame("pattern"))
    write.result("sample: patterns of days", lambda: iop.use_patterns(records, unit="day", weeks=4))
    write.result("sample: outcomes", lambda: iop.outcomes(patterns))
    write.result("sample: missing outcomes", lambda: iop.missing_outcomes(patterns))
    for name in ("ctn_0094_relapse", "lee_2016", "krupitsky_2004"):
        write.result(f"sample: weeks of {name}", lambda n=name: iop.event_weeks(patterns, n))
    track = records.episodes.set_index("episode_id")["track"].reindex(patterns.index)
    imputed = iop.impute_weeks(patterns, covariates=track.to_frame(), imputations=5, seed=7)
    write.take("sample: imputed", imputed)
    for number, completed in enumerate(imputed.patterns):
        write.table(f"sample: imputed, set {number}", pd.Series(completed).to_frame("pattern"))
    for name, options in CLUSTERS.items():
        for group, by in (("all", None), ("track", track)):
            write.result(
                f"sample, by {group}, {name}: relapse by imputation",
                lambda by=by, options=options: iop.relapse_by_imputation(imputed, by=by, **options),
            )


def _of_rule(name: str, records: iop.Records, rule: iop.RelapseRule, write: Writer) -> None:
    times = write.result(f"{name}: times", lambda: iop.time_to_relapse(records, rule))
    recurrent = write.result(f"{name}: recurrent", lambda: iop.recurrent_relapses(records, rule))
    histories = write.result(f"{name}: histories", lambda: iop.state_histories(records, rule))
    for group, by in GROUPS.items():
        for cluster, options in CLUSTERS.items():
            label = f"{name}, by {group}, {cluster}"
            _of_times(label, times, by, options, write)
            if recurrent is not None:
                _of_recurrences(label, recurrent, by, options, write)
            if histories is not None:
                write.result(
                    f"{label}: states",
                    lambda by=by, o=options: iop.state_occupation(histories, by=by, **o),
                )
        curves = iop.survival_curves(times, by=by)
        write.result(f"{name}, by {group}: curves, protected", lambda c=curves: iop.protect(c))
    for cluster, options in CLUSTERS.items():
        _models(f"{name}, {cluster}", times, "age + track", "track", options, write)
        if recurrent is not None:
            for model in ("andersen_gill", "pwp_gap", "pwp_total"):
                write.result(
                    f"{name}, {cluster}: {model}",
                    lambda m=model, o=options: iop.recurrent_cox(
                        recurrent, "age + track", model=m, **o
                    ),
                )


def _of_times(
    label: str,
    times: pd.DataFrame,
    by: str | None,
    options: dict[str, Any],
    write: Writer,
    strata: str | None = None,
) -> None:
    estimates: dict[str, Callable[..., Any]] = {
        "curves": iop.survival_curves,
        "hazard": iop.hazard,
        "parametric": iop.parametric_survival,
        "incidence": iop.cumulative_incidence,
        "intervals": iop.interval_survival,
    }
    if options and "cluster" not in signature(iop.hazard).parameters:
        # Before it could take rows of one person together it took each by itself.
        estimates["hazard"] = lambda times, by, **_: iop.hazard(times, by=by)
    for what, estimate in estimates.items():
        result = write.result(
            f"{label}: {what}", lambda estimate=estimate: estimate(times, by=by, **options)
        )
        if what == "curves" and result is not None and hasattr(result, "fitters"):
            for key, fitter in _fitters(result).items():
                write.table(f"{label}: fitters, {key}", fitter.survival_function_)
    if not options:
        for scale in ("plain", "log", "logit", "arcsine"):
            write.result(
                f"{label}: curves, {scale}",
                lambda scale=scale: iop.survival_curves(times, by=by, interval=scale),
            )
        write.result(
            f"{label}: intervals, resampled",
            lambda: iop.interval_survival(times, by=by, resamples=10, seed=3),
        )
    if by is None:
        return
    for what, test in {
        "log-rank": iop.compare_survival,
        "Gray": iop.compare_incidence,
        "intervals compared": iop.compare_interval_survival,
    }.items():
        for stratum in dict.fromkeys((None, strata or {"track": "program"}.get(by))):
            write.result(
                f"{label}: {what}" + (f", strata {stratum}" if stratum else ""),
                lambda test=test, stratum=stratum: test(times, by=by, strata=stratum, **options),
            )


def _fitters(curves: Any) -> dict[Any, Any]:
    try:
        return dict(curves.fitters())
    except iop.OutcomesError:
        return {}


def _of_recurrences(
    label: str, times: pd.DataFrame, by: Any, options: dict[str, Any], write: Writer, **more: Any
) -> None:
    for terminal in (None, ["died"]):
        label_of = f"{label}: mean number" + (", death ends" if terminal else "")
        extra = {"terminal": terminal, **more, **options}
        write.result(label_of, lambda e=extra: iop.mean_cumulative_function(times, by=by, **e))
        if by is not None:
            write.result(
                f"{label_of}, compared", lambda e=extra: iop.compare_recurrence(times, by=by, **e)
            )


def _models(
    label: str,
    times: pd.DataFrame,
    formula: str,
    strata: str,
    options: dict[str, Any],
    write: Writer,
    **more: Any,
) -> None:
    for small in (False, True):
        extra = {**options, **more, **({"small_sample": True} if small else {})}
        name = f"{label}, small sample" if small else label
        for ties in ("efron", "breslow"):
            write.result(
                f"{name}: Cox, {ties}", lambda t=ties, e=extra: iop.cox(times, formula, ties=t, **e)
            )
        write.result(
            f"{name}: Cox, strata", lambda e=extra: iop.cox(times, formula, strata=strata, **e)
        )
        write.result(
            f"{name}: cause-specific Cox",
            lambda e=extra: iop.cause_specific_cox(times, formula, **e),
        )
        write.result(f"{name}: Fine-Gray", lambda e=extra: iop.fine_gray(times, formula, **e))


def _reports(records: iop.Records, write: Writer, name: str = "sample") -> None:
    ways: dict[str, dict[str, Any]] = {
        "2026Q3": {},
        "2026Q1": {},
        "2026Q3, unprotected": {"policy": iop.SafePolicy.unprotected()},
    }
    for way, options in ways.items():
        quarter = way[:6]
        report = write.result(
            f"{name}: report of {way}",
            lambda q=quarter, o=options: iop.quarterly_report(records, q, **o),
        )
        if report is None:
            continue
        for table, frame in report.tables.items():
            write.table(f"{name}: report of {way}, {table}", frame)
        write.take(f"{name}: report of {way}, findings", report.findings)
        _pages(f"{name}: report of {way}", report, write)


def _pages(label: str, report: iop.Report, write: Writer) -> None:
    page = PageTables()
    page.feed(report.html)
    for number, rows in enumerate(page.tables):
        write.table(f"{label}, table {number} of the page", pd.DataFrame(rows))
    path = write.out / "report.xlsx"
    report.save(path)
    book = load_workbook(path, read_only=True)
    for sheet in book.worksheets:
        rows = [[_written(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        write.table(f"{label}, sheet {sheet.title}", pd.DataFrame(rows))
    path.unlink()


class PageTables(HTMLParser):
    """The cells of all tables of a page, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.tables[-1][-1][-1] += data


def of_reference(data: Path, write: Writer) -> None:
    """Write all results on the data whose numbers R gave."""
    folder = data / "tests/reference"

    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(folder / f"{name}.csv")

    for cluster, options in CLUSTERS.items():
        late = read("late_entry")
        for by in (None, "group"):
            _of_times(f"late_entry, by {by}, {cluster}", late, by, options, write, "stratum")
        clustered = read("clusters_data").rename(columns={"end": "ended_by"})
        for by in (None, "group"):
            _of_times(f"clusters_data, by {by}, {cluster}", clustered, by, options, write, "site")
        _models(f"clusters_data, {cluster}", clustered, "age + group", "site", options, write)
        for name in ("competing_data", "competing_entry"):
            times = read(name).rename(columns={"end": "ended_by"})
            times["event"] = times["ended_by"] == "relapse"
            for by in (None, "group"):
                _of_times(f"{name}, by {by}, {cluster}", times, by, options, write)
            _models(f"{name}, {cluster}", times, "group", "group", options, write)
        model = read("cox_data").rename(columns={"end": "ended_by"})
        model["event"] = model["ended_by"] == "relapse"
        _models(f"cox_data, {cluster}", model, "age + sooner + dose", "site", options, write)
    for cluster in ({"cluster": None}, {"cluster": "person"}):
        for weights in (None, "weight"):
            for formula in ("age + sooner + dose", "age + C(site)"):
                label = f"cox_data, {cluster}, {weights}, {formula}"
                write.result(
                    label, lambda c=cluster, w=weights, f=formula: iop.cox(model, f, weights=w, **c)
                )
    weighted = read("weighted_data")
    for by in (None, "group"):
        for cluster in (None, "id"):
            write.result(
                f"weighted_data, by {by}, cluster {cluster}: curves",
                lambda by=by, c=cluster: iop.survival_curves(
                    weighted, by=by, weights="weight", cluster=c
                ),
            )
    for name in ("interval_data", "interval_entry_data"):
        for data_name, part in read(name).groupby("data"):
            _intervals(f"{name}, {data_name}", part.reset_index(drop=True), write)
    for name in ("recurrent_data", "recurrent_untied"):
        times = read(name)
        times["ended_by"] = np.where(times["died"] == 1, "died", "censored")
        for by in (None, "group"):
            for cluster, options in CLUSTERS.items():
                _of_recurrences(f"{name}, by {by}, {cluster}", times, by, options, write, id="id")
        for model_name in ("andersen_gill", "pwp_gap", "pwp_total"):
            write.result(
                f"{name}: {model_name}",
                lambda m=model_name, t=times: iop.recurrent_cox(t, "group + x", model=m, id="id"),
            )
    for name in ("states_data", "states_entry"):
        for by in (None, "group"):
            for cluster, options in CLUSTERS.items():
                write.result(
                    f"{name}, by {by}, {cluster}: states",
                    lambda n=name, by=by, o=options: iop.state_occupation(
                        read(n), by=by, id="id", **o
                    ),
                )
    ties = read("near_ties_data")
    for size, part in ties.groupby("size"):
        frame = pd.DataFrame({"days": part["given"], "event": True})
        _of_times(f"near_ties_data, {size}", frame, None, {}, write)


def _intervals(label: str, part: pd.DataFrame, write: Writer) -> None:
    event = np.isfinite(part["right"])
    times = pd.DataFrame(
        {
            "days": np.where(event, part["right"], part["left"]),
            "event": event,
            "clear_until": part["left"],
        }
    )
    times = times.join(part[[n for n in ("entry", "group", "stratum") if n in part]])
    for by in (None, "group"):
        write.result(
            f"{label}, by {by}: intervals", lambda by=by: iop.interval_survival(times, by=by)
        )
        write.result(
            f"{label}, by {by}: intervals, resampled",
            lambda by=by: iop.interval_survival(times, by=by, resamples=10, seed=3),
        )
        write.result(f"{label}, by {by}: hazard", lambda by=by: iop.hazard(times, by=by))
    for strata in (None, "stratum"):
        write.result(
            f"{label}, strata {strata}: intervals compared",
            lambda s=strata: iop.compare_interval_survival(times, by="group", strata=s),
        )


def main() -> None:
    """Write the results of both kinds of data."""
    warnings.simplefilter("ignore")
    data, out = map(Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    write = Writer(out)
    of_reference(data, write)
    of_sample(data, write)
    write.close()


if __name__ == "__main__":
    main()
