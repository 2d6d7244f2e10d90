"""Small catalogues with their nearest-neighbour trees, in memory, for tests of the answer.

Songs are dicts of the catalogue's columns, with ``mood`` by name. :func:`plain_answer` is what an
answer must be where songs are simply taken best first: it filters, sorts and picks in plain Python.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
import zlib
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from scripts.learning.mood_plane import scaling_of
from scripts.moods.features import FEATURES
from scripts.moods.mood_labels import naming_features
from scripts.moods.vocabulary import QUADRANTS, SONG_MOODS, SPOKEN
from scripts.playlists.constraints import Constraints
from scripts.playlists.nearest import SongTree
from scripts.playlists.request import MoodRequest, request_for_journey, request_for_songs
from scripts.playlists.words import (
    place_of_request,
    point_of,
    request_for_moods,
    request_for_point,
    request_for_word,
)
from scripts.store.layout import INDEXES, LISTENER_MOOD, SCHEMA, SONG_COLUMNS, SONG_MOOD
from scripts.training import trees

MOODS = [*SONG_MOODS, SPOKEN]
GENRES = ["folk", "jazz", "rock"]

MIDDLE = {
    "danceability": 0.6,
    "energy": 0.6,
    "loudness_db": -8.0,
    "speechiness": 0.1,
    "acousticness": 0.3,
    "instrumentalness": 0.1,
    "liveness": 0.2,
    "valence": 0.5,
    "tempo_bpm": 120.0,
}

_PULLS = [("valence", "energy"), ("energy", "speechiness"), ("acousticness", "-"), ("valence", "-")]

#: A song model written by hand: two levels of linear scores, as training leaves them.
SONG_MODEL = {
    "verdict": "better than the best guess",
    "features": list(FEATURES),
    "quadrants": {
        "names": list(QUADRANTS),
        "mean": list(MIDDLE.values()),
        "scale": [{"loudness_db": 2.0, "tempo_bpm": 20.0}.get(name, 0.1) for name in MIDDLE],
        "weights": [[float(name in pulls) for name in FEATURES] for pulls in _PULLS],
        "bias": [0.0, 0.1, 0.2, 0.3],
    },
    "moods": {
        quadrant: {
            "names": [name for name in SONG_MOODS if SONG_MOODS[name][2] == quadrant],
            "mean": list(MIDDLE.values()),
            "scale": [1.0] * len(FEATURES),
            "weights": [
                [float(i == n) for i in range(len(FEATURES))]
                for n in range(sum(place[2] == quadrant for place in SONG_MOODS.values()))
            ],
            "bias": [0.0] * sum(place[2] == quadrant for place in SONG_MOODS.values()),
        }
        for quadrant in QUADRANTS
    },
    "named_by": {mood: naming_features(mood) for mood in SONG_MOODS},
}

LISTENER_MODEL = {"verdict": "better than guessing by .1", "features": [], "moods": {}}


def make_song(song_id, mood, margin=0.0, **facts):
    """Make a song of plain facts; what is not given is of no interest to the test."""
    song = {
        "song_id": song_id,
        "title": f"Title {song_id}",
        "artist": "Somebody",
        "genres": "",
        "year": None,
        "explicit": None,
        "popularity": None,
        "duration_ms": 200_000,
        "mood": mood,
        "margin": margin,
        "work_id": zlib.crc32(song_id.encode()),
        "artist_id": zlib.crc32(song_id.encode()),
        "cluster": 0,
        "valence_cal": 0.5,
        "arousal_cal": 0.5,
        **MIDDLE,
    }
    assert set(facts) <= set(song)
    return song | facts


def ranked(songs):
    """Put songs in the catalogue's order and number them."""
    songs = sorted(
        songs,
        key=lambda s: (
            MOODS.index(s["mood"]),
            -s["margin"],
            -(s["popularity"] if s["popularity"] is not None else -1),
            s["song_id"],
        ),
    )
    return [s | {"rank": rank, "mood_id": MOODS.index(s["mood"])} for rank, s in enumerate(songs)]


def mood_rows(songs, stand_ins=None):
    rows = []
    for mood_id, name in enumerate(MOODS):
        ranks = [s["rank"] for s in songs if s["mood"] == name]
        rows.append(
            (
                mood_id,
                name,
                min(ranks, default=0),
                len(ranks),
                len(ranks),
                (stand_ins or {}).get(name),
            )
        )
    return rows


