"""From a song model to the order in which the program lists a catalogue of labelled songs.

Conventions
-----------
``X`` is (n_songs, 9) float64 in the order and units of
:data:`~scripts.moods.features.FEATURES`. A quarter is "" for a spoken track, which no mood lists.

Method
------
The list for a mood holds the songs of its quarter by falling margin, falling popularity (unknown
last) and rising id. A model that was fitted on the very songs is flattered. *Held out*, each song
is scored by a model that saw no song of its artist, and the songs of all folds are then listed
together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.playlist_metrics import Catalogue
from scripts.learning.folds import artist_folds
from scripts.learning.song_mood import Softmax, SongMoodModel, constant_softmax, score_songs
from scripts.moods.vocabulary import SONG_MOODS

N_FOLDS = 5


class Scored(NamedTuple):
    """One model's order of the catalogue."""

    home: NDArray[np.int64]  # (n,) index into the catalogue's moods, -1 for none
    position: NDArray[np.int64]  # (n,) the song's place in the program's order


def quarter_and_margin(
    model: SongMoodModel, X: NDArray[np.float64]
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Return each song's quadrant ("" for a spoken track) and its margin."""
    scores = score_songs(model, X)
    quarters = [SONG_MOODS[name][2] if name in SONG_MOODS else "" for name in scores.names]
    return np.array(quarters, dtype=object)[scores.mood], scores.margin


def wrap_quadrants(upper: Softmax) -> SongMoodModel:
    """Make a song model of an upper level alone: one mood a quadrant."""
    return SongMoodModel(upper, {name: constant_softmax(name) for name in upper.names}, "truth")


def order_as_program(
    catalogue: Catalogue,
    quarters: NDArray[np.object_],
    margins: NDArray[np.float64],
    popularity: NDArray[np.float64] | None,
    song_id: NDArray[np.object_],
) -> Scored:
    """Put scored songs into the order in which the program lists them."""
    number = {name: k for k, name in enumerate(catalogue.moods)}
    home = np.array([number.get(name, -1) for name in quarters], dtype=np.int64)
    unknown = np.full(len(margins), -1.0)
    known = unknown if popularity is None else np.where(np.isnan(popularity), -1.0, popularity)
    by_id = np.unique(song_id.astype(str), return_inverse=True)[1]
    position = np.empty(len(margins), dtype=np.int64)
    position[np.lexsort((by_id, -known, -margins))] = np.arange(len(margins))
    return Scored(home, position)


def held_out_scores(
    fit: Callable[[NDArray[np.int64], NDArray[np.int64]], Softmax],
    X: NDArray[np.float64],
    labels: NDArray[np.object_],
    artists: NDArray[np.object_],
    *,
    seed: int = 0,
    n_repeats: int,
) -> list[tuple[NDArray[np.object_], NDArray[np.float64]]]:
    """Score every song by a model that saw no song of its artist.

    Parameters
    ----------
    fit : function of (training rows, test rows)
        Fits the quadrants; the test rows say whose artists must stay unseen in other tables.
    X, labels, artists : the labelled songs
    n_repeats : int
        How many splits into :data:`N_FOLDS` folds.

    Returns
    -------
    list of (quarters, margins), one a repeat, as :func:`quarter_and_margin` gives them
    """
    repeats = []
    for repeat in range(n_repeats):
        quarters, margins = np.empty(len(X), dtype=object), np.empty(len(X))
        for train, test in artist_folds(labels, artists, N_FOLDS, seed + repeat):
            model = wrap_quadrants(fit(train, test))
            quarters[test], margins[test] = quarter_and_margin(model, X[test])
        repeats.append((quarters, margins))
    return repeats


def can_split(labels: NDArray[np.object_], artists: NDArray[np.object_]) -> bool:
    """Whether every mood has an artist for every fold."""
    return min(len(set(artists[labels == name])) for name in set(labels.tolist())) >= N_FOLDS
