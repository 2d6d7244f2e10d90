"""Why a song is in a playlist, in words, from the model's own numbers.

Conventions
-----------
A song's score is the probability of its quadrant against the runner-up, and the model is linear:
each feature adds weight times its standardised value, cut at three standard deviations, to the
quadrant's log-odds. What a feature adds here beyond what it adds to the other quadrants is its
*pull*; the strongest pull is a reason, and so is the feature by which the song's mood is told from
the others of the quadrant. Spoken tracks are told apart before the model is asked, by their speech
alone. Distances are on the plane of valence and energy, or between sounds in standard deviations.
"""

from __future__ import annotations

import math

from scripts.moods.features import CLIP_SD
from scripts.moods.vocabulary import SONG_MOODS, SPOKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from scripts.playlists.request import MoodRequest

#: Feature -> (word when below the mean, word when above, how to print its value).
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


def feature_pulls(model: Mapping[str, Any], song: Mapping[str, Any]) -> list[tuple[float, str]]:
    """Return each feature's pull towards the song's quadrant, the strongest first.

    Parameters
    ----------
    model : mapping
        The document ``song_mood.json``.
    song : mapping
        Holds the nine features in their own units, and ``mood``.

    Returns
    -------
    list of (pull, feature name)
        In units of log-odds.
    """
    upper = model["quadrants"]
    quadrant = SONG_MOODS[song["mood"]][2]
    weights = _pull_of(upper, quadrant)
    pulls = [
        (weight * standard_value(song[name], mean, scale), name)
        for weight, name, mean, scale in zip(
            weights, model["features"], upper["mean"], upper["scale"], strict=True
        )
    ]
    return sorted(pulls, key=lambda pull: (-pull[0], pull[1]))


def standard_value(value: float, mean: float, scale: float) -> float:
    """Standardise one value as the models do, cut at three standard deviations.

    >>> standard_value(5.0, 1.0, 2.0), standard_value(99.0, 1.0, 2.0)
    (2.0, 3.0)
    """
    return max(-CLIP_SD, min(CLIP_SD, (value - mean) / scale))


def explain_song(model: Mapping[str, Any], song: Mapping[str, Any]) -> str:
    """Name the two features that carried a song to its mood.

    The first is the strongest pull towards its quadrant, the second the feature that tells its
    mood from the others there, or else the second pull.

    Parameters
    ----------
    model : mapping
        The document ``song_mood.json``.
    song : mapping
        Holds the nine features in their own units, and ``mood``.

    Returns
    -------
    str
        Such as ``"high valence (0.93), low energy (0.12)"``.
    """
    means = dict(zip(model["features"], model["quadrants"]["mean"], strict=True))
    if song["mood"] == SPOKEN:
        carried = ["speechiness"]
    else:
        pulls = [name for pull, name in feature_pulls(model, song) if pull > 0]
        named_by = [
            name
            for name, side in model["named_by"][song["mood"]].items()
            if name not in pulls[:1] and (song[name] >= means[name]) == (side == "above")
        ]
        rest = [name for name in pulls[1:] if name not in named_by]
        carried = [*pulls[:1], *named_by, *rest][:2]
    parts = []
    for name in carried:
        below, above, form = FEATURE_WORDS[name]
        word = above if song[name] >= means[name] else below
        parts.append(f"{word} ({form.format(song[name])})")
    return ", ".join(parts) or "no feature stands out"


def place_asked(request: MoodRequest, song: Mapping[str, Any]) -> tuple[str, list[float]] | None:
    """Say from which place of the plane a song's distance counts, with the place's name.

    It is the place asked for, or that of the song's own mood where a listener's mood is served.
    """
    part = request.parts[song["part"]][1] if request.parts else request
    if "point" in part.asked:
        return part.asked["name"], part.asked["point"]
    if song["mood"] in SONG_MOODS:
        return song["mood"], list(SONG_MOODS[song["mood"]][:2])
    return None


def tell_distance(request: MoodRequest, song: dict[str, Any]) -> str:
    """Say in words how far a song is from what was asked, and note the number with the song."""
    part = request.parts[song["part"]][1] if request.parts else request
    if request.path is not None:
        return f"{song['distance']:.3f} from its place on the way"
    if part.near is not None and part.near.space == "sound":
        return f"{song['distance']:.2f} sd from {part.mood} in sound"
    asked = place_asked(request, song)
    if asked is None:
        return ""
    name, place = asked
    if song["distance"] is None:
        song["distance"] = math.dist(place, (song["valence"], song["energy"]))
    return f"{song['distance']:.3f} from {name}"


def tell_words(request: MoodRequest, song: dict[str, Any]) -> str:
    """Name the words by which a song's lyrics come near to what was said, and note them with it."""
    match = (request.parts[song["part"]][1] if request.parts else request).lyrics
    if match is None:
        if request.asks_lyrics:  # in another part: every song has the same keys
            song["similarity"], song["words"] = None, []
        return ""
    song["similarity"] = match.similarity.get(song["rank"])
    song["words"] = match.shared_words(song["rank"])
    return f"its lyrics are near {' and '.join(song['words'])}" if song["words"] else ""


def explain_choice(
    model: Mapping[str, Any],
    request: MoodRequest,
    song: dict[str, Any],
    wishes: Sequence[str],
    *,
    liked: Sequence[str] = (),
    by_match: bool = True,
) -> str:
    """Say why a song is in a playlist: words, two features, its distance, the wishes it met.

    What in the listener's history speaks for it (``liked``) comes first. A list that is not
    ``by_match``, but by taste alone, has nothing that its songs are far from.
    """
    parts = [
        *liked,
        tell_words(request, song),
        explain_song(model, song),
        tell_distance(request, song) if by_match else "",
        ", ".join(wishes),
    ]
    return "; ".join(part for part in parts if part)
