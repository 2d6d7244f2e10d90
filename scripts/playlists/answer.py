"""From a request to a finished playlist document and the notes a person should read.

Conventions
-----------
Notes are one sentence each: which mood stands in for which, and, where fewer songs than asked
for were found, how many each wish cost.
"""

from __future__ import annotations

import json

from scripts.errors import SettingsError
from scripts.playlists.constraints import Constraints
from scripts.playlists.formats import playlist_document
from scripts.playlists.ranking import Ranking, count_passing, rank_songs, tells_any
from scripts.playlists.reasons import explain_song
from scripts.playlists.request import MoodRequest, request_for_listener
from scripts.store.layout import LISTENER_MOOD, SONG_MOOD

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from typing import Any

    from scripts.store.reading import TrainedSet


def stored_requests(trained: TrainedSet, listener: str) -> list[MoodRequest]:
    """Make the requests of the listeners who were trained on.

    Parameters
    ----------
    trained : TrainedSet
    listener : str
        A number from 1, or ``all``.
    """
    query = "SELECT n, answers FROM listeners"
    model = trained.models[LISTENER_MOOD]
    if listener == "all":
        rows = trained.catalogue.execute(query + " ORDER BY n").fetchall()
    else:
        number = listener_number(listener)
        rows = trained.catalogue.execute(query + " WHERE n = ?", (number,)).fetchall()
    if not rows:
        (last,) = trained.catalogue.execute("SELECT max(n) FROM listeners").fetchone()
        raise SettingsError(
            f"--listener {listener}: there is no such listener; "
            f"choose 1 to {last or 0}, counted as the rows of the table are, or all"
        )
    return [request_for_listener(model, json.loads(answers), n) for n, answers in rows]


def new_requests(
    trained: TrainedSet, people: Mapping[int, dict[str, str]], listener: str
) -> list[MoodRequest]:
    """Make the requests of people who were not trained on.

    Parameters
    ----------
    trained : TrainedSet
    people : mapping of row number, from 1, to answers
    listener : str
        A number from 1, or ``all``.
    """
    chosen = list(people)
    if listener != "all":
        chosen = [listener_number(listener)]
        if chosen[0] not in people:
            raise SettingsError(
                f"--listener {chosen[0]}: the file has no such listener; "
                f"choose 1 to {max(people)}, counted as its rows are, or all"
            )
    model = trained.models[LISTENER_MOOD]
    return [request_for_listener(model, people[n], n) for n in chosen]


def listener_number(text: str) -> int:
    """Read a listener's number, counted from 1.

    >>> listener_number("12")
    12
    """
    if not (text.isascii() and text.isdigit() and int(text[:18]) > 0 and len(text) < 18):
        raise SettingsError(
            f"--listener {text[:20]!r}: give a whole number from 1, as rows are counted, or all"
        )
    return int(text)


def _explain_shortage(
    catalogue: sqlite3.Connection,
    request: MoodRequest,
    constraints: Constraints,
    ranking: Ranking,
) -> str:
    """Say how many songs each wish cost."""
    moods = list(request.weights)
    moods = list(dict.fromkeys([*moods, *(other for _, other in ranking.stand_ins)]))
    counts = count_passing(catalogue, moods, constraints)
    total = counts.pop("songs")
    together = counts.pop("all", None)
    costs = [
        f"{flag} leaves {passing:,} (costs {total - passing:,})" for flag, passing in counts.items()
    ]
    if together is not None:
        costs.append(f"all of these together leave {together:,}")
    if constraints.has_years and not tells_any(catalogue, "year", moods):
        costs.append("none of them has a known year")
    if constraints.explicit is not None and not tells_any(catalogue, "explicit", moods):
        costs.append("of none is it known whether it is explicit")
    if ranking.passed_over["artist"]:
        costs.append(
            f"--max-per-artist {constraints.max_per_artist} cost {ranking.passed_over['artist']:,}"
        )
    if ranking.passed_over["another version"]:
        costs.append(f"one version per song cost {ranking.passed_over['another version']:,}")
    found = f"Only {len(ranking.songs):,}" if ranking.songs else "None"
    told = f"{found} of {constraints.n:,} songs: the catalogue has {total:,} that are "
    return f"{told}{' or '.join(moods)}{''.join(f'; {cost}' for cost in costs)}."


def answer_request(
    trained: TrainedSet, request: MoodRequest, constraints: Constraints
) -> tuple[dict[str, Any], list[str]]:
    """Rank the songs and write the document.

    Returns
    -------
    document : dict
        See :func:`~scripts.playlists.formats.playlist_document`.
    notes : list of str
    """
    ranking = rank_songs(trained.catalogue, request, constraints)
    model = trained.models[SONG_MOOD]
    reasons = [explain_song(model, song) for song in ranking.songs]
    notes = [
        f"This catalogue has too few {mood} songs; {other}, near it on the plane, stands in."
        for mood, other in ranking.stand_ins
        if other not in request.weights and any(song["mood"] == other for song in ranking.songs)
    ]
    if len(ranking.songs) < constraints.n:
        notes.append(_explain_shortage(trained.catalogue, request, constraints, ranking))
    return playlist_document(trained.run, request, ranking, reasons, constraints.genre), notes


def model_notes(trained: TrainedSet, *, for_listener: bool) -> list[str]:
    """Say how far each model that took part is above guessing."""
    notes = ["Score: the probability that the song lies in its mood's quarter of the plane."]
    if for_listener:
        notes.append(f"Listener model: {trained.models[LISTENER_MOOD]['verdict']}.")
    notes.append(f"Song model: {trained.models[SONG_MOOD]['verdict']}.")
    return notes
