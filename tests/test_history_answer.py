"""Answers with a listener's own history: every way to ask, every option, and what is never told."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import random
import re
import shutil
import sqlite3

import pytest
from catalogues import catalogues, make_song, open_songs, ranked
from histories_made import PRIVATE, play, write_plays
from hypothesis import given
from hypothesis import strategies as st
from test_answering import HEAVY, SLOW_STANDARD, loaded_modules

from scripts.formats.documents import SONG_KEYS, describe_request
from scripts.moods.vocabulary import SPOKEN
from scripts.playlists.constraints import Constraints
from scripts.playlists.history_join import Joined, join_history
from scripts.playlists.history_notes import count_left_out, tell_history, tell_left_out
from scripts.playlists.history_order import (
    FEWEST_NEAR,
    NEAR_SHARE,
    TasteOrder,
    normal_score,
    percentiles,
)
from scripts.playlists.history_taste import SongTaste
from scripts.playlists.options import parse_options
from scripts.playlists.ranking import rank_songs
from scripts.playlists.request import MoodRequest
from scripts.playlists.words import request_for_moods, request_for_point
from scripts.text.names import artist_key

WAYS = [
    ["--mood", "calm"],
    ["--mood", "calm:2,happy:1"],
    ["--point", "0.7,0.4"],
    ["--angle", "320", "--intensity", "0.4"],
    ["--listener", "2"],
    ["--from", "angry", "--to", "calm", "-n", "5"],
]


@pytest.fixture(scope="session")
def catalogue_songs(sample_set):
    """Titles, artists, ids and works of the sample's songs."""
    (path,) = sample_set.glob("models/*/catalogue.sqlite")
    names = ["song_id", "title", "artist", "artist_id", "work_id", "mood_id", "valence", "energy"]
    with contextlib.closing(sqlite3.connect(path)) as catalogue:
        rows = catalogue.execute(f"SELECT {', '.join(names)} FROM songs ORDER BY rank").fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.fixture(scope="session")
def history(catalogue_songs, tmp_path_factory):
    """A history of a twentieth of the sample's songs, some by id, some by name, some unknown."""
    plays = []
    for n, song in enumerate(catalogue_songs[::20]):
        named = song | {"song_id": ("x" * 22, song["song_id"])[n % 3 > 0]}
        plays += [play(named, minute=5 * n + 7 * i) for i in range(1 + n % 4)]
    plays += [play({"title": "Unheard", "artist": "Nobody", "song_id": "y" * 22}, minute=1)]
    plays += [play(catalogue_songs[1], ms=4_000), play(catalogue_songs[2], skipped=True)]
    folder = tmp_path_factory.mktemp("private-folder-name")
    return write_plays(folder / "secret-file-name.json", plays)


@pytest.fixture
def ask(sample_set, run_on):
    return lambda *arguments: run_on(sample_set, *arguments)


@pytest.fixture
def document_of(ask):
    def read(*arguments):
        code, out, notes = ask(*arguments, "--format", "json")
        assert code == 0, notes
        return json.loads(out)

    return read


def ids_of(document):
    return [song["song_id"] for song in document["songs"]]


