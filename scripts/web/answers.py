"""What the addresses of the API answer: plain values in, plain values out.

Conventions
-----------
Every function takes an open :class:`~scripts.store.reading.TrainedSet` and returns what JSON can
hold. Meaning and messages are the command line's: the same functions make them.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
from typing import Any

from scripts.console import KeptNotes
from scripts.feedback.events import check_kind
from scripts.feedback.profile import read_profile
from scripts.formats.documents import FORMATS, as_json, render
from scripts.moods.vocabulary import PLANE_WORDS, QUADRANTS, SONG_MOODS, quadrant_of_word
from scripts.playlists.answer import answer_request, model_notes
from scripts.playlists.asking import ask, read_constraints, tell_which
from scripts.playlists.lookup import find_song
from scripts.playlists.program import open_taste
from scripts.playlists.request import predict_listener
from scripts.playlists.taste import give_feedback, take_back
from scripts.store.layout import LISTENER_MOOD, SONG_MOOD
from scripts.store.reading import TrainedSet

#: Songs of the cloud that stands for the catalogue, at most, and the whole numbers their places
#: are told in.
CLOUD_SONGS = 4_000
CLOUD_SCALE = 1_000


def make_playlist(trained: TrainedSet, options: argparse.Namespace) -> dict[str, Any]:
    """Answer one request.

    Parameters
    ----------
    trained : TrainedSet
    options : namespace
        As :class:`~scripts.web.parameters.Reader` reads it.

    Returns
    -------
    dict
        The document of :func:`~scripts.playlists.document.playlist_document`, ``notes``, what a
        person should read with it, and ``about``, what the score means and how good the models are.
    """
    with KeptNotes() as heard:
        (request,) = ask(trained, options)
        taste = open_taste(trained, options)
        constraints = read_constraints(trained, options, taste.never if taste else frozenset())
        document, notes = answer_request(trained, request, constraints, taste)
        about = model_notes(trained, request, for_listener=request.listener is not None)
    return {**document, "notes": [*heard, *notes], "about": about}


def print_playlist(document: dict[str, Any], form: str) -> str:
    """Print a playlist in any format, as the command line prints it."""
    plain = {key: value for key, value in document.items() if key not in ("notes", "about")}
    if form == "json":
        return as_json(plain)
    return render([plain], form, with_listener=False, ascii_only=False)


#: Format -> the media type it is sent as.
MEDIA_TYPES: dict[str, str] = {
    "table": "text/plain; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "m3u8": "audio/x-mpegurl; charset=utf-8",
    "xspf": "application/xspf+xml",
    "jspf": "application/jspf+json",
    "uris": "text/plain; charset=utf-8",
}


def file_name(document: dict[str, Any], form: str) -> str:
    """Name the file that a playlist is saved as, in letters that any system takes.

    >>> file_name({"mood": "calm:2, happy:1", "listener": None}, "xspf")
    'moodlist-calm-2-happy-1.xspf'
    """
    whose = "" if document["listener"] is None else f" listener {document['listener']}"
    kept = [sign if sign.isascii() and sign.isalnum() else " " for sign in document["mood"] + whose]
    words = "-".join("".join(kept).casefold().split())[:60].strip("-")
    return f"moodlist-{words or 'playlist'}{FORMATS[form][0]}"


# ---- the catalogue ----------------------------------------------------------------------------


def _sample(catalogue: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """Read some songs, spread evenly over the catalogue's ranks."""
    (last,) = catalogue.execute("SELECT max(rank) FROM songs").fetchone()
    step = (last or 0) // CLOUD_SONGS + 1
    query = "SELECT valence, energy, mood_id, tempo_bpm, popularity FROM songs WHERE rank = ?"
    ranks = range(0, (last or 0) + 1, step)
    found = (catalogue.execute(query, (rank,)).fetchone() for rank in ranks)
    return [row for row in found if row]


def _range_of(values: list[Any]) -> list[float] | None:
    known = [value for value in values if value is not None]
    return [min(known), max(known)] if known else None


def _years(catalogue: sqlite3.Connection) -> list[int] | None:
    """Look the first and the last year up, two probes of an index a mood."""
    ends: list[int] = []
    for (mood_id,) in catalogue.execute("SELECT mood_id FROM moods").fetchall():
        for end in ("min", "max"):
            query = f"SELECT {end}(year) FROM songs WHERE mood_id = ? AND year > 0"
            ends += [year for (year,) in catalogue.execute(query, (mood_id,)) if year is not None]
    return [min(ends), max(ends)] if ends else None


