"""Take real, dirty records through the public calls: account for every visit, draw, write.

    python -m validation.ctn0094 --data FOLDER --out FOLDER [--page docs/validation_ctn0094.md]

`ctn0094_shape` says how the raw tables become the three that the library reads.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import iop_outcomes as iop
from validation.ctn0094_shape import UNASSIGNED, Shaped, shape

DAYS = [30, 60, 90, 160]
RULES = {
    "first_use": iop.RelapseRule(definition="first_use", missing="censor"),
    "four_weeks_missing_is_use": iop.RelapseRule(
        definition="k_of_n_weeks", use_weeks=4, window_weeks=4, missing="use"
    ),
    "four_weeks_missing_is_no_use": iop.RelapseRule(
        definition="k_of_n_weeks", use_weeks=4, window_weeks=4, missing="no_use"
    ),
    "four_weeks_missing_censors": iop.RelapseRule(
        definition="k_of_n_weeks", use_weeks=4, window_weeks=4, missing="censor"
    ),
}
GROUPS = {"trial": "program", "arm": "arm"}


# A person has a visit of a name and kind once on a day: a second such row is a repeat.
MAPPING = {"options": {"identical_rows": "fold"}}


@dataclass(frozen=True, eq=False)
class Results:
    """What the public calls gave: the account of the visits, and a table for each question."""

    records: iop.Records
    account: pd.DataFrame
    engagement: pd.DataFrame
    relapse: pd.DataFrame
    tests: pd.DataFrame
    pictures: dict[str, str]


def read(shaped: Shaped) -> iop.Records:
    return iop.read_records(
        episodes=shaped.episodes,
        attendance=shaped.attendance,
        checkins=shaped.checkins,
        mapping=MAPPING,
    )


def account_for_visits(records: iop.Records, shaped: Shaped) -> pd.DataFrame:
    """Say of every raw visit row where it went: ``what, reason, status, went, rows``."""
    problems = records.problems[records.problems["table"] == "attendance"]
    gone = problems[problems["done"].str.startswith(("set aside", "folded"))]
    went = pd.Series("kept", index=range(1, len(shaped.attendance) + 1))
    went.loc[gone["line"]] = (gone["done"].str.partition(":")[0] + ": " + gone["check"]).to_numpy()
    rows = shaped.attendance.assign(went=went.to_numpy())
    keys = ["what", "reason", "status", "went"]
    return rows.groupby(keys).size().rename("rows").reset_index()


def engagement_by_arm(records: iop.Records) -> pd.DataFrame:
    """Sum up what `iop.engagement` gives for each person, by trial and arm."""
    people = iop.engagement(records).assign(arm=records.episodes["arm"])
    grouped = people.groupby(["program", "arm"], observed=True)
    table = grouped.agg(
        people=("episode_id", "size"),
        due=("sessions_due", "sum"),
        attended=("sessions_attended", "sum"),
        unrecorded=("sessions_unrecorded", "sum"),
        stay=("stay_to_last_contact", "median"),
    ).reset_index()
    return table.assign(rate=table["attended"] / table["due"])


def relapse_by_group(
    records: iop.Records, out: Path | None
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Relapse-free shares, medians and tests by trial and arm, under each rule; and pictures."""
    tables, tests, pictures = [], [], {}
    for name, rule in RULES.items():
        times = iop.time_to_relapse(records, rule)
        for label, column in GROUPS.items():
            curves = iop.survival_curves(times, by=column)
            sizes = times.groupby(column, observed=True).agg(
                people=("event", "size"),
                relapsed=("event", "sum"),
                on_missing=("rests_on_missing", "sum"),
            )
            free = curves.at(DAYS).pivot_table(
                "survival", column, "day", observed=True, dropna=False
            )
            medians = curves.median().set_index(column)["median"]
            table = sizes.join(free).join(medians).rename_axis("group").reset_index()
            tables.append(table.assign(rule=name, by=label))
            if out is not None:
                pictures[f"{name}_by_{label}"] = draw(curves, out / f"{name}_by_{label}.png")
        for trial, of_trial in times.groupby("program", observed=True):
            test = iop.compare_survival(of_trial, by="arm")
            tests.append(
                {
                    "rule": name,
                    "trial": trial,
                    "chi_squared": test.statistic,
                    "degrees_of_freedom": test.degrees_of_freedom,
                    "p_value": test.p_value,
                }
            )
    return pd.concat(tables, ignore_index=True), pd.DataFrame(tests), pictures