# ---- every way to ask -------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
class TestWays:
    def test_the_answer_says_how_the_history_took_part(self, ask, history, way):
        code, out, notes = ask(*way, "--history", history)
        assert code == 0
        assert re.search(r", by your history \(taste \.8\)  [\[(]", out.splitlines()[0])
        assert re.search(
            r"^History: [\d,]+ plays, [\d,]+ listens \(1 shorter than 30 s, 1 skipped\); of "
            r"[\d,]+ songs this catalogue knows \d+% by id, \d+% by name\.$",
            notes,
            re.MULTILINE,
        )
        assert "\nTaste: " in notes
        assert "the surest come first" not in notes

    def test_the_same_again(self, ask, history, way):
        assert ask(*way, "--history", history) == ask(*way, "--history", history)

    def test_a_taste_of_0_is_the_list_without_a_history(self, document_of, history, way):
        plain = document_of(*way)
        weighed = document_of(*way, "--history", history, "--taste", "0")
        assert "history" not in describe_request(weighed)
        assert weighed["songs"] == plain["songs"]
        assert weighed["request"].pop("history")["taste"] == 0
        assert weighed == plain

    def test_taste_moves_the_list(self, document_of, history, way):
        liked = document_of(*way, "--history", history, "--taste", "1")
        assert ids_of(liked) != ids_of(document_of(*way))
        assert all(0 <= song["taste"] <= 1 for song in liked["songs"] if song["taste"] is not None)

    def test_new_gives_nothing_that_was_played(self, document_of, history, catalogue_songs, way):
        played = {song["work_id"] for song in catalogue_songs[::20]}
        works = {song["song_id"]: song["work_id"] for song in catalogue_songs}
        document = document_of(*way, "--history", history, "--new", "--taste", "1")
        assert document["request"]["history"]["new"] is True
        assert document["songs"]
        assert not {works[song_id] for song_id in ids_of(document)} & played

    def test_nothing_private_is_told(self, ask, history, way, tmp_path):
        told = "".join(ask(*way, "--history", history)[1:])
        for form in ("json", "csv", "xspf"):
            told += ask(*way, "--history", history, "--format", form)[1]
        saved = tmp_path / "list.m3u8"
        told += "".join(ask(*way, "--history", history, "--save", str(saved))[1:])
        told += saved.read_text(encoding="utf-8")
        for secret in (*PRIVATE.values(), "private-folder-name", "secret-file-name"):
            assert secret not in told
        assert not re.search(r"you play this artist[^;]*\d", told)


def test_a_sentence_and_a_history(document_of, history):
    said = ["--say", "a quiet evening"]
    liked = document_of(*said, "--history", history, "--taste", "1", "--new")
    assert ids_of(liked) != ids_of(document_of(*said))
    assert liked["request"]["said"] == "a quiet evening"


@pytest.mark.parametrize(
    "wish",
    [
        ["--variety", "0.5"],
        ["--surprise", "3"],
        ["--minutes", "25"],
        ["--genre", "rock"],
        ["--max-per-artist", "1"],
        ["-n", "60"],
    ],
    ids=" ".join,
)
def test_wishes_hold_with_a_history(document_of, history, wish):
    document = document_of("--mood", "calm:1,tense:1", "--history", history, *wish)
    assert {song["mood"] for song in document["songs"]} == {"calm", "tense"}
    if wish[0] == "--minutes":
        assert abs(document["duration_ms"] - 25 * 60_000) <= 30_000
    if wish[0] == "--genre":
        assert {song["genre"] for song in document["songs"]} == {"rock"}


def test_feedback_and_history_together(run_on, history, sample_set, tmp_path):
    shutil.copytree(sample_set, tmp_path / "output")

    def answer(*arguments):
        code, out, notes = run_on(tmp_path / "output", *arguments)
        assert code == 0, notes
        return json.loads(out or "null")

    calm = ["--mood", "calm", "--format", "json"]
    plain = answer(*calm, "--history", history)
    answer("--feedback", "like", plain["songs"][-1]["song_id"])
    both = answer(*calm, "--history", history)
    assert both["request"]["profile"]["likes"] == 1
    assert both["request"]["history"]["taste"] == 0.8
    assert answer(*calm, "--history", history, "--taste", "0")["songs"] == answer(*calm)["songs"]


# ---- histories that tell little ---------------------------------------------------------------


UNKNOWN = [play({"title": f"T{n}", "artist": f"Nobody {n}"}, minute=n) for n in range(5)]


