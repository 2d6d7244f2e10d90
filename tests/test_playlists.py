"""The answer's parts: requests, constraints, the ranker, reasons, notes and formats.

The ranker is held against a brute-force reference that filters, sorts and picks in plain Python.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import math
import random
import re
import sqlite3
import string
from types import SimpleNamespace

import pytest
from catalogues import GENRES, MIDDLE, MOODS, make_song, mood_rows, ranked
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.formats.documents import (
    as_csv,
    as_json,
    as_table,
    describe_request,
    safe_cell,
)
from scripts.moods.features import FEATURES
from scripts.moods.mood_labels import naming_features
from scripts.moods.vocabulary import (
    LISTENER_MOODS,
    PLANE_WORDS,
    POINT_WORDS,
    QUADRANTS,
    SONG_MOODS,
    SPOKEN,
    SYNONYMS,
)
from scripts.playlists.answer import (
    answer_request,
    listener_number,
    model_notes,
    new_requests,
    stored_requests,
)
from scripts.playlists.constraints import Constraints, find_genre
from scripts.playlists.document import playlist_document
from scripts.playlists.program import print_playlists
from scripts.playlists.ranges import format_range, parse_range
from scripts.playlists.ranking import Ranking, rank_songs
from scripts.playlists.reasons import (
    FEATURE_WORDS,
    explain_choice,
    explain_song,
    feature_pulls,
)
from scripts.playlists.request import (
    MoodRequest,
    predict_listener,
    request_for_listener,
    request_for_songs,
)
from scripts.playlists.shortages import count_passing
from scripts.playlists.walks import probability_of
from scripts.playlists.words import request_for_moods, request_for_point, request_for_word
from scripts.store.layout import (
    INDEXES,
    LISTENER_MOOD,
    SCHEMA,
    SONG_COLUMNS,
    SONG_MOOD,
)
from scripts.store.reading import open_catalogue
from scripts.store.writing import write_catalogue

#: The keys of a song in the JSON document, as users' programs rely on them.
DOCUMENT_KEYS = [
    *("run", "listener", "moods", "mood", "request", "wishes", "duration_ms", "songs"),
]
SONG_DOCUMENT_KEYS = [
    *("rank", "song_id", "title", "artist", "genre", "year", "duration_ms"),
    *("tempo", "valence", "energy", "mood", "score", "why", "distance"),
]

# ---- small catalogues -------------------------------------------------------------------------


SCORE_NOTE = (
    "Score: how probable the song's quarter of the plane is beside the next likely one; "
    "the surest come first."
)


def catalogue_rows(songs, stand_ins=None):
    """Turn songs into the rows of a catalogue's tables, in the documented order."""
    songs = ranked(songs)
    return {
        "moods": mood_rows(songs, stand_ins),
        "songs": [[tuple(s[name] for name in SONG_COLUMNS) for s in songs]],
        "genres": list(enumerate(GENRES)),
        "song_genres": [
            sorted(
                (GENRES.index(genre), s["mood_id"], s["rank"], s["year"], s["explicit"])
                for s in songs
                for genre in filter(None, s["genres"].split(";"))
            )
        ],
    }


@contextlib.contextmanager
def open_rows(rows, listeners=()):
    """Hold a catalogue of the same schema in memory."""
    catalogue = sqlite3.connect(":memory:", isolation_level=None)
    try:
        catalogue.executescript(SCHEMA)
        catalogue.execute("INSERT INTO meta VALUES ('0123456789ab')")
        catalogue.executemany("INSERT INTO moods VALUES (?, ?, ?, ?, ?, ?)", rows["moods"])
        marks = ", ".join("?" * len(SONG_COLUMNS))
        for chunk in rows["songs"]:
            catalogue.executemany(f"INSERT INTO songs VALUES ({marks})", chunk)
        catalogue.executemany("INSERT INTO genres VALUES (?, ?)", rows["genres"])
        for chunk in rows["song_genres"]:
            catalogue.executemany("INSERT INTO song_genres VALUES (?, ?, ?, ?, ?)", chunk)
        catalogue.executemany("INSERT INTO listeners VALUES (?, ?)", listeners)
        catalogue.executescript(INDEXES)
        yield catalogue
    finally:
        catalogue.close()


def open_songs(songs, stand_ins=None, listeners=()):
    return open_rows(catalogue_rows(songs, stand_ins), listeners)


# ---- the reference ----------------------------------------------------------------------------


def meets(song, constraints):
    """Say of one song whether it meets every filter."""
    wishes = [
        constraints.genre is None or constraints.genre in song["genres"].split(";"),
        constraints.year_from is None
        or (song["year"] is not None and song["year"] >= constraints.year_from),
        constraints.year_to is None
        or (song["year"] is not None and song["year"] <= constraints.year_to),
        constraints.explicit is None or song["explicit"] == int(constraints.explicit),
        constraints.tempo is None
        or constraints.tempo[0] <= song["tempo_bpm"] <= constraints.tempo[1],
        constraints.popularity is None
        or (
            song["popularity"] is not None
            and constraints.popularity[0] <= song["popularity"] <= constraints.popularity[1]
        ),
    ]
    return all(wishes)


def reference(songs, weights, constraints, stand_ins=None):
    """Filter, sort, pick: the answer in plain Python, and what was passed over."""
    stand_ins = stand_ins or {}
    chosen, passed_over = [], {"another version": 0, "artist": 0}

    def pick(weights):
        def order(song):
            fit = weights[song["mood"]] / (1 + math.exp(-song["margin"]))
            popularity = -1 if song["popularity"] is None else song["popularity"]
            return (-fit, -song["margin"], -popularity, song["song_id"])

        fitting = [s for s in songs if s["mood"] in weights and meets(s, constraints)]
        for song in sorted(fitting, key=order):
            if len(chosen) == constraints.n:
                break
            if any(song["work_id"] == other["work_id"] for other in chosen):
                passed_over["another version"] += 1
            elif (
                sum(song["artist_id"] == other["artist_id"] for other in chosen)
                == constraints.max_per_artist
            ):
                passed_over["artist"] += 1
            else:
                chosen.append(song)

    pick(weights)
    instead = {}
    for mood, weight in weights.items():
        other = stand_ins.get(mood)
        if other is not None and other not in weights:
            instead[other] = max(weight, instead.get(other, 0))
    pick(instead)
    return [song["song_id"] for song in chosen], passed_over


# ---- what Hypothesis draws --------------------------------------------------------------------

DRAWN_MOODS = ["happy", "calm", "sad", SPOKEN]

#: Few values each, so that ties, versions and crowded artists are common; 40 saturates P to 1.
SONGS = st.lists(
    st.fixed_dictionaries(
        {
            "mood": st.sampled_from(DRAWN_MOODS),
            "margin": st.sampled_from([-40.0, -1.25, -0.5, 0.0, 0.75, 2.0, 39.0, 40.0]),
            "popularity": st.sampled_from([None, 0, 7, 50.5]),
            "work_id": st.integers(0, 25),
            "artist_id": st.integers(0, 5),
            "year": st.sampled_from([None, 1960, 1991, 1992, 2020]),
            "explicit": st.sampled_from([None, 0, 1]),
            "tempo_bpm": st.sampled_from([60.0, 99.5, 100.0, 180.0]),
            "genres": st.sampled_from(["", "rock", "jazz", "jazz;rock", "folk;jazz;rock"]),
        }
    ),
    max_size=30,
).map(
    lambda drawn: [
        make_song(f"{(7 * i) % 31:02d}", facts.pop("mood"), facts.pop("margin"), **facts)
        for i, facts in enumerate(dict(one) for one in drawn)
    ]
)

WEIGHTS = st.dictionaries(
    st.sampled_from(DRAWN_MOODS), st.sampled_from([1.0, 0.5, 0.125]), min_size=1
)

STAND_INS = st.dictionaries(
    st.sampled_from(DRAWN_MOODS), st.sampled_from(["happy", "calm", "angry"]), max_size=3
).map(lambda drawn: {mood: other for mood, other in drawn.items() if mood != other})


