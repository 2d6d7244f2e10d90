"""Finding what was played in a catalogue: by id, by name, by artist."""

from __future__ import annotations

import pytest
from catalogues import make_song, open_songs
from hypothesis import given
from hypothesis import strategies as st

from scripts.playlists.history_join import bare_title, join_history, read_rows, read_works
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


@given(TITLES, st.sampled_from(["", " - Live", " (2011 Remaster)", " [Live]", " feat. Dido"]))
def test_a_bare_title_has_the_key_of_the_whole(title, mark):
    whole = title + mark
    bare = bare_title(whole, title_key(whole))
    assert whole.startswith(bare)
    assert title_key(bare) == title_key(whole) or bare != whole


@given(st.lists(st.tuples(TITLES, TITLES, st.sampled_from(["", "a" * 22])), max_size=8))
def test_any_history_can_be_joined(heard):
    with open_songs(SONGS) as opened:
        joined = join_history(opened, dict.fromkeys(heard, 1))
        assert sum(joined.listens.values()) == len(joined.rank_of)
        counts = joined.counts
        assert counts["by_id"] + counts["by_name"] + counts["by_artist"] <= counts["songs"]
        assert counts["by_id"] == sum(bool(song[2]) for song in set(heard))