def test_nothing_known_leaves_the_list_as_it_is(ask, document_of, tmp_path):
    path = write_plays(tmp_path / "h.json", UNKNOWN)
    given_one = ["--mood", "calm", "--history", path]
    assert document_of(*given_one)["songs"] == document_of("--mood", "calm")["songs"]
    notes = ask(*given_one)[2]
    assert "nothing in it is known here, so the list is the one without it." in notes
    assert "Taste:" not in notes


def test_nothing_known_and_nothing_else_asked(ask, tmp_path):
    code, out, notes = ask("--history", write_plays(tmp_path / "h.json", UNKNOWN))
    assert (code, out) == (2, "")
    assert "neither a mood nor a taste; ask with --mood" in notes


def test_nothing_counts(ask, document_of, tmp_path, catalogue_songs):
    path = write_plays(tmp_path / "h.json", [play(song, ms=900) for song in catalogue_songs[:4]])
    document = document_of("--mood", "calm", "--history", path)
    assert document["songs"] == document_of("--mood", "calm")["songs"]
    assert document["request"]["history"]["left_out"]["too_short"] == 4
    told = ask("--mood", "calm", "--history", path)[2]
    assert "nothing in it counts, so the list is the one without it." in told
    code, out, told = ask("--history", path)
    assert (code, out) == (2, "")
    assert "(4 shorter than 30 s); nothing in it counts.\n" in told
    assert "no play in it counts" in told
    assert "let shorter plays count with --min-play-seconds" in told
    shorter = document_of("--mood", "calm", "--history", path, "--min-play-seconds", "0.5")
    assert shorter["request"]["history"]["listens"] == 4


def test_every_play_is_a_listen_or_left_out_for_a_reason(ask, document_of, tmp_path):
    song = {"title": "T", "artist": "A"}
    plays = [
        *[play(song), play(song), play(song, ms=1_000), play(song, minute=9, skipped=True)],
        *[play({"title": "T"}), play({"title": "T", "artist": ""}), play({"artist": "A"})],
        *[play({}, episode_name="E", spotify_episode_uri="spotify:episode:1"), "no record"],
        play({"title": 7, "artist": "A"}),
    ]
    path = write_plays(tmp_path / "h.json", plays)
    history = document_of("--mood", "calm", "--history", path)["request"]["history"]
    assert history["plays"] == len(plays)
    assert history["plays"] == history["listens"] + sum(history["left_out"].values())
    assert min(history["left_out"].values()) > 0
    assert "2 without an artist" in ask("--mood", "calm", "--history", path)[2]


def test_a_reason_unknown_here_is_told_by_its_name():
    counts = {"rows": 5, "listens": 2, "files": 1, "no date": 2, "too short": 1, "odd": 2}
    left_out = count_left_out(counts)
    assert counts["rows"] == counts["listens"] + sum(left_out.values())
    assert tell_left_out(counts, 0.5) == " (1 shorter than 0.5 s, 2 odd)"
    assert tell_left_out({"rows": 1}, 30) == ""


def test_only_what_is_known_is_told():
    joined = Joined()
    joined.counts |= {"songs": 1, "by_name": 1, "listens": 1}
    joined.artists[3] = 1
    counts = {"rows": 1, "listens": 1, "ignored files": 1}
    assert tell_history(counts, joined, 30) == (
        "History: 1 play, 1 listen; of 1 song this catalogue knows 100% by name. 1 file beside it "
        "was not used (no history, or told by another file)."
    )
    joined.counts |= {"songs": 0, "by_name": 0}
    assert "; this catalogue has 1 artist of it." in tell_history(counts, joined, 30)
    joined.artists, joined.items = {}, {1: 1, 2: 1}
    told = "knows nothing in it, but the model of taste knows 2 artists."
    assert told in tell_history(counts, joined, 30, by_model=True)
    assert "so the list is the one without it" in tell_history(counts, joined, 30)