def tree_rows(songs):
    """The trees as training makes them of the same songs."""
    X = np.array([[s[name] for name in FEATURES] for s in songs], dtype=float)
    mean, scale = scaling_of(X)
    frame = pd.DataFrame({name: [s[name] for s in songs] for name in ("popularity", "genres")})
    frame["year"] = pd.array([s["year"] for s in songs], dtype="Int16")
    frame["popularity"] = frame["popularity"].astype("Float64")
    frame["explicit"] = pd.array(
        [None if s["explicit"] is None else bool(s["explicit"]) for s in songs], dtype="boolean"
    )
    result = SimpleNamespace(
        clusters=SimpleNamespace(mean=mean, scale=scale),
        scores=SimpleNamespace(mood=np.array([s["mood_id"] for s in songs])),
    )
    order = SimpleNamespace(order=np.arange(len(songs)))
    return trees.song_trees(frame, X, result, order, list(enumerate(GENRES)))


@contextlib.contextmanager
def open_songs(songs, stand_ins=None, leaf_size=5):
    """Hold a catalogue of at least one song, trees and all, in memory."""
    songs = ranked(songs)
    marks = ", ".join("?" * len(SONG_COLUMNS))
    genre_rows = sorted(
        (GENRES.index(genre), s["mood_id"], s["rank"], s["year"], s["explicit"])
        for s in songs
        for genre in filter(None, s["genres"].split(";"))
    )
    with (
        contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as catalogue,
        mock.patch.dict(trees.LEAF_SIZES, plane=leaf_size, sound=leaf_size),
    ):
        catalogue.executescript(SCHEMA)
        catalogue.execute("INSERT INTO meta VALUES ('0123456789ab')")
        catalogue.executemany(
            "INSERT INTO moods VALUES (?, ?, ?, ?, ?, ?)", mood_rows(songs, stand_ins)
        )
        rows = [tuple(s[name] for name in SONG_COLUMNS) for s in songs]
        catalogue.executemany(f"INSERT INTO songs VALUES ({marks})", rows)
        catalogue.executemany("INSERT INTO genres VALUES (?, ?)", enumerate(GENRES))
        catalogue.executemany("INSERT INTO song_genres VALUES (?, ?, ?, ?, ?)", genre_rows)
        for tree in tree_rows(songs):
            space = tree.row[0]
            catalogue.execute("INSERT INTO trees VALUES (?, ?, ?, ?, ?, ?, ?)", tree.row)
            catalogue.executemany(f"INSERT INTO {space}_splits VALUES (?, ?)", tree.splits)
            catalogue.executemany(f"INSERT INTO {space}_leaves VALUES (?, ?)", tree.leaves)
        catalogue.executescript(INDEXES)
        yield catalogue


def make_trained(catalogue):
    """Hold a catalogue together with models written by hand."""
    models = {LISTENER_MOOD: LISTENER_MODEL, SONG_MOOD: SONG_MODEL}
    return SimpleNamespace(run="0123456789ab", models=models, catalogue=catalogue)


def like_songs(catalogue, songs, space):
    """Ask for songs near some songs, as ``--like`` does."""
    tree = SongTree(catalogue, space)
    names = FEATURES if space == "sound" else ("valence", "energy")
    places = [tree.place([s[name] for name in names]) for s in songs]
    called = [song["title"] for song in songs]
    return request_for_songs(called, places, space, frozenset(s["work_id"] for s in songs))


# ---- the reference ----------------------------------------------------------------------------


def meets(song, wishes):
    """Say of one song whether it meets every filter; what it does not tell is not met."""

    def within(value, wish):
        return wish is None or (value is not None and wish[0] <= value <= wish[1])

    return all(
        [
            wishes.genre is None or wishes.genre in song["genres"].split(";"),
            within(song["year"], (wishes.year_from, 9999) if wishes.year_from else None),
            within(song["year"], (0, wishes.year_to) if wishes.year_to else None),
            wishes.explicit is None or song["explicit"] == int(wishes.explicit),
            within(song["tempo_bpm"] or None, wishes.tempo),
            within(song["popularity"], wishes.popularity),
        ]
    )


