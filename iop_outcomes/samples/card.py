"""The data card of a sample: its contents, the simulated changes and effects, and its measures."""

from __future__ import annotations

import pandas as pd

from iop_outcomes.samples.generator import Sample
from iop_outcomes.samples.model.checkins import RESPONSE_AFTER_RELAPSE
from iop_outcomes.samples.model.course import NO_CONTACT
from iop_outcomes.samples.model.design import DATA_CUT, TEDS_MEDIAN_STAY, TEDS_SHARES

_DAYS = (7, 14, 30, 60, 90, 182, 364)

_CARD = """\
# Data card: a synthetic sample

**All data here are synthetic.** No row comes from a person, a program or a record system. People
have names such as SYN-0001, programs have invented names, and the dates are fictional. The sample
is for trying the library and for testing that its estimators recover known true values.

- Licence: CC0 1.0 (public domain): <https://creativecommons.org/publicdomain/zero/1.0/>
- Made by: `iop-outcomes sample FOLDER --seed {seed}`, or
  `iop_outcomes.samples.write_sample(FOLDER, seed={seed})`; the same seed gives the same bytes.
- Data cut: {cut}
- True values: `iop_outcomes.samples.synthetic_records(seed={seed}).truth`

| file | one row is | rows |
|---|---|---|
| episodes.csv | one treatment episode of {people:,} people | {episodes:,} |
| attendance.csv | one scheduled service | {attendance:,} |
| checkins.csv | one check-in: at intake, weekly to week 26, also after discharge | {checkins:,} |

`messy/` contains a part of it with inserted faults, and the answer key.

## The programs, and the simulated changes of attendance

{programs}

Old Mill is too small to publish: fewer than 11 admissions in every quarter. All programs are closed
in the week before the new year, Riverside also from 2025-02-10 to 2025-02-16 (`program_cancel`; the
check-ins of such weeks are `not_due`), and on public holidays.

Three groups of three hours a week and an individual hour, for some a family session every third
week; 8 to 12 weeks are planned, the last two or three of them with one group a week, which
continues for those who stay longer. People differ in their probability of attending (beta-binomial
correlation {correlation:g}, so that counts are over-dispersed), attend less with each week and on
Fridays, and miss more sessions in the three weeks before they drop out. After {silent} days without
contact an episode is closed.

## The first use

On each day from admission the cumulative hazard grows by that of a Weibull baseline,
(day / {scale:g}) ^ {shape:g} (an early peak), times exp of the sum of:

{hazard}

"attendance" is the share attended of the sessions recorded as attended or absent in the 14 days
before the day (0 where there were none), so it is time-varying. "completed" applies from the day
after a discharge as completed. A first use in treatment makes {leaving:.0%} of people leave within
days, most as dropped out. True probability of no use up to and including the day:

{relapse_free}

## Missing check-ins

Check-ins are missed more often with each week, and more often after a first use ({silence:g} log
odds): they are not missing at random. Some people answer nearly always and others rarely.

## Ends of episodes, against TEDS 2004

Calibrated on 114,440 discharges from intensive outpatient care (SAMHSA, TEDS Discharges 2004,
chapter 4; "other" includes incarcerated and died; days from admission to the last contact, adults).
TEDS' median for completed stays is shorter than the 8 weeks planned here, so that about half of
those who complete leave with their goals met before the plan ends. This sample:

{ends}

TEDS' mean stay of 70 to 74 days is not reached (here {mean_stay:.0f} days): very long stays are not
simulated, to keep the files small.

## Other measures of the sample

{measured}

## Simplifications

- Self-reports are true, and no test is positive without use; information is lost only through
  missed check-ins.
- After the first use, use continues with a weekly probability that does not depend on treatment.
- Sessions, check-ins and effects are the same in all programs except for the changes listed above.
- People do not change programs within an episode, and levels of care do not change.
- TEDS 2004 is old; newer figures for this level of care were not available.
"""

_MESSY = """\
# A copy of part of the synthetic sample, with faults

The same three synthetic tables (seed {seed}; one program, some months) with inserted faults that
are typical of exports, and one table in two files. CC0 1.0, like the sample.

`answer_key.csv` has one row for each problem that `read_records(FOLDER, as_of="{cut}")` must list,
and no others. Its columns: `table, file, line` (of the file; the header is line 1), `column, value`
(the text in the file), `check`, and what is `done` (set aside, value left missing, mended, folded,
kept). The key is written when the faults are inserted, not by reading the files.

{counts}
"""


