"""The mood of the last session, the parts of taste, and journeys by taste."""

from __future__ import annotations

import itertools
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
from catalogues import make_song, make_trained, open_songs, ranked
from hypothesis import given
from hypothesis import strategies as st
from test_history_answer import taste_of

from scripts.evaluation.taste_card import MODEL_TEXTS
from scripts.moods.vocabulary import SONG_MOODS, SPOKEN
from scripts.playlists import history
from scripts.playlists.constraints import Constraints
from scripts.playlists.history_notes import MODEL_NAMES
from scripts.playlists.history_order import TasteOrder
from scripts.playlists.history_session import (
    GAP_SECONDS,
    MOST_DRAWN,
    last_plays,
    mean_and_spread,
    nearest_mood,
    read_session,
    spread_limit,
)
from scripts.playlists.history_sound import Curve, Sound
from scripts.playlists.history_taste import PARTS, WEIGHTS, SongTaste, Weighing, near_genres
from scripts.playlists.history_travel import FURTHER, ROUGHER
from scripts.playlists.ranking import rank_songs
from scripts.playlists.request import request_for_journey
from scripts.playlists.words import request_for_word
from scripts.store import taste as store_taste

RNG = np.random.default_rng(3)
SONGS = ranked(
    [
        make_song(
            f"{n:03d}",
            SPOKEN if n % 50 == 7 else "calm",
            0.0,
            title=f"T{n}",
            artist=f"A{n % 40}",
            artist_id=n % 40,
            genres=("rock", "jazz", "folk")[n % 3],
            valence=round(float(RNG.uniform()), 3),
            energy=round(float(RNG.uniform()), 3),
            tempo_bpm=float(RNG.uniform(60, 180)),
        )
        for n in range(400)
    ]
)


@pytest.fixture(scope="module")
def catalogue():
    with open_songs(SONGS) as opened:
        yield opened


def plays_of(songs, *, step=240):
    return [(1_000_000 + step * n, s["artist"], s["title"], "", None) for n, s in enumerate(songs)]


def session_of(catalogue, songs, **options):
    _, joined = taste_of(catalogue, SONGS, [(SONGS.index(song), 1) for song in songs])
    joined.rank_of = {(s["artist"], s["title"], ""): s["rank"] for s in songs}
    options = {"has_times": True, "step": 240} | options
    plays = plays_of(songs, step=options["step"])
    return read_session(catalogue, joined, plays, has_times=options["has_times"])


# ---- sessions ---------------------------------------------------------------------------------


def test_a_gap_ends_a_session():
    early, late = plays_of(SONGS[:3]), plays_of(SONGS[3:6])
    shift = early[-1][0] - late[0][0]
    for gap, n in ((GAP_SECONDS, 6), (GAP_SECONDS + 1, 3)):
        moved = [(when + shift + gap, *rest) for when, *rest in late]
        assert len(last_plays(early + moved)) == n
    assert last_plays([(None, "a", "b", "", None), *late]) == late
    assert last_plays([]) == []


@pytest.mark.parametrize("mood", SONG_MOODS)
def test_a_mood_is_nearest_to_its_own_place(mood):
    place = SONG_MOODS[mood][:2]
    assert SONG_MOODS[nearest_mood(place)][:2] == place


def test_songs_that_lie_together_have_a_mood(catalogue):
    songs = [s for s in SONGS if s["mood"] != SPOKEN]
    near = sorted(songs, key=lambda s: math.dist((0.2, 0.3), (s["valence"], s["energy"])))[:5]
    session = session_of(catalogue, near)
    assert session.mood == "melancholic"
    assert (session.n_plays, session.n_songs) == (5, 5)
    assert session.works == {song["work_id"] for song in near}
    assert session.spread == mean_and_spread([(s["valence"], s["energy"]) for s in near])[1]