@st.composite
def wishes(draw):
    years = sorted(draw(st.lists(st.sampled_from([1960, 1991, 1992, 2000]), max_size=2)))
    both = len(years) == 2
    only_to = draw(st.booleans())
    return Constraints(
        draw(st.integers(1, 12)),
        max_per_artist=draw(st.integers(1, 3)),
        genre=draw(st.sampled_from([None, None, *GENRES])),
        year_from=years[0] if both or (years and not only_to) else None,
        year_to=years[-1] if both or (years and only_to) else None,
        explicit=draw(st.sampled_from([None, None, True, False])),
        tempo=draw(st.sampled_from([None, None, None, (100, 180), (0, 99.5), (61, 99)])),
        popularity=draw(st.sampled_from([None, None, None, (0, 7), (7, math.inf), (60, 90)])),
    )


def ids_of(ranking):
    return [song["song_id"] for song in ranking.songs]


class TestRankerAgainstTheReference:
    @settings(max_examples=250, deadline=None)
    @given(SONGS, WEIGHTS, wishes(), STAND_INS)
    def test_the_answer_is_the_reference(self, songs, weights, constraints, stand_ins):
        with open_songs(songs, stand_ins) as catalogue:
            ranking = rank_songs(catalogue, MoodRequest("x", weights), constraints)
        expected, passed_over = reference(songs, weights, constraints, stand_ins)
        assert ids_of(ranking) == expected
        if len(expected) < constraints.n:
            assert ranking.passed_over == passed_over

    @settings(max_examples=100, deadline=None)
    @given(SONGS, WEIGHTS, wishes(), STAND_INS)
    def test_every_wish_holds_on_every_song(self, songs, weights, constraints, stand_ins):
        with open_songs(songs, stand_ins) as catalogue:
            ranking = rank_songs(catalogue, MoodRequest("x", weights), constraints)
        allowed = {*weights, *(stand_ins.get(mood) for mood in weights)}
        assert len(ranking.songs) <= constraints.n
        for song in ranking.songs:
            assert song["mood"] in allowed
            assert meets(song, constraints)
            assert song["probability"] == pytest.approx(1 / (1 + math.exp(-song["margin"])))
            assert 0 <= song["fit"] <= 1
        works = [song["work_id"] for song in ranking.songs]
        assert len(set(works)) == len(works)
        artists = [song["artist_id"] for song in ranking.songs]
        assert all(artists.count(one) <= constraints.max_per_artist for one in artists)

    @settings(max_examples=60, deadline=None)
    @given(SONGS, WEIGHTS, wishes(), STAND_INS, st.integers(1, 20))
    def test_a_shorter_list_begins_a_longer_one(self, songs, weights, wish, stand_ins, n):
        request = MoodRequest("x", weights)
        with open_songs(songs, stand_ins) as catalogue:
            wish.n = 20
            longer = ids_of(rank_songs(catalogue, request, wish))
            wish.n = n
            assert ids_of(rank_songs(catalogue, request, wish)) == longer[:n]
            assert ids_of(rank_songs(catalogue, request, wish)) == longer[:n]

    @settings(max_examples=40, deadline=None)
    @given(SONGS, WEIGHTS, wishes(), st.randoms(use_true_random=False))
    def test_the_order_of_rows_changes_nothing(self, songs, weights, wish, chance):
        request = MoodRequest("x", weights)
        with open_songs(songs) as catalogue:
            before = ids_of(rank_songs(catalogue, request, wish))
        chance.shuffle(songs)
        turned = dict(sorted(weights.items(), key=lambda _: chance.random()))
        with open_songs(songs) as catalogue:
            assert ids_of(rank_songs(catalogue, MoodRequest("x", turned), wish)) == before

    @settings(max_examples=60, deadline=None)
    @given(SONGS, wishes())
    def test_counts_of_each_wish(self, songs, constraints):
        moods = ["happy", "sad"]
        with open_songs(songs) as catalogue:
            counts = count_passing(catalogue, moods, constraints)
        asked = [s for s in songs if s["mood"] in moods]
        assert counts.pop("songs") == len(asked)
        if "all" in counts:
            assert counts.pop("all") == sum(meets(s, constraints) for s in asked)
            assert len(counts) > 1
        for flag, passing in counts.items():
            assert passing == sum(meets(s, single_wish(flag)) for s in asked)


def single_wish(flag):
    """Read one filter back from the words it has in a note."""
    name, _, value = flag.partition(" ")
    if name in {"--explicit", "--no-explicit"}:
        return Constraints(explicit=name == "--explicit")
    if name == "--genre":
        return Constraints(genre=value)
    if name in {"--tempo", "--popularity"}:
        return Constraints(**{name[2:]: parse_range(name, value)})
    return Constraints(**{name[2:].replace("-", "_"): int(value)})


@pytest.fixture(scope="module")
def crowd():
    """1,600 songs of two moods in four years: more than one look at a year's index takes."""
    chance = random.Random(4)
    songs = [
        make_song(
            f"{i:04d}",
            chance.choice(["happy", "party"]),
            # most of the best songs stand in one year, so that its index is looked at again
            round(chance.gauss(2 if i % 4 == 0 else 0, 1), 2),
            year=[1990, 1991, 1992, 2005][i % 4],
            explicit=chance.choice([0, 1, None]),
            popularity=chance.choice([None, 10, 20]),
            genres=chance.choice(["rock", "jazz;rock", "folk", ""]),
            tempo_bpm=float(chance.randrange(80, 140)),
            work_id=chance.randrange(1200),
            artist_id=chance.randrange(700),
        )
        for i in range(1600)
    ]
    rows = catalogue_rows(songs)
    with open_rows(rows) as catalogue:
        yield songs, rows, catalogue


FILTERS = [
    {},
    {"genre": "rock"},
    {"year_from": 1991},
    {"year_to": 1991},
    {"year_from": 1990, "year_to": 1990},
    {"explicit": True},
    {"explicit": False},
    {"genre": "rock", "year_from": 1991},
    {"genre": "jazz", "explicit": False},
    {"year_from": 1990, "year_to": 1992, "explicit": True},
    {"genre": "rock", "year_from": 1990, "year_to": 2004, "explicit": False},
    {"tempo": (90, 110)},
    {"popularity": (15, math.inf)},
    {"genre": "rock", "tempo": (90, 110), "popularity": (0, 15)},
    {"year_from": 1991, "tempo": (0, 100), "explicit": True},
    {"year_to": 1991, "popularity": (20, 20)},
    {"explicit": False, "tempo": (100, 130), "popularity": (10, 20)},
]


@pytest.mark.parametrize("asked", FILTERS, ids=lambda asked: " ".join(asked) or "none")
@pytest.mark.parametrize("n", [10, 150, 1000])
def test_every_filter_path_on_a_crowd(crowd, asked, n):
    songs, _, catalogue = crowd
    constraints = Constraints(n, max_per_artist=3, **asked)
    weights = {"happy": 1.0, "party": 0.7}
    ranking = rank_songs(catalogue, MoodRequest("x", weights), constraints)
    assert ids_of(ranking) == reference(songs, weights, constraints)[0]
    assert bool(constraints.filters or constraints.genre) == bool(asked)


def test_a_year_is_looked_at_several_times(crowd):
    _, _, catalogue = crowd
    looks = []
    catalogue.set_trace_callback(lambda query: looks.append("rank >" in query))
    try:
        rank_songs(catalogue, MoodRequest("x", {"happy": 1.0}), Constraints(900, year_from=1980))
    finally:
        catalogue.set_trace_callback(None)
    assert sum(looks) > 2 * 4, "four years, each looked at more than twice"


def test_a_written_catalogue_answers_as_one_in_memory(crowd, tmp_path):
    _, rows, catalogue = crowd
    path = tmp_path / "catalogue.sqlite"
    write_catalogue(path, "0123456789ab", listeners=[], **rows)
    with contextlib.closing(open_catalogue(str(path), "0123456789ab")) as written:
        for asked in FILTERS:
            request, wish = MoodRequest("x", {"happy": 1.0}), Constraints(30, **asked)
            expected = rank_songs(catalogue, request, wish).songs
            assert rank_songs(written, request, wish).songs == expected


