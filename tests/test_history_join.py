"""Finding what was played in a catalogue: by id, by name, by artist."""

from __future__ import annotations

import unicodedata

import pytest
from catalogues import make_song, open_songs
from hypothesis import assume, given
from hypothesis import strategies as st

from scripts.playlists.history_join import join_history, read_rows, read_works
from scripts.text.names import artist_key, title_key

SONGS = [
    make_song("a" * 22, "calm", title="Hurt - 2003 Remaster", artist="Johnny Cash", artist_id=1),
    make_song("b" * 22, "calm", title="Stan", artist="Eminem;Dido", artist_id=2, popularity=80),
    make_song("c" * 22, "calm", title="Stan", artist="Eminem;Dido", artist_id=2, popularity=10),
    make_song("d" * 22, "happy", title="Halo", artist="Beyoncé", artist_id=3),
    make_song("e" * 22, "sad", title="Halo", artist="Depeche Mode", artist_id=4),
]


@pytest.fixture
def catalogue():
    with open_songs(SONGS) as opened:
        keys = {artist_key(song["artist"]): song["artist_id"] for song in SONGS}
        rows = [(key, artist, None) for key, artist in keys.items()]
        opened.executemany("INSERT INTO artists VALUES (?, ?, ?)", [*rows, ("abba", None, 7)])
        yield opened


def found(catalogue, *heard):
    """Join songs, one listen each; returns the ids found and the account."""
    joined = join_history(catalogue, dict.fromkeys(heard, 1))
    rows = read_rows(catalogue, joined.listens)
    ids = [rows[joined.rank_of[song]][1][0] if song in joined.rank_of else None for song in heard]
    return ids, joined


def test_the_id_comes_first(catalogue):
    ids, joined = found(catalogue, ("Somebody", "Something", "d" * 22))
    assert ids == ["d"]
    assert (joined.counts["by_id"], joined.counts["by_name"]) == (1, 0)


@pytest.mark.parametrize(
    ("artist", "title", "song"),
    [
        ("Johnny Cash", "Hurt - 2003 Remaster", "a"),
        ("johnny cash", "HURT", "a"),
        ("Johnny Cash", "Hurt (Live at Home)", "a"),
        ("Eminem", "Stan", "b"),
        ("Eminem feat. Dido", "Stan (feat. Dido)", "b"),
        ("Eminem", "Stan - Live [Remastered]", "b"),
        ("BEYONCE", "Halo", "d"),
        ("Depeche Mode", "halo", "e"),
        ("Beyoncé", "Hal", None),
        ("Nobody", "Halo", None),
        ("Johnny Cash", "Hurting", None),
    ],
)
def test_then_the_name(catalogue, artist, title, song):
    ids, joined = found(catalogue, (artist, title, "x" * 22))
    assert ids == [song]
    assert joined.counts["by_name"] == (song is not None)


def test_the_best_rank_of_equal_names(catalogue):
    assert found(catalogue, ("Eminem", "stan", ""))[0] == ["b"]


def test_then_the_artist(catalogue):
    _, joined = found(catalogue, ("Eminem", "Unheard Of", ""), ("Nobody", "Nothing", ""))
    assert joined.artists == {2: 1}
    assert joined.counts["by_artist"] == 1
    assert not joined.is_empty


def test_an_artist_of_the_model_alone(catalogue):
    _, joined = found(catalogue, ("ABBA", "Waterloo", ""))
    assert (joined.artists, joined.items) == ({}, {7: 1})
    assert joined.counts["by_artist"] == 0
    assert not joined.is_empty


def test_listens_add_up_over_spellings(catalogue):
    heard = {("Eminem", "Stan", ""): 2, ("Eminem", "Stan", "b" * 22): 3, ("Eminem", "", ""): 4}
    joined = join_history(catalogue, heard)
    assert list(joined.listens.values()) == [5]
    assert joined.artists == {2: 9}
    assert joined.counts == {
        "songs": 2,
        "by_id": 1,
        "by_name": 1,
        "by_artist": 0,
        "listens": 9,
        "listens_found": 5,
    }


