"""From a request to a finished playlist document and the notes a person should read.

Conventions
-----------
Notes are one sentence each: which mood stands in for which, how long the list is where it could
not be as long as asked, and, where fewer songs than asked for were found, how many each wish cost.
"""

from __future__ import annotations

import json

from scripts.console import format_duration
from scripts.errors import SettingsError
from scripts.moods.vocabulary import SPOKEN
from scripts.playlists.constraints import LENGTH_TOLERANCE_MS, Constraints
from scripts.playlists.document import playlist_document
from scripts.playlists.ranking import Ranking, rank_songs
from scripts.playlists.reasons import explain_choice
from scripts.playlists.request import MoodRequest, request_for_listener
from scripts.playlists.walks import Walker
from scripts.store.layout import LISTENER_MOOD, SONG_MOOD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from scripts.playlists.history import Listening
    from scripts.playlists.taste import Taste
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


def answer_request(
    trained: TrainedSet,
    request: MoodRequest,
    constraints: Constraints,
    taste: Taste | None = None,
    *,
    listening: Listening | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Rank the songs and write the document.

    Parameters
    ----------
    trained : TrainedSet
    request : MoodRequest
    constraints : Constraints
    taste : Taste, optional
        What the listener said of songs.
    listening : Listening, optional
        What the listener has played.

    Returns
    -------
    document : dict
        See :func:`~scripts.formats.documents.playlist_document`.
    notes : list of str

    Raises
    ------
    SettingsError
        If no song meets all the wishes; the message names those that contradict each other.
    """
    catalogue = trained.catalogue
    order = listening.order if listening else None
    ranking = rank_songs(
        catalogue,
        request,
        constraints,
        corrections=taste.corrections if taste else None,
        scorer=taste.scorer if taste else None,
        order=order,
    )
    if not ranking.songs:
        from scripts.playlists.shortages import refuse_empty

        raise refuse_empty(catalogue, request, constraints, ranking)
    _show_sound(ranking, request)
    wishes = constraints.wishes_in_words()
    model = trained.models[SONG_MOOD]
    reasons = []
    for song in ranking.songs:
        liked = order.explain(song) if order else []
        by_match = order is None or not order.alone
        reasons.append(explain_choice(model, request, song, wishes, liked=liked, by_match=by_match))
    notes = [*request.notes, *_note_stand_ins(ranking)]
    if taste and taste.scorer and request.path is not None:
        notes.append("Likes and skips do not move a journey; never and wrong-mood do.")
    if request.path is not None:
        from scripts.playlists.travel_notes import note_ends

        notes += note_ends(ranking.songs, request)
    if constraints.minutes is not None:
        notes += _note_length(ranking, constraints, request)
    elif len(ranking.songs) < constraints.n:
        from scripts.playlists.shortages import explain_shortage

        if request.path is not None:
            from scripts.playlists.travel_notes import count_left_out

            walker = Walker(catalogue, constraints, ranking.corrections)
            ranking.passed_over.update(count_left_out(walker, ranking.songs))
        notes.append(explain_shortage(catalogue, request, constraints, ranking))
    document = playlist_document(
        trained.run,
        request,
        ranking,
        reasons,
        constraints.genres,
        asked=_tell_request(request, ranking, taste, listening),
        wishes=wishes,
    )
    return document, notes


def _show_sound(ranking: Ranking, request: MoodRequest) -> None:
    """Show what songs score by their sound: their words decide the order, not the score."""
    for song in ranking.songs:
        match = (request.parts[song["part"]][1] if request.parts else request).lyrics
        for walker in ranking.by_lyrics:
            if walker.match is match:
                song["fit"] = walker.scored.get(song["rank"], song["fit"])


def _note_stand_ins(ranking: Ranking) -> list[str]:
    """Say which moods play in place of others: one sentence for each that stands in."""
    playing = {song["mood"] for song in ranking.songs}
    served: dict[str, list[str]] = {}
    for mood, other in ranking.stand_ins:
        if other in playing:
            served.setdefault(other, []).append(mood)
    notes = []
    for other, moods in served.items():
        *first, last = moods
        names = f"{', '.join(first)} and {last}" if first else last
        near = f"near {'them' if first else 'it'} on the plane"
        notes.append(f"This catalogue has too few {names} songs; {other}, {near}, stands in.")
    return notes


def _note_length(ranking: Ranking, constraints: Constraints, request: MoodRequest) -> list[str]:
    """Say how long a playlist is where it could not be as long as asked."""
    if request.path is not None:
        from scripts.playlists.travel_notes import note_minutes

        return note_minutes(ranking.songs, constraints)
    target = constraints.target_ms or 0
    total = sum(song["duration_ms"] for song in ranking.songs)
    if abs(total - target) <= LENGTH_TOLERANCE_MS:
        return []
    return [
        f"The playlist lasts {format_duration(total)}, not {format_duration(target)}: no songs "
        "that meet your wishes come nearer."
    ]


def _tell_request(
    request: MoodRequest, ranking: Ranking, taste: Taste | None, listening: Listening | None
) -> dict[str, Any]:
    """Tell programs what was asked, how smooth a journey is, and what else took part."""
    asked = dict(request.asked)
    if listening is not None:
        asked["history"] = listening.describe()
    if taste and taste.scorer and request.path is None:
        asked["profile"] = taste.describe()
    if request.path is not None and len(ranking.songs) > 2:  # one step has none to differ from
        from scripts.journeys.journey import measure_journey

        points = [(song["valence"], song["energy"]) for song in ranking.songs]
        asked["smoothness"] = measure_journey(points, *request.path)
    return asked


def model_notes(
    trained: TrainedSet, request: MoodRequest, *, for_listener: bool, by_taste: bool = False
) -> list[str]:
    """Say what the score means, and how far each model that took part is above guessing.

    ``by_taste`` tells that a history orders the songs too, not their scores alone.
    """
    by_lyrics = request.asks_lyrics
    # a song that words admitted is of another quarter than the one asked for
    quarter = "the quarter asked for" if by_lyrics else "the song's quarter of the plane"
    by_mood = f"how probable {quarter} is beside the next likely one"
    by_distance = "1 / (1 + distance)"
    parts = [part for _, part in request.parts] or [request]
    if SPOKEN in request.weights:
        return ["Score: Spotify's speechiness, by which spoken tracks are told."]
    if all(part.weights for part in parts):
        surest = "" if by_lyrics or by_taste else "; the surest come first"
        notes = [f"Score: {by_mood}{surest}."]
    elif not any(part.weights for part in parts):
        notes = [f"Score: {by_distance}."]
    else:
        places = " and ".join(part.mood for part in parts if not part.weights)
        notes = [f"Score: {by_mood}; for {places}: {by_distance}."]
    if by_lyrics:
        notes.append(
            f"Songs with lyrics are {'weighed' if by_taste else 'ordered'} by that score and by "
            "how near their words come; of about equal ones the popular come first."
        )
    if for_listener:
        notes.append(f"Listener model: {trained.models[LISTENER_MOOD]['verdict']}.")
    if request.moods or request.path is not None:  # a mere place asks no model
        notes.append(f"Song model: {trained.models[SONG_MOOD]['verdict']}.")
    return notes
