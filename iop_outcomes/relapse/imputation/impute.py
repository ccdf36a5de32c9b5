"""Multiple imputation of missed weeks: from a person's other weeks, and with its uncertainty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.relapse.imputation.covariates import aligned, as_terms
from iop_outcomes.relapse.imputation.logistic import Fit
from iop_outcomes.relapse.imputation.model import History, WeekModel
from iop_outcomes.relapse.imputation.result import ImputedPatterns, weeks_table
from iop_outcomes.shared.checks import check_whole, is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.provenance import provenance_of
from iop_outcomes.statistics.pooling import pool
from iop_outcomes.use.pattern_array import (
    MISSED,
    NO_USE,
    NOT_DUE,
    USE,
    Flags,
    Numbers,
    PatternArray,
    code,
    encode,
)
from iop_outcomes.use.pattern_windows import retention
from iop_outcomes.use.patterns import unit_days_of

NeverSeen = Literal["leave", "impute"]
NEVER_SEEN = {"leave": "left as they are", "impute": "imputed from time and covariates alone"}


def impute_weeks(
    patterns: pd.Series[Any] | Iterable[str],
    *,
    covariates: pd.DataFrame | pd.Series[Any] | None = None,
    imputations: int = 20,
    seed: int = 0,
    iterations: int = 10,
    delta: float = 0.0,
    never_seen: NeverSeen = "leave",
    progress: bool = False,
) -> ImputedPatterns:
    """Complete use patterns several times, drawing each missed week from what is known.

    Counting every missed week as use, as no use, or as the week before it replaces an unknown value
    by one assumed value. Here each is drawn several times, so that what is not known shows as
    differences between the completed sets; estimates on each are put together by `pool`, or in one
    call by ``relapse_by_imputation``.

    Parameters
    ----------
    patterns : pandas.Series of str
        One text a person with one symbol a week, as `iop_outcomes.use_patterns` gives them.
        ``o`` is imputed; ``*`` counts as use, and stays; ``_`` stays.
    covariates : pandas.DataFrame or Series, optional
        Other predictors of use or of missed weeks, indexed as the patterns, known for everyone:
        numbers, yes and no, or categories. The groups that will be compared belong among them:
        without them the imputed weeks do not depend on the group, and differences between groups
        are biased towards 0.
    imputations : int
        How many completed sets, 2 or more.
    seed : int
        The same seed gives the same draws, in whatever order the rows are; the first 5 of 20
        imputations are those of 5.
    iterations : int
        How often the coefficients of the model, and the weeks missed before the last one seen,
        are drawn again, each given the other. ``trace`` shows whether that is enough.
    delta : float
        How far missed weeks differ from weeks seen after the same history: added to their
        log-odds of use. At 0 they do not (missing at random). From 0 up, the value at which a
        conclusion no longer holds is its tipping point.
    never_seen : {"leave", "impute"}
        For people without any week seen only time and covariates are informative: they are left as
        they are (and then have no outcome), or imputed from these.
    progress : bool
        Show a progress bar.

    Returns
    -------
    ImputedPatterns
        With ``patterns`` (a tuple of columns as the one given), ``table``, ``model``, ``trace``,
        ``missing_share``, ``rule`` and ``text``.

    Raises
    ------
    RuleError
        If a pattern or an option is not valid, or a covariate is missing for someone.
    EstimateError
        If nobody was seen in any week.

    Notes
    -----
    Use in a week follows a logistic model of the two weeks before it, the log-odds of use so
    far, time (a line with up to three bends), whether it is the first week, and the covariates;
    `iop_outcomes.relapse.imputation.model` has the formula. In turn (data augmentation: Tanner and
    Wong 1987, J Am Stat Assoc 82:528-540) the coefficients are drawn from their posterior, by a
    step of Metropolis and Hastings around the most likely ones, and each week missed before the
    last one seen is drawn given all others, those after it included. At the end the weeks missed
    after the last one seen are drawn one after the other. So both the weeks and the model are
    uncertain, as Rubin's rules ask. Priors are normal around 0, with standard deviation 2.5
    (constant: 10).

    People are taken as independent, several episodes of one person among them.

    The work grows with people x imputations x iterations x weeks due x terms, and for weeks missed
    in between with the weeks after them. 3,560 patterns of 24 weeks, 20 times, take some seconds,
    ten times as many patterns ten times as long.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.relapse.imputation.impute import impute_weeks
    >>> patterns = pd.Series(["--+-----", "-o--o---", "+++oo+oo", "+-+++ooo"] * 10)
    >>> imputed = impute_weeks(patterns, imputations=5, seed=1)
    >>> imputed
    <ImputedPatterns: 5 imputations of 40 patterns, 28% of the weeks missed>
    >>> imputed.patterns[0].iloc[0]
    '--+-----'
    """
    options = _Options(imputations, seed, iterations, delta, never_seen)
    encoded = encode(patterns)
    frame = aligned(covariates, encoded.index)
    people, unseen = _people(encoded, never_seen)
    terms, names = as_terms(frame.iloc[people])
    part = PatternArray(
        encoded.by_week[:, people],
        encoded.lengths[people],
        encoded.has_pattern[people],
        encoded.index,
    )
    history = History.of(part, terms)
    model = WeekModel(history, delta)
    drawn = _draw_all(model, options, progress)
    missed = history.missed
    by_week = np.repeat(encoded.by_week[None], imputations, axis=0)
    share = np.zeros(missed.shape)
    for completed, use in zip(by_week, drawn.use, strict=True):
        completed[:, people] = np.where(missed, _SYMBOL[use.view(np.int8)], part.by_week)
        share += use & missed
    count = missed.sum(axis=1)
    use_imputed = share.sum(axis=1) / np.where(count > 0, count * imputations, np.nan)
    return ImputedPatterns(
        by_week=by_week,
        words=encoded,
        covariates=frame,
        table=weeks_table(history, use_imputed),
        model=_model_table(drawn.fits, model.term_names(names)),
        trace=_trace_table(drawn.trace),
        never_seen=unseen,
        rule=_rule_text(options, list(frame.columns), unseen),
        unit_days=unit_days_of(patterns),
        provenance=provenance_of(patterns),
    )


@dataclass(frozen=True)
class _Options:
    """The options of `impute_weeks`, checked."""

    imputations: int
    seed: int
    iterations: int
    delta: float
    never_seen: str

    def __post_init__(self) -> None:
        for name, least in (("imputations", 2), ("seed", 0), ("iterations", 1)):
            check_whole(name, getattr(self, name), least, f"{name}={max(least, 10)}")
        if not is_number(self.delta) or not np.isfinite(self.delta):
            raise RuleError(
                "delta is a number that is added to log-odds.",
                found=f"delta={as_written(self.delta)}",
                instead="delta=0.0 where missed weeks are like those seen.",
            )
        if not isinstance(self.never_seen, str) or self.never_seen not in NEVER_SEEN:
            raise RuleError(
                "People who were never seen are left as they are, or imputed.",
                found=f"never_seen={as_written(self.never_seen)}",
                instead='never_seen="leave" or never_seen="impute".',
            )


class _Drawn(NamedTuple):
    """Use in every week of each completed set, the last fit of each, and the trace."""

    use: list[Flags]
    fits: list[Fit]
    trace: list[list[float]]


def _people(patterns: PatternArray, never_seen: str) -> tuple[NDArray[np.intp], int]:
    """Return whose weeks are imputed, sorted by label, and how many were never seen."""
    seen = retention(patterns, MISSED + NOT_DUE) > 0
    due = patterns.holds(MISSED).any(axis=0)
    unseen = int((due & ~seen).sum())
    if not seen.any():
        raise EstimateError(
            "Nobody was seen in any week, so missed weeks cannot be imputed.",
            found=f"{unseen:,} never seen among {len(patterns):,}",
        )
    chosen = np.flatnonzero(seen | due if never_seen == "impute" else seen)
    try:  # so that the draws do not depend on the order of the rows
        order = patterns.index[chosen].argsort()
    except TypeError:  # labels of several kinds have no order
        order = np.arange(len(chosen))
    return chosen[order], unseen


def _draw_all(model: WeekModel, options: _Options, progress: bool) -> _Drawn:
    drawn = _Drawn([], [], [])
    history = model.history
    if not history.missed.any():
        return _Drawn([history.use] * options.imputations, [], [])
    start = model.with_use(history.use).fit(model.start)
    streams: Any = np.random.SeedSequence(options.seed).spawn(options.imputations)
    for stream in _with_progress(streams) if progress else streams:
        _draw_one(model, start, options.iterations, np.random.default_rng(stream), drawn)
    return drawn


def _draw_one(
    model: WeekModel, start: Fit, iterations: int, random: np.random.Generator, drawn: _Drawn
) -> None:
    between = model.history.between
    use = _first_guess(model.history, random)
    logistic = model.with_use(use)
    fit = logistic.fit(start.coefficients)
    coefficients, trace = fit.coefficients, []
    for _ in range(iterations):
        coefficients = logistic.draw(fit, coefficients, random)
        if between.any():
            model.draw_between(use, coefficients, random)
            trace.append(float(use[between].mean()))
            logistic = model.with_use(use)
            fit = logistic.fit(fit.coefficients)
    model.draw_after(use, coefficients, random)
    drawn.use.append(use)
    drawn.fits.append(fit)
    drawn.trace.append(trace)


def _first_guess(history: History, random: np.random.Generator) -> Flags:
    # Weeks missed in between, about as often use as the weeks that were seen of the person.
    use = history.use.copy()
    seen = (history.due & ~history.missed).sum(axis=0)
    of_all = (use.sum() + 0.5) / (seen.sum() + 1)
    share = (use.sum(axis=0) + of_all) / (seen + 1)
    between = history.between
    use[between] = random.random(int(between.sum())) < share[np.nonzero(between)[1]]
    return use


_SYMBOL = np.array([code(NO_USE), code(USE)], dtype=np.int8)


def _with_progress(streams: list[Any]) -> Iterable[Any]:
    from tqdm import tqdm

    return tqdm(streams, desc="missed weeks", unit="imputation")


def _model_table(fits: list[Fit], terms: list[str]) -> pd.DataFrame:
    if not fits:
        return pd.DataFrame({"term": pd.Series(dtype=object), "log_odds": 0.0, "se": 0.0})
    pooled = pool(
        np.array([fit.coefficients for fit in fits]), np.array([fit.variances for fit in fits])
    )
    return pd.DataFrame({"term": terms, "log_odds": pooled["estimate"], "se": pooled["se"]})


def _trace_table(trace: list[list[float]]) -> pd.DataFrame:
    shares: Numbers = np.array(trace) if trace else np.zeros((0, 0))
    imputation, iteration = np.indices(shares.shape)
    return pd.DataFrame(
        {
            "imputation": imputation.ravel() + 1,
            "iteration": iteration.ravel() + 1,
            "use_between": shares.ravel(),
        }
    )


def _rule_text(options: _Options, covariates: list[str], unseen: int) -> str:
    covariates_text = f" and {', '.join(covariates)}" if covariates else ""
    text = (
        f"Missed weeks are drawn {options.imputations} times (seed {options.seed}) by a logistic "
        f"model of the weeks before, time{covariates_text}, and in between of the weeks after "
        f"({options.iterations} iterations); "
    )
    if options.delta:
        text += (
            f"the odds of use are taken to be {np.exp(options.delta):.3g} times those of weeks "
            "seen after the same history"
        )
    else:
        text += "they are assumed missing at random given the history"
    text += ". A mixed week counts as use."
    if unseen:
        text += f" {unseen:,} never seen: {NEVER_SEEN[options.never_seen]}."
    return text