class TestOrder:
    def test_equal_margins_break_by_popularity_then_id(self):
        songs = [
            make_song("d", "calm", 1.0),
            make_song("c", "calm", 1.0, popularity=0),
            make_song("b", "calm", 1.0, popularity=80),
            make_song("a", "calm", 1.0, popularity=0),
            make_song("e", "calm", 1.5),
        ]
        with open_songs(songs) as catalogue:
            ranking = rank_songs(catalogue, request_for_word("calm"), Constraints())
        assert ids_of(ranking) == ["e", "b", "a", "c", "d"]

    def test_saturated_probabilities_keep_the_order_of_the_log_odds(self):
        songs = [
            make_song("a", "calm", 40.0, popularity=1),
            make_song("b", "relaxed", 41.0),
            make_song("c", "calm", 42.0),
        ]
        request = MoodRequest("x", {"calm": 1.0, "relaxed": 1.0})
        with open_songs(songs) as catalogue:
            ranking = rank_songs(catalogue, request, Constraints())
        assert ids_of(ranking) == ["c", "b", "a"]
        assert {song["fit"] for song in ranking.songs} == {1.0}

    def test_ties_between_moods_break_the_same_way(self):
        songs = [
            make_song("a", "calm", 1.0),
            make_song("b", "relaxed", 1.0, popularity=0),
            make_song("c", "calm", 1.0, popularity=5),
            make_song("d", "relaxed", 1.0, popularity=5),
        ]
        request = MoodRequest("x", {"calm": 1.0, "relaxed": 1.0})
        with open_songs(songs) as catalogue:
            ranking = rank_songs(catalogue, request, Constraints())
        assert ids_of(ranking) == ["c", "d", "b", "a"]

    def test_a_stand_in_for_two_moods_has_the_greater_weight(self):
        songs = [make_song("a", "sad", 1.0), make_song("b", "calm", 1.0)]
        stand_ins = {"gloomy": "sad", "melancholic": "sad", "relaxed": "calm"}
        request = MoodRequest("x", {"gloomy": 1.0, "melancholic": 0.25, "relaxed": 0.5})
        with open_songs(songs, stand_ins) as catalogue:
            ranking = rank_songs(catalogue, request, Constraints())
        assert [song["fit"] for song in ranking.songs] == pytest.approx([0.731, 0.3655], abs=1e-4)
        assert ids_of(ranking) == ["a", "b"]

    def test_weights_count(self):
        songs = [make_song("a", "calm", 1.0), make_song("b", "relaxed", 0.0)]
        request = MoodRequest("x", {"calm": 0.5, "relaxed": 1.0})
        with open_songs(songs) as catalogue:
            ranking = rank_songs(catalogue, request, Constraints())
        assert ids_of(ranking) == ["b", "a"]

    def test_stand_ins_come_last_even_where_they_fit_better(self):
        songs = [make_song("a", "gloomy", -3.0), make_song("b", "sad", 3.0)]
        with open_songs(songs, {"gloomy": "sad"}) as catalogue:
            ranking = rank_songs(catalogue, request_for_word("gloomy"), Constraints())
        assert ids_of(ranking) == ["a", "b"]
        assert ranking.stand_ins == [("gloomy", "sad")]

    def test_a_mood_that_is_asked_for_itself_stands_in_for_none(self):
        songs = [make_song("a", "sad", 3.0), make_song("b", "melancholic", 1.0)]
        stand_ins = {"gloomy": "sad", "melancholic": "calm", "sad": "melancholic"}
        with open_songs([*songs, make_song("c", "calm", 4.0)], stand_ins) as catalogue:
            ranking = rank_songs(catalogue, request_for_word("sad"), Constraints())
        assert ids_of(ranking) == ["a", "b", "c"]
        assert ranking.stand_ins == [("melancholic", "calm")]

    @given(st.floats(-800, 800), st.floats(-800, 800))
    def test_probabilities_lie_in_the_unit_interval_and_rise(self, one, other):
        assert 0 <= probability_of(one) <= 1
        assert probability_of(max(one, other)) >= probability_of(min(one, other)) - 1e-15


# ---- requests ---------------------------------------------------------------------------------


#: The words of the circumplex that no label stands for: place, and the song moods around it.
PLACED_WORDS = {
    "peaceful": ((0.7, 0.4), {"calm", "relaxed"}),
    # on the line between two quarters
    "content": (
        (0.7, 0.5),
        {"happy", "uplifting", "energetic", "party", "calm", "relaxed"},
    ),
    "agitated": ((0.3, 0.9), {"angry", "tense"}),
    "anxious": ((0.2, 0.9), {"angry", "tense"}),
    "fearful": ((0.1, 0.8), {"angry", "tense"}),
}

#: The words that mean a whole quarter of the plane.
WHOLE_QUARTERS = {
    "happy": {"happy", "uplifting", "energetic", "party"},
    "angry": {"angry", "tense"},
    "sad": {"sad", "melancholic", "gloomy"},
    "relaxed": {"calm", "relaxed"},
}


class TestRequestForWord:
    @pytest.mark.parametrize("word", sorted(SYNONYMS))
    def test_every_synonym(self, word):
        request = request_for_word(word)
        mood = SYNONYMS[word]
        if word in PLACED_WORDS:
            assert request.weights == {}
            assert request.near is not None
        else:
            assert request.weights == dict.fromkeys(WHOLE_QUARTERS.get(mood, {mood}), 1.0)
            assert request.near is None
        assert request.mood == word
        assert request.asked["name"] == word
        assert (request.parts, request.path) == ((), None)
        assert request.listener is None
        assert request.probabilities == {}

    @pytest.mark.parametrize("word", PLACED_WORDS)
    def test_a_word_with_a_place_of_its_own_is_asked_by_it(self, word):
        request = request_for_word(word.upper())
        place, moods = PLACED_WORDS[word]
        assert (request.near.space, request.near.target) == ("plane", place)
        assert set(request.near.moods) == moods
        assert request.near.works == frozenset()
        assert request.asked["point"] == list(place)
        assert set(request.moods) == moods

    def test_the_words_with_a_place_are_those_that_are_neither_label_nor_at_one(self):
        labels = {place[:2] for place in SONG_MOODS.values()}
        words = {word for word, place in PLANE_WORDS.items() if place not in labels}
        assert set(POINT_WORDS) == set(PLACED_WORDS) == words

    @pytest.mark.parametrize("quadrant", QUADRANTS)
    def test_a_quarter_s_name_asks_for_all_of_it(self, quadrant):
        songs = [make_song(name, name, 0.0) for name in MOODS]
        with open_songs(songs) as catalogue:
            ranking = rank_songs(catalogue, request_for_word(quadrant), Constraints(20))
        assert set(ids_of(ranking)) == WHOLE_QUARTERS[quadrant]
        assert request_for_word(quadrant).asked["point"] == list(SONG_MOODS[quadrant][:2])

    def test_words_at_one_place_still_differ(self):
        assert SONG_MOODS["sad"][:2] == SONG_MOODS["gloomy"][:2]
        sad, gloomy = request_for_word("sad"), request_for_word("gloomy")
        assert set(gloomy.weights) < set(sad.weights)

    @pytest.mark.parametrize("mood", LISTENER_MOODS)
    def test_every_listener_mood_by_name_and_by_answer(self, mood):
        answer, weights = LISTENER_MOODS[mood]
        names = [] if mood in SYNONYMS else [mood]  # a song mood's own name means that mood alone
        for word in (*names, answer, answer.upper()):
            request = request_for_word(word)
            assert (request.mood, request.weights) == (mood, weights)
            assert request.weights is not weights, "a request must not lend the vocabulary out"

    def test_every_word_leads_to_songs(self):
        for word in {*SYNONYMS, *LISTENER_MOODS}:
            moods = request_for_word(word).moods
            assert moods
            assert set(moods) <= set(MOODS)

    def test_case_and_blanks_do_not_count(self):
        assert request_for_word("  MeLanCholy ").weights == {"melancholic": 1.0}
        assert request_for_word("uplifting and  motivational").mood == "uplifting"

    @pytest.mark.parametrize(
        ("word", "near"), [("clam", "calm"), ("hapy", "happy"), ("relaxt", "relaxed")]
    )
    def test_an_unknown_word_offers_the_nearest(self, word, near):
        with pytest.raises(SettingsError, match=rf"--mood '{word}'.*did you mean .*{near}.*\?"):
            request_for_word(word)

    def test_a_word_like_none_lists_them_all_once(self):
        with pytest.raises(SettingsError, match="no such mood; known words: ") as caught:
            request_for_word("xyzzy")
        listed = re.search(r"known words: (.*)$", str(caught.value))[1].split(", ")
        assert listed == sorted({*SYNONYMS, *PLANE_WORDS, *LISTENER_MOODS})

    def test_a_hostile_word_is_shown_harmless(self):
        with pytest.raises(SettingsError) as caught:
            request_for_word("\x1b[31m" + "x" * 500)
        assert "\x1b" not in str(caught.value)
        assert "x" * 61 not in str(caught.value)