def test_what_keeps_a_session_from_having_a_mood(catalogue):
    songs = [s for s in SONGS if s["mood"] != SPOKEN]
    spoken = [s for s in SONGS if s["mood"] == SPOKEN]
    assert "only 2 of its songs are in" in session_of(catalogue, songs[:2]).why
    assert "only 1 of its songs is in" in session_of(catalogue, [songs[0], *spoken[:4]]).why
    assert "only 1 of its songs is in" in session_of(catalogue, songs[:4], step=9999).why
    assert "none of its listens has a time" in (
        session_of(catalogue, songs[:4], has_times=False).why
    )
    assert "none of its songs is in" in session_of(catalogue, spoken[:2]).why
    wide = [
        max(songs, key=lambda s, k=k: k[0] * s["valence"] + k[1] * s["energy"])
        for k in ((1, 1), (1, -1), (-1, 1), (-1, -1))
    ]
    session = session_of(catalogue, wide)
    assert session.mood is None
    assert "spread over" in session.why
    assert session.describe()["abstained"] == session.why


def test_songs_taken_at_random_hardly_ever_have_a_mood(catalogue):
    places = [(s["valence"], s["energy"]) for s in SONGS if s["mood"] != SPOKEN]
    for n in (3, 5, 8):
        limit = spread_limit(catalogue, n)
        draws = [RNG.choice(len(places), n, replace=False) for _ in range(600)]
        tight = sum(mean_and_spread([places[i] for i in draw])[1] < limit for draw in draws)
        assert tight / 600 < 0.09


def test_the_limit_rises_with_the_songs_and_then_stays(catalogue):
    limits = [spread_limit(catalogue, n) for n in (3, 5, MOST_DRAWN, 40)]
    assert limits[0] < limits[1] < limits[2] == limits[3]
    assert spread_limit(catalogue, 3) == limits[0]


# ---- the parts of taste -----------------------------------------------------------------------


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60), st.floats(-200, 200))
def test_a_curve_rises_within_its_ends(values, x):
    curve = Curve(values)
    assert -1.89 <= curve.score(x) <= 1.89
    assert curve.score(x) <= curve.score(x + 1) + 1e-9
    assert curve.score(min(values)) <= curve.score(max(values))


def test_the_sound_of_what_was_played_scores_best(catalogue):
    rows = catalogue.execute("SELECT * FROM songs ORDER BY rank").fetchall()
    fast = {row[0]: row for row in rows if row[24] > 150}
    sound = Sound(catalogue, fast, dict.fromkeys(fast, 2))
    scores = {row[0]: sound.log_ratio(row) for row in rows}
    slow = [scores[row[0]] for row in rows if row[24] < 90]
    assert np.mean([scores[rank] for rank in fast]) > np.mean(slow) + 1
    assert sound.centre[8] > 150


def test_a_part_that_knows_nothing_counts_as_the_mean(catalogue):
    taste, _ = taste_of(catalogue, SONGS, [(3, 9)])
    rows = catalogue.execute("SELECT * FROM songs ORDER BY rank LIMIT 50").fetchall()
    weighing = Weighing(taste, rows)
    parts = [dict(zip(PARTS, weighing.parts_of(row), strict=True)) for row in rows]
    assert {part["listeners"] for part in parts} == {0.0}
    for name in ("genre", "sound"):
        assert np.mean([part[name] for part in parts]) == pytest.approx(0, abs=1e-9)
        assert np.std([part[name] for part in parts]) == pytest.approx(1)
    row = rows[0]
    total = sum(WEIGHTS[name] * value for name, value in parts[0].items())
    assert weighing.score(row) == pytest.approx(total)


def test_genres_are_near_by_the_map(catalogue):
    vectors = {"rock": (1.0, 0.0), "folk": (0.8, 0.6), "jazz": (0.0, 1.0)}
    ids = dict(catalogue.execute("SELECT name, genre_id FROM genres"))
    catalogue.executemany(
        "INSERT INTO genre_map VALUES (?, ?, 1, 0, 0, 0, '[]', ?)",
        [(name, ids[name], np.array(v, "<f4").tobytes()) for name, v in vectors.items()],
    )
    near = near_genres(catalogue, {"rock": 1.0})
    assert near == {"rock": 1.0, "folk": pytest.approx(0.8), "jazz": 0.0}
    catalogue.execute("DELETE FROM genre_map")
    assert near_genres(catalogue, {"rock": 1.0}) == {"rock": 1.0, "folk": 0.0, "jazz": 0.0}
    assert near_genres(catalogue, {}) == {}