def data_card(sample: Sample) -> str:
    """Return the data card of a sample as Markdown, with measures of the sample."""
    design = sample.truth.design
    ends, mean_stay = ends_of_episodes(sample)
    truth = sample.truth.relapse_free(_DAYS)
    return _CARD.format(
        seed=sample.seed,
        cut=DATA_CUT,
        people=sample.episodes["person_id"].nunique(),
        episodes=len(sample.episodes),
        attendance=len(sample.attendance),
        checkins=len(sample.checkins),
        programs=_table(_programs(sample)),
        correlation=design.correlation,
        silent=NO_CONTACT,
        silence=RESPONSE_AFTER_RELAPSE,
        scale=design.scale,
        shape=design.shape,
        hazard=_table(_effects(sample)),
        leaving=design.leaving_at_relapse,
        relapse_free=_table(
            pd.DataFrame(
                {"day": truth["day"], "no use yet": truth["relapse_free"].map("{:.3f}".format)}
            )
        ),
        ends=_table(ends),
        mean_stay=mean_stay,
        measured=_table(_measured(sample)),
    )


def messy_card(key: pd.DataFrame, seed: int) -> str:
    """Return the description of the copy with faults as Markdown."""
    counts = key.groupby(["check", "done"]).size().rename("inserted").reset_index()
    return _MESSY.format(seed=seed, cut=DATA_CUT, counts=_table(counts))


def ends_of_episodes(sample: Sample) -> tuple[pd.DataFrame, float]:
    """Return shares and median stays by reason beside those of TEDS 2004, and the mean stay.

    The stay is counted to the last attended session, in the closed episodes of the sample.
    """
    came = sample.attendance["status"].isin(["attended", "late", "attended_partial"])
    last = sample.attendance[came].groupby("episode_id", observed=False)["date"].max()
    closed = sample.episodes[sample.episodes["discharge_date"].notna()]
    stay = (closed["episode_id"].map(last).astype("datetime64[s]") - closed["admit_date"]).dt.days
    reason = closed["discharge_reason"].astype(str).replace(["incarcerated", "died"], "other")
    median = {**stay.groupby(reason).median(), "all": stay.median()}
    rows = [
        {
            "reason": name,
            "TEDS share": f"{TEDS_SHARES.get(name, 1):.0%}",
            "share": f"{(reason == name).mean() if name != 'all' else 1:.1%}",
            "TEDS median days": TEDS_MEDIAN_STAY[name],
            "median days": f"{median[name]:.0f}",
        }
        for name in TEDS_MEDIAN_STAY
    ]
    return pd.DataFrame(rows), float(stay.mean())


def _programs(sample: Sample) -> pd.DataFrame:
    counts = sample.episodes["program"].value_counts()
    rates = sample.truth.attendance.groupby("program", observed=True)[
        ["expected", "sessions"]
    ].sum()
    kind_text = {"shift": "a real step", "trend": "a slow trend", "policy": "a step by policy"}
    rows = []
    for program in sample.truth.design.programs:
        changes = [
            f"{kind_text[change.kind]} from {change.start}: {change.reason} "
            f"({change.log_odds:+g} log odds{' a month' if change.kind == 'trend' else ''})"
            for change in program.changes
        ]
        rate = rates.loc[program.name]
        rows.append(
            {
                "program": program.name,
                "episodes": counts[program.name],
                "true attendance": f"{rate['expected'] / rate['sessions']:.3f}",
                "simulated changes": "; ".join(changes) or "none",
            }
        )
    return pd.DataFrame(rows)


def _effects(sample: Sample) -> pd.DataFrame:
    units = {"attendance": "from none to all attended", "age": "a year above 38"}
    rows = [
        {"effect": name, "log hazard ratio": f"{value:g}", "of": units.get(name, "yes, against no")}
        for name, value in sample.truth.hazard.items()
        if name not in ("shape", "scale") and value
    ]
    return pd.DataFrame(rows)


def _measured(sample: Sample) -> pd.DataFrame:
    episodes, due = sample.episodes, sample.checkins[sample.checkins["status"] != "not_due"]
    admitted = due["episode_id"].map(episodes.set_index("episode_id")["admit_date"])
    week = (due["date"] - admitted.astype("datetime64[s]")).dt.days // 7
    answered = (due["status"] == "completed").groupby(week).mean()
    attendance = sample.truth.attendance[["attended", "sessions"]].sum()
    again = episodes["person_id"].duplicated().mean()
    rows = [
        ("episodes that are readmissions, over 30 days after a discharge", f"{again:.1%}"),
        ("open at the data cut", f"{episodes['discharge_date'].isna().sum()}"),
        ("step down from another stay", f"{(episodes['entry_path'] == 'step_down').mean():.1%}"),
        (
            "sessions attended, of attended and absent",
            f"{attendance.iloc[0] / attendance.iloc[1]:.1%}",
        ),
        (
            "check-ins answered in week 1, 13 and 26",
            " / ".join(f"{answered[w]:.0%}" for w in (1, 13, 26)),
        ),
    ]
    status = sample.attendance["status"].value_counts(normalize=True)
    rows += [(f"services with status {name}", f"{share:.1%}") for name, share in status.items()]
    return pd.DataFrame(rows, columns=["measure", "value"])


def _table(frame: pd.DataFrame) -> str:
    """Write a frame as a Markdown table."""
    lines = ["| " + " | ".join(map(str, frame.columns)) + " |", "|" + "---|" * frame.shape[1]]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in frame.itertuples(index=False)]
    return "\n".join(lines)