LISTENER_MODEL = {
    "verdict": "better than guessing by .1",
    "features": ["Age=20-35", "Gender=Female", "music_expl_method=Radio"],
    "moods": {
        "relaxation": {"bias": 0.0, "weights": [1.0, 0.0, 0.0]},
        "uplifting": {"bias": -1.0, "weights": [0.0, 2.5, 0.0]},
        "sadness": {"bias": -900.0, "weights": [0.0, 0.0, 0.0]},
        "social": {"bias": -1.0, "weights": [0.0, 0.0, 3.0]},
    },
}


class TestRequestForListener:
    def test_the_saved_numbers_are_applied(self):
        moods = predict_listener(LISTENER_MODEL, {"Age": "20-35", "Gender": "Female"})
        assert list(moods) == list(LISTENER_MOODS)
        # by hand: logits 1, 1.5, -900 and -1
        expected = {"relaxation": 0.7311, "uplifting": 0.8176, "sadness": 0.0, "social": 0.2689}
        assert moods == pytest.approx(expected, abs=5e-5)

    def test_the_likeliest_mood_is_asked_for(self):
        request = request_for_listener(LISTENER_MODEL, {"music_expl_method": "Radio, Others"}, 7)
        assert request.mood == "social"
        assert request.weights == LISTENER_MOODS["social"][1]
        assert request.listener == 7
        assert request.probabilities["social"] == pytest.approx(1 / (1 + math.exp(-2)))

    def test_unknown_answers_leave_the_prior(self):
        assert request_for_listener(LISTENER_MODEL, {"Age": "?"}, 1).mood == "relaxation"

    def test_equal_chances_go_to_the_first_mood(self):
        flat = {"bias": 0.0, "weights": [0.0] * 3}
        model = LISTENER_MODEL | {"moods": dict.fromkeys(LISTENER_MOODS, flat)}
        assert request_for_listener(model, {}, 1).mood == "relaxation"


# ---- constraints ------------------------------------------------------------------------------


class TestConstraints:
    @pytest.mark.parametrize("n", [0, -1])
    def test_no_songs_is_no_request(self, n):
        with pytest.raises(SettingsError, match=rf"-n {n}: ask for at least 1 song"):
            Constraints(n)

    def test_no_song_per_artist_is_refused(self):
        with pytest.raises(SettingsError, match="--max-per-artist 0: allow at least 1 song"):
            Constraints(max_per_artist=0)

    def test_contradictory_years_name_the_pair(self):
        with pytest.raises(SettingsError, match="--year-from 2000 and --year-to 1990 contradict"):
            Constraints(year_from=2000, year_to=1990)

    @pytest.mark.parametrize("name", ["year_from", "year_to"])
    @pytest.mark.parametrize("year", [0, -5, 10_000, 10**20])
    def test_a_year_that_is_none_is_refused(self, name, year):
        flag = "--" + name.replace("_", "-")
        with pytest.raises(SettingsError, match=f"{flag} {year}: give a year from 1 to 9999"):
            Constraints(**{name: year})

    @pytest.mark.parametrize("minutes", [0, -1, 1441, math.nan, math.inf])
    def test_a_length_that_is_none_is_refused(self, minutes):
        with pytest.raises(SettingsError, match=f"--minutes {minutes:g}: give more than 0"):
            Constraints(minutes=minutes)
        assert Constraints(minutes=1440).target_ms == 24 * 60 * 60 * 1000

    @pytest.mark.parametrize("variety", [-0.1, 1.01, math.nan])
    def test_a_variety_outside_the_unit_interval_is_refused(self, variety):
        with pytest.raises(SettingsError, match=f"--variety {variety:g}: give a number from 0"):
            Constraints(variety=variety)

    @pytest.mark.parametrize("seed", [-1, 1 << 63])
    def test_a_seed_that_is_none_is_refused(self, seed):
        with pytest.raises(SettingsError, match=f"--surprise {seed}: give a whole number from 0"):
            Constraints(surprise=seed)

    @pytest.mark.parametrize(("name", "highest"), [("tempo", 300), ("popularity", 100)])
    def test_a_range_turned_around_or_beyond_all_songs_is_refused(self, name, highest):
        with pytest.raises(SettingsError, match=f"--{name} 40-20: .*contradict.*them: 20-40"):
            Constraints(**{name: (40, 20)})
        with pytest.raises(SettingsError, match=f"--{name} {highest + 1}-: .* 0 to {highest}"):
            Constraints(**{name: (highest + 1, math.inf)})
        assert Constraints(**{name: (highest, highest)}).filters

    @given(st.integers(0, 300), st.one_of(st.none(), st.integers(0, 300)))
    def test_a_range_reads_back_as_it_is_written(self, low, high):
        ends = (float(low), math.inf if high is None else float(high))
        assert parse_range("--tempo", format_range(*ends)) == ends

    @pytest.mark.parametrize("text", ["", "-", " - ", "120", "a-b", "1-2-3", "nan-", "inf-", "--5"])
    def test_what_is_no_range_is_refused(self, text):
        with pytest.raises(SettingsError, match=r"--tempo .*: give a range such as 120-140"):
            parse_range("--tempo", text)

    def test_one_year_is_a_range(self):
        assert Constraints(year_from=1999, year_to=1999).years == (1999, 1999)

    def test_genres_are_found_in_any_case(self):
        with open_songs([]) as catalogue:
            wish = Constraints(genre="  ROCK ")
            assert find_genre(catalogue, wish.genre) == GENRES.index("rock")

    def test_an_unknown_genre_offers_the_nearest(self):
        with (
            open_songs([]) as catalogue,
            pytest.raises(
                SettingsError,
                match=r"'rok': not in this catalogue; did you mean rock or folk\? \(it has",
            ),
        ):
            find_genre(catalogue, "rok")

    def test_a_genre_like_none_lists_them(self):
        with (
            open_songs([]) as catalogue,
            pytest.raises(SettingsError, match=r"nor one like it; it has: folk, jazz, rock$"),
        ):
            find_genre(catalogue, "xyzzy")

    def test_a_long_list_of_genres_is_cut(self):
        rows = catalogue_rows([]) | {"genres": [(i, f"genre {i:03d}") for i in range(60)]}
        with open_rows(rows) as catalogue, pytest.raises(SettingsError, match=" and 20 more"):
            find_genre(catalogue, "xyzzy")

    def test_a_catalogue_without_genres_says_so(self):
        rows = catalogue_rows([]) | {"genres": []}
        with open_rows(rows) as catalogue, pytest.raises(SettingsError, match="carry no genre"):
            find_genre(catalogue, "rock")

    @pytest.mark.parametrize("genre", ["\udcff", "' OR 1=1 --", "", "\0"])
    def test_no_genre_is_sql_or_a_crash(self, genre):
        songs = [make_song("a", "calm", 1.0, genres="rock")]
        with open_songs(songs) as catalogue, pytest.raises(SettingsError, match="--genre"):
            rank_songs(catalogue, request_for_word("calm"), Constraints(genre=genre))


# ---- reasons ----------------------------------------------------------------------------------

SONG_MODEL = {
    "verdict": "better than the best guess",
    "features": list(FEATURES),
    "quadrants": {
        "names": ["happy", "angry", "sad", "relaxed"],
        "mean": [MIDDLE[name] for name in FEATURES],
        "scale": [{"loudness_db": 2.0, "tempo_bpm": 20.0}.get(name, 0.1) for name in FEATURES],
        "weights": [
            [{"energy": 2, "valence": 3}.get(name, 0) for name in FEATURES],
            [0] * 9,
            [0] * 9,
            [{"energy": -2, "acousticness": 1}.get(name, 0) for name in FEATURES],
        ],
    },
    "named_by": {mood: naming_features(mood) for mood in SONG_MOODS},
}