def test_csv_has_taste_where_a_history_took_part(ask, document_of, history):
    asked = ["--mood", "calm", "--format", "csv"]
    plain, liked = (
        list(csv.DictReader(io.StringIO(ask(*asked, *more)[1])))
        for more in ([], ["--history", history])
    )
    assert list(plain[0]) == list(SONG_KEYS)
    assert list(liked[0]) == [*SONG_KEYS, "taste"]
    songs = document_of("--mood", "calm", "--history", history)["songs"]
    assert [float(row["taste"]) for row in liked] == [song["taste"] for song in songs]


def test_several_histories_are_one(document_of, tmp_path, catalogue_songs):
    songs = catalogue_songs[:300:10]
    parts = [
        write_plays(tmp_path / f"{n}.json", [play(song, minute=i) for i, song in enumerate(part)])
        for n, part in enumerate((songs[:10], songs[10:]))
    ]
    whole = write_plays(tmp_path / "all.json", [play(song) for song in songs])
    both = document_of("--mood", "calm", "--history", parts[0], "--history", parts[1])
    assert both["songs"] == document_of("--mood", "calm", "--history", whole)["songs"]


# ---- asked by the history alone ---------------------------------------------------------------


def session_of(songs, **changes):
    return [play(song, minute=4 * n, **changes) for n, song in enumerate(songs)]


@pytest.fixture
def near_calm(catalogue_songs):
    place = (0.8, 0.3)
    works = {song["work_id"]: song for song in catalogue_songs}.values()
    return sorted(works, key=lambda song: math.dist(place, (song["valence"], song["energy"])))[:6]


class TestAlone:
    def test_the_last_session_goes_on(self, ask, document_of, tmp_path, near_calm, catalogue_songs):
        before = [play(song, minute=n - 5_000) for n, song in enumerate(catalogue_songs[::50])]
        path = write_plays(tmp_path / "h.json", before + session_of(near_calm))
        code, out, notes = ask("--history", path)
        assert code == 0
        assert re.match(
            r"Near your last session \(valence 0\.[78]\d, energy 0\.[23]\d\), by your history "
            r"\(taste \.8\)  \[",
            out,
        )
        assert "Your last session (2024-03-01, 6 songs) was calm: around valence 0." in notes
        assert " from your last session" in out
        document = document_of("--history", path)
        session = document["request"]["history"]["session"]
        assert (session["mood"], session["songs"], session["abstained"]) == ("calm", 6, None)
        assert session["day"] == "2024-03-01"
        assert not {"from", "to"} & set(session)
        assert session["spread"] < session["limit"]
        assert math.dist(session["point"], (0.8, 0.3)) < 0.1
        assert not set(ids_of(document)) & {song["song_id"] for song in near_calm}

    def test_too_few_songs(self, ask, tmp_path, near_calm):
        code, out, notes = ask(
            "--history", write_plays(tmp_path / "h.json", session_of(near_calm[:2]))
        )
        assert code == 0
        assert out.startswith("Mood: what you like to play, by your history alone  [")
        assert (
            "Your last session (2024-03-01) tells no mood: only 2 of its songs are in this "
            "catalogue, and at least 3 are needed. The list goes by your taste alone; choose a "
            "mood with --mood.\n" in notes
        )
        # nothing that the songs could be far from
        assert " from " not in out

    def test_a_weight_of_taste_without_a_mood_is_told(self, ask, tmp_path, near_calm):
        path = write_plays(tmp_path / "h.json", session_of(near_calm[:2]))
        told = "--taste 0.3 has no mood to be weighed against.\n"
        assert told in ask("--history", path, "--taste", "0.3")[2]
        assert "weighed against" not in ask("--history", path, "--taste", "1")[2]
        assert told not in ask("--history", path, "--taste", "0.3", "--mood", "calm")[2]

    def test_a_wide_session(self, ask, tmp_path, catalogue_songs):
        corners = [
            min(catalogue_songs, key=lambda s, c=c: math.dist(c, (s["valence"], s["energy"])))
            for c in ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
        ]
        notes = ask("--history", write_plays(tmp_path / "h.json", session_of(corners)))[2]
        assert re.search(r"its 4 songs spread over 0\.\d\d of the plane, not clearly less", notes)

    def test_no_times(self, ask, tmp_path, near_calm):
        plays = session_of(near_calm, ts="1970-01-01T00:00:00Z")
        notes = ask("--history", write_plays(tmp_path / "h.json", plays))[2]
        assert (
            "The times of all of them could not be read "
            "(1970, later than the file, or written in a way not known here)" in notes
        )
        assert (
            "Your history tells no last session: none of its listens has a time that could be read"
            in notes
        )
        one = ["--history", write_plays(tmp_path / "h.json", [*plays, *session_of(near_calm[:1])])]
        assert f"The times of {len(plays)} listens could not be read" in ask(*one)[2]

    def test_taste_alone_walks_every_mood_but_spoken(self, document_of, history):
        document = document_of("--history", history, "-n", "80", "--max-per-artist", "80")
        songs = document["songs"]
        assert len(songs) == 80
        assert len({song["mood"] for song in songs}) > 3
        assert SPOKEN not in {song["mood"] for song in songs}
        tastes = [song["taste"] for song in songs]
        assert tastes == sorted(tastes, reverse=True)

    def test_wishes_hold_for_taste_alone(self, document_of, history):
        document = document_of("--history", history, "--genre", "rock", "--new", "-n", "30")
        assert {song["genre"] for song in document["songs"]} == {"rock"}

    def test_a_journey_begins_where_the_session_was(self, ask, tmp_path, near_calm):
        path = write_plays(tmp_path / "h.json", session_of(near_calm))
        code, out, _ = ask("--history", path, "--to", "angry", "-n", "5")
        assert code == 0
        assert out.startswith("From calm to angry, beginning at your last session, by your ")
        path = write_plays(tmp_path / "h.json", session_of(near_calm[:1]))
        code, out, notes = ask("--history", path, "--to", "angry", "-n", "5")
        assert (code, out) == (2, "")
        assert "say with --from where the journey begins" in notes

    def test_no_mood_and_no_taste(self, ask, tmp_path, near_calm):
        path = write_plays(tmp_path / "h.json", session_of(near_calm[:1]))
        code, out, notes = ask("--history", path, "--taste", "0")
        assert (code, out) == (2, "")
        assert "ask with --mood, or drop --taste 0" in notes


