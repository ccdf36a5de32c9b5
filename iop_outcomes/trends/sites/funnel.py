"""A funnel: the value of each site beside limits that depend on its size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.arrays import Floats, ratio
from iop_outcomes.shared.checks import check_choice, is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.trends.sites.exact import (
    exact_proportion_limit,
    exact_ratio_limit,
    exact_tails,
)
from iop_outcomes.trends.sites.overdispersion import (
    Overdispersion,
    overdispersion_of_proportions,
    overdispersion_of_ratios,
)

FEWEST_SITES = 10  # below which the variation between sites cannot be distinguished from noise
LEVELS = {"lower_998": 0.001, "lower_95": 0.025, "upper_95": 0.975, "upper_998": 0.999}
Z = {"lower_998": -3.090232, "lower_95": -1.959964, "upper_95": 1.959964, "upper_998": 3.090232}
WITHIN = "within limits"
POSITIONS = {
    "upper_998": "above the 99.8% limit",
    "lower_998": "below the 99.8% limit",
    "upper_95": "above the 95% limit",
    "lower_95": "below the 95% limit",
}


def funnel_limits(
    frame: pd.DataFrame,
    *,
    target: float | None = None,
    overdispersion: str = "auto",
    size: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    r"""Return the value of each site with 95% and 99.8% limits about a target.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a site: ``numerator, denominator`` (counts; a proportion), or ``observed, expected``
        (a ratio to what a case-mix model expects). Other columns stay.
    target : float, optional
        Of a proportion, 0 to 1; by default all numerators over all denominators. Of a
        ratio it is 1.
    overdispersion : {"auto", "on", "off"}
        Whether the limits are widened by the variation between sites. ``"auto"``: if there are ten
        sites or more; with fewer, it cannot be distinguished from noise, and exact limits are
        given.
    size : array_like, optional
        The number of independent entries that each site's value is worth, where this is not its
        denominator (sessions of few people) or expected number (a model of each person's risk).

    Returns
    -------
    pandas.DataFrame
        The frame in its order, and:

        ``value`` : float64
            The proportion or ratio; missing without a denominator.
        ``target`` : float64
            As given or estimated; 1 for ratios.
        ``lower_998, lower_95, upper_95, upper_998`` : float64
            Exact limits, or with overdispersion those of the additive random effect.
        ``position`` : str
            ``within limits``, ``above the 95% limit``, ``below the 99.8% limit`` and so on; empty
            without a value. It is no rank: sites within the limits do not differ beyond chance.
            Beyond an exact limit is only what chance alone gives so far out, or further, with a
            probability of at most 2.5% (0.1%) on that side. Exact limits lie between whole numbers:
            of few people a value may be outside one and within by this.
        ``size`` : float64
            What limits rest on: the denominator or expected number, or as given.
        ``z`` : float64
            The distance from the target in standard deviations, on the scale of the arcsine of the
            root (proportions) or of the logarithm (ratios; an observed 0 counts as one half), with
            the variation between sites if limits allow for it. Exact limits are not symmetrical, so
            that near a limit z and position may differ.
        ``overdispersion, between`` : float64
            The ratio phi and the variance between sites, see
            :class:`iop_outcomes.trends.sites.Overdispersion`.
        ``adjusted`` : bool
            Whether the limits allow for the variation between sites.

    Raises
    ------
    RuleError
        If the frame lacks the columns, its numbers do not fit one another, or an option is unknown.

    Notes
    -----
    Adjusted limits of a proportion: :math:`\sin^2(\arcsin\sqrt t \pm z \sqrt{1/4n + \tau^2})`, the
    angle kept within 0 and :math:`\pi/2`; of a ratio :math:`\exp(\pm z \sqrt{1/E + \tau^2})`.

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Statistics in Medicine
    2005; 24: 1185-1202.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.sites import funnel_limits
    >>> sites = pd.DataFrame({"site": ["North", "South"], "numerator": [30, 9]})
    >>> funnel_limits(sites.assign(denominator=[50, 40]))["position"].tolist()
    ['above the 95% limit', 'below the 95% limit']
    """
    check_choice("overdispersion", overdispersion, ("auto", "on", "off"))
    names = _columns(frame)
    x, n = (frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names)
    proportion = names[0] == "numerator"
    _check(x, n, proportion)
    middle = _target(x, n, target, proportion)
    value = ratio(x, np.nan_to_num(n))
    n = n if size is None else np.where(n > 0, np.asarray(size, dtype=np.float64), n)
    variation = (
        overdispersion_of_proportions(value * n, n, middle)
        if proportion
        else overdispersion_of_ratios(value * n, n)
    )
    many = variation.sites >= FEWEST_SITES or overdispersion == "on"
    adjusted = overdispersion != "off" and many and variation.between > 0
    limits = {name: _limit(name, n, middle, variation, proportion, adjusted) for name in LEVELS}
    tails = None if adjusted else exact_tails(value * n, n, middle, proportion=proportion)
    return frame.assign(
        value=value,
        target=middle,
        **limits,
        position=_position(value, limits, tails),
        size=n,
        z=_z(value, n, middle, variation.between if adjusted else 0.0, proportion),
        overdispersion=variation.ratio,
        between=variation.between,
        adjusted=adjusted,
    )


def limits_at(
    sizes: npt.ArrayLike, target: float, *, proportion: bool, between: float = 0.0
) -> pd.DataFrame:
    """Return the limits of sites of these sizes, as `funnel_limits` gives them.

    Parameters
    ----------
    sizes : array_like
        As ``size`` of `funnel_limits`.
    target : float
        The value about which they are; 1 for ratios.
    proportion : bool
        Whether the values are proportions.
    between : float
        The variance between sites for which the limits allow; 0 for exact limits.

    Returns
    -------
    pandas.DataFrame
        ``size, lower_998, lower_95, upper_95, upper_998`` (float64).

    Examples
    --------
    >>> from iop_outcomes.trends.sites import limits_at
    >>> limits_at([20, 50], 0.4, proportion=True)["upper_95"].round(3).tolist()
    [0.594, 0.528]
    """
    n = np.asarray(sizes, dtype=np.float64)
    variation = Overdispersion(np.nan, between, 0)
    limits = {name: _limit(name, n, target, variation, proportion, between > 0) for name in LEVELS}
    return pd.DataFrame({"size": n, **limits})


def _columns(frame: pd.DataFrame) -> tuple[str, str]:
    for names in (("numerator", "denominator"), ("observed", "expected")):
        if isinstance(frame, pd.DataFrame) and set(names) <= set(frame.columns):
            kinds = [pd.api.types.is_numeric_dtype(frame[name].dtype) for name in names]
            if all(kinds):
                return names
    raise RuleError(
        "A funnel needs numbers in numerator and denominator, or in observed and expected.",
        found=type(frame).__name__
        if not isinstance(frame, pd.DataFrame)
        else "a frame without such columns of numbers",
        instead="a frame with one row a site",
    )


def _check(x: Floats, n: Floats, proportion: bool) -> None:
    faults = {
        "a negative number": (x < 0) | (n < 0),
        "an infinite number": np.isinf(x) | np.isinf(n),
    }
    if proportion:
        faults["a numerator above its denominator"] = x > n
        faults["a denominator that is no whole number"] = np.isfinite(n) & (n % 1 != 0)
    for words, wrong in faults.items():
        if wrong.any():
            raise RuleError(
                "The numbers of a funnel do not fit one another.",
                found=f"{int(wrong.sum()):,} of {len(x):,} sites with {words}",
                instead="counts of the same people; observed and expected for ratios above 1",
            )


def _target(x: Floats, n: Floats, target: float | None, proportion: bool) -> float:
    if not proportion:
        if target not in (None, 1, 1.0):
            raise RuleError(
                "The target of observed to expected is 1.",
                found=f"target={as_written(target)}",
                instead="other expected numbers, or leave target= out",
            )
        return 1.0
    if target is None:
        used = np.isfinite(x) & (np.nan_to_num(n) > 0)
        return float(x[used].sum() / n[used].sum()) if used.any() else float("nan")
    if not is_number(target) or not 0 <= target <= 1:
        raise RuleError(
            "The target of a proportion is from 0 to 1.",
            found=f"target={as_written(target)}",
            instead="target=0.8",
        )
    return float(target)


def _limit(
    name: str, n: Floats, middle: float, variation: Overdispersion, proportion: bool, adjusted: bool
) -> Floats:
    if np.isnan(middle):
        return np.full(len(n), np.nan)
    if not adjusted:
        below = LEVELS[name]
        if not proportion:
            return exact_ratio_limit(n, below)
        whole = np.where(n > 0, np.maximum(np.round(n), 1.0), n)
        return exact_proportion_limit(whole, middle, below)
    used = np.where(n > 0, n, np.nan)
    if not proportion:
        return np.asarray(np.exp(Z[name] * np.sqrt(1 / used + variation.between)))
    angle = np.arcsin(np.sqrt(middle)) + Z[name] * np.sqrt(1 / (4 * used) + variation.between)
    return np.asarray(np.sin(np.clip(angle, 0, np.pi / 2)) ** 2)


def _z(value: Floats, n: Floats, middle: float, between: float, proportion: bool) -> Floats:
    used = np.where(n > 0, n, np.nan)
    if proportion:
        apart = np.arcsin(np.sqrt(value)) - np.arcsin(np.sqrt(middle))
        return np.asarray(apart / np.sqrt(1 / (4 * used) + between))
    apart = np.log(np.where(value > 0, value, 0.5 / used))
    return np.asarray(np.where(np.isnan(value), np.nan, apart / np.sqrt(1 / used + between)))


def _position(
    value: Floats, limits: dict[str, Floats], tails: tuple[Floats, Floats] | None
) -> list[str]:
    """Return where each value lies: outside a limit and, beside exact limits, so by its tail."""
    beyond = {}
    for name, limit in limits.items():
        is_upper = name.startswith("upper")
        outside = value > limit if is_upper else value < limit
        if tails is not None:
            outside &= tails[is_upper] <= _rarest(name)
        beyond[name] = outside
    words = np.select(
        [np.isnan(value), *(beyond[name] for name in POSITIONS)], ["", *POSITIONS.values()], WITHIN
    )
    return [str(word) for word in words]


def _rarest(name: str) -> float:
    """Return how much of the samples lies beyond a limit on its side."""
    return 0.001 if name.endswith("998") else 0.025
