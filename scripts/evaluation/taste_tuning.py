"""The choice of the taste bandit's settings, and of the rival's, on listeners of their own.

Conventions
-----------
Pools, listeners and regret are those of :mod:`scripts.evaluation.replay`. No reported figure is
about a listener that is drawn here.

Method
------
A full grid. The bandit's is over the prior width of the features' weights and the scale of
exploration, at the other settings of :mod:`scripts.feedback.bandit`. Greedy's reaches to far wider
priors, and over the prior mean of the lead's weight too: without draws, a wide prior is what lets
it try anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.replay import PROTOCOLS, TUNING, draw_listener, play, tell_interval

#: Prior standard deviations of a feature's weight, and scales of exploration.
TRIED_WIDTHS: tuple[float, ...] = (0.1, 0.2, 0.4)
TRIED_SCALES: tuple[float, ...] = (0.15, 0.25, 0.4, 0.5, 0.6, 1.0)

#: For greedy: such standard deviations, and prior means of the lead's weight.
TRIED_GREEDY_WIDTHS: tuple[float, ...] = (0.1, 0.2, 0.4, 0.8, 1.6)
TRIED_GREEDY_LEADS: tuple[float, ...] = (0.1, 0.3)


def tune(
    pools: Mapping[str, NDArray[np.float64]],
    *,
    n_listeners: int = 100,
    n_rounds: int = 200,
    seed: int = 0,
) -> dict[str, list[dict[str, Any]]]:
    """Compare settings on listeners that no report is about.

    Returns
    -------
    dict
        ``bandit``: widths of the features' prior with scales of exploration; ``greedy``: such
        widths with prior means of the lead's weight. Each row tells the regret by protocol. The
        rows are ordered by their regret summed over the protocols, but greedy's prior is chosen
        for each protocol by itself.
    """
    listeners = [draw_listener(pools, n_rounds, seed, TUNING, i) for i in range(n_listeners)]

    def row(policy: str, **settings: float) -> dict[str, Any]:
        told: dict[str, Any] = dict(settings)
        for name, n in PROTOCOLS.items():
            played = [play(one, policy, n_shown=n, **settings) for one in listeners]
            told[name] = tell_interval(np.array(played).sum(axis=1))
        return told

    rows = {
        "bandit": [
            row("bandit", feature_sd=width, exploration=scale)
            for width in TRIED_WIDTHS
            for scale in TRIED_SCALES
        ],
        "greedy": [
            row("greedy", feature_sd=width, lead_mean=lead)
            for width in TRIED_GREEDY_WIDTHS
            for lead in TRIED_GREEDY_LEADS
        ],
    }
    for tried in rows.values():
        tried.sort(key=lambda one: sum(one[name]["mean"] for name in PROTOCOLS))
    return rows