def test_nothing_heard(catalogue):
    joined = join_history(catalogue, {})
    assert joined.is_empty
    assert set(joined.counts.values()) == {0}
    assert read_works(catalogue, joined.listens) == frozenset()


def test_texts_that_no_catalogue_can_hold(catalogue):
    ids, joined = found(catalogue, ("\ud800", "\udfff", "\ud800"), ("Eminem", "\ud800", ""))
    assert ids == [None, None]
    assert joined.artists == {2: 1}


TITLES = st.text("abcé -()[]!", max_size=8)


MARKS = st.sampled_from(["", " - Live", " (2011 Remaster)", " [Live]", " feat. Dido"])
CHANGES = [
    str.upper,
    str.lower,
    lambda title: unicodedata.normalize("NFD", title),
    lambda title: title.replace("é", "e"),
    lambda title: title.replace("'", "’").replace("-", "–"),
    lambda title: title.replace("&", "and"),
]


@given(st.text("abcdeéÉ &'-!1", min_size=1, max_size=9), MARKS, MARKS, st.sampled_from(CHANGES))
def test_any_spelling_with_the_same_keys_is_found(title, mark, other, change):
    song = make_song("f" * 22, "calm", title=title + mark, artist="Ann", artist_id=9)
    heard = ("ANN", change(title) + other, "")
    assume(heard[1] and title_key(heard[1]) == title_key(song["title"]))
    with open_songs([song]) as opened:
        opened.execute("INSERT INTO artists VALUES ('ann', 9, NULL)")
        assert join_history(opened, {heard: 1}).counts["by_name"] == 1


@pytest.fixture
def namesakes():
    songs = [
        make_song("a" * 22, "calm", title="Focus", artist="H.E.R.", artist_id=1, popularity=90),
        make_song("b" * 22, "calm", title="Best Part", artist="H.E.R.", artist_id=1),
        make_song("c" * 22, "calm", title="Five Minutes", artist="Her;Zefire", artist_id=2),
        make_song("d" * 22, "calm", title="Bridge", artist="Simon & Garfunkel", artist_id=3),
    ]
    with open_songs(songs) as opened:
        rows = [("her", 1, 0), ("her", 2, 0), (artist_key("Simon & Garfunkel"), 3, 1)]
        opened.executemany("INSERT INTO artists VALUES (?, ?, ?)", rows)
        yield opened


@pytest.mark.parametrize(
    ("artist", "title", "artist_id"),
    [
        ("Her", "", 2),
        ("her", "", 2),
        ("H.E.R.", "", 1),
        ("h-e-r", "", 1),  # neither spelling: the one of most songs
        ("H.E.R.", "Five Minutes", 2),
        ("Her", "Focus", 1),
    ],
)
def test_artists_of_one_key_are_told_apart(namesakes, artist, title, artist_id):
    _, joined = found(namesakes, (artist, title, ""))
    assert (joined.artists, joined.items) == ({artist_id: 1}, {0: 1})
    assert joined.counts["by_name"] == bool(title)


def test_and_may_be_written_either_way(namesakes):
    ids, joined = found(namesakes, ("Simon and Garfunkel", "Bridge", ""))
    assert (ids, joined.items) == (["d"], {1: 1})


@pytest.mark.parametrize(
    "text",
    ["(" * 100_000 + "f", " - " * 50_000 + "f", " " * 100_000 + "feat", "(feat " * 20_000 + "f"],
)
@pytest.mark.parametrize("key", [artist_key, title_key])
def test_long_names_have_keys_too(key, text):
    assert key(text) is not None
    assert key("a" + text + "\u0301\u0327" * 50_000).startswith("a")


@given(st.lists(st.tuples(TITLES, TITLES, st.sampled_from(["", "a" * 22])), max_size=8))
def test_any_history_can_be_joined(heard):
    with open_songs(SONGS) as opened:
        joined = join_history(opened, dict.fromkeys(heard, 1))
        assert sum(joined.listens.values()) == len(joined.rank_of)
        counts = joined.counts
        assert counts["by_id"] + counts["by_name"] + counts["by_artist"] <= counts["songs"]
        assert counts["by_id"] == sum(bool(song[2]) for song in set(heard))