class TestReasons:
    def explain(self, mood, **values):
        return explain_song(SONG_MODEL, {"mood": mood, **MIDDLE, **values})

    def test_the_two_strongest_pulls_by_hand(self):
        # energy: (2 + 2 / 3) * 3 standard deviations = 8; valence: 3 * 2 = 6
        values = {"energy": 0.9, "valence": 0.7}
        assert self.explain("happy", **values) == "high energy (0.90), high valence (0.70)"
        pulls = feature_pulls(SONG_MODEL, {"mood": "happy", **MIDDLE, **values})
        assert pulls[0] == (pytest.approx(8), "energy")
        assert pulls[1] == (pytest.approx(6), "valence")
        assert {pull for pull, _ in pulls[2:]} == {0}

    def test_a_feature_below_the_mean_has_the_other_word(self):
        assert self.explain("calm", energy=0.1, acousticness=0.93) == (
            "low energy (0.10), acoustic (0.93)"
        )

    def test_what_pulls_away_is_no_reason(self):
        assert self.explain("calm", energy=0.9, acousticness=0.5) == "acoustic (0.50)"

    def test_a_value_beyond_three_standard_deviations_counts_as_three(self):
        assert self.explain("happy", energy=5.0, valence=0.8) == (
            "high valence (0.80), high energy (5.00)"
        )

    def test_an_average_song_stands_out_by_nothing(self):
        assert self.explain("happy") == "no feature stands out"

    def test_what_tells_a_mood_from_its_neighbours_comes_second(self):
        values = {"energy": 0.8, "valence": 0.9, "danceability": 0.9}
        assert self.explain("happy", **values) == "high valence (0.90), high energy (0.80)"
        assert self.explain("party", **values) == "high valence (0.90), danceable (0.90)"
        values["danceability"] = 0.1  # on the other side of the mean it told nothing
        assert self.explain("party", **values) == self.explain("happy", **values)

    def test_a_feature_is_told_once(self):
        assert self.explain("uplifting", energy=0.9) == "high energy (0.90)"

    def test_a_spoken_track_is_told_by_its_speech(self):
        assert self.explain(SPOKEN, speechiness=0.86, energy=0.9) == "much speech (0.86)"

    def test_a_level_of_one_name_pulls_nowhere(self):
        one = {name: row[:1] for name, row in SONG_MODEL["quadrants"].items()}
        one |= {name: SONG_MODEL["quadrants"][name] for name in ("mean", "scale")}
        song = {"mood": "happy", **MIDDLE, "energy": 0.9}
        assert explain_song(SONG_MODEL | {"quadrants": one}, song) == "no feature stands out"

    def choice(self, request, wishes=(), **facts):
        plain = {"mood": "calm", "distance": None, "part": 0, "valence": 0.5, "energy": 0.6}
        song = {**MIDDLE, **plain, **facts}
        why = explain_choice(SONG_MODEL, request, song, wishes)
        assert why.startswith("no feature stands out")
        return why.removeprefix("no feature stands out"), song["distance"]

    def test_the_distance_to_the_mood_asked_for_is_told(self):
        # calm lies at (.8, .3): .3 off in valence and in energy
        told, distance = self.choice(request_for_word("Calm"))
        assert told == "; 0.424 from calm"
        assert distance == pytest.approx(0.3 * math.sqrt(2))

    def test_a_listener_s_song_is_measured_from_its_own_mood(self):
        request = request_for_listener(LISTENER_MODEL, {}, 1)
        assert self.choice(request, mood="relaxed")[0] == "; 0.316 from relaxed"
        assert self.choice(request, mood="calm")[0] == "; 0.424 from calm"

    def test_a_distance_that_was_measured_is_told_as_it_is(self):
        near = request_for_point(0.5, 0.5)
        assert self.choice(near, distance=0.25) == (
            "; 0.250 from valence 0.5, energy 0.5",
            0.25,
        )
        like = request_for_songs(["Love"], [(0.0,) * 9], "sound", frozenset())
        assert self.choice(like, distance=1.5) == ("; 1.50 sd from Love in sound", 1.5)
        way = MoodRequest("x", path=((0.1, 0.1), (0.9, 0.9)))
        assert self.choice(way, distance=0.0625) == ("; 0.062 from its place on the way", 0.0625)

    def test_a_song_of_a_blend_is_measured_from_its_own_part(self):
        blend = request_for_moods("calm:2,peaceful:1")
        assert self.choice(blend, part=0)[0] == "; 0.424 from calm"
        assert self.choice(blend, part=1, distance=0.2)[0] == "; 0.200 from peaceful"

    def test_spoken_tracks_have_no_place(self):
        song = {"mood": SPOKEN, "distance": None, "part": 0, **MIDDLE}
        assert explain_choice(SONG_MODEL, request_for_word("spoken"), song, ["rock"]) == (
            "much speech (0.10); rock"
        )
        assert song["distance"] is None

    def test_the_wishes_come_last(self):
        told, _ = self.choice(request_for_word("calm"), ["genre rock", "from 1990"])
        assert told == "; 0.424 from calm; genre rock, from 1990"

    def test_every_feature_has_its_words(self):
        assert set(FEATURE_WORDS) == set(FEATURES)

    @given(
        st.sampled_from(["happy", "party", "calm"]),
        st.fixed_dictionaries({name: st.floats(-1, 1) for name in FEATURES}),
    )
    def test_at_most_two_words_each_on_its_side_of_the_mean(self, mood, shifts):
        values = {name: MIDDLE[name] + shift for name, shift in shifts.items()}
        reason = self.explain(mood, **values)
        if reason == "no feature stands out":
            return
        parts = reason.split("), ")
        assert 1 <= len(parts) <= 2
        sides = {
            word: (name, side)
            for name, words in FEATURE_WORDS.items()
            for side, word in enumerate(words[:2])
        }
        for part in parts:
            name, side = sides[part.split(" (")[0]]
            assert (values[name] >= MIDDLE[name]) == bool(side)


# ---- the document, the notes and the formats --------------------------------------------------


def make_trained(catalogue):
    """Hold a catalogue together with models written by hand."""
    models = {
        LISTENER_MOOD: LISTENER_MODEL,
        SONG_MOOD: SONG_MODEL,
    }
    return SimpleNamespace(run="0123456789ab", models=models, catalogue=catalogue)


def answer(songs, request, constraints, stand_ins=None):
    with open_songs(songs, stand_ins) as catalogue:
        return answer_request(make_trained(catalogue), request, constraints)


def flags_of(wish):
    """Write each filter as a person types it."""
    flags = [
        (wish.genre, f"--genre {wish.genre}"),
        (wish.year_from, f"--year-from {wish.year_from}"),
        (wish.year_to, f"--year-to {wish.year_to}"),
        (wish.explicit, "--explicit" if wish.explicit else "--no-explicit"),
        (wish.tempo, f"--tempo {format_range(*wish.tempo or (0, 0))}"),
        (wish.popularity, f"--popularity {format_range(*wish.popularity or (0, 0))}"),
    ]
    return [flag for value, flag in flags if value is not None]