FACTS = {
    "model": "ease",
    "judged": {
        "models": [
            {"name": "popularity", "ndcg@10": 0.06, "ndcg@10 interval": [0.05, 0.07]},
            {"name": "ease", "ndcg@10": 0.2, "ndcg@10 interval": [0.19, 0.21]},
        ],
        "beside_popularity": {"ease": {"verdict": "significantly above popularity"}},
    },
}


def test_a_model_of_taste_takes_part(catalogue, monkeypatch):
    asked = []

    class Model:
        def scores_of(self, items, listens):
            asked.append((items.tolist(), listens.tolist()))
            return np.array([0.0, 9.0, 1.0], np.float32)

    catalogue.execute("DELETE FROM artists")
    catalogue.executemany(
        "INSERT INTO artists VALUES (?, ?, ?)", [("a3", 3, 0), ("a4", 4, 1), ("far", None, 2)]
    )
    monkeypatch.setattr(store_taste, "has_taste", lambda _: True)
    monkeypatch.setattr(store_taste, "read_taste_facts", lambda _: FACTS)
    monkeypatch.setattr(store_taste, "open_taste_arrays", lambda _: {})
    monkeypatch.setattr("scripts.learning.taste.model_from_arrays", lambda _: Model())
    heard = {("A3", "T3", ""): 5, ("Far", "Away", ""): 2}
    joined = history.join_history(catalogue, heard)
    listening = history.Listening(joined, {"rows": 7}, [], has_times=False)
    history.give_taste(make_trained(catalogue), listening)
    assert asked == [([0, 2], [5.0, 2.0])]
    assert listening.order.taste.listeners == {3: 0.0, 4: 9.0}
    found = rank_songs(
        catalogue, request_for_word("calm"), Constraints(300), order=listening.order
    ).songs
    told = {s["artist_id"]: listening.order.explain(s) for s in found}
    assert "listeners who play what you play also play this artist" in told[4]
    assert listening.describe()["model"] == "ease"
    assert listening.notes()[1] == (
        "Taste model: EASE; it finds hidden artists of listeners it never saw with an NDCG@10 of "
        ".200 [.190, .210]; always naming the most played artists reaches .060 [.050, .070]."
    )
    catalogue.execute("DELETE FROM artists")


UNTRUSTED = [
    FACTS | {"answers_use": False, "why": "it is no better on the listeners who tested"},
    FACTS
    | {
        "judged": FACTS["judged"]
        | {"beside_popularity": {"ease": {"verdict": "not shown to be above popularity"}}}
    },
]


@pytest.mark.parametrize("facts", UNTRUSTED, ids=["told", "judged"])
def test_a_model_not_shown_to_be_above_popularity_takes_no_part(catalogue, monkeypatch, facts):
    def fail(_):
        raise AssertionError("it is not asked")

    catalogue.execute("DELETE FROM artists")
    catalogue.executemany("INSERT INTO artists VALUES (?, ?, ?)", [("a3", 3, 0), ("far", None, 2)])
    monkeypatch.setattr(store_taste, "has_taste", lambda _: True)
    monkeypatch.setattr(store_taste, "read_taste_facts", lambda _: facts)
    monkeypatch.setattr(store_taste, "open_taste_arrays", fail)
    trained = make_trained(catalogue)
    joined = history.join_history(catalogue, {("A3", "T3", ""): 5})
    listening = history.Listening(joined, {"rows": 5}, [], has_times=False)
    history.give_taste(trained, listening)
    assert listening.order.taste.listeners == {}
    told = listening.describe()
    assert (told["model"], told["weights"]["listeners"]) == (None, 0.0)
    assert "listeners" not in listening.notes()[0]
    assert re.match("Taste model: EASE; it takes no part: it is (no|not) ", listening.notes()[1])
    # an artist that the model alone knows tells nothing then
    far = history.Listening(
        history.join_history(catalogue, {("Far", "Away", ""): 2}), {}, [], has_times=False
    )
    history.give_taste(trained, far)
    assert far.order is None
    catalogue.execute("DELETE FROM artists")