def tell_plane(trained: TrainedSet) -> dict[str, Any]:
    """Tell the words of the plane, and the catalogue as a cloud of a few thousand songs.

    Returns
    -------
    dict
        Places in ``cloud`` are whole numbers from 0 to ``scale``; its ``mood`` counts into
        ``moods``. ``ranges`` of tempo and popularity are those of the cloud.
    """
    catalogue = trained.catalogue
    moods = dict(catalogue.execute("SELECT mood_id, name FROM moods ORDER BY mood_id"))
    at = {mood_id: position for position, mood_id in enumerate(moods)}
    songs = _sample(catalogue)
    return {
        "run": trained.run,
        "words": [
            {"word": word, "valence": v, "energy": e, "quadrant": quadrant_of_word(word)}
            for word, (v, e) in PLANE_WORDS.items()
        ],
        "moods": list(moods.values()),
        "quadrants": {mood: place[2] for mood, place in SONG_MOODS.items()},
        "quadrant_names": list(QUADRANTS),
        "cloud": {
            "scale": CLOUD_SCALE,
            "valence": [round(song[0] * CLOUD_SCALE) for song in songs],
            "energy": [round(song[1] * CLOUD_SCALE) for song in songs],
            "mood": [at[song[2]] for song in songs],
        },
        "ranges": {
            "year": _years(catalogue),
            "tempo_bpm": _range_of([song[3] for song in songs if song[3]]),
            "popularity": _range_of([song[4] for song in songs]),
        },
        "n_songs": count_songs(catalogue),
    }


def count_songs(catalogue: sqlite3.Connection) -> int:
    """Count the catalogue's songs without reading them."""
    return int(catalogue.execute("SELECT total(n_songs) FROM moods").fetchone()[0])


def tell_genres(trained: TrainedSet) -> dict[str, Any]:
    """Tell the genres by name, each with its number of songs."""
    query = (
        "SELECT g.name, count(*) FROM genres g JOIN song_genres s USING (genre_id) "
        "GROUP BY g.genre_id ORDER BY g.name"
    )
    rows = trained.catalogue.execute(query)
    return {"genres": [{"name": name, "n_songs": n} for name, n in rows]}


def tell_listeners(trained: TrainedSet, limit: int) -> dict[str, Any]:
    """Tell how many listeners there are, and the moods predicted for the first ``limit``."""
    model = trained.models[LISTENER_MOOD]
    (n,) = trained.catalogue.execute("SELECT count(*) FROM listeners").fetchone()
    query = "SELECT n, answers FROM listeners ORDER BY n LIMIT ?"
    people = []
    for number, answers in trained.catalogue.execute(query, (limit,)):
        moods = predict_listener(model, json.loads(answers))
        people.append({"n": number, "mood": max(moods, key=moods.__getitem__), "moods": moods})
    return {"n": n, "listeners": people}


def tell_set(trained: TrainedSet, text_model: str) -> dict[str, Any]:
    """Tell which set answers, what is in it, and how good its models are."""
    catalogue = trained.catalogue
    counts = {}
    for name in ("listeners", "genres"):
        (counts[name],) = catalogue.execute(f"SELECT count(*) FROM {name}").fetchone()
    (schema,) = catalogue.execute("PRAGMA user_version").fetchone()
    return {
        "run": trained.run,
        "schema": schema,
        "n_songs": count_songs(catalogue),
        "moods": dict(catalogue.execute("SELECT name, n_songs FROM moods ORDER BY mood_id")),
        "n_listeners": counts["listeners"],
        "n_genres": counts["genres"],
        "lyrics": "lyrics.json" in trained.manifest["files"],
        "verdicts": {
            "listener": trained.models[LISTENER_MOOD]["verdict"],
            "song": trained.models[SONG_MOOD]["verdict"],
        },
        "text": text_model,
    }


# ---- feedback ---------------------------------------------------------------------------------


def keep_word(trained: TrainedSet, output: str, said: dict[str, str]) -> dict[str, Any]:
    """Keep one word of feedback and tell what was kept.

    Parameters
    ----------
    trained : TrainedSet
    output : str
        Where profiles are kept.
    said : dict
        ``word`` and ``song``; perhaps ``mood`` and ``profile``.
    """
    profile = said.get("profile", "default")
    check_kind(said["word"])
    with KeptNotes() as heard:
        found = find_song(trained.catalogue, said["song"], "song")
        tell_which(found, "song")
        told = give_feedback(
            trained, output, profile, kind=said["word"], song=found, right=said.get("mood")
        )
    return {"told": told, "song_id": found["song_id"], "profile": profile, "notes": heard}


def undo_word(output: str, profile: str) -> dict[str, Any]:
    """Take the last word of feedback back and tell which it was."""
    return {"told": take_back(output, profile), "profile": profile}


def tell_profile(output: str, profile: str) -> dict[str, Any]:
    """Count what a profile has said so far."""
    said = read_profile(output, profile)
    words = [event["event"] for event in said.events]
    return {
        "profile": profile,
        "likes": words.count("like"),
        "skips": words.count("skip"),
        "never": words.count("never"),
        "wrong_moods": words.count("wrong-mood"),
    }