# ---- options ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--mood", "calm", "--taste", "0.5"], "give it with --history"),
        (["--mood", "calm", "--taste", "0"], "give it with --history"),
        (["--mood", "calm", "--new"], "give it with --history"),
        (["--mood", "calm", "--min-play-seconds", "3"], "give it with --history"),
        (["--history", "h", "--tags", "-"], "--tags and --history contradict each other"),
        (["--history", "h", "--undo"], "--undo and --history contradict each other"),
        (["--history", "h", "--verify"], "--verify and --history contradict each other"),
        (["--history", "h", "--serve"], "contradict each other: the page takes no history yet"),
        (["--genre-like", ""], "--genre-like needs the name of a genre"),
        (["--history", "h", "--feedback", "like", "x"], "--feedback and --history contradict"),
        (["--history", "h", "--listener", "all"], "--history and --listener all contradict"),
        (["--genre", "rock", "--genre-like", "pop"], "--genre and --genre-like contradict"),
        (["--serve", "--genre-like", "pop"], "--serve and --genre-like contradict"),
        (["--history", ""], "--history needs the name of a file, a folder or a zip"),
        (["--history", "h", "--taste", "much"], "'much' is no number"),
    ],
    ids=" ".join,
)
def test_what_does_not_go_together_is_named(capsys, arguments, told):
    with pytest.raises(SystemExit) as end:
        parse_options(arguments)
    assert end.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--taste", "1.5"], "--taste 1.5: give a number from 0"),
        (["--taste", "nan"], "--taste nan: give a number from 0"),
        (["--min-play-seconds", "-1"], "--min-play-seconds -1: give a number of seconds"),
    ],
    ids=" ".join,
)
def test_numbers_that_make_no_sense(ask, history, arguments, told):
    code, out, notes = ask("--mood", "calm", "--history", history, *arguments)
    assert (code, out) == (2, "")
    assert told in notes
    assert notes.count("\n") == 1


