"""How much more sites vary than by chance within them: the published additive random effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from iop_outcomes.shared.arrays import Floats

TRIMMED = 0.1  # at each end


@dataclass(frozen=True)
class Overdispersion:
    """The variation between sites.

    Attributes
    ----------
    ratio : float
        The mean of the squared standardised values (phi): about 1 if sites differ by chance only.
    between : float
        The variance between sites (tau squared), on the scale on which it was estimated: the
        arcsine of the root of a proportion, or the logarithm of a ratio. 0 if there is no more
        variation than by chance.
    sites : int
        The number of sites that were used.
    """

    ratio: float
    between: float
    sites: int


def overdispersion_of_proportions(
    numerator: npt.ArrayLike, denominator: npt.ArrayLike, target: float
) -> Overdispersion:
    r"""Return the variation between sites of a proportion.

    Parameters
    ----------
    numerator, denominator : array_like
        Counts, a value a site; rows without a denominator are left out.
    target : float
        The proportion from which sites differ, from 0 to 1.

    Returns
    -------
    Overdispersion
        On the scale of the arcsine of the root.

    Notes
    -----
    :math:`z_i = (\arcsin\sqrt{p_i} - \arcsin\sqrt{t}) / s_i` with :math:`s_i = 1 / 2\sqrt{n_i}`,
    winsorised at its 10th and 90th percentile; :math:`\phi = \sum z_i^2 / k`. If
    :math:`k \phi > k - 1`, :math:`\tau^2 = (k \phi - (k - 1)) / (\sum w - \sum w^2 / \sum w)` with
    :math:`w_i = 1 / s_i^2`.

    References
    ----------
    Spiegelhalter DJ et al. Statistical methods for healthcare regulation: rating, screening and
    surveillance. Journal of the Royal Statistical Society A 2012; 175: 1-47.

    Examples
    --------
    >>> from iop_outcomes.trends.sites import overdispersion_of_proportions
    >>> variation = overdispersion_of_proportions([100, 150, 180], [300, 320, 400], 0.42)
    >>> round(variation.ratio, 2), round(variation.between, 4)
    (3.07, 0.0027)
    """
    x, n = (np.asarray(one, dtype=np.float64) for one in (numerator, denominator))
    used = np.isfinite(x) & (np.nan_to_num(n) > 0)
    x, n = x[used], n[used]
    s = 1 / (2 * np.sqrt(n))
    z = (np.arcsin(np.sqrt(x / n)) - np.arcsin(np.sqrt(target))) / s
    if len(z):
        z = np.clip(z, *np.quantile(z, [TRIMMED, 1 - TRIMMED]))
    return _between(z, s)


def overdispersion_of_ratios(observed: npt.ArrayLike, expected: npt.ArrayLike) -> Overdispersion:
    r"""Return the variation between sites of ratios of observed to expected.

    Parameters
    ----------
    observed, expected : array_like
        Numbers, a value a site; rows with nothing expected are left out.

    Returns
    -------
    Overdispersion
        On the scale of the logarithm.

    Notes
    -----
    :math:`z_i = \log(O_i / E_i) \sqrt{E_i}`, the tenth at each end left out (by rank times 10 over
    :math:`k + 1`, as in the Summary Hospital-level Mortality Indicator); then as
    :func:`overdispersion_of_proportions`. An observed 0 counts as one half here.

    Examples
    --------
    >>> from iop_outcomes.trends.sites import overdispersion_of_ratios
    >>> round(overdispersion_of_ratios([100, 150, 180], [108, 112, 165]).ratio, 2)
    3.82
    """
    x, e = (np.asarray(one, dtype=np.float64) for one in (observed, expected))
    used = np.isfinite(x) & (np.nan_to_num(e) > 0)
    x, e = x[used], e[used]
    s = 1 / np.sqrt(e)
    z = np.log(np.where(x > 0, x, 0.5) / e) / s
    place = (np.argsort(np.argsort(z, kind="stable"), kind="stable") + 1) / (len(z) + 1)
    kept = (place >= TRIMMED) & (place <= 1 - TRIMMED)
    return _between(z[kept], s[kept])


def _between(z: Floats, s: Floats) -> Overdispersion:
    k = len(z)
    if k < 2:
        return Overdispersion(float("nan"), 0.0, k)
    phi = float((z**2).sum()) / k
    w = 1 / s**2
    spread = float(w.sum() - (w**2).sum() / w.sum())
    between = max(k * phi - (k - 1), 0.0) / spread
    return Overdispersion(phi, between, k)