def is_available(song, wishes):
    """Say whether a song may be on a list as far as it alone can tell."""
    return (
        meets(song, wishes)
        and song["work_id"] not in wishes.never
        and (wishes.minutes is None or bool(song["duration_ms"]))
    )


def heard_as(song, corrections):
    return corrections.get(song["song_id"], song["mood"])


def candidates(catalogue, songs, part, wishes, corrections, *, stand_ins=None):
    """List what one part of a request may take, best first."""
    songs = [s for s in ranked(songs) if is_available(s, wishes)]
    if part.near is not None:
        near = part.near
        allowed = near.moods or tuple(SONG_MOODS)
        tree = SongTree(catalogue, near.space)
        names = FEATURES if near.space == "sound" else ("valence", "energy")
        found = [
            s
            for s in songs
            if heard_as(s, corrections) in allowed and s["work_id"] not in near.works
        ]
        places = {s["rank"]: tree.place([s[name] for name in names]) for s in found}
        return sorted(found, key=lambda s: (math.dist(near.target, places[s["rank"]]), s["rank"]))

    def of_moods(weights):
        def order(song):
            fit = weights[heard_as(song, corrections)] / (1 + math.exp(-song["margin"]))
            popularity = -1 if song["popularity"] is None else song["popularity"]
            return -fit, -song["margin"], -popularity, song["song_id"]

        return sorted((s for s in songs if heard_as(s, corrections) in weights), key=order)

    instead = {}
    for mood, weight in part.weights.items():
        other = (stand_ins or {}).get(mood)
        if other is not None and other not in part.weights:
            instead[other] = max(weight, instead.get(other, 0))
    return of_moods(part.weights) + of_moods(instead)


def all_candidates(catalogue, songs, request, wishes, corrections, *, stand_ins=None):
    """List for each part (share, what it may take); a journey has one part: all but spoken."""
    if request.path is not None:
        free = [
            s
            for s in ranked(songs)
            if is_available(s, wishes) and heard_as(s, corrections) != SPOKEN
        ]
        return [(1.0, free)]
    return [
        (share, candidates(catalogue, songs, part, wishes, corrections, stand_ins=stand_ins))
        for share, part in request.parts or ((1.0, request),)
    ]


def may_join(chosen, song, cap):
    return (
        all(song["work_id"] != other["work_id"] for other in chosen)
        and sum(song["artist_id"] == other["artist_id"] for other in chosen) < cap
    )


def take_in_turn(parts, wishes, n):
    """Take songs in turn: each time from the part that is furthest below its share."""
    chosen, taken, left = [], [0] * len(parts), [list(found) for _, found in parts]
    while len(chosen) < n and any(left):
        alive = [i for i in range(len(parts)) if left[i]]
        turn = max(alive, key=lambda i: parts[i][0] / (2 * taken[i] + 1))
        while left[turn]:
            song = left[turn].pop(0)
            if may_join(chosen, song, wishes.max_per_artist):
                chosen.append(song)
                taken[turn] += 1
                break
    return chosen


def plain_answer(catalogue, songs, request, wishes, corrections, *, stand_ins=None):
    """The answer without minutes, variety, surprise, taste: ids in order."""
    parts = all_candidates(catalogue, songs, request, wishes, corrections, stand_ins=stand_ins)
    return [song["song_id"] for song in take_in_turn(parts, wishes, wishes.n)]


# ---- what Hypothesis draws --------------------------------------------------------------------

LEVELS = [0.0, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0]
DRAWN_MOODS = ["happy", "calm", "relaxed", "sad", "gloomy", "tense", SPOKEN]
N_ARTISTS = 4

_FACTS = st.fixed_dictionaries(
    {
        "mood": st.sampled_from(DRAWN_MOODS),
        "margin": st.sampled_from([-1.25, 0.0, 2.0]),
        "popularity": st.sampled_from([None, 0, 40, 80.5]),
        "work_id": st.integers(0, 19),
        "year": st.sampled_from([None, 1960, 1991, 2020]),
        "explicit": st.sampled_from([None, 0, 1]),
        "genres": st.sampled_from(["", "rock", "jazz;rock"]),
        "duration_ms": st.sampled_from([None, 61_000, 120_000, 185_500, 240_000, 301_234]),
        "valence": st.sampled_from(LEVELS),
        "energy": st.sampled_from(LEVELS),
        "tempo_bpm": st.sampled_from([0.0, 90.0, 120.0, 140.1]),
        "danceability": st.sampled_from([0.1, 0.6]),
    }
)


