"""Segmented regression of one measure before and after a planned change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.records import require_records
from iop_outcomes.shared.arrays import Booleans, Floats
from iop_outcomes.shared.checks import check_confidence, is_whole
from iop_outcomes.shared.messages import as_written, columns_found
from iop_outcomes.shared.text import format_names
from iop_outcomes.trends.interrupted.design import TERMS, Adjust, Design, check_points, design_of
from iop_outcomes.trends.interrupted.newey_west import Fit, least_squares, usual_lag
from iop_outcomes.trends.interrupted.result import InterruptedSeries, Plan
from iop_outcomes.trends.quantities import Quantity
from iop_outcomes.trends.result import Trend
from iop_outcomes.trends.trend import trend

if TYPE_CHECKING:
    from iop_outcomes.records import Records


def interrupted_series(
    source: Records | pd.DataFrame,
    measure: str | Quantity | None = None,
    *,
    at: object,
    every: str | None = None,
    column: str | None = None,
    group: object = None,
    control: object = None,
    adjust: Adjust = None,
    lag: int | None = None,
    confidence: float = 0.95,
    first_month: int = 1,
    words: str = "the change",
) -> InterruptedSeries:
    r"""Estimate what a planned change did to the level and the slope of one measure.

    Parameters
    ----------
    source : Records or pandas.DataFrame
        Records, or a frame, as of `iop_outcomes.trend`.
    measure : str or Quantity, optional
        As of `iop_outcomes.trend`.
    at : date, pandas.Period or label
        When the change came, such as ``2026-01-01``: what was decided before the numbers were seen.
        A period that begins on that day is after the change; one within which it lies is left out.
    every : {"week", "month", "quarter", "year"}, optional
        The length of a period; of records by default a month.
    column : str, optional
        A column of ``records.episodes``, or of the frame, that says who had the change.
    group : value or list of values, optional
        Of `column`: those who had the change. By default everybody had it.
    control : value or list of values, optional
        Of `column`: those who did not, whose series stands for what else changed at the time
        (difference in differences).
    adjust : "season" or list of dates, optional
        ``"season"``: a level for each month (or quarter) of the year. Dates: the number of these
        holidays in each period. By default neither.
    lag : int, optional
        The number of periods apart up to which residuals may be correlated; by default the whole
        part of :math:`4 (n/100)^{2/9}` for n periods.
    confidence : float
        Confidence level of the intervals.
    first_month : int
        The first month of the year, as of `iop_outcomes.trend`.
    words : str
        What was changed, for texts and pictures.

    Returns
    -------
    InterruptedSeries
        With ``changes`` (the estimates), ``text``, ``plot`` and ``table``, a row a period:

        ``period`` : str; ``start, end`` : datetime64
            The period.
        ``numerator, denominator, value, lower, upper`` : float64
            As of `iop_outcomes.trend`.
        ``control`` : float64
            The value of the control; missing without one.
        ``complete, after, used`` : bool
            Whether the period is complete, comes after the change, and is in the regression.
        ``fitted`` : float64
            The fitted value; missing for rows that are not used, as the columns below.
        ``counterfactual, counterfactual_lower, counterfactual_upper`` : float64
            What would be expected had everything continued as before; with a control, the value of
            the control and the difference to it as it was before.
        ``effect, effect_lower, effect_upper`` : float64
            Fitted less counterfactual; 0 before the change.

    Raises
    ------
    RuleError
        If an option is not known, or no row has one of the values.
    EstimateError
        If there are fewer than 8 complete periods before or after the change, too few for the
        adjustment, or the measure is not known from the records.
    MissingTableError
        If a table that the measure needs was not read.

    Notes
    -----
    **Model.** With :math:`t` the number of the period, :math:`D_t` 1 after the change and
    :math:`t_0` the first period after it,

    .. math:: y_t = \beta_0 + \beta_1 t + \beta_2 D_t + \beta_3 (t - t_0) D_t + e_t

    by ordinary least squares: :math:`\beta_2` is the change of level in the first period after the
    change, :math:`\beta_3` the change of slope. Each complete period counts the same. With a
    control, :math:`y_t` is the difference between the two series, in the periods that both have, so
    that what changed for both is in neither.

    **Errors** are robust to autocorrelation and unequal variances
    (`iop_outcomes.trends.interrupted.newey_west.least_squares`); limits are Student's t on periods
    less coefficients. In short series such errors are somewhat too small, so that limits near 0
    should be read with caution.

    **What it assumes.** That the slope before would have continued; with a control, that the
    difference would. Other changes at the same time cannot be distinguished from this one.

    References
    ----------
    Wagner AK, Soumerai SB, Zhang F, Ross-Degnan D. Segmented regression analysis of interrupted
    time series studies in medication use research. J Clin Pharm Ther 2002; 27: 299-309.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> import pandas as pd
    >>> months = pd.period_range("2024-01", periods=20, freq="M").astype(str)
    >>> share = [0.6, 0.62, 0.61, 0.6, 0.62, 0.61, 0.6, 0.62, 0.61, 0.62] + [0.7, 0.72] * 5
    >>> frame = pd.DataFrame({"period": months, "value": share})
    >>> series = iop.interrupted_series(frame, "attendance", at="2024-11-01")
    >>> series.changes.set_index("term").loc["level_change", "estimate"].round(3)
    np.float64(0.091)
    >>> series.table[["period", "fitted", "counterfactual"]].tail(1).round(3).to_numpy().tolist()
    [['2025-08', 0.713, 0.624]]
    """
    check_confidence(confidence)
    if lag is not None and not is_whole(lag, 0):
        raise RuleError(
            "The lag is a whole number of periods, 0 or more.",
            found=f"lag={as_written(lag)}",
            instead="lag=3, or None for the usual one",
        )
    options: dict[str, Any] = {"every": every, "confidence": confidence, "chart": "none"}
    parts = _parts(source, column, group, control)
    trends = tuple(trend(part, measure, first_month=first_month, **options) for part, _ in parts)
    names = [name for _, name in parts]
    plan = Plan(at, adjust, lag, words, names[0], names[1] if len(names) > 1 else "")
    return estimate_change(trends, plan)


def estimate_change(series: tuple[Trend, ...], plan: Plan) -> InterruptedSeries:
    """Return `interrupted_series` of a trend, and of that of a control if there is one."""
    own = series[0]
    table, when = own.table.reset_index(drop=True), own.when
    assert when is not None
    values, control = _values(own), np.full(len(table), np.nan)
    if len(series) > 1 and series[1].when is not None:
        control_values = pd.Series(_values(series[1]), index=series[1].when)
        control = control_values.reindex(when).to_numpy(dtype=np.float64)
        outcome = values - control
    else:
        outcome = values
    design = design_of(when, plan.at, plan.adjust)
    used = design.inside & np.isfinite(outcome)
    check_points(design, used)
    lag = min(usual_lag(int(used.sum())) if plan.lag is None else plan.lag, int(used.sum()) - 1)
    fit = least_squares(design.columns[used], outcome[used], lag)
    base = np.where(np.isnan(control), 0.0, control) if len(series) > 1 else np.zeros(len(table))
    kept = ["period", "start", "end", "numerator", "denominator", "value", "lower", "upper"]
    whole = table[kept].assign(control=control, complete=table["complete"])
    whole = whole.assign(after=design.after, used=used, not_known=table["not_known"])
    if "hidden" in table:
        whole["hidden"] = table["hidden"]
    return InterruptedSeries(
        table=whole.assign(**_expected(fit, design, used, base, own.confidence)),
        changes=_changes(fit, own.confidence),
        measure=own.measure,
        title=own.title,
        unit=own.unit,
        every=own.every,
        plan=plan,
        lag=lag,
        autocorrelation=fit.autocorrelation,
        confidence=own.confidence,
        rule=_rule(own, plan, design, lag),
        series=series,
        synthetic=own.synthetic,
    )


def _values(series: Trend) -> Floats:
    """Return the values of complete periods."""
    known = series.table["value"].where(series.table["complete"])
    return known.to_numpy(dtype=np.float64, na_value=np.nan)


def _parts(
    source: Records | pd.DataFrame, column: str | None, group: object, control: object
) -> list[tuple[Records | pd.DataFrame, str]]:
    """Return the rows that had the change, and those of the control, with their names."""
    if column is None:
        if group is not None or control is not None:
            raise RuleError(
                "group= and control= are values of a column.",
                found="no column=",
                instead='column="program", group="North", control="Riverside"',
            )
        return [(source, "")]
    if group is None:
        raise RuleError(
            "column= needs group=, the value of those who had the change.",
            found=f"column={as_written(column)}",
            instead='column="program", group="North", and control="Riverside" where there is one',
        )
    asked = [group] if control is None else [group, control]
    lists = [
        list(group_asked) if isinstance(group_asked, (list, tuple, set)) else [group_asked]
        for group_asked in asked
    ]
    if len(lists) > 1 and set(map(str, lists[0])) & set(map(str, lists[1])):
        raise RuleError(
            "A group cannot be its own control.",
            found="a value in both group= and control=",
            instead="two groups without a value in common",
        )
    return [
        (_part(source, column, values), format_names([str(value) for value in values]))
        for values in lists
    ]


def _part(source: Any, column: str, values: Sequence[Any]) -> Any:
    if not isinstance(source, pd.DataFrame):
        require_records(source, "An interrupted series")
        return source.where(**{column: list(values)})
    if column not in source:
        raise RuleError(
            "There is no such column.",
            found=columns_found(source.columns, column),
            instead='column="program", for example',
        )
    rows = source[source[column].isin(values)]
    if rows.empty:
        raise RuleError(
            "No row has one of the asked values.",
            found=f"{len(source):,} rows with other values",
            instead="values that the column holds: frame[column].unique() shows them",
        )
    return rows


def _limits(estimate: Floats, error: Floats, fit: Fit, confidence: float) -> tuple[Floats, Floats]:
    from scipy.special import stdtrit

    half = stdtrit(fit.degrees, 0.5 + confidence / 2) * error
    return estimate - half, estimate + half


def _expected(
    fit: Fit, design: Design, used: Booleans, base: Floats, confidence: float
) -> dict[str, Floats]:
    """Return fitted and expected values and their difference; missing where a row is not used."""
    fitted = base + design.columns @ fit.coefficients
    without, error = fit.of(design.without)
    low, high = _limits(base + without, error, fit, confidence)
    effect, error = fit.of(design.columns - design.without)
    effect_low, effect_high = _limits(effect, error, fit, confidence)
    columns = {
        "fitted": fitted,
        "counterfactual": base + without,
        "counterfactual_lower": low,
        "counterfactual_upper": high,
        "effect": effect,
        "effect_lower": effect_low,
        "effect_upper": effect_high,
    }
    return {name: np.where(used, values, np.nan) for name, values in columns.items()}


def _changes(fit: Fit, confidence: float) -> pd.DataFrame:
    from scipy.special import stdtr

    weights = np.zeros((len(TERMS) + 1, len(fit.coefficients)))
    weights[: len(TERMS), : len(TERMS)] = np.eye(len(TERMS))
    weights[-1, [1, 3]] = 1.0  # the slope after the change
    estimate, error = fit.of(weights)
    lower, upper = _limits(estimate, error, fit, confidence)
    has_spread = error > 0
    statistic = np.divide(
        np.abs(estimate), error, out=np.full(len(error), np.nan), where=has_spread
    )
    return pd.DataFrame(
        {
            "term": [*TERMS, "slope_after"],
            "estimate": estimate,
            "se": error,
            "lower": lower,
            "upper": upper,
            "p_value": 2 * stdtr(fit.degrees, -statistic),
        }
    )


def _rule(own: Trend, plan: Plan, design: Design, lag: int) -> str:
    text = f"{own.rule} Segmented regression by least squares on complete {own.every}s"
    if plan.control:
        text += f", of the difference between {plan.group} and {plan.control}"
    text += f"; errors of Newey and West with lag {lag}."
    if not design.inside.all():
        text += " The period within which the change came is left out."
    return f"{text} {design.adjusted}".strip()
