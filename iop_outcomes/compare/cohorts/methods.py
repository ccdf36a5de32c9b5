"""What was done, as a methods section says it: true of the call that was made."""

from __future__ import annotations

from dataclasses import dataclass

from iop_outcomes.shared.text import format_count, format_level
from iop_outcomes.versions import show_versions

SOURCES = {
    "balance": "Groups were described with standardised mean differences, of categories by the "
    "Mahalanobis distance (Austin 2009; Yang and Dalton 2012), and not tested for differences.",
    "curves": "Curves were estimated by Kaplan and Meier's method (1958) and compared by the "
    "log-rank test.",
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
    dropped : int
        Rows not analysed.
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
    """

    by: str
    terms: str
    sizes: list[tuple[str, int, int]]
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


def methods_text(done: Done) -> str:
    """Return the paragraph."""
    groups = ", ".join(
        f"{name} ({rows:,}, {had:,} with the event)" for name, rows, had in done.sizes
    )
    limits = (
        "by the influence of each row, the estimation of the weights counted in"
        if done.limits == "closed_form"
        else f"percentiles of {done.resamples:,} bootstrap samples of people, all steps repeated"
    )
    errors = f" Rows of one {done.clustered} were taken together." if done.clustered else ""
    dropped = (
        f" {format_count(done.dropped, 'row')} without a group or covariate "
        f"{'was' if done.dropped == 1 else 'were'} not analysed."
        if done.dropped
        else ""
    )
    also = f" Sensitivity analyses: {'; '.join(done.also)}." if done.also else ""
    tipping = (
        " A tipping-point analysis multiplied the hazard after leaving (Zhao et al. 2014)."
        if done.tipping
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
        f"{how}; {format_level(done.confidence)} limits are {limits}.{errors}"
        f"{also}{tipping} No correction was made for the number of comparisons. Analyses were made "
        f"with iop_outcomes {versions['iop-outcomes']} ({named})."
    )
