"""What a list that falls short says, and how wishes that contradict each other are named."""

from __future__ import annotations

import re

import pytest
from catalogues import like_songs, make_song, make_trained, open_songs

from scripts.errors import SettingsError
from scripts.moods.vocabulary import SPOKEN
from scripts.playlists.answer import answer_request
from scripts.playlists.constraints import Constraints
from scripts.playlists.request import request_for_journey
from scripts.playlists.shortages import count_passing
from scripts.playlists.words import (
    place_of_request,
    request_for_moods,
    request_for_point,
    request_for_word,
)

CALM = request_for_word("calm")
POINT = request_for_point(0.5, 0.5)
WAY = request_for_journey(CALM, request_for_word("tense"), (place_of_request(CALM), (0.3, 0.7)))

SONGS = [
    make_song("a", "calm", genres="rock", year=1990, explicit=0, popularity=10, tempo_bpm=90.0),
    make_song("b", "calm", genres="jazz", year=2000, explicit=1, popularity=50, tempo_bpm=140.0),
    make_song("c", "tense", genres="folk", year=2010, explicit=1, tempo_bpm=180.0),
    make_song("d", SPOKEN, genres="folk", year=1980, explicit=0, tempo_bpm=60.0),
]


class Moved:
    def __init__(self, **corrections):
        self.corrections = corrections
        self.scorer = None


def refusal(request, taste=None, songs=SONGS, **wishes):
    """What is said where no song meets the wishes."""
    with open_songs(songs) as catalogue, pytest.raises(SettingsError) as refused:
        answer_request(make_trained(catalogue), request, Constraints(**wishes), taste)
    return str(refused.value)


def notes_of(request, taste=None, songs=SONGS, **wishes):
    with open_songs(songs) as catalogue:
        return answer_request(make_trained(catalogue), request, Constraints(**wishes), taste)[1]


def work(song_id):
    return next(song["work_id"] for song in SONGS if song["song_id"] == song_id)


class TestClashes:
    @pytest.mark.parametrize(
        ("request_", "wishes", "named"),
        [
            (CALM, {"genre": "folk"}, "the mood calm and --genre folk"),
            (CALM, {"tempo": (150, 200)}, "the mood calm and --tempo 150-200"),
            (CALM, {"genre": "rock", "explicit": True}, "--genre rock and --explicit"),
            (CALM, {"year_from": 1995, "explicit": False}, "--year-from 1995 and --no-explicit"),
            (CALM, {"year_from": 1991, "year_to": 1999}, "--year-from 1991 and --year-to 1999"),
            (CALM, {"popularity": (40, 60), "tempo": (60, 100)}, None),
            (POINT, {"genre": "folk", "year_to": 1985}, None),
            (WAY, {"tempo": (50, 70)}, "a song that is not spoken and --tempo 50-70"),
            (
                POINT,
                {"genre": "folk", "explicit": False},
                "a song that is not spoken, --genre folk and --no-explicit",
            ),
        ],
    )
    def test_the_fewest_are_named(self, request_, wishes, named):
        told = refusal(request_, **wishes)
        if named is None:
            named = {
                "popularity": "--tempo 60-100 and --popularity 40-60",
                "genre": "a song that is not spoken and --year-to 1985",
            }[next(iter(wishes))]
        assert told.startswith(f"{named} contradict each other in this catalogue: it has ")
        assert told.endswith("; widen or drop one of them")

    def test_the_numbers_are_those_of_each_alone(self):
        told = refusal(CALM, genre="folk")
        assert "it has 2 of the mood calm, 2 that meet --genre folk, but no song is both" in told

    def test_other_wishes_are_not_named(self):
        told = refusal(CALM, genre="folk", max_per_artist=1, variety=0.5, year_from=1970, n=3)
        assert not re.search("artist|variety|year| -n", told)

    @pytest.mark.parametrize(
        ("wishes", "named"),
        [
            ({"year_from": 2020}, "--year-from 2020: the catalogue has no such song; widen"),
            ({"popularity": (90, 100)}, "--popularity 90-100: the catalogue has no such song"),
        ],
    )
    def test_one_wish_that_nothing_meets(self, wishes, named):
        assert refusal(POINT, **wishes).startswith(named)

    @pytest.mark.parametrize(
        ("wishes", "told"),
        [
            ({"year_to": 2020}, "--year-to 2020: the catalogue has no such song: none tells its"),
            ({"explicit": True}, "none tells whether it is explicit; drop this wish"),
            ({"popularity": (0, 100)}, "none tells its popularity; drop this wish"),
        ],
    )
    def test_a_fact_that_no_song_tells(self, wishes, told):
        assert told in refusal(CALM, songs=[make_song("a", "calm")], **wishes)

    def test_a_mood_that_the_catalogue_lacks(self):
        assert refusal(request_for_word("peaceful"), songs=SONGS[2:]).startswith(
            "the mood peaceful: the catalogue has no such song"
        )

    def test_a_blend_is_empty_only_where_all_its_parts_are(self):
        blend = request_for_moods("calm,sad")
        assert notes_of(blend, n=2) == []
        told = refusal(blend, songs=SONGS[2:])
        assert told.startswith("the mood calm:1, sad:1: the catalogue has no such song")

    def test_never(self):
        never = frozenset({work("a"), work("b")})
        told = refusal(CALM, never=never)
        assert told == (
            "the mood calm and --never, --new or feedback contradict each other in this "
            "catalogue: it has 2 of the mood calm, 2 songs that --never, --new and feedback allow, "
            "but no song is both; widen or drop one of them (--undo takes a feedback back)"
        )
        assert "--never" not in refusal(CALM, never=never, genre="folk")
        assert refusal(WAY, never=never | {work("c")}).startswith(
            "a song that is not spoken and --never, --new or feedback contradict"
        )

    @pytest.mark.parametrize("request_", [CALM, POINT, WAY])
    def test_minutes_without_durations(self, request_):
        songs = [make_song("a", "calm", duration_ms=None)]
        told = refusal(request_, songs=songs, minutes=5)
        assert told.startswith("--minutes 5: the catalogue has no songs of known duration")
        assert "-n" in told
        told = refusal(request_, songs=[*songs, make_song("b", SPOKEN)], minutes=5)
        assert "--minutes 5 contradict each other" in told
        assert "1 song of known duration" in told

    @pytest.mark.parametrize("request_", [CALM, POINT])
    def test_minutes_too_few_for_any_song_give_the_nearest_song(self, request_):
        with open_songs(SONGS) as catalogue:
            document, notes = answer_request(
                make_trained(catalogue), request_, Constraints(minutes=0.1)
            )
        assert len(document["songs"]) == 1
        assert any(note.startswith("The playlist lasts") for note in notes)

    def test_the_song_asked_about_is_the_last_one(self):
        songs = [SONGS[2], make_song("e", "tense", work_id=work("c"), artist_id=3)]
        with open_songs(songs) as catalogue:
            request = like_songs(catalogue, [songs[0]], "sound")
        assert refusal(request, songs=songs).startswith(
            "--like: the catalogue has no songs other than those of --like"
        )

    def test_a_listeners_word_on_a_mood_counts(self):
        taste = Moved(a="sad", b="sad", c="calm")
        told = refusal(CALM, taste, genre="rock")
        assert told.startswith("the mood calm and --genre rock contradict each other")
        assert "it has 1 of the mood calm, 1 that meet --genre rock" in told
        assert notes_of(CALM, taste, n=1, genre="folk") == []

    def test_stand_ins_count_as_the_mood(self):
        with open_songs(SONGS, {"gloomy": "tense"}) as catalogue:
            trained, gloomy = make_trained(catalogue), request_for_word("gloomy")
            _, notes = answer_request(trained, gloomy, Constraints(1))
            assert "too few gloomy songs; tense, near it on the plane, stands in" in notes[0]
            with pytest.raises(SettingsError, match="the mood gloomy and --genre rock contradict"):
                answer_request(trained, gloomy, Constraints(genre="rock"))


