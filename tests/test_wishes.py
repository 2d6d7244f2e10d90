"""Every wish holds on every answer: random requests with random wishes over random catalogues."""

from __future__ import annotations

import itertools
import json
import math
import re
from functools import partial

import pytest
from catalogues import (
    MOOD_REQUESTS,
    POINT_REQUESTS,
    all_candidates,
    catalogues,
    corrections,
    heard_as,
    is_available,
    journeys,
    like_songs,
    likes,
    make_song,
    make_trained,
    may_join,
    meets,
    open_songs,
    plain_answer,
    ranked,
    wishes,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.moods.vocabulary import SPOKEN
from scripts.playlists.answer import answer_request
from scripts.playlists.constraints import LENGTH_TOLERANCE_MS, Constraints
from scripts.playlists.ranking import rank_songs
from scripts.playlists.request import MoodRequest
from scripts.playlists.words import request_for_point, request_for_word

KINDS = ["mood", "point", "like", "journey"]


class FakeTaste:
    """What the answer asks of a listener's taste: corrected moods and a scorer."""

    def __init__(self, moods, scorer=None):
        self.corrections = moods
        self.scorer = scorer

    def describe(self):
        return {"name": "anna", "likes": 1, "skips": 0}


def favour_fast(songs, matches):
    return [match + song["tempo_bpm"] / 100 for song, match in zip(songs, matches, strict=True)]


def draw_request(data, catalogue, songs, kinds=KINDS):
    kind = data.draw(st.sampled_from(kinds))
    if kind == "like":
        return like_songs(catalogue, *data.draw(likes(ranked(songs))))
    return data.draw({"mood": MOOD_REQUESTS, "point": POINT_REQUESTS, "journey": journeys()}[kind])


def most_songs(parts, cap):
    """The largest number of songs that may stand together; the works of an artist are his own."""
    works = {}
    for _, found in parts:
        for song in found:
            works.setdefault(song["artist_id"], set()).add(song["work_id"])
    return sum(min(cap, len(own)) for own in works.values())


def check_wishes(answered, songs, parts, wish, moved):
    """Hold every song of an answer against every wish."""
    by_id = {song["song_id"]: song for song in songs}
    allowed = {song["song_id"] for _, found in parts for song in found}
    listed = [by_id[song["song_id"]] for song in answered]
    for song, told in zip(listed, answered, strict=True):
        assert meets(song, wish)
        assert song["work_id"] not in wish.never
        assert song["song_id"] in allowed, "the moods asked for, not spoken, not the liked songs"
        assert told["mood"] == heard_as(song, moved)
        assert 0 <= told["score"] <= 1
        assert wish.minutes is None or song["duration_ms"]
    works = [song["work_id"] for song in listed]
    assert len(set(works)) == len(works)
    artists = [song["artist_id"] for song in listed]
    assert max(map(artists.count, artists)) <= wish.max_per_artist
    if wish.minutes is None:
        assert len(listed) == min(wish.n, most_songs(parts, wish.max_per_artist))
    return listed


class TestEveryWishOnEveryAnswer:
    @settings(max_examples=300)
    @given(catalogues(), st.booleans(), st.data())
    def test_the_property(self, songs, minutes, data):
        wish = data.draw(wishes(songs, minutes=minutes, pools=True))
        moved = data.draw(corrections(songs))
        taste = FakeTaste(moved, data.draw(st.sampled_from([None, favour_fast])))
        stand_ins = data.draw(st.sampled_from([{}, {"gloomy": "tense"}, {"happy": "calm"}]))
        with open_songs(songs, stand_ins) as catalogue:
            request = draw_request(data, catalogue, songs)
            parts = all_candidates(catalogue, songs, request, wish, moved, stand_ins=stand_ins)
            trained = make_trained(catalogue)
            try:
                document, notes = answer_request(trained, request, wish, taste)
            except SettingsError:
                assert most_songs(parts, 1) == 0
                return
            again = answer_request(trained, request, wish, taste)
        assert (document, notes) == again, "the same request gives the same list"
        listed = check_wishes(document["songs"], songs, parts, wish, moved)
        assert listed
        if wish.minutes is not None:
            total = sum(song["duration_ms"] for song in listed)
            missed = abs(total - wish.target_ms) > LENGTH_TOLERANCE_MS
            lengths = ("The playlist lasts", "The journey lasts")
            assert any(note.startswith(lengths) for note in notes) == missed
            assert document["duration_ms"] == total
        else:
            assert any(" songs: the catalogue has" in note for note in notes) == (
                len(listed) < wish.n
            )
        json.dumps(document, allow_nan=False)

    @settings(max_examples=200)
    @given(catalogues(), st.data())
    def test_without_a_pool_the_answer_is_the_reference(self, songs, data):
        wish = data.draw(wishes(songs, filters=0.15))
        moved = data.draw(corrections(songs))
        stand_ins = data.draw(st.sampled_from([{}, {"gloomy": "tense"}, {"happy": "calm"}]))
        with open_songs(songs, stand_ins) as catalogue:
            request = draw_request(data, catalogue, songs, ["mood", "point", "like"])
            ranking = rank_songs(catalogue, request, wish, corrections=moved)
            expected = plain_answer(catalogue, songs, request, wish, moved, stand_ins=stand_ins)
        assert [song["song_id"] for song in ranking.songs] == expected
        if request.near is not None:
            distances = [song["distance"] for song in ranking.songs]
            assert distances == sorted(distances)
            fits = [1 / (1 + distance) for distance in distances]
            assert [song["fit"] for song in ranking.songs] == pytest.approx(fits)

    @settings(max_examples=60)
    @given(catalogues(), st.data())
    def test_a_pool_without_preferences_changes_nothing(self, songs, data):
        wish, moved = data.draw(wishes(songs)), data.draw(corrections(songs))
        with open_songs(songs) as catalogue:
            request = draw_request(data, catalogue, songs, ["mood", "point", "like"])
            plain = rank_songs(catalogue, request, wish, corrections=moved)
            scored = rank_songs(
                catalogue, request, wish, corrections=moved, scorer=lambda _, matches: matches
            )
        assert [song["song_id"] for song in scored.songs] == [
            song["song_id"] for song in plain.songs
        ]


# ---- minutes ----------------------------------------------------------------------------------


def all_lengths(songs, cap):
    """Every length of songs that may stand together, by trying all of them."""
    lengths = set()
    for size in range(1, len(songs) + 1):
        for chosen in itertools.combinations(songs, size):
            if all(may_join(chosen[:i], song, cap) for i, song in enumerate(chosen)):
                lengths.add(sum(song["duration_ms"] for song in chosen))
    return lengths


class TestMinutes:
    @settings(max_examples=150)
    @given(catalogues(11), st.data())
    def test_within_30_seconds_wherever_any_songs_are(self, songs, data):
        wish = data.draw(wishes(songs, minutes=True, pools=True, filters=0.1))
        with open_songs(songs) as catalogue:
            request = draw_request(data, catalogue, songs, ["mood", "point", "like"])
            ranking = rank_songs(catalogue, request, wish)
            parts = all_candidates(catalogue, songs, request, wish, {})
        found = {song["song_id"]: song for _, part in parts for song in part}
        lengths = all_lengths(list(found.values()), wish.max_per_artist)
        gaps = [abs(length - wish.target_ms) for length in lengths - {0}]
        assert bool(ranking.songs) == bool(gaps)
        if not gaps:
            return
        total = sum(song["duration_ms"] for song in ranking.songs)
        assert abs(total - wish.target_ms) <= max(min(gaps), LENGTH_TOLERANCE_MS)

    def test_a_crowded_artist_is_no_obstacle(self):
        songs = [
            make_song("a", "calm", 3.0, duration_ms=100_000, artist_id=1),
            make_song("b", "calm", 2.0, duration_ms=300_000, artist_id=1),
            make_song("c", "calm", 1.0, duration_ms=120_000),
        ]
        with open_songs(songs) as catalogue:
            wish = Constraints(minutes=7, max_per_artist=1)
            ranking = rank_songs(catalogue, request_for_word("calm"), wish)
        assert [song["song_id"] for song in ranking.songs] == ["b", "c"]

    def test_short_songs_behind_many_long_ones_are_found(self):
        songs = [make_song(f"{i:03d}", "calm", 1.0, duration_ms=240_000) for i in range(150)]
        songs.append(make_song("short", "calm", -1.0, duration_ms=65_000))
        with open_songs(songs) as catalogue:
            ranking = rank_songs(catalogue, request_for_word("calm"), Constraints(minutes=1))
        assert [song["song_id"] for song in ranking.songs] == ["short"]


# ---- wishes that contradict each other --------------------------------------------------------


def wishes_by_name(request, wish, moved):
    """Say for each wish how an error names it, and whether a song meets it."""
    single = {
        r"--genre \w+": {"genre": wish.genre},
        r"--year-from \d+": {"year_from": wish.year_from},
        r"--year-to \d+": {"year_to": wish.year_to},
        r"--(no-)?explicit": {"explicit": wish.explicit},
        r"--tempo [\d.]*-[\d.]*": {"tempo": wish.tempo},
        r"--popularity [\d.]*-[\d.]*": {"popularity": wish.popularity},
    }
    found = {}
    for pattern, one in single.items():
        if None not in one.values():
            found[pattern] = partial(meets, wishes=Constraints(**one))
    moods = request.moods
    found["the mood|not spoken"] = lambda song: (
        heard_as(song, moved) in moods if moods else heard_as(song, moved) != SPOKEN
    )
    if wish.never:
        found["--never"] = lambda song: song["work_id"] not in wish.never
    works = {work for near in nears_of(request) for work in near.works}
    if works:
        found["--like"] = lambda song: song["work_id"] not in works
    if wish.minutes is not None:
        found["--minutes"] = lambda song: bool(song["duration_ms"])
    return found


def nears_of(request):
    return [part.near for part in (request, *(p for _, p in request.parts)) if part.near]


class TestContradictions:
    @settings(max_examples=250)
    @given(catalogues(8), st.booleans(), st.data())
    def test_named_wishes_clash_and_each_of_them_has_to(self, songs, minutes, data):
        wish = data.draw(wishes(songs, minutes=minutes, filters=0.6))
        moved = data.draw(corrections(songs))
        with open_songs(songs) as catalogue:
            request = draw_request(data, catalogue, songs)
            try:
                answer_request(make_trained(catalogue), request, wish, FakeTaste(moved))
            except SettingsError as error:
                message = str(error)
            else:
                return
        known = wishes_by_name(request, wish, moved)
        head = re.split(" contradict each other|: the catalogue has", message)[0]
        named = [meet for pattern, meet in known.items() if re.search(pattern, head)]
        assert named, message
        assert not any(all(meet(song) for meet in named) for song in songs), message
        for left_out in range(len(named)):
            rest = named[:left_out] + named[left_out + 1 :]
            assert any(all(meet(song) for meet in rest) for song in songs), message
        smallest = min(
            size
            for size in range(1, len(known) + 1)
            for chosen in itertools.combinations(known.values(), size)
            if not any(all(meet(song) for meet in chosen) for song in songs)
        )
        assert len(named) == smallest, message

    def refusal(self, songs, request, wish, moved=None):
        with open_songs(songs) as catalogue, pytest.raises(SettingsError) as refused:
            answer_request(make_trained(catalogue), request, wish, FakeTaste(moved or {}))
        return str(refused.value)

    def test_a_pair_is_named(self):
        songs = [
            make_song("a", "calm", genres="rock", year=1990),
            make_song("b", "calm", genres="jazz", year=2000),
        ]
        told = self.refusal(
            songs, request_for_word("calm"), Constraints(genre="jazz", year_to=1995)
        )
        assert told == (
            "--genre jazz and --year-to 1995 contradict each other in this catalogue: it has "
            "1 that meet --genre jazz, 1 that meet --year-to 1995, but no song is both; "
            "widen or drop one of them"
        )

    def test_the_only_song_is_the_one_asked_about(self):
        songs = [make_song("a", "calm"), make_song("b", SPOKEN)]
        with open_songs(songs) as catalogue:
            request = like_songs(catalogue, songs[:1], "plane")
        told = self.refusal(songs, request, Constraints())
        assert "--like" in told
        assert "never" not in told

    def test_a_mood_that_the_listener_emptied(self):
        songs = [make_song("a", "calm"), make_song("b", "happy")]
        told = self.refusal(songs, request_for_word("calm"), Constraints(), {"a": "happy"})
        assert told.startswith("the mood calm: the catalogue has no such song")

    @pytest.mark.parametrize("surprise", range(8))
    def test_a_surprise_never_empties_a_journey(self, surprise):
        way = MoodRequest("way", path=((0.1, 0.4), (0.8, 0.3)), asked={"name": "way"})
        with open_songs([make_song("a", "calm")]) as catalogue:
            ranking = rank_songs(catalogue, way, Constraints(3, surprise=surprise))
            assert [song["song_id"] for song in ranking.songs] == ["a"]

    def test_a_tempo_of_0_is_unknown(self):
        songs = [make_song("a", "calm", tempo_bpm=0.0), make_song("b", "calm", tempo_bpm=90.0)]
        wish = Constraints(tempo=(0, 140))
        for request in (request_for_word("calm"), request_for_point(0.5, 0.5)):
            with open_songs(songs) as catalogue:
                ranking = rank_songs(catalogue, request, wish)
            assert [song["song_id"] for song in ranking.songs] == ["b"]


def test_the_reference_itself_knows_what_it_checks():
    song = make_song("a", "calm", year=1990, genres="jazz;rock", popularity=40)
    assert is_available(song, Constraints(genre="rock", year_from=1990, year_to=1990))
    assert not is_available(song, Constraints(explicit=False))
    assert not is_available(song, Constraints(popularity=(40.5, math.inf)))
    assert not is_available(song, Constraints(never=frozenset({song["work_id"]})))
