"""Charts of proportions (p, p') and of events per unit of exposure (u, u')."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.shared.arrays import Floats
from iop_outcomes.trends.charts.ranges import RANGE_TO_SIGMA, about, mean_range
from iop_outcomes.trends.charts.series import Baseline, Rebase, Series, read_series


def p_chart(frame: pd.DataFrame, *, baseline: Baseline = None, rebase: Rebase = ()) -> pd.DataFrame:
    r"""Return proportions with binomial limits.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``period, numerator, denominator``, a row a period; the numerator at most the denominator.
    baseline, rebase
        As in :func:`iop_outcomes.trends.charts.xmr_chart`.

    Returns
    -------
    pandas.DataFrame
        As of :func:`iop_outcomes.trends.charts.xmr_chart`. The centre is the sum of numerators over
        the sum of denominators; limits differ between periods, and stay within 0 and 1. Value and
        limits are missing where the denominator is 0 or missing.

    Raises
    ------
    RuleError
        If a column is missing, or a numerator exceeds its denominator.

    Notes
    -----
    :math:`\bar p \pm 3 \sqrt{\bar p (1 - \bar p) / n_i}`. Right only if the entries are
    independent: the sessions of one person are not, see :func:`p_prime_chart`.

    References
    ----------
    Montgomery DC. Introduction to statistical quality control. 8th ed. Wiley, 2020; section 7.2.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import p_chart
    >>> counts = pd.DataFrame({"period": [1, 2], "numerator": [5, 9], "denominator": [20, 50]})
    >>> p_chart(counts)["upper_limit"].round(3).tolist()
    [0.468, 0.37]
    """
    return _chart(frame, "proportion", baseline, rebase)


def p_prime_chart(
    frame: pd.DataFrame,
    *,
    baseline: Baseline = None,
    rebase: Rebase = (),
    screen: bool = True,
    at_least_chance: bool = False,
) -> pd.DataFrame:
    r"""Return proportions with limits widened by the variation between periods (Laney's p').

    Parameters
    ----------
    frame, baseline, rebase
        As in :func:`p_chart`.
    screen : bool
        As in :func:`iop_outcomes.trends.charts.xmr_chart`, of the standardised values.
    at_least_chance : bool
        Whether the limits are never narrower than the binomial ones of :func:`p_chart`.

    Returns
    -------
    pandas.DataFrame
        As of :func:`p_chart`.

    Notes
    -----
    The binomial standard deviation :math:`s_i` times :math:`\sigma_z = \overline{mR}_z / 1.128`,
    the moving ranges being those of :math:`z_i = (p_i - \bar p) / s_i`. Where neighbouring periods
    happen to be alike :math:`\sigma_z` is below 1, and the limits are narrower than those of chance
    alone: with `at_least_chance` it is :math:`\max(\sigma_z, 1)`.

    References
    ----------
    Laney DB. Improved control charts for attributes. Quality Engineering 2002; 14: 531-537.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import p_prime_chart
    >>> counts = pd.DataFrame({"period": [1, 2], "numerator": [90, 50], "denominator": [100, 100]})
    >>> p_prime_chart(counts)["lower_limit"].round(3).tolist()
    [0.0, 0.0]
    """
    return _chart(
        frame,
        "proportion",
        baseline,
        rebase,
        prime=True,
        screen=screen,
        least=float(at_least_chance),
    )


def u_chart(frame: pd.DataFrame, *, baseline: Baseline = None, rebase: Rebase = ()) -> pd.DataFrame:
    r"""Return events per unit of exposure with Poisson limits.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``period, numerator, denominator``: events, and the exposure, such as weeks of clients.
    baseline, rebase
        As in :func:`iop_outcomes.trends.charts.xmr_chart`.

    Returns
    -------
    pandas.DataFrame
        As of :func:`p_chart`; limits are not below 0.

    Notes
    -----
    :math:`\bar u \pm 3 \sqrt{\bar u / n_i}` (Montgomery, section 7.3).

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import u_chart
    >>> counts = pd.DataFrame({"period": [1, 2], "numerator": [30, 50], "denominator": [10, 10]})
    >>> u_chart(counts)["upper_limit"].round(3).tolist()
    [5.897, 5.897]
    """
    return _chart(frame, "rate", baseline, rebase)


def u_prime_chart(
    frame: pd.DataFrame,
    *,
    baseline: Baseline = None,
    rebase: Rebase = (),
    screen: bool = True,
    at_least_chance: bool = False,
) -> pd.DataFrame:
    """Return events per unit with limits widened by the variation between periods (Laney's u').

    Parameters
    ----------
    frame, baseline, rebase
        As in :func:`u_chart`.
    screen, at_least_chance : bool
        As in :func:`p_prime_chart`; chance alone is that of :func:`u_chart`.

    Returns
    -------
    pandas.DataFrame
        As of :func:`u_chart`; the formula is that of :func:`p_prime_chart`.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.trends.charts import u_prime_chart
    >>> counts = pd.DataFrame({"period": [1, 2], "numerator": [30, 50], "denominator": [10, 10]})
    >>> u_prime_chart(counts)["upper_limit"].round(3).tolist()
    [9.319, 9.319]
    """
    return _chart(
        frame, "rate", baseline, rebase, prime=True, screen=screen, least=float(at_least_chance)
    )


def _chart(
    frame: pd.DataFrame,
    needs: str,
    baseline: Baseline,
    rebase: Rebase,
    *,
    prime: bool = False,
    screen: bool = True,
    least: float = 0.0,
) -> pd.DataFrame:
    """Return the chart; with `prime` its limits are widened at `least` so many times."""
    series = read_series(frame, needs, baseline, rebase)
    centre = np.full(len(series.value), np.nan)
    for rows, base in series.parts():
        if base.any():
            centre[rows] = series.numerator[base].sum() / series.denominator[base].sum()
    proportion = needs == "proportion"
    sigma = _sigma(centre, series.denominator, proportion)
    if prime:
        sigma = sigma * np.maximum(_spread(series, centre, sigma, screen), least)
    high = 1.0 if proportion else np.inf
    return series.table({"centre": centre, **about(centre, 3 * sigma, 0.0, high)})


def _sigma(centre: Floats, denominator: Floats, proportion: bool) -> Floats:
    """Return the standard deviation of each period, missing where there is no denominator."""
    variance = centre * (1 - centre) if proportion else centre
    out = np.full(len(centre), np.nan)
    np.divide(np.maximum(variance, 0), denominator, out=out, where=denominator > 0)
    return np.asarray(np.sqrt(out))


def _spread(series: Series, centre: Floats, sigma: Floats, screen: bool) -> Floats:
    """Return for each row the standard deviation of the standardised values of its segment."""
    z = np.zeros(len(centre))  # where sigma is 0 all values are the centre
    np.divide(series.value - centre, sigma, out=z, where=sigma > 0)
    spread = np.full(len(centre), np.nan)
    for rows, base in series.parts():
        spread[rows] = mean_range(z, base, screen) / RANGE_TO_SIGMA
    return spread
