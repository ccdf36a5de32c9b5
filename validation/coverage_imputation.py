"""Settings in which missed weeks are drawn several times, missed for what was seen before them.

In the first the model of the missed weeks knows no more than the estimate does; in the second it
knows more (that weeks follow one another alike), and Rubin's rules are then wider than needed.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.windows import Window
from iop_outcomes.samples.model.design import Array
from iop_outcomes.statistics.proportions import proportion_interval
from validation.coverage_count import NAN, Found, Truth
from validation.coverage_setting import Setting

PEOPLE = 300
IMPUTATIONS = 20
RESAMPLED = 0.4  # of the replicates: each takes long
WEEKS = 12
TRUTH_PEOPLE = 400_000
DEFINITION = Definition(
    name="first_week_with_use",
    title="First week with use",
    kind="relapse",
    rule="The first week with use.",
    missing="Imputed.",
    measure=Window(1, 1),
)
OURS = "Multiple imputation, Rubin's rules"
SHARE, DIFFERENCE = "relapsed by the last week", "difference between the young and the others"


def imputation_settings() -> list[Setting]:
    return [
        _setting(
            "imputed_one_week",
            "One week, missed more often by the young, who use more often",
            "One week a person. Use (60 and 25 percent) and a miss (50 and 20) depend on being "
            "young only. The model knows being young, as the estimate by group does: neither "
            "takes more for granted than the other.",
            1,
        ),
        _setting(
            "imputed_weeks",
            "Twelve weeks, missed more often after use",
            f"{WEEKS} weeks a person; use depends on the week before and on being young. A week is "
            "missed more often after use was last seen, and whoever used last, or is young, "
            "stays away for good more often. The model takes it for granted that weeks follow one "
            "another alike; the estimate at the last week does not.",
            WEEKS,
        ),
    ]


def _setting(name: str, title: str, text: str, weeks: int) -> Setting:
    whole, _, young = draw_weeks(TRUTH_PEOPLE, weeks, np.random.default_rng(1))
    relapsed = whole.any(axis=1)
    truth = {
        SHARE: Truth(float(relapsed.mean()), "share"),
        DIFFERENCE: Truth(float(relapsed[young].mean() - relapsed[~young].mean()), "share"),
    }
    return Setting(name, title, text, PEOPLE, truth, partial(_once, weeks=weeks), share=RESAMPLED)


def draw_weeks(people: int, weeks: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Draw use and answers, both people by weeks, and who is young."""
    young = rng.random(people) < 0.5
    if weeks == 1:
        use = rng.random(people) < np.where(young, 0.6, 0.25)
        return use[:, None], rng.random((people, 1)) > np.where(young, 0.5, 0.2)[:, None], young
    use = np.zeros((people, weeks), dtype=bool)
    seen = np.zeros((people, weeks), dtype=bool)
    before = rng.random(people) < 0.3
    last_seen = np.zeros(people, dtype=bool)
    stays = np.ones(people, dtype=bool)
    for week in range(weeks):
        before = rng.random(people) < 1 / (1 + np.exp(3.6 - 2.6 * before - 0.8 * young))
        use[:, week] = before
        seen[:, week] = stays & (rng.random(people) > 0.05 + 0.15 * last_seen) | (week == 0)
        last_seen = np.where(seen[:, week], before, last_seen)
        stays &= rng.random(people) > 0.01 + 0.08 * last_seen + 0.08 * young
    return use, seen, young


def _once(rng: np.random.Generator, *, weeks: int) -> list[Found]:
    use, seen, young = draw_weeks(PEOPLE, weeks, rng)
    symbols = np.where(seen, np.where(use, "+", "-"), "o")
    patterns = pd.Series(list(map("".join, symbols)))
    imputed = iop.impute_weeks(
        patterns,
        covariates=pd.DataFrame({"young": young}),
        imputations=IMPUTATIONS,
        seed=int(rng.integers(2**31)),
        never_seen="impute",
    )
    pooled = iop.relapse_by_imputation(imputed, DEFINITION, horizon_weeks=weeks)
    row = pooled.table.iloc[0]
    by_group = iop.relapse_by_imputation(imputed, DEFINITION, horizon_weeks=weeks, by="young")
    apart = by_group.difference.iloc[0]
    return [
        Found(
            *(OURS, SHARE, row["relapsed"], NAN),
            *(row["relapsed_lower"], row["relapsed_upper"]),
        ),
        Found(OURS, DIFFERENCE, *apart[["difference", "se", "lower", "upper"]]),
        _counted("Naive: a missed week is use", (use | ~seen).any(axis=1)),
        _counted("Naive: a missed week is no use", (use & seen).any(axis=1)),
        _counted("Naive: those who missed no week", use[seen.all(axis=1)].any(axis=1)),
    ]


def _counted(name: str, relapsed: Array) -> Found:
    events, people = int(relapsed.sum()), len(relapsed)
    lower, upper = proportion_interval(events, people)
    return Found(name, SHARE, events / people, NAN, float(lower), float(upper))
