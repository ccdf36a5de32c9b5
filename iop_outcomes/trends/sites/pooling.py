"""Values of few people drawn towards the value of all: an empirical Bayes estimate of each site."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iop_outcomes.shared.arrays import Floats


def partly_pooled(
    value: npt.ArrayLike, size: npt.ArrayLike, *, proportion: bool, mean: float | None = None
) -> tuple[Floats, Floats]:
    r"""Return an empirical Bayes estimate of each site's value, and the weight of its own value.

    Parameters
    ----------
    value : array_like
        Proportions, or ratios of observed to expected; missing ones are left out.
    size : array_like
        The number of independent entries, or the expected number, behind each value.
    proportion : bool
        Whether the values are proportions.
    mean : float, optional
        The value of all, where it is known beside the sites that are given; by default that of
        these together.

    Returns
    -------
    estimate, weight : numpy.ndarray of float64
        :math:`w_i y_i + (1 - w_i) m`, and :math:`w_i` from 0 (the value of all) to 1 (the site's
        own). Missing where the value is.

    Notes
    -----
    The mean is :math:`m = \sum n_i y_i / \sum n_i`; the variance within a site of :math:`n_i` is
    :math:`u / n_i` with :math:`u = m (1 - m)` for proportions and :math:`u = m` for ratios. The
    variance between sites is that of moments,

    .. math:: \tau^2 = \max\left(0, \frac{\sum n_i (y_i - m)^2 - (k - 1) u}
              {\sum n_i - \sum n_i^2 / \sum n_i}\right), \qquad
              w_i = \frac{\tau^2}{\tau^2 + u / n_i}.

    With a given mean, no degree of freedom is spent on it: :math:`k u` is taken off, and the
    divisor is :math:`\sum n_i`. With few sites it is imprecise: a variance of 0 draws all sites to
    the mean.

    References
    ----------
    Marshall RJ. Mapping disease and mortality rates using empirical Bayes estimators. Applied
    Statistics 1991; 40: 283-294. DerSimonian R, Laird N. Controlled Clinical Trials 1986; 7:
    177-188.

    Examples
    --------
    >>> from iop_outcomes.trends.sites import partly_pooled
    >>> estimate, weight = partly_pooled([0.2, 0.8, 0.9], [200, 200, 5], proportion=True)
    >>> estimate.round(2).tolist(), weight.round(2).tolist()
    ([0.2, 0.8, 0.81], [0.99, 0.99, 0.78])
    """
    y, n = (np.asarray(one, dtype=np.float64) for one in (value, size))
    used = np.isfinite(y) & (np.nan_to_num(n) > 0)
    estimate, weight = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
    if not used.any():
        return estimate, weight
    y, n = y[used], n[used]
    given = mean is not None
    mean = float((n * y).sum() / n.sum()) if mean is None else mean
    within = mean * (1 - mean) if proportion else mean
    spread = float(n.sum() - (0 if given else (n**2).sum() / n.sum()))
    excess = float((n * (y - mean) ** 2).sum()) - (len(y) - (not given)) * within
    between = max(excess, 0.0) / spread if spread > 0 else 0.0
    weight[used] = between / (between + within / n) if between > 0 else 0.0
    estimate[used] = weight[used] * y + (1 - weight[used]) * mean
    return estimate, weight
