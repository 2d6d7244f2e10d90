"""``--genre-like``: the look-up on the map, and walks that several genres share."""

from __future__ import annotations

import json

import pytest
from catalogues import (
    GENRES,
    MOOD_REQUESTS,
    POINT_REQUESTS,
    catalogues,
    corrections,
    journeys,
    like_songs,
    likes,
    make_song,
    make_trained,
    open_songs,
    plain_answer,
    ranked,
    wishes,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.playlists.answer import answer_request
from scripts.playlists.constraints import Constraints
from scripts.playlists.genre_like import LEAST_SIMILARITY, MOST_GENRES, GenreLike, find_genres_like
from scripts.playlists.ranking import rank_songs
from scripts.playlists.travel import read_passing
from scripts.playlists.walks import Walker
from scripts.playlists.words import request_for_word

TABLE = """
CREATE TABLE IF NOT EXISTS genre_map (
    name TEXT PRIMARY KEY, genre_id INTEGER, n_artists INTEGER, family INTEGER, x REAL, y REAL,
    near TEXT, vector BLOB
) WITHOUT ROWID
"""

#: A tag's or genre's neighbours; only folk, jazz and rock are genres of songs.
NEAR = {
    "jazz": [["nu jazz", 0.8], ["rock", 0.4], ["folk", LEAST_SIMILARITY / 2]],
    "rock": [["jazz", 0.4]],
    "folk": [["hip-hop", 0.2], ["jazz", LEAST_SIMILARITY / 2]],
    "nu jazz": [["jazz", 0.8], ["hip-hop", 0.5], ["rock", LEAST_SIMILARITY]],
    "hip-hop": [["nu jazz", 0.5], ["folk", 0.2]],
    "seen live": [],
}


def add_map(catalogue, near=NEAR):
    """Write a map by hand."""
    catalogue.execute(TABLE)
    rows = [
        (name, GENRES.index(name) if name in GENRES else None, 9 - n, 0, 0.0, 0.0, json.dumps(to))
        for n, (name, to) in enumerate(near.items())
    ]
    catalogue.executemany("INSERT INTO genre_map VALUES (?, ?, ?, ?, ?, ?, ?, x'')", rows)


def genres_like(name, near=NEAR):
    with open_songs([make_song("a", "calm")]) as catalogue:
        add_map(catalogue, near)
        return find_genres_like(catalogue, name)


# ---- the look-up ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "genres", "similarities"),
    [
        ("jazz", ("jazz", "rock"), (1.0, 0.4)),
        ("  JAZZ ", ("jazz", "rock"), (1.0, 0.4)),
        ("nu jazz", ("jazz", "rock"), (0.8, LEAST_SIMILARITY)),
        ("Nu-Jazz", ("jazz", "rock"), (0.8, LEAST_SIMILARITY)),
        ("folk", ("folk",), (1.0,)),
    ],
)
def test_a_name_leads_to_the_near_genres_that_songs_have(name, genres, similarities):
    found = genres_like(name)
    assert (found.genres, found.similarities) == (genres, similarities)
    assert found.ids == tuple(GENRES.index(genre) for genre in genres)


def test_a_genre_off_the_map_is_near_to_none():
    found = genres_like("Folk", {"jazz": []})
    assert (found.genres, found.ids) == (("folk",), (GENRES.index("folk"),))


def test_a_wish_has_a_bounded_number_of_genres():
    many = {f"g{n}": [] for n in range(20)}
    with open_songs([make_song("a", "calm")]) as catalogue:
        add_map(catalogue, {"jazz": [[name, 0.9] for name in many], **many})
        catalogue.execute("UPDATE genre_map SET genre_id = 5 WHERE name LIKE 'g%'")
        found = find_genres_like(catalogue, "jazz")
    assert len(found.genres) == MOST_GENRES
    assert found.genres[0] == "jazz"


@pytest.mark.parametrize(
    ("name", "offers"),
    [
        ("jaz", "did you mean jazz"),
        ("hiphopp", "did you mean hip-hop?"),
        ("nu jaz", "did you mean nu jazz"),
        ("psychedelic folk", "did you mean folk?"),
        ("live", "did you mean seen live?"),
        ("xyzzy", "it has: jazz, rock, folk"),
        ("\udcff", "it has: jazz"),
        ("", "it has: jazz"),
        ("x" * 9_000, "it has: jazz"),
    ],
)
def test_an_unknown_name_is_refused_with_names_spelled_like_it(name, offers):
    with pytest.raises(SettingsError) as error:
        genres_like(name)
    assert "neither a genre nor a tag of this catalogue" in str(error.value)
    assert offers in str(error.value)
    assert len(str(error.value)) < 400


def test_the_genres_of_songs_are_offered_before_tags():
    near = {"seen live": [], "hip-hop": [], **{name: [] for name in ("rock", "folk")}}
    with pytest.raises(SettingsError, match="it has: rock, folk, seen live, hip-hop"):
        genres_like("xyzzy", near)


def test_a_tag_far_from_every_genre_of_songs_is_refused():
    with pytest.raises(
        SettingsError, match=r"no song has as its genre.*nearest is folk \(similarity 0\.20\)"
    ):
        genres_like("hip hop")
    with pytest.raises(SettingsError, match="one of the songs' own genres with --genre"):
        genres_like("seen live")


def test_a_catalogue_without_genres_says_so():
    with pytest.raises(SettingsError, match="this catalogue has no genres; drop it"):
        genres_like("blues", {})


def test_only_one_wish_about_genres_is_taken():
    like = GenreLike("jazz", [(1.0, "jazz", 1)])
    with pytest.raises(SettingsError, match="--genre rock and --genre-like jazz: give one of them"):
        Constraints(genre="rock", genre_like=like)