class TestNotes:
    def test_enough_songs_need_no_note(self):
        _, notes = answer(
            [make_song("a", "calm", 1.0)], request_for_word("calm"), Constraints(1, genre=None)
        )
        assert notes == []

    @settings(max_examples=200, deadline=None)
    @given(SONGS, WEIGHTS, wishes(), STAND_INS)
    def test_what_a_short_or_empty_list_is_told_by_is_the_reference(
        self, songs, weights, wish, stand_ins
    ):
        if reference(songs, weights, wish, stand_ins)[0]:
            self.check_shortage(songs, weights, wish, stand_ins)
        else:
            self.check_refusal(songs, weights, wish, stand_ins)

    def check_shortage(self, songs, weights, wish, stand_ins):
        """The numbers of a shortage."""
        document, notes = answer(songs, MoodRequest("x", weights), wish, stand_ins)
        shortage = [note for note in notes if " songs: the catalogue has " in note]
        assert len(shortage) == (len(document["songs"]) < wish.n)
        if not shortage:
            return
        (note,) = shortage
        moods = {*weights, *(stand_ins[mood] for mood in weights if mood in stand_ins)}
        asked = [song for song in songs if song["mood"] in moods]
        opening = f"Only {len(document['songs'])}"
        assert note.startswith(f"{opening} of {wish.n} songs: the catalogue has {len(asked)} that")
        single = re.findall(r"; (--[^;]*?) leaves (\d+) \(costs (\d+)\)", note)
        for flag, leaves, costs in single:
            passing = sum(meets(song, single_wish(flag)) for song in asked)
            assert (int(leaves), int(costs)) == (passing, len(asked) - passing)
        asked_for = [wish.genre, wish.year_from, wish.year_to, wish.explicit]
        asked_for += [wish.tempo, wish.popularity]
        assert len(single) == sum(value is not None for value in asked_for)
        assert len({flag for flag, _, _ in single}) == len(single)
        together = re.search("all of these together leave (\\d+)", note)
        if len(single) > 1:
            assert int(together[1]) == sum(meets(song, wish) for song in asked)
        else:
            assert together is None
        _, passed_over = reference(songs, weights, wish, stand_ins)
        crowded = re.search(rf"--max-per-artist {wish.max_per_artist} cost (\d+)", note)
        assert int(crowded[1] if crowded else 0) == passed_over["artist"]
        versions = re.search(r"one version per song cost (\d+)", note)
        assert int(versions[1] if versions else 0) == passed_over["another version"]

    def check_refusal(self, songs, weights, wish, stand_ins):
        """The wishes named are the fewest that leave no song."""
        moods = {*weights, *(stand_ins[mood] for mood in weights if mood in stand_ins)}
        met = {"the mood x": [song["mood"] in moods for song in songs]}
        for flag in flags_of(wish):
            met[flag] = [meets(song, single_wish(flag)) for song in songs]

        def count(flags):
            return sum(all(row) for row in zip(*(met[flag] for flag in flags), strict=True))

        with pytest.raises(SettingsError) as caught:
            answer(songs, MoodRequest("x", weights), wish, stand_ins)
        message = str(caught.value)
        told = re.match(r"(.+?)(?:: the catalogue has no such| contradict each other)", message)
        named = re.split(r", | and ", told[1])
        assert set(named) <= set(met)
        assert len(set(named)) == len(named)
        assert count(named) == 0
        if len(named) > 1:
            for fewer in itertools.combinations(met, len(named) - 1):
                assert count(fewer), f"{fewer} leave no song either"
            for flag in named:
                word = "that meet" if flag.startswith("--") else "of"
                assert f"{count([flag])} {word} {flag}" in message

    def test_a_refusal_word_for_word(self):
        songs = [
            make_song("a", "calm", 1.0, genres="rock", year=1990),
            make_song("b", "calm", 1.0, genres="jazz", year=2020),
            make_song("c", "happy", 1.0, genres="rock", year=2020),
            make_song("d", "happy", 1.0, genres="jazz", year=2020),
        ]
        calm = request_for_word("calm")

        def refusal(asked, **wish):
            with pytest.raises(SettingsError) as caught:
                answer(songs, asked, Constraints(**wish))
            assert caught.value.exit_code == 2
            return str(caught.value)

        assert refusal(calm, genre="rock", year_from=2000) == (
            "the mood calm, --genre rock and --year-from 2000 contradict each other in this "
            "catalogue: it has 2 of the mood calm, 2 that meet --genre rock, "
            "3 that meet --year-from 2000, but no song meets them all; widen or drop one of them"
        )
        assert refusal(calm, genre="folk", year_from=2000) == (
            "--genre folk: the catalogue has no such song; widen or drop this wish"
        )
        assert refusal(request_for_word("happy"), year_to=2000, genre="rock") == (
            "the mood happy and --year-to 2000 contradict each other in this catalogue: it has "
            "2 of the mood happy, 1 that meet --year-to 2000, but no song is both; "
            "widen or drop one of them"
        )
        assert refusal(request_for_word("gloomy")) == (
            "the mood gloomy: the catalogue has no such song; widen or drop this wish"
        )

    def test_songs_never_to_be_played_are_named_where_they_are_all(self):
        songs = [make_song("a", "calm", 1.0, work_id=7), make_song("b", "calm", 1.0, work_id=7)]
        wish = Constraints(never=frozenset([7]))
        with pytest.raises(SettingsError, match=r"^--never, --new or feedback: "):
            answer(songs, request_for_word("calm"), wish)
        songs.append(make_song("c", "happy", 1.0, work_id=8))
        pair = r"^the mood calm and --never, --new or feedback contradict each other"
        with pytest.raises(SettingsError, match=pair):
            answer(songs, request_for_word("calm"), wish)

    def test_a_shortage_word_for_word(self):
        songs = [
            make_song("a", "calm", 5.0, genres="rock", year=1990, work_id=1, artist_id=1),
            make_song("b", "calm", 4.0, genres="rock", year=1991, work_id=1, artist_id=2),
            make_song("c", "calm", 3.0, genres="rock", year=1992, artist_id=1),
            make_song("d", "calm", 2.0, genres="jazz", year=1990),
            make_song("e", "calm", 1.0, genres="rock"),
        ]
        wish = Constraints(3, max_per_artist=1, genre="rock", year_from=1990)
        assert answer(songs, request_for_word("calm"), wish)[1] == [
            "Only 1 of 3 songs: the catalogue has 5 that are calm; --genre rock leaves 4 (costs 1)"
            "; --year-from 1990 leaves 4 (costs 1); all of these together leave 3"
            "; --max-per-artist 1 cost 1; one version per song cost 1."
        ]

    #: Wish, the fact it asks about, and how it is told that no song tells that fact.
    UNTOLD = (
        ({"year_from": 1990}, {"year": 1999}, "its year", "none of them has a known year"),
        (
            {"explicit": False},
            {"explicit": 0},
            "whether it is explicit",
            "of none is it known whether it is explicit",
        ),
        (
            {"popularity": (40, math.inf)},
            {"popularity": 60},
            "its popularity",
            "of none is the popularity known",
        ),
    )

    @pytest.mark.parametrize(("wish", "fact", "what", "_"), UNTOLD)
    def test_a_catalogue_that_tells_nothing_says_so(self, wish, fact, what, _):
        told = {"year": 1980, "explicit": 1, "popularity": 20}
        silent = make_song("a", "calm", 1.0, **told | dict.fromkeys(fact))
        with pytest.raises(SettingsError) as caught:
            answer([silent], request_for_word("calm"), Constraints(2, **wish))
        (flag,) = flags_of(Constraints(**wish))
        assert str(caught.value) == (
            f"{flag}: the catalogue has no such song: none tells {what}; drop this wish"
        )
        with pytest.raises(SettingsError, match="no such song; widen or drop this wish"):
            answer(
                [make_song("a", "calm", 1.0, **told)],
                request_for_word("calm"),
                Constraints(2, **wish),
            )

    @pytest.mark.parametrize(("wish", "fact", "_", "words"), UNTOLD)
    def test_a_mood_that_tells_nothing_says_so(self, wish, fact, _, words):
        # the one song that plays is calm by the listener's own word
        moved = make_song("a", "sad", 1.0, **fact)
        silent = make_song("b", "calm", 1.0)
        taste = SimpleNamespace(corrections={"a": "calm"}, scorer=None)
        with open_songs([moved, silent]) as catalogue:
            document, (note,) = answer_request(
                make_trained(catalogue), request_for_word("calm"), Constraints(2, **wish), taste
            )
        assert [song["song_id"] for song in document["songs"]] == ["a"]
        assert words in note
        assert sum(other in note for _, _, _, other in self.UNTOLD) == 1

    def test_a_stand_in_that_two_moods_share_is_counted_once(self):
        songs = [make_song(name, "sad", 1.0) for name in "abc"]
        request = MoodRequest("x", {"gloomy": 1.0, "melancholic": 1.0})
        stand_ins = {"gloomy": "sad", "melancholic": "sad"}
        (*_, note) = answer(songs, request, Constraints(), stand_ins)[1]
        assert note.startswith("Only 3 of 10 songs: the catalogue has 3 that are gloomy or")

    def test_a_stand_in_is_named_where_it_plays(self):
        songs = [make_song("a", "gloomy", 1.0), make_song("b", "sad", 0.0)]
        for weights in ({"gloomy": 1.0}, {"gloomy": 1.0, "calm": 1.0}):
            request = MoodRequest("x", weights)
            _, notes = answer(songs, request, Constraints(2), {"gloomy": "sad"})
            assert notes == [
                "This catalogue has too few gloomy songs; sad, near it on the plane, stands in."
            ]

    def test_a_stand_in_that_does_not_play_is_not_named(self):
        songs = [make_song("a", "gloomy", 1.0), make_song("b", "sad", 0.0)]
        _, notes = answer(songs, request_for_word("gloomy"), Constraints(1), {"gloomy": "sad"})
        assert notes == []

    def test_one_mood_that_stands_in_for_a_whole_quarter_is_named_once(self):
        stand_ins = {"calm": "sad", "relaxed": "sad"}
        _, notes = answer(
            [make_song("a", "sad", 1.0)], request_for_word("relaxed"), Constraints(1), stand_ins
        )
        assert notes == [
            "This catalogue has too few calm and relaxed songs; sad, near them on the plane, "
            "stands in."
        ]

    def test_a_mood_that_is_asked_for_itself_is_no_stand_in(self):
        songs = [make_song("a", "gloomy", 1.0), make_song("b", "sad", 0.0)]
        _, notes = answer(songs, request_for_word("sad"), Constraints(2), {"gloomy": "sad"})
        assert notes == []

    def test_the_verdicts_are_told(self):
        trained = make_trained(None)
        song_note = "Song model: better than the best guess."
        calm, peaceful = request_for_word("calm"), request_for_word("peaceful")
        assert model_notes(trained, calm, for_listener=False) == [SCORE_NOTE, song_note]
        assert model_notes(trained, calm, for_listener=True)[1] == (
            "Listener model: better than guessing by .1."
        )
        by_distance = "Score: 1 / (1 + distance)."
        assert model_notes(trained, peaceful, for_listener=False) == [by_distance, song_note]

    def test_a_blend_of_two_kinds_tells_both_scores(self):
        notes = model_notes(
            make_trained(None), request_for_moods("calm,peaceful"), for_listener=False
        )
        assert notes[0] == (SCORE_NOTE.partition(";")[0] + "; for peaceful: 1 / (1 + distance).")