def test_models_are_called_as_training_calls_them():
    assert MODEL_NAMES == MODEL_TEXTS


# ---- journeys ---------------------------------------------------------------------------------


def way(start=(0.2, 0.8), end=(0.8, 0.3)):
    ends = [
        SimpleNamespace(mood=str(at), asked={}, listener=None, probabilities={}, notes=())
        for at in (start, end)
    ]
    return request_for_journey(*ends, (start, end))


def unevenness(songs):
    steps = [
        (b["valence"] - a["valence"], b["energy"] - a["energy"])
        for a, b in itertools.pairwise(songs)
    ]
    mean = [sum(step[i] for step in steps) / len(steps) for i in (0, 1)]
    return math.sqrt(sum(math.dist(step, mean) ** 2 for step in steps) / len(steps))


@pytest.mark.parametrize("n", [3, 6, 10])
@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_journey_by_taste_stays_smooth(catalogue, n, share):
    taste, _ = taste_of(catalogue, SONGS, [(i, 5) for i in range(0, 400, 9)])
    plain = rank_songs(catalogue, way(), Constraints(n)).songs
    liked = rank_songs(catalogue, way(), Constraints(n), order=TasteOrder(taste, share)).songs
    assert len(liked) == n
    assert unevenness(liked) <= unevenness(plain) + ROUGHER + 1e-9
    furthest = max(song["distance"] for song in plain)
    assert max(song["distance"] for song in liked) <= furthest + FURTHER + 1e-9
    again = rank_songs(catalogue, way(), Constraints(n), order=TasteOrder(taste, share)).songs
    assert again == liked


def test_a_dense_journey_goes_by_songs_that_are_liked():
    rng = np.random.default_rng(8)
    songs = ranked(
        [
            make_song(f"{n:04d}", "calm", 0.0, title=f"T{n}", artist=f"A{n}", artist_id=n)
            | {
                "valence": round(float(rng.uniform()), 4),
                "energy": round(float(rng.uniform()), 4),
                "acousticness": (0.05, 0.95)[n % 2],
            }
            for n in range(5_000)
        ]
    )
    with open_songs(songs, leaf_size=16) as opened:
        acoustic = [i for i, song in enumerate(songs) if song["acousticness"] > 0.5]
        taste, _ = taste_of(opened, songs, [(i, 1) for i in acoustic[:200]])
        plain = rank_songs(opened, way(), Constraints(10)).songs
        liked = rank_songs(opened, way(), Constraints(10), order=TasteOrder(taste, 0.65)).songs
        n_plain, n_liked = (
            sum(song["acousticness"] > 0.5 for song in journey) for journey in (plain, liked)
        )
        assert n_liked >= 9 > n_plain


def test_a_journey_over_few_songs_is_as_without_taste():
    songs = ranked(
        [
            make_song(str(n), "calm", 0.0, title=f"T{n}", artist_id=n)
            | {"valence": 0.2 + 0.2 * n, "energy": 0.8 - 0.15 * n}
            for n in range(4)
        ]
    )
    with open_songs(songs) as opened:
        taste, _ = taste_of(opened, songs, [(0, 3)])
        plain = rank_songs(opened, way(), Constraints(4)).songs
        liked = rank_songs(opened, way(), Constraints(4), order=TasteOrder(taste, 1.0)).songs
        assert liked == plain


def test_taste_of_nothing_heard_is_even(catalogue):
    joined = history.join_history(catalogue, {})
    taste = SongTaste(catalogue, joined)
    rows = catalogue.execute("SELECT * FROM songs LIMIT 9").fetchall()
    assert {Weighing(taste, rows).score(row) for row in rows} == {0.0}