def test_a_history_that_is_not_there(ask, tmp_path):
    code, out, notes = ask("--mood", "calm", "--history", str(tmp_path / "nothing.zip"))
    assert (code, out) == (2, "")
    assert "--history" in notes


def test_whose_request_it_is():
    assert parse_options(["--history", "h"]).by_history
    assert not parse_options(["--history", "h"]).for_listener
    for asked in (["--listener", "1"], ["--mood", "calm"], ["--from", "sad", "--to", "calm"]):
        assert not parse_options(["--history", "h", *asked]).by_history
    assert not parse_options([]).by_history


def test_without_a_model_of_taste_nothing_heavy_is_loaded(sample_set, history):
    for way in ([], ["--mood", "calm"]):
        modules = loaded_modules(*way, "--history", history, "--output", str(sample_set))
        assert sorted(modules & (HEAVY | SLOW_STANDARD)) == []
        rooms = {name.split(".")[1] for name in modules if name.startswith("scripts.")}
        assert not rooms & {"learning", "evaluation", "training", "web"}


# ---- the order itself -------------------------------------------------------------------------


def taste_of(catalogue, songs, heard):
    """The taste of a listener who played some songs, told as (position, listens)."""
    catalogue.executemany(
        "INSERT OR IGNORE INTO artists VALUES (?, ?, NULL)",
        [(artist_key(song["artist"]), song["artist_id"]) for song in songs],
    )
    played = {}
    for position, listens in heard:
        song = songs[position % len(songs)]
        played[song["artist"], song["title"], song["song_id"]] = listens
    joined = join_history(catalogue, played)
    return SongTaste(catalogue, joined), joined


HEARD = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 400)), min_size=1, max_size=8)
REQUESTS = [
    request_for_moods("calm"),
    request_for_moods("calm:2,happy:1"),
    request_for_point(0.7, 0.4),
    MoodRequest("all", {"happy": 1.0, "calm": 1.0, "sad": 1.0}),
]


@given(catalogues(), HEARD, st.sampled_from(REQUESTS), st.floats(0.01, 1))
def test_an_order_loses_no_song_and_makes_none(songs, heard, request_, share):
    with open_songs(songs) as catalogue:
        taste, _ = taste_of(catalogue, songs, heard)
        wish = Constraints(99, max_per_artist=99)
        plain = rank_songs(catalogue, request_, wish)
        order = TasteOrder(taste, share)
        liked = rank_songs(catalogue, request_, wish, order=order)
        works = [song["work_id"] for song in liked.songs]
        assert len(set(works)) == len(works)
        if not request_.parts:  # a version taken first keeps the others out
            assert set(works) == {song["work_id"] for song in plain.songs}
            worths = [order._worth[song["rank"]] for song in liked.songs]
            assert worths == sorted(worths, reverse=True)
        again = rank_songs(catalogue, request_, wish, order=TasteOrder(taste, share))
        assert again.songs == liked.songs


@given(catalogues(), HEARD, st.sampled_from(REQUESTS))
def test_hardly_any_taste_leaves_the_order_alone(songs, heard, request_):
    with open_songs(songs) as catalogue:
        taste, _ = taste_of(catalogue, songs, heard)
        wish = Constraints(20, max_per_artist=3)
        plain = rank_songs(catalogue, request_, wish)
        liked = rank_songs(catalogue, request_, wish, order=TasteOrder(taste, 1e-9))
        assert liked.songs == plain.songs


