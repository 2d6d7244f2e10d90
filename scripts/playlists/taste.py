"""What a listener has said, brought to bear on a playlist, and saying more.

Conventions
-----------
``never`` is absolute: no version of such a song is played. A corrected mood counts instead of the
catalogue's. Likes and skips order the best candidates anew (:mod:`scripts.feedback.bandit`).
"""

from __future__ import annotations

from scripts.console import note
from scripts.feedback.bandit import scaling_of, taste_scores
from scripts.feedback.profile import Profile, append_event, make_event, read_profile, undo_last
from scripts.moods.vocabulary import SONG_MOODS, SPOKEN
from scripts.playlists.reasons import standard_value
from scripts.playlists.walks import probability_of
from scripts.store.layout import SONG_MOOD

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from typing import Any

    from scripts.playlists.ranking import Scorer
    from scripts.store.reading import TrainedSet


class Taste:
    """A profile as the ranker uses it.

    Attributes
    ----------
    profile : Profile
    never : frozenset of int
        ``work_id`` of the songs never to be played, as far as the catalogue has them.
    corrections : dict of song id to song mood
    scorer : callable or None
        None where nothing was liked or skipped yet.
    """

    __slots__ = ("corrections", "never", "profile", "scorer")

    def __init__(self, trained: TrainedSet, profile: Profile) -> None:
        self.profile = profile
        self.never = _works_of(trained.catalogue, profile.never)
        self.corrections = {
            song_id: mood for song_id, mood in profile.corrections.items() if mood is not None
        }
        self.scorer: Scorer | None = None
        if profile.judged:
            scaling = scaling_of(trained.models[SONG_MOOD])

            def score(songs: list[dict[str, Any]], matches: list[float]) -> list[float]:
                return taste_scores(profile.judged, songs, matches, scaling, profile.seed)

            self.scorer = score


def _works_of(catalogue: sqlite3.Connection, song_ids: set[str]) -> frozenset[int]:
    query = "SELECT work_id FROM songs WHERE song_id = ?"
    found = (catalogue.execute(query, (song_id,)).fetchone() for song_id in sorted(song_ids))
    return frozenset(row[0] for row in found if row)


def read_taste(trained: TrainedSet, output: str, name: str) -> Taste | None:
    """Read a profile; None where it holds nothing."""
    profile = read_profile(output, name)
    if profile.n_damaged:
        note(
            f"Profile {name}: {profile.n_damaged:,} lines of its log are torn or altered and were "
            "left out."
        )
    return Taste(trained, profile) if profile.events else None


def _logits(level: Mapping[str, Any], features: list[float]) -> dict[str, float]:
    scaled = [
        standard_value(value, mean, scale)
        for value, mean, scale in zip(features, level["mean"], level["scale"], strict=True)
    ]
    return {
        name: bias + sum(weight * value for weight, value in zip(weights, scaled, strict=True))
        for name, weights, bias in zip(level["names"], level["weights"], level["bias"], strict=True)
    }


def next_mood(model: Mapping[str, Any], song: Mapping[str, Any]) -> str:
    """Name the mood a song most probably has if its quadrant is wrong.

    Parameters
    ----------
    model : mapping
        The document ``song_mood.json``.
    song : mapping
        Holds the nine features in their own units, and ``mood``.
    """
    features = [song[name] for name in model["features"]]
    wrong = SPOKEN if song["mood"] == SPOKEN else SONG_MOODS[song["mood"]][2]
    quadrants = _logits(model["quadrants"], features)
    quadrants.pop(wrong, None)
    quadrant = max(quadrants, key=quadrants.__getitem__)
    moods = _logits(model["moods"][quadrant], features)
    return max(moods, key=moods.__getitem__)


def give_feedback(
    trained: TrainedSet,
    output: str,
    name: str,
    *,
    kind: str,
    song: dict[str, Any],
    right: str | None = None,
) -> str:
    """Keep one word of feedback; returns what to tell the listener.

    Parameters
    ----------
    trained : TrainedSet
    output, name : str
        Where profiles are kept, and whose it is.
    kind : str
        One of :data:`~scripts.feedback.profile.FEEDBACK`.
    song : dict
        Columns of the catalogue by name.
    right : str or None
        With ``wrong-mood``: the mood the song has. None: the likeliest of another quarter.
    """
    moods = dict(trained.catalogue.execute("SELECT mood_id, name FROM moods"))
    song = song | {"mood": moods[song["mood_id"]]}
    if kind == "wrong-mood" and right is None:
        right = next_mood(trained.models[SONG_MOOD], song)
    event = make_event(kind, song, match=probability_of(song["margin"]), right_mood=right)
    append_event(output, name, event)
    told = f"Kept in profile {name}: {kind}, {_name_song(event)}"
    return f"{told} ({song['mood']}, now {event['right_mood']})" if right else told


def take_back(output: str, name: str) -> str:
    """Take the last word of feedback back; returns what to tell the listener."""
    event = undo_last(output, name)
    return f"Taken back in profile {name}: {event['event']}, {_name_song(event)}"


def _name_song(song: Mapping[str, Any]) -> str:
    return f'"{song["title"]}" by {song["artist"]}'