class TestShortLists:
    def test_each_wish_is_told_with_its_cost(self):
        (note,) = notes_of(CALM, n=2, genre="rock", year_to=1995)
        assert note == (
            "Only 1 of 2 songs: the catalogue has 2 that are calm; --genre rock leaves 1 "
            "(costs 1); --year-to 1995 leaves 1 (costs 1); all of these together leave 1."
        )

    def test_places_count_all_but_spoken(self):
        (note,) = notes_of(POINT, n=9)
        assert note == "Only 3 of 9 songs: the catalogue has 3 that are not spoken."

    @pytest.mark.parametrize("variety", [0.0, 0.5])
    def test_versions_and_artists(self, variety):
        songs = [
            make_song("a", "calm", 3.0, work_id=1, artist_id=1),
            make_song("b", "calm", 2.0, work_id=1, artist_id=1),
            make_song("c", "calm", 1.0, work_id=2, artist_id=1),
            make_song("d", "calm", 0.0, work_id=3, artist_id=2),
        ]
        (note,) = notes_of(CALM, songs=songs, n=4, max_per_artist=1, variety=variety)
        assert "--max-per-artist 1 cost 1" in note
        assert "one version per song cost 1" in note

    def test_never_is_told(self):
        (note,) = notes_of(CALM, n=2, never=frozenset({work("a")}))
        assert "songs never to be played cost 1" in note

    def test_minutes_that_cannot_be_met_are_told(self):
        (note,) = notes_of(CALM, minutes=30)
        assert note == (
            "The playlist lasts 6:40, not 30:00: no songs that meet your wishes come nearer."
        )

    def test_counts_know_tempo_and_popularity(self):
        wishes = Constraints(tempo=(80, 100), popularity=(0, 20))
        with open_songs(SONGS) as catalogue:
            assert count_passing(catalogue, ["calm", "tense"], wishes) == {
                "songs": 3,
                "--tempo 80-100": 1,
                "--popularity 0-20": 1,
                "all": 1,
            }