@given(catalogues(), HEARD)
def test_full_taste_orders_by_taste(songs, heard):
    with open_songs(songs) as catalogue:
        taste, _ = taste_of(catalogue, songs, heard)
        order = TasteOrder(taste, 1.0, alone=True)
        wish = Constraints(99, max_per_artist=99)
        found = rank_songs(catalogue, REQUESTS[-1], wish, order=order).songs
        for song in found:
            order.explain(song)
        tastes = [song["taste"] for song in found]
        assert tastes == sorted(tastes, reverse=True)
        assert SPOKEN not in {song["mood"] for song in found}


def test_an_artist_who_is_played_comes_first_and_is_named():
    songs = ranked(
        [
            make_song(f"{n:02d}", "calm", 1.0 - n / 100, artist=f"Artist {n}", artist_id=n)
            for n in range(30)
        ]
    )
    with open_songs(songs) as catalogue:
        taste, _ = taste_of(catalogue, songs, [(25, 40), (28, 1)])
        order = TasteOrder(taste, 0.9)
        found = rank_songs(catalogue, REQUESTS[0], Constraints(3), order=order).songs
        assert [song["artist_id"] for song in found[:2]] == [25, 28]
        assert order.explain(found[0]) == ["you play this artist often"]
        assert order.explain(found[1]) == ["you play this artist"]
        assert found[0]["taste"] == 1.0


def test_sounds_like_those_played_come_first():
    songs = ranked(
        [
            make_song(f"{n:02d}", "calm", 0.0, title=f"T{n}", artist=f"A{n}", artist_id=n)
            | {"acousticness": (0.1, 0.9)[n % 2] + n / 1000, "energy": (0.9, 0.2)[n % 2] + n / 1000}
            for n in range(40)
        ]
    )
    with open_songs(songs) as catalogue:
        taste, _ = taste_of(catalogue, songs, [(n, 1) for n in range(1, 16, 2)])
        order = TasteOrder(taste, 1.0)
        wish = Constraints(10, never=frozenset(s["work_id"] for s in songs[1:16:2]))
        found = rank_songs(catalogue, REQUESTS[0], wish, order=order).songs
        assert all(song["acousticness"] > 0.5 for song in found)


@given(st.lists(st.integers(0, 5).map(float), min_size=1, max_size=30))
def test_percentiles_keep_order_and_ties(scores):
    places = percentiles(scores)
    assert all(0 <= place <= 1 for place in places)
    for a, x in zip(scores, places, strict=True):
        for b, y in zip(scores, places, strict=True):
            assert (a < b) == (x < y)
    assert sum(places) == pytest.approx(len(scores) / 2)
    worths = [normal_score(place, len(scores)) for place in sorted(set(places))]
    assert worths == sorted(set(worths))


def test_near_a_place_taste_chooses_among_few():
    rng = random.Random(4)
    songs = ranked(
        [
            make_song(
                f"{n:04d}",
                "calm",
                title=f"T{n}",
                artist=f"A{n % 900}",
                artist_id=n % 900,
                genres="rock",
            )
            | {"valence": round(rng.random(), 4), "energy": round(rng.random(), 4)}
            for n in range(10_000)
        ]
    )
    with open_songs(songs, leaf_size=16) as catalogue:
        taste, _ = taste_of(catalogue, songs, [(n, 9) for n in range(40)])
        place = (0.6, 0.4)
        by_distance = sorted(math.dist(place, (s["valence"], s["energy"])) for s in songs)

        def furthest(constraints, by):
            found = rank_songs(catalogue, by, constraints, order=TasteOrder(taste, 1.0)).songs
            return max(math.dist(place, (s["valence"], s["energy"])) for s in found)

        near = request_for_point(*place)
        assert furthest(Constraints(10), near) <= by_distance[round(NEAR_SHARE * len(songs))]
        narrowed = Constraints(10, genre="rock")
        assert furthest(narrowed, near) <= by_distance[FEWEST_NEAR]
        assert furthest(Constraints(10), request_for_moods("calm")) > 0.2
