"""Why a song is in a playlist, in words, from the model's own numbers.

Conventions
-----------
The song-mood model is linear: each feature adds weight times (value - the catalogue's mean) to
the log-odds of the song's quadrant and mood. What a feature adds beyond what it adds to the
rivals is its *pull*; the two strongest pulls are the reason. Spoken tracks are told apart before
the model is asked, by their speech alone.
"""

from __future__ import annotations

from scripts.moods.vocabulary import SPOKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

#: Feature -> (word when below the catalogue's mean, word when above, how to print its value).
FEATURE_WORDS: dict[str, tuple[str, str, str]] = {
    "danceability": ("hard to dance to", "danceable", "{:.2f}"),
    "energy": ("low energy", "high energy", "{:.2f}"),
    "loudness_db": ("quiet", "loud", "{:.1f} dB"),
    "speechiness": ("little speech", "much speech", "{:.2f}"),
    "acousticness": ("electric", "acoustic", "{:.2f}"),
    "instrumentalness": ("sung", "instrumental", "{:.2f}"),
    "liveness": ("studio sound", "live sound", "{:.2f}"),
    "valence": ("low valence", "high valence", "{:.2f}"),
    "tempo_bpm": ("slow", "fast", "{:.0f} bpm"),
}


def _pull_of(level: Mapping[str, Any], name: str) -> list[float]:
    """Weights of one name of a softmax beyond the mean of its rivals'."""
    names, weights = level["names"], level["weights"]
    own = weights[names.index(name)]
    rivals = [row for other, row in zip(names, weights, strict=True) if other != name]
    if not rivals:
        return [0.0] * len(own)
    return [value - sum(row[i] for row in rivals) / len(rivals) for i, value in enumerate(own)]


def mood_pulls(model: Mapping[str, Any], mood: str) -> list[float]:
    """Return what one unit of each feature adds to a mood, (9,), summed over both levels."""
    for quadrant, level in model["moods"].items():
        if mood in level["names"]:
            upper = _pull_of(model["quadrants"], quadrant)
            lower = _pull_of(level, mood)
            return [a + b for a, b in zip(upper, lower, strict=True)]
    return [float(mood == SPOKEN and name == "speechiness") for name in model["features"]]


def explain_song(model: Mapping[str, Any], mean: Sequence[float], song: Mapping[str, Any]) -> str:
    """Name the two features that carried a song to its mood.

    Parameters
    ----------
    model : mapping
        The document ``song_mood.json``.
    mean : sequence of 9 floats
        The catalogue's mean of each feature.
    song : mapping
        Holds the nine features and ``mood``.

    Returns
    -------
    str
        Such as ``"acoustic (0.93), low energy (0.12)"``.
    """
    features = model["features"]
    pulls = mood_pulls(model, song["mood"])
    shares = [
        (pull * (song[name] - middle), name)
        for pull, name, middle in zip(pulls, features, mean, strict=True)
    ]
    shares.sort(key=lambda share: (-share[0], share[1]))
    parts = []
    middles = dict(zip(features, mean, strict=True))
    for share, name in shares[:2]:
        if share > 0:
            below, above, form = FEATURE_WORDS[name]
            word = above if song[name] >= middles[name] else below
            parts.append(f"{word} ({form.format(song[name])})")
    return ", ".join(parts) or "no feature stands out"