class TestListeners:
    LISTENERS = ((1, '{"Age": "20-35"}'), (3, '{"music_expl_method": "Radio"}'))

    def ask(self, listener):
        with open_songs([], listeners=self.LISTENERS) as catalogue:
            return stored_requests(make_trained(catalogue), listener)

    def test_one_of_the_training(self):
        (request,) = self.ask("3")
        assert (request.listener, request.mood) == (3, "social")

    def test_all_of_the_training(self):
        assert [request.listener for request in self.ask("all")] == [1, 3]

    @pytest.mark.parametrize("listener", ["2", "4", "99999999999999999"])
    def test_one_that_is_not_there(self, listener):
        with pytest.raises(SettingsError, match=f"--listener {listener}: .*choose 1 to 3"):
            self.ask(listener)

    def test_a_training_without_listeners(self):
        with open_songs([]) as catalogue, pytest.raises(SettingsError, match="no such listener"):
            stored_requests(make_trained(catalogue), "all")

    @pytest.mark.parametrize("text", ["0", "-1", "1.5", "one", "", "²", "٣", "1" * 30, "ALL"])
    def test_what_is_no_row_number(self, text):
        with pytest.raises(SettingsError, match="give a whole number from 1"):
            listener_number(text)

    def test_new_people(self):
        people = {2: {"Age": "20-35"}, 5: {"Gender": "Female"}}
        trained = make_trained(None)
        assert [r.listener for r in new_requests(trained, people, "all")] == [2, 5]
        assert new_requests(trained, people, "5")[0].mood == "uplifting"
        with pytest.raises(SettingsError, match="the file has no such listener; choose 1 to 5"):
            new_requests(trained, people, "3")


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\0=1",
    "\r=1",
    " =1",
    "\u200e=1",
    "\x1b[2J",
    "\x9b31m",
    "a\nb",
    "\u202egnol",
    'say "a, b"',
    "歌" * 40,
    "e\u0301" * 60,
    "اهلا",
]

TEXTS = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
)


def make_document(texts, **changes):
    """Make a document with hostile titles, artists, genres and ids."""
    songs = []
    for rank, text in enumerate(texts, 1):
        facts = {"title": text, "artist": text[::-1], "genres": "rock", "valence": -0.5}
        song = make_song(text + str(rank), "calm", 1.0, **facts) | {"fit": 0.73, "probability": 0.7}
        songs.append(song)
    ranking = Ranking()
    ranking.songs = songs
    request = request_for_word("calm")
    return playlist_document("0123456789ab", request, ranking, ["quiet (-30.0 dB)"] * len(songs))


class TestDocument:
    def test_the_keys_are_those_that_programs_rely_on(self):
        songs = [make_song("a", "calm", 1.0, genres="jazz;rock", year=1971)]
        document, _ = answer(songs, request_for_word("calm"), Constraints(1))
        assert list(document) == DOCUMENT_KEYS
        (song,) = document["songs"]
        assert list(song) == SONG_DOCUMENT_KEYS
        assert song == {
            "rank": 1,
            "song_id": "a",
            "title": "Title a",
            "artist": "Somebody",
            "genre": "jazz",
            "year": 1971,
            "duration_ms": 200_000,
            "tempo": 120.0,
            "valence": 0.5,
            "energy": 0.6,
            "mood": "calm",
            "score": pytest.approx(0.731059, abs=1e-6),  # 1 / (1 + exp(-1))
            "why": "no feature stands out; 0.424 from calm",
            "distance": pytest.approx(0.3 * math.sqrt(2)),  # from (.8, .3) to (.5, .6)
        }
        assert document["request"] == {"name": "calm", "point": [0.8, 0.3]}
        assert (document["wishes"], document["duration_ms"]) == ([], 200_000)

    def test_the_wishes_are_told_with_the_list_and_with_each_song(self):
        songs = [make_song("a", "calm", 1.0, genres="rock", year=1971)]
        wish = Constraints(1, genre="rock", year_to=1980, tempo=(100, 130))
        document, _ = answer(songs, request_for_word("calm"), wish)
        assert document["wishes"] == ["genre rock", "to 1980", "100-130 bpm"]
        (song,) = document["songs"]
        assert song["why"] == (
            "no feature stands out; 0.424 from calm; genre rock, to 1980, 100-130 bpm"
        )

    @pytest.mark.parametrize(
        ("durations", "whole"), [([], 0), ([1000, 2500], 3500), ([1000, None], None)]
    )
    def test_the_whole_length_is_known_where_each_song_s_is(self, durations, whole):
        ranking = Ranking()
        ranking.songs = [
            make_song(str(n), "calm", 1.0, duration_ms=one) | {"fit": 0.7, "distance": 0.25}
            for n, one in enumerate(durations)
        ]
        asked = {"mood": "calm"}
        document = playlist_document(
            "0123456789ab",
            request_for_word("calm"),
            ranking,
            ["quiet"] * len(durations),
            asked=asked,
            wishes=["year from 1990"],
        )
        assert document["duration_ms"] == whole
        assert (document["request"], document["wishes"]) == (asked, ["year from 1990"])
        assert [song["distance"] for song in document["songs"]] == [0.25] * len(durations)

    def test_the_genre_asked_for_is_the_genre_shown(self):
        songs = [make_song("a", "calm", 1.0, genres="jazz;rock")]
        document, _ = answer(songs, request_for_word("calm"), Constraints(1, genre="Rock"))
        assert document["songs"][0]["genre"] == "rock"

    def test_what_is_unknown_is_null(self):
        songs = [make_song("a", "calm", 1.0, duration_ms=None)]
        document, _ = answer(songs, request_for_word("calm"), Constraints(1))
        song = json.loads(as_json(document))["songs"][0]
        assert (song["genre"], song["year"], song["duration_ms"]) == (None, None, None)

    def test_a_listener_is_described_with_four_chances(self):
        request = request_for_listener(LISTENER_MODEL, {"Age": "20-35"}, 3)
        document, _ = answer([make_song("a", "calm", 1.0)], request, Constraints())
        assert describe_request(document) == (
            "Listener 3: relaxation  (relaxation 73%  uplifting 27%  sadness 0%  social 27%)"
            "  [1 song, 3:20]"
        )
        assert document["moods"] == request.probabilities

    def test_a_mood_by_name_is_described_by_it(self):
        assert describe_request(make_document([])) == "Mood: calm  [0 songs]"
        assert describe_request(make_document(["a", "b"])) == "Mood: calm  [2 songs, 6:40]"
        wished = make_document(["a"]) | {"duration_ms": None, "wishes": ["from 1990", "rock"]}
        assert describe_request(wished) == "Mood: calm  [1 song, from 1990, rock]"

    @pytest.mark.parametrize(
        ("asked", "told"),
        [
            (
                {"name": "valence 0.5, energy 1", "angle": 90.0, "intensity": 1.0},
                "Near valence 0.5, energy 1 (angle 90.0, intensity 1.00)  [1 song, 3:20]",
            ),
            (
                {"name": '"Love" by Somebody', "space": "sound"},
                'Near "Love" by Somebody in sound  [1 song, 3:20]',
            ),
            (
                {
                    "from_name": "angry",
                    "to_name": "calm",
                    "from": [0.2, 0.8],
                    "to": [0.8, 0.3],
                    "smoothness": {"step_deviation": 0.00125},
                },
                "From angry to calm  [1 song, 3:20, step deviation 0.001250]",
            ),
        ],
        ids=["point", "like", "journey"],
    )
    def test_each_way_to_ask_is_described_in_its_own_words(self, asked, told):
        assert describe_request(make_document(["a"]) | {"request": asked}) == told

    def test_a_listener_s_journey_is_described_as_theirs(self):
        asked = {"from_name": "social", "to_name": "calm", "from": [], "to": []}
        changes = {"request": asked, "listener": 2, "moods": {"social": 0.75}}
        assert describe_request(make_document(["a"]) | changes) == (
            "Listener 2: From social to calm  (social 75%)  [1 song, 3:20]"
        )


