"""The check ``feedback``: simulated listeners replay the taste bandit on the trained catalogue.

Conventions
-----------
Spoken tracks are left out: they are on no playlist but their own. The match of a song is the
probability of its mood's quadrant, and a pool is as large as the program's for ten songs. Settings
of the bandit are never chosen here: ``--tune`` only shows what
:func:`scripts.evaluation.taste_tuning.tune` finds on listeners of its own.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.errors import DataError
from scripts.evaluation.replay import PROTOCOLS, make_pools, replay
from scripts.evaluation.taste_tuning import tune
from scripts.evaluation.turnover import measure_turnover
from scripts.feedback.bandit import scaling_of
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import SPOKEN
from scripts.playlists.variety import pool_size
from scripts.store.layout import SONG_MOOD
from scripts.store.reading import TrainedSet, open_set


def add_parser(checks: Any) -> None:
    """Describe the check and its options."""
    parser = checks.add_parser("feedback", help="replay the taste bandit with simulated listeners")
    parser.add_argument("--output", type=Path, default=Path("output"), metavar="DIR")
    parser.add_argument("--listeners", type=int, default=200, metavar="COUNT")
    parser.add_argument("--rounds", type=int, default=200, metavar="COUNT")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the regret as well")
    parser.add_argument("--tune", action="store_true", help="compare settings instead")
    parser.set_defaults(check=run)


def read_pools(trained: TrainedSet) -> dict[str, NDArray[np.float64]]:
    """Read each mood's candidates from a trained set; see :func:`make_pools`."""
    rows = trained.catalogue.execute(
        f"SELECT m.name, s.margin, {', '.join(f's.{name}' for name in FEATURES)} "
        "FROM songs s JOIN moods m ON m.mood_id = s.mood_id WHERE m.name <> ? ORDER BY s.rank",
        (SPOKEN,),
    ).fetchall()
    if not rows:
        raise DataError(
            f"{trained.folder}: the catalogue has no song with a mood to replay; "
            "train on more songs with: python train.py --songs FILE"
        )
    numbers = np.array([row[1:] for row in rows], dtype=np.float64)
    # the logistic function by way of tanh, which no margin overflows
    match = 0.5 * (1 + np.tanh(numbers[:, 0] / 2))
    moods = [row[0] for row in rows]
    scaling = scaling_of(trained.models[SONG_MOOD])
    size = pool_size(max(PROTOCOLS.values()))
    return make_pools(numbers[:, 1:], match, moods, scaling, size=size)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Replay the bandit, or compare its settings; draw the regret if asked to."""
    if options.plot is not None:
        from scripts.evaluation.playlist_plot import check_plot_path  # matplotlib: only for a plot

        check_plot_path(options.plot)
    trained = open_set(str(options.output))
    try:
        pools = read_pools(trained)
    finally:
        trained.close()
    told = {"n_rounds": options.rounds, "seed": options.seed}
    if options.tune:
        return {"run": trained.run, "tuning": tune(pools, **told)}
    report = {"run": trained.run, **replay(pools, n_listeners=options.listeners, **told)}
    report["turnover"] = measure_turnover(pools)
    if options.plot is not None:
        from scripts.evaluation.regret_plot import draw_regret

        draw_regret(options.plot, report)
    return report
