"""One song by what a person types: found, told to be one of several, or helped along."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.playlists.lookup import MAX_LETTERS, find_song, fold_name, look_up
from scripts.store.layout import INDEXES, SCHEMA, SONG_COLUMNS
from scripts.store.reading import open_set

#: (title, artist, popularity, work)
SONGS: list[tuple[str, str, float | None, int]] = [
    ("Halo", "Beyoncé", 80, 0),  # 0
    ("Halo", "Depeche Mode", 60, 1),
    ("Halo", "Nobody", None, 2),
    ("Under Pressure", "Queen;David Bowie", 70, 3),  # 3
    ("Under Pressure - Remastered 2011", "Queen, David Bowie", 75, 3),
    ("Sway - Live", "Dean - Martin", 50, 4),  # 5
    ("Sway", "Dean Martin", 50, 5),
    ("Sway", "Dean Martin", 50, 5),  # 7: the same work once more
    ("Ça plane pour moi", "Plastic Bertrand", 40, 6),  # 8
    ("Back In Black", "AC/DC", 90, 7),
    ("Chasse-neige", "!!!", 5, 8),  # 10
    ("Earfquake", "Tyler, The Creator", 77, 9),
    ("Queen", "Halo", 1, 10),  # 12
    ("Прогулка", "Земфира", 30, 11),
    ("a  b", "Two  Blanks", 1, 12),  # 14
    ("Alive", "Zero", 0, 13),
    ("Alive", "Unknown", None, 14),
]


def song_id(rank: int) -> str:
    return f"{rank:02d}".ljust(22, "x")


@contextlib.contextmanager
def open_songs(songs: list[tuple[str, str, float | None, int]]) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:")) as catalogue:
        catalogue.executescript(SCHEMA)
        for rank, (title, artist, popularity, work) in enumerate(songs):
            row: dict[str, Any] = dict.fromkeys(SONG_COLUMNS, 0)
            row |= {"rank": rank, "song_id": song_id(rank), "title": title, "artist": artist}
            row |= {"popularity": popularity, "work_id": work, "genres": ""}
            catalogue.execute(
                f"INSERT INTO songs VALUES ({', '.join('?' * len(row))})",
                [row[name] for name in SONG_COLUMNS],
            )
        catalogue.executescript(INDEXES)
        yield catalogue


@pytest.fixture(scope="module")
def catalogue() -> Iterator[sqlite3.Connection]:
    with open_songs(SONGS) as opened:
        yield opened


def refusal(catalogue: sqlite3.Connection, text: str, option: str = "--like") -> str:
    with pytest.raises(SettingsError) as caught:
        find_song(catalogue, text, option)
    message = str(caught.value)
    assert message.startswith(option)
    assert message.isprintable()
    assert len(message) < 1_000
    return message


class TestFound:
    @pytest.mark.parametrize(
        "text",
        [
            "{id}",
            "  {id}\n",
            "spotify:track:{id}",
            "https://open.spotify.com/track/{id}",
            "https://open.spotify.com/track/{id}?si=0123456789abcdef",
            "http://open.spotify.com/intl-de/track/{id}#top",
            "open.spotify.com/track/{id}/",
        ],
    )
    def test_by_id(self, catalogue, text):
        song = find_song(catalogue, text.format(id=song_id(5)), "--like")
        assert list(song) == [*SONG_COLUMNS, "n_matches"]
        assert (song["rank"], song["title"], song["n_matches"]) == (5, "Sway - Live", 1)

    @pytest.mark.parametrize(
        ("text", "rank"),
        [
            ("Halo - Beyoncé", 0),
            ("HALO - BEYONCÉ", 0),
            ("halo - beyonce", 0),
            ("halo – Beyonce", 0),
            ("  Halo   -   Beyonce  ", 0),
            ("Depeche Mode - Halo", 1),
            ("Under Pressure - Queen", 3),
            ("Under Pressure - david bowie", 3),
            ("Under Pressure - Queen, David Bowie", 3),
            ("Under Pressure - Queen;David Bowie", 3),
            ("Under Pressure - Remastered 2011", 4),
            ("Under Pressure - Remastered 2011 - Queen", 4),
            ("David Bowie - Under Pressure - Remastered 2011", 4),
            ("Sway - Live - Dean Martin", 5),
            ("Sway - Live - Dean - Martin", 5),
            ("Sway - Dean Martin", 6),
            ("ÇA PLANE POUR MOI", 8),
            ("c\u0327a plane pour moi", 8),
            ("back in black - ACDC", 9),
            ("Chasse-Neige - !!!", 10),
            ("Earfquake - Tyler, the Creator", 11),
            ("Queen - Halo", 12),
            ("ПРОГУЛКА - земфира", 13),
            ("a  b", 14),
        ],
    )
    def test_by_title_and_artist(self, catalogue, text, rank):
        song = find_song(catalogue, text, "--like")
        assert (song["rank"], song["n_matches"]) == (rank, 1)

    @pytest.mark.parametrize(
        ("text", "rank", "n_matches"), [("halo", 0, 3), ("Sway", 6, 1), ("ALIVE", 15, 2)]
    )
    def test_the_most_popular_of_several(self, catalogue, text, rank, n_matches):
        song = find_song(catalogue, text, "--like")
        assert (song["rank"], song["n_matches"]) == (rank, n_matches)

    @given(
        st.lists(
            st.tuples(
                st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
                st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
            ).filter(lambda pair: all(text.strip() for text in pair)),
            min_size=1,
            max_size=5,
        )
    )
    def test_what_the_program_shows_finds_the_song(self, pairs):
        songs = [(title.strip(), artist.strip(), 1.0, n) for n, (title, artist) in enumerate(pairs)]
        with open_songs(songs) as catalogue:
            for title, artist, _, _ in songs:
                song = find_song(catalogue, f"{title} - {artist}", "--like")
                assert song["title"].casefold() == title.casefold()
                assert fold_name(song["artist"]) == fold_name(artist)

    @pytest.mark.parametrize(
        ("text", "ranks"),
        [
            ("halo", [0, 1, 2]),
            ("Sway - Dean Martin", [6, 7]),
            ("alive", [15, 16]),
            (song_id(3), [3]),
            (f"spotify:track:{song_id(3)}", [3]),
            ("no such song", []),
            ("", []),
            ("\0", []),
            ("x" * 10_000, []),
            ("https://open.spotify.com/album/abc", []),
        ],
    )
    def test_every_song_of_a_name(self, catalogue, text, ranks):
        songs = look_up(catalogue, text)
        assert [song["rank"] for song in songs] == ranks
        assert all(list(song) == list(SONG_COLUMNS) for song in songs)

    def test_real_songs(self, sample_set: Path) -> None:
        trained = open_set(str(sample_set))
        with contextlib.closing(trained):
            query = "SELECT song_id, title, artist FROM songs ORDER BY song_id LIMIT 300"
            for wanted, title, artist in trained.catalogue.execute(query).fetchall():
                assert find_song(trained.catalogue, wanted, "--like")["title"] == title
                song = find_song(trained.catalogue, f"{title} - {artist}", "--like")
                assert (song["title"].lower(), song["artist"]) == (title.lower(), artist)

    def test_titles_and_ids_are_looked_up_by_index(self, catalogue):
        queries: list[str] = []
        catalogue.set_trace_callback(queries.append)
        try:
            find_song(catalogue, "Halo - Beyoncé", "--like")
            refusal(catalogue, "no such song - at all")
        finally:
            catalogue.set_trace_callback(None)
        for query in set(queries):
            plan = catalogue.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
            assert all("SEARCH songs USING INDEX" in row[3] for row in plan), (query, plan)


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "offered"),
        [
            ("Hallo - Beyonce", "Halo - Beyoncé"),
            ("Halo - Beyonze", "Halo - Beyoncé"),
            ("under presure", "Under Pressure - Queen;David Bowie"),
            ("Ca plane pour moi", "Ça plane pour moi - Plastic Bertrand"),
            ("Back in Blak - AC/DC", "Back In Black - AC/DC"),
            ("Halo - Somebody Else Altogether", "Halo - Beyoncé"),
            ("Somebody Else Altogether - Halo", "Halo - Depeche Mode"),
            ("Dean Martins - Sway", "Sway - Dean Martin"),
        ],
    )
    def test_a_misspelt_song_is_offered(self, catalogue, text, offered):
        message = refusal(catalogue, text, "--feedback")
        assert "no such song" in message
        assert repr(offered) in message
        assert message.count(" or ") < 5

    def test_nothing_like_it(self, catalogue):
        assert "nor one like it" in refusal(catalogue, "zzzzqqqq 0000 - wwww")

    def test_an_empty_catalogue(self):
        with open_songs([]) as empty:
            assert "nor one like it" in refusal(empty, "Halo")

    @pytest.mark.parametrize("text", ["", "  \n\t", "\u3000"])
    def test_no_text(self, catalogue, text):
        assert "names no song" in refusal(catalogue, text)

    @pytest.mark.parametrize("text", ["a" * 10_000, "- " * 5_000, "a" * (MAX_LETTERS + 1)])
    def test_a_text_too_long(self, catalogue, text):
        assert "more than any title" in refusal(catalogue, text)

    @pytest.mark.parametrize("text", ["Halo\0", "\0", "Halo \udcff", "\ud800 - x"])
    def test_bytes_that_are_no_text(self, catalogue, text):
        assert "are no text" in refusal(catalogue, text)

    @pytest.mark.parametrize("text", [" - ", "-", "- -", " - - - ", "x" * MAX_LETTERS, "- " * 500])
    def test_dashes_and_the_longest_text(self, catalogue, text):
        assert "no such song" in refusal(catalogue, text)

    @pytest.mark.parametrize(
        "text", ["spotify:track:", "spotify:track:nosuchid", "SPOTIFY:TRACK:x"]
    )
    def test_an_unknown_id(self, catalogue, text):
        assert "has the id" in refusal(catalogue, text)

    @pytest.mark.parametrize(
        "text",
        [
            "https://open.spotify.com/album/abc",
            "open.spotify.com/",
            "https://open.spotify.com/track",
        ],
    )
    def test_a_link_of_something_else(self, catalogue, text):
        assert "no link of a track" in refusal(catalogue, text)

    def test_control_characters_are_not_printed(self, catalogue):
        assert "\x1b" not in refusal(catalogue, "\x1b[31mred")
        assert "\x1b" not in refusal(catalogue, "https://open.spotify.com/\x1b[31m")

    @given(st.text(max_size=60))
    def test_any_text_finds_a_song_or_is_refused(self, text):
        with open_songs(SONGS[:4]) as catalogue:
            try:
                song = find_song(catalogue, text, "--never")
            except SettingsError:
                assert refusal(catalogue, text, "--never")
            else:
                assert song["rank"] < 4
