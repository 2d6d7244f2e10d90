"""Numbers behind the plots of the audio features: names, ranges, counts, correlations, densities.

Conventions
-----------
Features and units are those of :mod:`scripts.moods.features`. A feature that never varies has
no correlation with any other: NaN, not 0.

Method
------
A density is a fine histogram smoothed with a Gaussian kernel and mirrored at both ends, so that
no mass leaks out of a feature's range; its cost does not grow with the square of the songs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scripts.moods.features import FEATURE_RANGES

_UNITS = {"bpm": "beats per minute", "db": "dB"}


def plain_name(feature: str) -> str:
    """Strip the unit from a column name.

    >>> plain_name("tempo_bpm"), plain_name("valence")
    ('tempo', 'valence')
    """
    stem, _, unit = feature.rpartition("_")
    return stem if unit in _UNITS else feature


def axis_name(feature: str) -> str:
    """Name an axis with the feature's unit.

    >>> axis_name("tempo_bpm"), axis_name("valence")
    ('tempo (beats per minute)', 'valence (0 to 1)')
    """
    return f"{plain_name(feature)} ({_UNITS.get(feature.rpartition('_')[2], '0 to 1')})"


def span_values(feature: str, values: np.ndarray, step: float) -> tuple[float, float]:
    """Give the range to draw, a whole number of steps wide.

    Parameters
    ----------
    feature : str
        One of the nine; a feature of [0, 1] gets all of that range.
    values : numpy.ndarray, shape (n,), float
        Its values, n being 1 or more.
    step : float
        Both ends are multiples of it.

    Returns
    -------
    tuple of float
        The ends, the upper one the greater.

    >>> span_values("tempo_bpm", np.array([61.0, 118.0]), 5.0)
    (60.0, 120.0)
    >>> span_values("energy", np.array([0.3]), 0.02)
    (0.0, 1.0)
    """
    if FEATURE_RANGES[feature] == (0.0, 1.0):
        return 0.0, 1.0
    low = np.floor(values.min() / step)
    return float(low * step), float(max(np.ceil(values.max() / step), low + 1) * step)


def count_values(values: np.ndarray, ends: tuple[float, float], bins: int) -> np.ndarray:
    """Count values in equal bins over `ends`; what lies outside counts in the outermost bins.

    A value on the edge of two bins belongs to the upper one, even where rounding puts it a
    millionth of a bin too low.

    >>> count_values(np.array([0.0, 0.06, 0.059, 1.0]), (0.0, 1.0), 50)[[0, 2, 3, 49]].tolist()
    [1, 1, 1, 1]
    """
    slots = (values - ends[0]) * (bins / (ends[1] - ends[0])) + 1e-6
    return np.bincount(np.clip(slots, 0, bins - 1).astype(np.int32), minlength=bins)


def smooth_counts(counts: np.ndarray, bandwidth: float) -> np.ndarray:
    """Smooth a histogram with a Gaussian kernel, mirrored at both ends.

    Parameters
    ----------
    counts : numpy.ndarray, shape (b,), int
        Fine histogram.
    bandwidth : float
        Standard deviation of the kernel, in bins.

    Returns
    -------
    numpy.ndarray, shape (b,), float
        The smoothed counts; their sum is that of `counts`.

    >>> smooth_counts(np.array([0, 0, 4, 0, 0]), 0.7).round(2).tolist()
    [0.03, 0.86, 2.23, 0.86, 0.03]
    """
    mirrored = np.concatenate([counts, counts[::-1]]).astype(float)
    frequency = np.fft.rfftfreq(len(mirrored))
    damping = np.exp(-2 * (np.pi * bandwidth * frequency) ** 2)
    smoothed = np.fft.irfft(np.fft.rfft(mirrored) * damping, len(mirrored))[: len(counts)]
    return np.clip(smoothed, 0.0, None)


def correlate(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Correlate every two features.

    Parameters
    ----------
    columns : sequence of numpy.ndarray, shape (n,), float
        Values of each of d features.

    Returns
    -------
    numpy.ndarray, shape (d, d), float
        Pearson's r in [-1, 1]; NaN where a feature never varies.

    >>> correlate([np.array([1.0, 2.0]), np.array([4.0, 2.0]), np.array([3.0, 3.0])])[0].round(6)
    array([ 1., -1., nan])
    """
    centred = np.array([values - values.mean() for values in columns])
    products = centred @ centred.T
    spread = np.sqrt(np.diag(products))
    spread[[np.ptp(values) == 0 for values in columns]] = np.nan
    return np.clip(products / spread / spread[:, None], -1.0, 1.0)


def describe_strongest(r: np.ndarray, names: Sequence[str]) -> str:
    """Say which two features rise together most, and which oppose each other most.

    Parameters
    ----------
    r : numpy.ndarray, shape (d, d), float
        Correlations; NaN where there is none.
    names : sequence of str
        Names of the d features.

    Returns
    -------
    str
        A sentence without its full stop.

    >>> describe_strongest(np.array([[1.0, -0.5], [-0.5, 1.0]]), ["energy", "acousticness"])
    'Acousticness falls as energy rises (r = −0.50)'
    """
    below = np.where(np.tri(len(r), k=-1, dtype=bool), r, np.nan)
    parts = []
    for sign, phrase in ((1, "{} and {} rise together"), (-1, "{} falls as {} rises")):
        strength = np.nan_to_num(sign * below)
        row, column = divmod(int(np.argmax(strength)), len(r))
        if strength[row, column] > 0:
            pair = phrase.format(names[row], names[column])
            parts.append(f"{pair} (r = {write_signed(below[row, column], 2)})")
    return "; ".join(parts).capitalize() if parts else "No two features rise or fall together"


def write_signed(value: float, digits: int) -> str:
    """Write a number with a true minus sign; nothing for NaN.

    >>> write_signed(-0.5, 2), write_signed(-0.001, 2), write_signed(float("nan"), 2)
    ('−0.50', '0.00', '')
    """
    if np.isnan(value):
        return ""
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")