def draw(curves: iop.SurvivalCurves, path: Path) -> str:
    """Save the picture of the curves and return its alternative text."""
    from matplotlib import pyplot

    ax = iop.plot_survival(curves)
    figure = pyplot.gcf()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return iop.alternative_text(ax)


def run(data: Path, out: Path | None = None) -> Results:
    """Read, account, estimate; with `out`, also draw the curves and write the report there."""
    shaped = shape(data)
    records = read(shaped)
    randomised = records.where(
        arm=[arm for arm in records.episodes["arm"].unique() if arm != UNASSIGNED]
    )
    relapse, tests, pictures = relapse_by_group(randomised, out)
    if out is not None:
        iop.quarterly_report(records, quarter=None).save(out / "report.html")
    return Results(
        records=records,
        account=account_for_visits(records, shaped),
        engagement=engagement_by_arm(randomised),
        relapse=relapse,
        tests=tests,
        pictures=pictures,
    )


def markdown(table: pd.DataFrame, decimals: int = 3) -> str:
    """Write a table as Markdown: counts whole, shares with `decimals` places."""

    def written(value: object) -> str:
        if isinstance(value, float):
            if value != value:
                return "not reached"
            if 0 < value < 10**-decimals:
                return f"under {10**-decimals:g}"
            return f"{value:.{decimals}f}".removesuffix("." + "0" * decimals)
        return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "/")

    head = [str(name).replace("_", " ") for name in table.columns]
    rows = [[written(cell) for cell in row] for row in table.astype(object).to_numpy().tolist()]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _flagged(account: pd.DataFrame) -> int:
    kept = account["what"].isin(["visit", "final"]) & (account["reason"] != "none given")
    return int(account.loc[kept, "rows"].sum())


def _relapsed_in_ctn0051(relapse: pd.DataFrame) -> dict[str, str]:
    rows = relapse[relapse["rule"] == "four_weeks_missing_is_use"].set_index("group")
    shares = 100 * rows["relapsed"] / rows["people"]
    arms = {"naltrexone": "Inpatient NR-NTX", "buprenorphine": "Inpatient BUP"}
    return {name: f"{shares[arm]:.1f}" for name, arm in arms.items()}


def write_page(results: Results, page: Path) -> None:
    """Fill the numbers into the page that says what was decided, and why."""
    text = (Path(__file__).parent / "ctn0094_page.md").read_text(encoding="utf-8")
    by_way = results.account.groupby("went")["rows"].sum().reset_index()
    kept = results.account[results.account["went"] == "kept"]
    statuses = kept.groupby("status")["rows"].sum().reset_index()
    shares = {day: f"free at {day} days" for day in DAYS}
    relapse = results.relapse.rename(columns=shares)
    filled = {
        "total": f"{results.account['rows'].sum():,}",
        "ways": markdown(by_way),
        "statuses": markdown(statuses),
        "account": markdown(results.account),
        "problems": markdown(results.records.problem_counts()),
        "engagement": markdown(results.engagement, decimals=2),
        "flagged": f"{_flagged(results.account):,}",
        **_relapsed_in_ctn0051(results.relapse),
        "relapse": markdown(relapse[["rule", "by", *relapse.columns.drop(["rule", "by"])]]),
        "tests": markdown(results.tests, decimals=4),
        "rules": "\n".join(f"- {name}: {rule.text}" for name, rule in RULES.items()),
    }
    for name, value in filled.items():
        text = text.replace("{" + name + "}", value)
    page.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="CTN-0094 through the public calls")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    results = run(options.data, options.out)
    for name in ("account", "engagement", "relapse", "tests"):
        getattr(results, name).to_csv(options.out / f"{name}.csv", index=False)
    write_page(results, options.page or options.out / "page.md")
    print(results.records)
    print(results.account.groupby("went")["rows"].sum().to_string())


if __name__ == "__main__":
    main()
