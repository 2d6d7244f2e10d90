"""What is asked for: every way to ask becomes one mood request.

Conventions
-----------
A place on the plane is (valence, energy), each in [0, 1], as song tables give them. A new way to
ask is one more function, here or in :mod:`scripts.playlists.words`, that makes a
:class:`MoodRequest`.
"""

from __future__ import annotations

from scripts.moods.vocabulary import LISTENER_MOODS

#: What a request by a sentence tells of it, beside its name and point.
SAID: tuple[str, ...] = ("said", "moods", "parts", "words", "confidence", "nearest", "model")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from scripts.playlists.lyric_match import LyricMatch


class Near:
    """Songs near a place: in the plane, or in all standardised audio features.

    Attributes
    ----------
    space : str
        ``"plane"`` or ``"sound"``.
    target : tuple of float
        A place in that space.
    moods : tuple of str
        Only songs of these song moods; empty: all but spoken ones.
    works : frozenset of int
        ``work_id`` of songs that are asked about and so are no answer.
    """

    __slots__ = ("moods", "space", "target", "works")

    def __init__(
        self,
        space: str,
        target: tuple[float, ...],
        moods: tuple[str, ...] = (),
        works: frozenset[int] = frozenset(),
    ) -> None:
        self.space = space
        self.target = target
        self.moods = moods
        self.works = works


class MoodRequest:
    """What the songs are to fit: moods by weight, a place, several requests by share, or a way.

    Just one of ``weights``, ``near``, ``parts`` and ``path`` says which songs; the rest says
    whom it is for and how it is called.

    Attributes
    ----------
    mood : str
        The words to show for the request.
    weights : dict of song mood to weight in (0, 1]
        A song of a mood fits by weight times the probability of its quadrant against the
        runner-up.
    near : Near or None
    parts : tuple of (share, MoodRequest)
        Songs are taken from the parts in turn, in proportion to their shares.
    path : ((valence, energy), (valence, energy)) or None
        From the first place to the second.
    asked : dict
        Names and places to tell: ``name``, ``point``, ``from_name``, ``from``, ``to_name``,
        ``to``, what was heard in a sentence (:data:`SAID`); whichever there are.
    listener : int or None
        Whom it is for, counted from 1.
    probabilities : dict of listener mood to probability
        Empty where no listener was asked about.
    notes : tuple of str
        What a person should know of how the request was understood; one sentence each.
    lyrics : LyricMatch or None
        How near the songs' lyrics come to what was said; only in a part.
    """

    __slots__ = (
        *("asked", "listener", "lyrics", "mood", "near", "notes", "parts", "path"),
        *("probabilities", "weights"),
    )

    def __init__(
        self,
        mood: str,
        weights: dict[str, float] | None = None,
        listener: int | None = None,
        probabilities: dict[str, float] | None = None,
        *,
        near: Near | None = None,
        parts: Sequence[tuple[float, MoodRequest]] = (),
        path: tuple[tuple[float, float], tuple[float, float]] | None = None,
        asked: dict[str, Any] | None = None,
        notes: Sequence[str] = (),
        lyrics: LyricMatch | None = None,
    ) -> None:
        self.mood = mood
        self.weights = weights or {}
        self.near = near
        self.parts = tuple(parts)
        self.path = path
        self.asked = asked or {}
        self.listener = listener
        self.probabilities = probabilities or {}
        self.notes = tuple(notes)
        self.lyrics = lyrics

    @property
    def asks_lyrics(self) -> bool:
        """Whether the songs' lyrics count."""
        return self.lyrics is not None or any(part.asks_lyrics for _, part in self.parts)

    @property
    def moods(self) -> list[str]:
        """The song moods asked for by name; empty where places alone are."""
        found = [*self.weights, *(self.near.moods if self.near else ())]
        for _, part in self.parts:
            found += part.moods
        return list(dict.fromkeys(found))


def predict_listener(model: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, float]:
    """Apply the saved listener model to one listener's answers.

    Parameters
    ----------
    model : mapping
        The document ``listener_mood.json``.
    answers : mapping of survey column to text

    Returns
    -------
    dict of listener mood to probability in [0, 1]
    """
    import math

    from scripts.moods.survey import answers_of

    given = set(answers_of(answers))
    columns = [i for i, feature in enumerate(model["features"]) if feature in given]
    probabilities = {}
    for mood, line in model["moods"].items():
        weights = line["weights"]
        logit = line["bias"] + sum(weights[column] for column in columns)
        probabilities[mood] = 1 / (1 + math.exp(-max(-500.0, min(500.0, logit))))
    return probabilities


def request_for_listener(
    model: Mapping[str, Any], answers: Mapping[str, str], listener: int
) -> MoodRequest:
    """Ask for the mood a listener is most probably in."""
    probabilities = predict_listener(model, answers)
    mood = max(probabilities, key=probabilities.__getitem__)
    weights = dict(LISTENER_MOODS[mood][1])
    return MoodRequest(mood, weights, listener, probabilities, asked={"name": mood})


def request_for_songs(
    names: Sequence[str],
    places: Sequence[tuple[float, ...]],
    space: str,
    works: frozenset[int],
) -> MoodRequest:
    """Ask for songs near some songs: each gives its share.

    Parameters
    ----------
    names : sequence of str
        The songs in words.
    places : sequence of tuples
        Where each of them lies in ``space``.
    space : str
        ``"plane"`` or ``"sound"``.
    works : frozenset of int
        ``work_id`` of the songs themselves.
    """
    parts = []
    for name, place in zip(names, places, strict=True):
        asked: dict[str, Any] = {"name": name, "space": space}
        if space == "plane":
            asked["point"] = list(place)
        parts.append((1.0, MoodRequest(name, near=Near(space, place, (), works), asked=asked)))
    if len(parts) == 1:
        return parts[0][1]
    together = " and ".join(names)
    return MoodRequest(together, parts=parts, asked={"name": together, "space": space})


def request_for_journey(
    start: MoodRequest, end: MoodRequest, places: tuple[tuple[float, float], tuple[float, float]]
) -> MoodRequest:
    """Ask for a way from one mood to another.

    Parameters
    ----------
    start, end : MoodRequest
        Where it begins and where it leads, the same place too: then the songs stay near it. A
        listener's prediction and what was heard in a sentence stay with the request.
    places : ((valence, energy), (valence, energy))
    """
    return MoodRequest(
        f"{start.mood} to {end.mood}",
        None,
        start.listener,
        start.probabilities,
        path=places,
        asked={
            "from_name": start.mood,
            "from": list(places[0]),
            "to_name": end.mood,
            "to": list(places[1]),
            **{name: start.asked[name] for name in SAID if name in start.asked},
        },
        notes=start.notes,
    )