def catalogues(max_size=26):
    """Draw catalogues with ties, versions, crowded artists and unknown facts.

    The works of an artist are his own.
    """
    return st.lists(_FACTS, min_size=1, max_size=max_size).map(
        lambda drawn: [
            make_song(
                f"{(7 * i) % 97:02d}",
                one["mood"],
                artist_id=one["work_id"] % N_ARTISTS,
                **{name: value for name, value in one.items() if name != "mood"},
            )
            for i, one in enumerate(drawn)
        ]
    )


_WORDS = ["happy", "calm", "Peaceful", "content", "sad", "gloomy", "anxious", "spoken", "sadness"]
_LEVEL = st.sampled_from(LEVELS)

MOOD_REQUESTS = st.one_of(
    st.sampled_from(_WORDS).map(request_for_word),
    st.dictionaries(
        st.sampled_from(DRAWN_MOODS), st.sampled_from([1.0, 0.5]), min_size=1, max_size=3
    ).map(lambda weights: MoodRequest("listener", weights, 1, asked={"name": "listener"})),
    st.sampled_from(
        ["calm:2,happy:1", "sad,gloomy:3", "content:1.5,tense", "happy,peaceful,sad"]
    ).map(request_for_moods),
)

POINT_REQUESTS = st.one_of(
    st.tuples(_LEVEL, _LEVEL).map(lambda point: request_for_point(*point)),
    st.tuples(st.sampled_from([0.0, 45.0, 200.0]), st.sampled_from([0.0, 0.5, 1.0])).map(
        lambda polar: request_for_point(*point_of(*polar))
    ),
)


@st.composite
def journeys(draw):
    words = draw(
        st.lists(st.sampled_from(["calm", "sad", "happy", "tense"]), min_size=2, max_size=2)
    )
    start, end = (request_for_word(word) for word in words)
    return request_for_journey(start, end, (place_of_request(start), place_of_request(end)))


@st.composite
def likes(draw, songs):
    """Draw what :func:`like_songs` takes beside the catalogue."""
    chosen = draw(st.lists(st.sampled_from(songs), min_size=1, max_size=3))
    return chosen, draw(st.sampled_from(["plane", "sound"]))


@st.composite
def wishes(draw, songs, *, minutes=False, pools=False, filters=0.35):
    """Draw wishes of every kind; each filter is asked for with a chance."""

    def maybe(strategy):
        return draw(strategy) if draw(st.floats(0, 1)) < filters else None

    years = sorted(draw(st.lists(st.sampled_from([1960, 1991, 2000]), min_size=2, max_size=2)))
    works = sorted({song["work_id"] for song in songs})
    return Constraints(
        draw(st.integers(1, 12)),
        minutes=draw(st.sampled_from([1, 2.5, 4, 7, 10.25, 15])) if minutes else None,
        max_per_artist=draw(st.integers(1, 4)),
        genre=maybe(st.sampled_from(GENRES)),
        year_from=maybe(st.just(years[0])),
        year_to=maybe(st.just(years[1])),
        explicit=maybe(st.booleans()),
        tempo=maybe(st.sampled_from([(90.0, 120.0), (0.0, 140.0), (120.0, math.inf)])),
        popularity=maybe(st.sampled_from([(40.0, math.inf), (0.0, 40.0), (80.5, 100.0)])),
        never=frozenset(maybe(st.sets(st.sampled_from(works), max_size=3)) or ()),
        variety=draw(st.sampled_from([0.0, 0.3, 1.0])) if pools else 0.0,
        surprise=draw(st.sampled_from([None, 0, 7])) if pools else None,
    )


def corrections(songs):
    """Draw moods that a listener put right."""
    ids = [song["song_id"] for song in songs]
    return st.dictionaries(st.sampled_from(ids), st.sampled_from(DRAWN_MOODS), max_size=4)
