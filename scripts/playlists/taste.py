"""What a listener has said, brought to bear on a playlist, and saying more.

Conventions
-----------
``never`` is absolute: no version of such a song is played. A corrected mood counts instead of the
catalogue's. Where the catalogue does not know a song's id, as after training on a table with
other ids, both hold for the songs of its title and artist. Likes and skips order the best
candidates anew (:mod:`scripts.feedback.bandit`); they do not move a journey.
"""

from __future__ import annotations

from scripts.console import note
from scripts.feedback.bandit import scaling_of, taste_scores
from scripts.feedback.events import make_event
from scripts.feedback.profile import Profile, append_event, read_profile, undo_last
from scripts.moods.vocabulary import SONG_MOODS, SPOKEN
from scripts.playlists.lookup import look_up
from scripts.playlists.reasons import standard_value
from scripts.store.layout import SONG_MOOD
from scripts.text.names import fold_name

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
        never: set[int] = set()
        moods: dict[str, str | None] = {}
        for event in profile.events:
            if event["event"] == "never":
                never.update(song["work_id"] for song in _songs_of(trained.catalogue, event))
            elif event["event"] == "wrong-mood":
                for song in _songs_of(trained.catalogue, event):
                    moods[song["song_id"]] = event["right_mood"]
        self.never = frozenset(never)
        self.corrections = {song_id: mood for song_id, mood in moods.items() if mood is not None}
        self.scorer: Scorer | None = None
        if profile.judged:
            scaling = scaling_of(trained.models[SONG_MOOD])

            def score(songs: list[dict[str, Any]], relevances: list[float]) -> list[float]:
                return taste_scores(profile.judged, songs, relevances, scaling, profile.seed)

            self.scorer = score

    def describe(self) -> dict[str, Any]:
        """Tell programs whose feedback ordered a list, and of how many likes and skips it is."""
        judged = self.profile.judged
        n_likes = sum(event["event"] == "like" for event in judged)
        return {"name": self.profile.name, "likes": n_likes, "skips": len(judged) - n_likes}


def _songs_of(catalogue: sqlite3.Connection, event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Find the song of an event by its id, or else those of its title and artist."""
    query = "SELECT song_id, work_id FROM songs WHERE song_id = ?"
    row = catalogue.execute(query, (event["song_id"],)).fetchone()
    if row:
        return [{"song_id": row[0], "work_id": row[1]}]
    named = look_up(catalogue, f"{event['title']} - {event['artist']}")
    # the whole text may be another song's title: an artist must be the same
    return [song for song in named if _artists_of(song) & _artists_of(event)]


def _artists_of(song: Mapping[str, Any]) -> set[str]:
    return {fold_name(name) for name in song["artist"].replace(";", ",").split(",")}


def read_taste(trained: TrainedSet, output: str, name: str) -> Taste | None:
    """Read a profile; None where it holds nothing."""
    profile = read_profile(output, name)
    if profile.n_damaged:
        note(
            f"Profile {name}: 1 line of its log is torn or altered and was left out."
            if profile.n_damaged == 1
            else f"Profile {name}: {profile.n_damaged:,} lines of its log are torn or altered and "
            "were left out."
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
    event = make_event(kind, song, right_mood=right)
    append_event(output, name, event)
    told = f"Kept in profile {name}: {kind}, {_name_song(event)}"
    return f"{told} ({song['mood']}, now {event['right_mood']})" if right else told


def take_back(output: str, name: str) -> str:
    """Take the last word of feedback back; returns what to tell the listener."""
    event = undo_last(output, name)
    return f"Taken back in profile {name}: {event['event']}, {_name_song(event)}"


def _name_song(song: Mapping[str, Any]) -> str:
    return f'"{song["title"]}" by {song["artist"]}'