class TestFormats:
    @given(st.lists(TEXTS, max_size=4))
    def test_json_is_the_document_and_sends_no_control(self, texts):
        document = make_document(texts)
        for ascii_only in (False, True):
            text = as_json(document, ascii_only=ascii_only)
            assert json.loads(text) == document
            assert not {letter for letter in text if is_unsafe(letter)}
            assert text.isascii() or not ascii_only

    @given(st.lists(TEXTS, max_size=4))
    def test_csv_has_no_live_formula_and_sends_no_control(self, texts):
        document = make_document(texts)
        text = as_csv([document])
        assert not {letter for letter in text if is_unsafe(letter)}
        header, *rows = csv.reader(io.StringIO(text))
        assert header == SONG_DOCUMENT_KEYS
        assert len(rows) == len(texts)
        for row in rows:
            song = dict(zip(header, row, strict=True))
            for name in ("song_id", "title", "artist", "genre", "mood", "why"):
                assert not song[name].lstrip(" ").startswith(("=", "+", "-", "@"))
            assert song["valence"] == "-0.5", "a negative number stays a number"

    @pytest.mark.parametrize("text", HOSTILE[:9])
    def test_each_formula_gets_an_apostrophe(self, text):
        assert safe_cell(text).startswith("'")

    @pytest.mark.parametrize("value", [None, -7.5, 0, 3])
    def test_what_is_no_text_is_left_alone(self, value):
        assert safe_cell(value) is value

    @given(st.text(string.ascii_letters + "0123456789'\"; ,.!?éß歌", max_size=20))
    def test_a_harmless_text_is_left_alone(self, text):
        assert safe_cell(text) == text

    def test_csv_names_the_listener_where_asked(self):
        document = make_document(["a"]) | {"listener": 4}
        header, row = csv.reader(io.StringIO(as_csv([document], with_listener=True)))
        assert header == ["listener", *SONG_DOCUMENT_KEYS]
        assert row[0] == "4"

    @given(st.lists(TEXTS, min_size=1, max_size=4))
    def test_the_table_lines_up_and_sends_no_control(self, texts):
        from scripts.console import text_width

        lines = as_table(make_document(texts)).split("\n")
        assert len(lines) == len(texts) + 1
        for line in lines:
            assert not {letter for letter in line if is_unsafe(letter)}
            assert text_width(line) <= 5 + 38 + 26 + 12 + 6 + 60 + 2 * 5
        ends = {text_width(line[: line.rindex("0.7300") + 6]) for line in lines[1:]}
        assert ends == {text_width(lines[0][: lines[0].rindex("Score") + 5])}


def is_unsafe(letter):
    """Tell controls and direction marks by Unicode's own properties."""
    import unicodedata

    turns = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return letter != "\n" and (
        unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(letter) in turns
        or letter in "\u061c\u200e\u200f"
    )


class TestPrinting:
    OPTIONS = {  # noqa: RUF012
        "n": 2,
        "max_per_artist": 2,
        "genre": None,
        "genre_like": None,
        "year_from": None,
        "year_to": None,
        "explicit": None,
        "minutes": None,
        "tempo": None,
        "popularity": None,
        "never": None,
        "variety": 0.0,
        "surprise": None,
        "format": None,
        "save": None,
        "plot": None,
        "listener": "1",
        "for_listener": True,
        "output": "no such folder",
        "profile": "default",
    }

    def print_for(self, requests, songs, **options):
        with open_songs(songs) as catalogue:
            return print_playlists(
                make_trained(catalogue), requests, SimpleNamespace(**self.OPTIONS | options)
            )

    def test_the_table_goes_out_and_the_notes_do_not(self, capsys):
        request = request_for_listener(LISTENER_MODEL, {}, 1)
        assert self.print_for([request], [make_song("a", "calm", 1.0)]) == 0
        seen = capsys.readouterr()
        self.print_for([request], [make_song("a", "calm", 1.0)], format="table")
        assert capsys.readouterr() == seen, "a table is what comes without a format"
        assert seen.out.startswith("Listener 1: relaxation")
        assert "Title a" in seen.out
        assert seen.err.splitlines() == [
            "Only 1 of 2 songs: the catalogue has 1 that are relaxed or calm.",
            SCORE_NOTE,
            "Listener model: better than guessing by .1.",
            "Song model: better than the best guess.",
        ]

    def test_notes_name_the_listener_where_there_are_several(self, capsys):
        requests = [request_for_listener(LISTENER_MODEL, {}, n) for n in (1, 2)]
        self.print_for(requests, [make_song("a", "calm", 1.0)], listener="all")
        seen = capsys.readouterr()
        assert seen.out.count("Title a") == 2
        assert seen.err.startswith("Listener 1: Only 1 of 2 songs: the catalogue has 1 that are")
        assert "Listener 2: Only 1 of 2 songs" in seen.err

    def test_no_song_for_a_request_prints_nothing(self, capsys):
        requests = [request_for_word("calm"), request_for_word("angry")]
        with pytest.raises(SettingsError, match="the mood angry: the catalogue has no such song"):
            self.print_for(requests, [make_song("a", "calm", 1.0)], listener="all")
        assert capsys.readouterr().out == ""

    def test_json_for_all_is_a_list_even_of_one(self, capsys):
        request = request_for_listener(LISTENER_MODEL, {}, 1)
        songs = [make_song(name, "calm", 1.0) for name in "ab"]
        self.print_for([request], songs, format="json", listener="all")
        assert [one["listener"] for one in json.loads(capsys.readouterr().out)] == [1]
        self.print_for([request], songs, format="json")
        seen = capsys.readouterr()
        assert json.loads(seen.out)["listener"] == 1
        assert seen.err == ""

    def test_csv_for_all_names_the_listener_even_of_one(self, capsys):
        request = request_for_listener(LISTENER_MODEL, {}, 1)
        songs = [make_song("a", "calm", 1.0)]
        self.print_for([request], songs, format="csv", listener="all")
        assert capsys.readouterr().out.startswith("listener,rank,")
        self.print_for([request], songs, format="csv")
        assert capsys.readouterr().out.startswith("rank,")
