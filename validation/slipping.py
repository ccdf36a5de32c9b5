"""Try out the list of who is slipping: of those who then left, how many showed a sign before.

    python -m validation.slipping [--ctn0094 FOLDER] [--page docs/validation_slipping.md] [--check]

Writes the page, and iop_outcomes/outreach/tried.toml, whose numbers are printed with the list.
`--check` writes nothing and says whether both are what the data give.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.outreach.signs import MARKS
from iop_outcomes.outreach.tried import NUMBERS
from iop_outcomes.statistics.proportions import clustered_interval

ROOT = Path(__file__).parents[1]
CTN0094 = ROOT.parent / "shared" / "data" / "ctn0094"
TEXT = Path(__file__).with_name("slipping_page.md")
WITHIN = (14, 28)
SHOWN = WITHIN[0]  # the days of the sentence that is printed with the list
WEEKS = ((1, 2), (3, 4), (5, 8), (9, 12), (13, 1000))
WHERE = {
    "sample": "on the synthetic sample",
    "ctn0094": "on trials of opioid medication (CTN-0094; no IOP)",
}


@dataclass(frozen=True, eq=False)
class Trial:
    """Who was on the list on each day, and who then dropped out.

    Attributes
    ----------
    name : str
        Whose records.
    rows : pandas.DataFrame
        One row an open episode and day: the signs, ``week`` since admission, ``gone`` (the last
        contact was before the day, although the episode was open), ``left_14`` and so on (dropped
        out with the last contact on one of the days after), ``person``, ``late_half``.
    """

    name: str
    rows: pd.DataFrame


def try_out(name: str, records: iop.Records, days: Sequence[Any]) -> Trial:
    """Return the list of each day beside what followed."""
    times = iop.time_in_treatment(records, event="dropped_out").set_index("episode_id")
    half = days[len(days) // 2]
    parts = []
    for day in days:
        table = iop.slipping(records, day).table
        table = table[table["episode_id"].isin(times.index)]
        of_episode = times.loc[table["episode_id"]]
        now = table["days_in_program"].to_numpy()
        last = of_episode["days"].to_numpy()
        row = table[["episode_id", "person_id", "days_in_program", *MARKS, "signs"]].copy()
        row["known"] = (
            of_episode["event"].to_numpy() | of_episode["competing_end"].notna().to_numpy()
        )
        row["known"] |= last >= now + max(WITHIN)  # still coming when the records end
        row["gone"] = (last < now) & row["known"]
        for within in WITHIN:
            after = (last >= now) & (last <= now + within)
            row[f"left_{within}"] = of_episode["event"].to_numpy() & after
        row["late_half"] = day >= half
        parts.append(row[row["known"]])
    rows = pd.concat(parts, ignore_index=True)
    rows["week"] = rows["days_in_program"] // 7 + 1
    rows["any_sign"] = rows["signs"] > 0
    rows["absent"] = rows["absent"].fillna(False).astype(bool)
    rows["person"] = pd.factorize(rows["person_id"])[0]
    return Trial(name, rows)


def share(top: pd.Series[Any], of: pd.Series[Any], person: pd.Series[Any]) -> str:
    """Return a share of episode-weeks with its interval, clustered by person, as text."""
    count, whole = int((top & of).sum()), int(of.sum())
    if not whole:
        return "none"
    lower, upper = clustered_interval((top & of)[of].astype(int), np.ones(whole), person[of])
    limits = "" if np.isnan(lower[0]) else f" ({lower[0]:.0%} to {upper[0]:.0%})"
    return f"{count:,} of {whole:,}, {count / whole:.0%}{limits}"


RULES = {"one sign or more": "any_sign", "two absences in a row": "absent"}


def found_by_rule(trial: Trial, within: int) -> list[dict[str, str]]:
    """Return a row a rule: who of those who left was marked, and at what cost."""
    rows = trial.rows[~trial.rows["gone"]]
    left, person = rows[f"left_{within}"], rows["person"]
    marks = {**RULES, "two signs or more": "two", **{f"only {name}": name for name in MARKS[1:]}}
    rows = rows.assign(two=rows["signs"] > 1)
    table_rows = []
    for name, column in marks.items():
        marked = rows[column].fillna(False).astype(bool)
        per = f"{(marked & ~left).sum() / max((marked & left).sum(), 1):.1f}"
        table_rows.append(
            {
                "rule": name,
                "of those who left, marked": share(marked, left, person),
                "of those marked, left": share(left, marked, person),
                "of those who stayed, marked": share(marked, ~left, person),
                "marked who stayed, for each who left": per,
            }
        )
    return table_rows


def found_by_week(trial: Trial, within: int) -> list[dict[str, str]]:
    """Return the same by week since admission, for the two rules."""
    table_rows = []
    for first, last in WEEKS:
        rows = trial.rows[~trial.rows["gone"] & trial.rows["week"].between(first, last)]
        left, person = rows[f"left_{within}"], rows["person"]
        for name, column in RULES.items():
            marked = rows[column]
            table_rows.append(
                {
                    "weeks": f"{first} to {last}" if last < 1000 else f"{first} and later",
                    "rule": name,
                    "of those who left, marked": share(marked, left, person),
                    "of those marked, left": share(left, marked, person),
                    "of those who stayed, marked": share(marked, ~left, person),
                }
            )
    return table_rows


def calibration(trial: Trial, within: int) -> list[dict[str, str]]:
    """Return the share that left by number of signs, in the first half of the days and after."""
    rows = trial.rows[~trial.rows["gone"]]
    table_rows = []
    for number in range(3):
        of = rows["signs"] >= 2 if number == 2 else rows["signs"] == number
        row = {"signs": "2 or more" if number == 2 else str(number)}
        for half, name in ((False, "first half: left"), (True, "second half: left")):
            part = of & (rows["late_half"] == half)
            row[name] = share(rows[f"left_{within}"], part, rows["person"])
        table_rows.append(row)
    return table_rows


def already_gone(trial: Trial) -> str:
    """Return how many had stopped coming although open, and of these how many were marked."""
    rows = trial.rows
    return share(rows["any_sign"], rows["gone"], rows["person"])


def numbers_of(trial: Trial) -> dict[str, Any]:
    """Return the counts of the sentence that is printed with the list."""
    rows = trial.rows[~trial.rows["gone"]]
    left = rows[f"left_{SHOWN}"]
    return {
        "where": WHERE[trial.name],
        "within": SHOWN,
        "left": int(left.sum()),
        "left_marked": int((left & rows["any_sign"]).sum()),
        "left_absent": int((left & rows["absent"]).sum()),
        "marked": int(rows["any_sign"].sum()),
        "absent": int(rows["absent"].sum()),
    }


def of_sample() -> Trial:
    """Try out on the synthetic sample, each Monday."""
    records = iop.read_records(ROOT / "data" / "samples")
    days = pd.date_range("2024-03-04", "2026-07-27", freq="7D")
    return try_out("sample", records, list(days))


def of_ctn0094(data: Path) -> Trial:
    """Try out on CTN-0094; a study day is the same day of each person's own clock."""
    from validation.ctn0094 import read
    from validation.ctn0094_shape import shape

    return try_out("ctn0094", read(shape(data)), list(range(21, 169, 7)))