def test_the_wish_is_told_in_words():
    near = [(0.8, "acid jazz", 0), (0.5, "jazz", 1)]
    assert Constraints(genre_like=GenreLike("nu jazz", near)).wishes_in_words() == [
        "genre like nu jazz (acid jazz, jazz)"
    ]
    assert GenreLike("jazz", [(1.0, "jazz", 1)]).in_words() == "genre like jazz"
    assert GenreLike("jazz", [(1.0, "jazz", 1), *near[:1]]).in_words() == (
        "genre like jazz (also acid jazz)"
    )


# ---- the walks --------------------------------------------------------------------------------

MANY_GENRES = st.sampled_from(
    ["", "folk", "jazz", "rock", "folk;jazz", "jazz;rock", "folk;jazz;rock"]
)


@st.composite
def songs_and_wish(draw):
    """Draw songs of several genres, wishes beside, and one to three genres to be liked."""
    songs = [song | {"genres": draw(MANY_GENRES)} for song in draw(catalogues())]
    liked = draw(st.lists(st.sampled_from(GENRES), min_size=1, max_size=3, unique=True))
    asked = draw(wishes(songs))
    asked.genre = None
    return songs, asked, GenreLike("x", [(0.9, name, GENRES.index(name)) for name in liked])


def with_genres(asked, like):
    """Ask for genres beside the other wishes."""
    asked.genre_like = like
    return asked


@settings(max_examples=150)
@given(st.data(), songs_and_wish(), st.one_of(MOOD_REQUESTS, POINT_REQUESTS))
def test_every_list_is_what_filtering_the_whole_table_gives(data, drawn, request):
    songs, asked, like = drawn
    moved = data.draw(corrections(songs))
    allowed = [song for song in songs if set(song["genres"].split(";")) & set(like.genres)]
    with open_songs(songs) as catalogue:
        expected = plain_answer(catalogue, allowed, request, asked, moved)
        found = rank_songs(catalogue, request, with_genres(asked, like), corrections=moved).songs
        assert [song["song_id"] for song in found] == expected


@settings(max_examples=50)
@given(st.data(), songs_and_wish())
def test_songs_like_others_are_what_filtering_the_whole_table_gives(data, drawn):
    songs, asked, like = drawn
    chosen, space = data.draw(likes(songs))
    allowed = [song for song in songs if set(song["genres"].split(";")) & set(like.genres)]
    with open_songs(songs) as catalogue:
        request = like_songs(catalogue, chosen, space)
        expected = plain_answer(catalogue, allowed, request, asked, {})
        found = rank_songs(catalogue, request, with_genres(asked, like)).songs
        assert [song["song_id"] for song in found] == expected


@settings(max_examples=50)
@given(songs_and_wish(), journeys())
def test_a_journey_passes_songs_of_the_genres_alone(drawn, request):
    songs, asked, like = drawn
    genres = {song["song_id"]: set(song["genres"].split(";")) for song in songs}
    with open_songs(songs) as catalogue:
        asked = with_genres(asked, like)
        for song in rank_songs(catalogue, request, asked).songs:
            assert genres[song["song_id"]] & set(like.genres)
        walker = Walker(catalogue, asked)
        passing = {row[1] for row in read_passing(walker, None, -1)}
        every = catalogue.execute("SELECT song_id FROM songs").fetchall()
        assert passing <= {song_id for (song_id,) in every}
        assert passing == {
            song["song_id"]
            for song in ranked(songs)
            if genres[song["song_id"]] & set(like.genres) and _passes(song, asked)
        }


def _passes(song, asked):
    """Check the wishes other than genres."""
    return all(
        song[wish.column] is not None and wish.low <= song[wish.column] <= wish.high
        for wish in asked.filters
    )


def test_several_genres_are_walked_by_their_index():
    songs = [make_song(f"{n:03d}", "calm", float(-n), genres="jazz;rock") for n in range(300)]
    like = GenreLike("x", [(1.0, "jazz", 1), (0.5, "rock", 2)])
    with open_songs(songs) as catalogue:
        steps = 0

        def count():
            nonlocal steps
            steps += 1

        walk = Walker(catalogue, Constraints(genre_like=like)).of_moods({"calm": 1.0})
        catalogue.set_progress_handler(count, 100)
        first = [next(walk).row[1] for _ in range(10)]
        catalogue.set_progress_handler(None, 0)
    assert first == [f"{n:03d}" for n in range(10)]
    assert steps < 30  # hundreds of instructions; all songs take over ten times as many


def answer(songs, **asked):
    with open_songs(songs) as catalogue:
        trained = make_trained(catalogue)
        return answer_request(trained, request_for_word("calm"), Constraints(**asked))


FEW = [
    make_song("a", "calm", 2.0, genres="rock"),
    make_song("b", "calm", 1.0, genres="folk;jazz"),
    make_song("c", "calm", 0.0, genres="folk"),
    make_song("d", "tense", 0.0, genres="jazz"),
]


def test_reasons_and_shortages_name_the_wish():
    like = GenreLike("nu jazz", [(0.8, "jazz", 1), (0.4, "rock", 2)])
    document, notes = answer(FEW, n=3, genre_like=like)
    assert [song["song_id"] for song in document["songs"]] == ["a", "b"]
    assert "genre like nu jazz (jazz, rock)" in document["songs"][0]["why"]
    assert "--genre-like nu jazz leaves 2 (costs 1)" in " ".join(notes)


def test_a_clash_names_the_wish():
    like = GenreLike("nu jazz", [(0.8, "jazz", 1)])
    with pytest.raises(SettingsError, match="--genre-like nu jazz and --year-from 1990"):
        answer(
            [*FEW, make_song("e", "calm", year=1999, genres="rock")],
            genre_like=like,
            year_from=1990,
        )
