"""What was done, as a methods section says it: true of the call that was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iop_outcomes.compare.cohorts.alternatives import NOT_ESTIMATED
from iop_outcomes.shared.text import format_count, format_level
from iop_outcomes.versions import show_versions

SOURCES = {
    "balance": "Groups were described with standardised mean differences, of categories by the "
    "Mahalanobis distance (Austin 2009; Yang and Dalton 2012), and not tested for differences.",
    "curves": "Curves were estimated by Kaplan and Meier's method (1958) and compared by the "
    "log-rank test (Mantel 1966).",
    "augmented": "by augmented inverse probability weighting (Robins and Rotnitzky 1992; Westling "
    "et al. 2023), with a logistic model of the group and Cox models of the event and of "
    "censoring, stratified by group",
    "weighting": "by Kaplan-Meier curves with inverse probability weights from a logistic model "
    "of the group (Cole and Hernán 2004; Xie and Liu 2005)",
    "standardisation": "by standardisation (g-formula) over a Cox model stratified by group "
    "(Makuch 1982)",
}


@dataclass(frozen=True)
class Done:
    """What the paragraph needs.

    Attributes
    ----------
    by, terms : str
    sizes : list of tuple
        Name, rows and events by the horizon of each group.
    excluded, dropped : int
        Rows excluded before, and not analysed.
    horizon : float
    method, also : str
        Of the adjustment, and what the sensitivity analyses were.
    limits : str
    resamples : int
    confidence : float
    clustered : str
        The column of the clusters; empty if rows are independent.
    event, origin, rule : str
    tipping : bool
        Whether there is a tipping point.
    missing : str
        The covariates with missing values that were drawn, and their share.
    imputations : int
        How often they were drawn; 0 if none was.
    alternatives : mapping of str to str
        How the times of each alternative were defined.
    e_values : bool
        Whether there is an E-value.
    """

    by: str
    terms: str
    sizes: list[tuple[str, int, int]]
    excluded: int
    dropped: int
    horizon: float
    method: str
    also: tuple[str, ...]
    limits: str
    resamples: int
    confidence: float
    clustered: str
    event: str
    origin: str
    rule: str
    tipping: bool
    missing: str
    imputations: int
    alternatives: Mapping[str, str]
    e_values: bool


def methods_text(done: Done) -> str:
    """Return the paragraph."""
    groups = ", ".join(
        f"{name} ({rows:,}, {had:,} with the event)" for name, rows, had in done.sizes
    )
    limits = _limits(done)
    errors = (
        f" Rows of one {done.clustered} were taken together for limits and the test."
        if done.clustered
        else ""
    )
    dropped = (
        f" {format_count(done.dropped, 'row')} without a group or covariate "
        f"{'was' if done.dropped == 1 else 'were'} not analysed."
        if done.dropped
        else ""
    )
    if done.excluded:
        dropped = f" {format_count(done.excluded, 'row')} excluded before.{dropped}"
    also = f" Sensitivity analyses: {'; '.join(done.also)}." if done.also else ""
    tipping = (
        " A tipping-point analysis multiplied the hazard after leaving (Zhao et al. 2014)."
        if done.tipping
        else ""
    )
    alternatives = "".join(
        f" With other times, {name}, the comparison had no estimate."
        if rule.startswith(NOT_ESTIMATED)
        else f" The comparison was repeated with other times, {name}: {rule}"
        for name, rule in done.alternatives.items()
    )
    e_values = (
        " E-values of the ratio of the adjusted proportions with the event say how strong "
        "confounding that was not measured would have to be (VanderWeele and Ding 2017)."
        if done.e_values
        else ""
    )
    kind = "a multinomial logistic model" if len(done.sizes) > 2 else "a logistic model"
    how = SOURCES[done.method].replace("a logistic model", kind)
    versions = show_versions()
    named = ", ".join(f"{name} {versions[name]}" for name in ("python", "numpy", "scipy", "pandas"))
    return (
        f"Groups by {done.by} were compared: {groups}, by day {done.horizon:g}.{dropped} "
        f"Days were counted from {done.origin}, to {done.event}. {done.rule} {SOURCES['balance']} "
        f"{SOURCES['curves']} The difference in the proportion without the event on day "
        f"{done.horizon:g} and in the restricted mean time up to it was adjusted for {done.terms} "
        f"{how}; {format_level(done.confidence)} limits are {limits}.{_imputed(done)}{errors}"
        f"{also}{alternatives}{tipping}{e_values} No correction was made for the number of "
        f"comparisons. Analyses were made with iop_outcomes {versions['iop-outcomes']} ({named})."
    )


def _limits(done: Done) -> str:
    """Return how the limits of the differences were made."""
    if done.imputations and done.limits == "closed_form":
        return (
            f"by Rubin's rules over {done.imputations} completed samples, the error in each by the "
            "influence of each row, the estimation of the weights counted in"
        )
    if done.imputations:
        return (
            f"by t, from {done.resamples:,} bootstrap samples of people, each completed twice, all "
            "steps repeated (von Hippel and Bartlett 2021)"
        )
    if done.limits == "closed_form":
        return "by the influence of each row, the estimation of the weights counted in"
    return f"percentiles of {done.resamples:,} bootstrap samples of people, all steps repeated"


def _imputed(done: Done) -> str:
    """Return how missing covariates were drawn, as a sentence with a blank before it."""
    if not done.imputations:
        return ""
    return (
        f" Missing covariates ({done.missing} of rows) were drawn {done.imputations} times by "
        "chained equations (van Buuren 2007), given the group, the event indicator, the "
        "Nelson-Aalen cumulative hazard (White and Royston 2009) and the other covariates, "
        "assuming that they are missing at random given these. Standardised differences after "
        "weighting have the mean weight over the completed samples."
    )
