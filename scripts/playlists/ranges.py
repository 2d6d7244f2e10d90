"""Ranges as they are typed and told: ``120-140``, ``120-``, ``-140``."""

from __future__ import annotations

import math

from scripts.errors import SettingsError

_EXAMPLES = {"--popularity": "40-60"}


def format_range(low: float, high: float) -> str:
    """Write a range as it is asked for.

    >>> format_range(120, 140), format_range(40, math.inf), format_range(0, 12.5)
    ('120-140', '40-', '0-12.5')
    """
    return f"{low:g}-{high:g}" if high < math.inf else f"{low:g}-"


def tell_range(low: float, high: float, unit: str = "") -> str:
    """Say a range in words.

    >>> tell_range(120, 140, " bpm"), tell_range(40, math.inf), tell_range(0, 90, " bpm")
    ('120-140 bpm', 'from 40', 'up to 90 bpm')
    """
    if high == math.inf:
        return f"from {low:g}{unit}"
    return f"up to {high:g}{unit}" if low == 0 else f"{low:g}-{high:g}{unit}"


def parse_range(flag: str, text: str) -> tuple[float, float]:
    """Read a range such as ``120-140``, ``120-`` or ``-140``.

    >>> parse_range("--tempo", "120-140"), parse_range("--popularity", "40-")
    ((120.0, 140.0), (40.0, inf))

    Raises
    ------
    SettingsError
        For any other text.
    """
    first, dash, last = text.strip().replace("\u2013", "-").partition("-")
    try:
        if not dash or not (first.strip() or last.strip()):
            raise ValueError
        low = float(first) if first.strip() else 0.0
        high = float(last) if last.strip() else math.inf
        if not (0 <= low < math.inf and high >= 0):  # not a number is neither
            raise ValueError
    except ValueError:
        example = _EXAMPLES.get(flag, "120-140")
        raise SettingsError(
            f"{flag} {text[:40]!r}: give a range such as {example}, or one end of it: "
            f"{example.partition('-')[0]}- or -{example.partition('-')[2]}"
        ) from None
    return low, high
