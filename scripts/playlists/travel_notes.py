"""What a person should know of a journey: far ends, minutes that were missed, songs left out.

Conventions
-----------
Notes are one sentence each. Distances are in the plane of valence and energy, durations in
milliseconds.
"""

from __future__ import annotations

from math import dist

from scripts.console import format_duration
from scripts.journeys.journey_way import MOST_SONGS
from scripts.moods.vocabulary import SPOKEN
from scripts.playlists.constraints import LENGTH_TOLERANCE_MS, Constraints
from scripts.playlists.travel import read_passing
from scripts.playlists.walks import AT, Walker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scripts.playlists.request import MoodRequest

#: A song that is further from its mood than this is told of.
FAR_END = 0.1


def note_ends(songs: list[dict[str, Any]], request: MoodRequest) -> list[str]:
    """Say where a journey begins or ends far from the mood that was asked for."""
    told: list[str] = []
    if len(songs) == 1:  # it leads nowhere, wherever it sits
        return told
    ends = zip(("from_name", "to_name"), ("begins", "ends"), (songs[0], songs[-1]), strict=True)
    for (name, verb, song), place in zip(ends, request.path or (), strict=True):
        away = dist((song["valence"], song["energy"]), place)
        if away > FAR_END:
            told.append(f"{verb} {away:.2f} from {request.asked[name]}")
    if not told:
        return []
    return [
        f"The journey {' and '.join(told)} on the plane: too few songs that meet your wishes lie "
        f"{'there' if len(told) == 1 else 'at its ends'}."
    ]


def note_minutes(songs: list[dict[str, Any]], constraints: Constraints) -> list[str]:
    """Say how long a journey is where it is not as long as asked, and where one song is all."""
    notes = []
    target = constraints.target_ms or 0
    total = sum(song["duration_ms"] for song in songs)
    if abs(total - target) > LENGTH_TOLERANCE_MS:
        most = f" of at most {MOST_SONGS} songs" if len(songs) == MOST_SONGS else ""
        notes.append(
            f"The journey lasts {format_duration(total)}, not {format_duration(target)}: none"
            f"{most} was found that meets your wishes and comes nearer."
        )
    if len(songs) == 1:
        notes.append(
            "One song leads nowhere: no two were found that meet your wishes and fit; "
            "ask for more minutes."
        )
    return notes


def count_left_out(walker: Walker, songs: list[dict[str, Any]]) -> dict[str, int]:
    """Count why the other songs that meet the wishes cannot be added to a journey.

    Parameters
    ----------
    walker : Walker
    songs : list of dict
        The journey's songs, with ``rank`` and ``work_id``.

    Returns
    -------
    dict
        Numbers of songs by reason, as in :attr:`~scripts.playlists.ranking.Ranking.passed_over`.
    """
    chosen = {song["rank"] for song in songs}
    works = {song["work_id"] for song in songs}
    by_id = {mood.mood_id: mood.name for mood in walker.moods.values()}
    counts = {"artist": 0, "another version": 0, "never": 0}
    for row in read_passing(walker, None, -1):
        mood = walker.corrections.get(row[AT["song_id"]], by_id[row[AT["mood_id"]]])
        work = row[AT["work_id"]]
        if row[AT["rank"]] in chosen or mood == SPOKEN:
            continue
        reason = "another version" if work in works else "artist"
        counts["never" if work in walker.constraints.never else reason] += 1
    return counts