def as_table(rows: list[dict[str, str]]) -> str:
    heading = list(rows[0])
    lines = [heading, ["---"] * len(heading), *([row[name] for name in heading] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def part_of(trial: Trial) -> dict[str, str]:
    """Return the parts of the page that one trial fills."""
    rows = trial.rows
    parts = {
        "counts": f"{len(rows):,} episode-weeks of {rows['episode_id'].nunique():,} episodes",
        "gone": already_gone(trial),
        "week": as_table(found_by_week(trial, SHOWN)),
        "calibration": as_table(calibration(trial, SHOWN)),
    }
    for within in WITHIN:
        parts[f"rule_{within}"] = as_table(found_by_rule(trial, within))
    return {f"{trial.name}_{name}": text for name, text in parts.items()}


def page_of(trials: Sequence[Trial]) -> str:
    text = TEXT.read_text(encoding="utf-8")
    for trial in trials:
        for name, value in part_of(trial).items():
            text = text.replace("{" + name + "}", value)
    return text.replace("{rule}", iop.SlippingRule().text)


def toml_of(trials: Sequence[Trial]) -> str:
    """Return the numbers as TOML, in the form that `outreach.tried` reads."""
    lines = ["# Written by python -m validation.slipping; printed with the list."]
    for trial in trials:
        lines += ["", f"[{trial.name}]"]
        for name, value in numbers_of(trial).items():
            lines.append(f"{name} = {value}" if isinstance(value, int) else f'{name} = "{value}"')
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ctn0094", type=Path, default=CTN0094)
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "validation_slipping.md")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    if not options.ctn0094.is_dir():
        print("Nothing written: the CTN-0094 data are not here (they are not part of the project).")
        print(as_table(found_by_rule(of_sample(), SHOWN)))
        return 0
    trials = [of_sample(), of_ctn0094(options.ctn0094)]
    texts = {options.page: page_of(trials), NUMBERS: toml_of(trials)}
    if options.check:
        stale = [path.name for path, text in texts.items() if path.read_text("utf-8") != text]
        print(f"not what the data give: {', '.join(stale)}" if stale else "as the data give")
        return int(bool(stale))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
