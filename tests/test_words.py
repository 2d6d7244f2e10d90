"""Words, blends, points and their polar form as requests."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from catalogues import LEVELS, make_song, make_trained, open_songs
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.moods.vocabulary import (
    LISTENER_MOODS,
    PLANE_WORDS,
    POINT_WORDS,
    QUADRANTS,
    SONG_MOODS,
    SPOKEN,
    SYNONYMS,
    moods_of_quadrants,
    quadrants_near,
)
from scripts.playlists.answer import answer_request
from scripts.playlists.constraints import Constraints
from scripts.playlists.ranking import rank_songs
from scripts.playlists.request import request_for_journey, request_for_songs
from scripts.playlists.words import (
    parse_point,
    place_of_request,
    point_of,
    polar_of,
    request_for_moods,
    request_for_point,
    request_for_word,
)

UNIT = st.floats(0, 1)


def every_mood(n=6):
    """A catalogue of n songs a label, each at its own place on the plane."""
    songs = []
    for i, (mood, (valence, energy, _)) in enumerate(SONG_MOODS.items()):
        for k in range(n):
            shift = 0.01 * (k - n // 2)
            songs.append(
                make_song(
                    f"{mood}{k}",
                    mood,
                    round(2 - 0.1 * k - 0.01 * i, 3),
                    valence=min(1.0, max(0.0, valence + shift)),
                    energy=min(1.0, max(0.0, energy + shift)),
                )
            )
    return [*songs, *(make_song(f"talk{k}", SPOKEN, 1.0) for k in range(n))]


@pytest.fixture(scope="module")
def catalogue():
    with open_songs(every_mood()) as opened:
        yield opened


def ids_of(catalogue, request, n=5):
    return [song["song_id"] for song in rank_songs(catalogue, request, Constraints(n)).songs]


class TestWords:
    @pytest.mark.parametrize(
        "word",
        sorted(
            {
                *PLANE_WORDS,
                *SYNONYMS,
                *LISTENER_MOODS,
                *(answer for answer, _ in LISTENER_MOODS.values()),
            }
        ),
    )
    def test_every_word_answers_in_any_spelling(self, catalogue, word):
        request = request_for_word(f"  {word.upper()} ")
        document, notes = answer_request(make_trained(catalogue), request, Constraints(5))
        assert len(document["songs"]) == 5
        assert notes == []
        assert {song["mood"] for song in document["songs"]} <= set(request.moods)

    def test_there_are_sixteen_words_and_each_lies_in_the_plane(self):
        assert len(PLANE_WORDS) == 16
        for word, place in PLANE_WORDS.items():
            assert place_of_request(request_for_word(word)) == place

    @pytest.mark.parametrize("word", POINT_WORDS)
    def test_a_word_of_the_circumplex_gives_the_nearest_of_its_quarter(self, catalogue, word):
        place = PLANE_WORDS[word]
        quarter = moods_of_quadrants(quadrants_near(*place))
        songs = rank_songs(catalogue, request_for_word(word), Constraints(12)).songs
        assert [song["distance"] for song in songs] == sorted(
            math.dist(place, (song["valence"], song["energy"])) for song in songs
        )
        assert {song["mood"] for song in songs} <= set(quarter)

    @pytest.mark.parametrize("quadrant", QUADRANTS)
    def test_the_words_of_the_quarters_mean_all_of_them(self, quadrant):
        request = request_for_word(quadrant)
        assert set(request.weights) == set(moods_of_quadrants((quadrant,)))

    def test_words_of_one_point_differ_or_are_synonyms(self, catalogue):
        by_place = {}
        for word, place in PLANE_WORDS.items():
            by_place.setdefault(place, []).append(word)
        shared = [words for words in by_place.values() if len(words) > 1]
        assert ["sad", "gloomy"] in shared
        for words in shared:
            lists = [ids_of(catalogue, request_for_word(word), 15) for word in words]
            for i, one in enumerate(words):
                for j in range(i):
                    is_synonym = SYNONYMS[one] == SYNONYMS[words[j]]
                    assert (lists[i] == lists[j]) == is_synonym

    def test_sad_is_the_whole_and_gloomy_a_part(self, catalogue):
        sad = set(ids_of(catalogue, request_for_word("sad"), 99))
        gloomy = set(ids_of(catalogue, request_for_word("gloomy"), 99))
        assert gloomy < sad

    @pytest.mark.parametrize("word", ["clam", "", " ", "\x1b[31m", "glom"])
    def test_an_unknown_word_is_told_with_its_option(self, word):
        with pytest.raises(
            SettingsError, match=r"^--from '.*': no such mood; .*known words:"
        ) as no:
            request_for_word(word, "--from")
        assert str(no.value).isprintable()


class TestBlends:
    @pytest.mark.parametrize(
        ("blend", "moods", "expected"),
        [
            ("calm:2,melancholic:1", ("calm", "melancholic"), (4, 2)),
            ("calm:1,melancholic:2", ("calm", "melancholic"), (2, 4)),
            ("calm,melancholic", ("calm", "melancholic"), (3, 3)),
            ("calm:0.5 , melancholic:.25", ("calm", "melancholic"), (4, 2)),
            ("calm:1000,melancholic:0.001", ("calm", "melancholic"), (6, 0)),
            ("calm,calm,melancholic", ("calm", "melancholic"), (4, 2)),
            ("calm,melancholic,tense:4", ("calm", "melancholic", "tense"), (1, 1, 4)),
        ],
    )
    def test_shares(self, catalogue, blend, moods, expected):
        songs = rank_songs(catalogue, request_for_moods(blend), Constraints(6)).songs
        counts = Counter(song["mood"] for song in songs)
        assert tuple(counts[mood] for mood in moods) == expected

    @settings(max_examples=60)
    @given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 20))
    def test_every_beginning_keeps_the_proportion(self, first, second, n):
        songs = [make_song(f"{mood}{i:02d}", mood) for mood in ("calm", "tense") for i in range(20)]
        request = request_for_moods(f"calm:{first},tense:{second}")
        with open_songs(songs) as opened:
            listed = rank_songs(opened, request, Constraints(n)).songs
        for length in range(1, n + 1):
            calm = sum(song["mood"] == "calm" for song in listed[:length])
            assert abs(calm - length * first / (first + second)) < 1

    def test_turns_come_as_sainte_lague_gives_seats(self, catalogue):
        found = rank_songs(catalogue, request_for_moods("calm:2,tense:1"), Constraints(6)).songs
        # by hand: the greatest of 2, 2/3, 2/5, 2/7 ... and 1, 1/3, 1/5 ...
        assert [song["mood"][0] for song in found] == list("ctcctc")

    def test_one_part_alone_carries_on_where_another_ends(self):
        songs = [make_song("t", "tense"), *(make_song(f"c{i}", "calm") for i in range(5))]
        with open_songs(songs) as opened:
            found = ids_of(opened, request_for_moods("tense:3,calm:1"), 5)
        assert found[0] == "t"
        assert len(found) == 5

    def test_a_mood_given_twice_is_one_part_of_both_shares(self):
        request = request_for_moods("calm:1,happy,calm:2.5")
        assert [(share, part.mood) for share, part in request.parts] == [
            (3.5, "calm"),
            (1, "happy"),
        ]
        assert request.mood == "calm:3.5, happy:1"

    def test_a_blend_of_one_is_the_word(self):
        assert request_for_moods("calm:7").weights == request_for_word("calm").weights
        assert request_for_moods("calm:7").parts == ()

    def test_a_song_of_two_parts_comes_once(self, catalogue):
        found = ids_of(catalogue, request_for_moods("sad,gloomy,melancholic"), 18)
        assert len(set(found)) == len(found) == 18

    @pytest.mark.parametrize(
        "share", ["nan", "inf", "-inf", "-1", "0", "1e308", "1e-308", "", " ", "x", "1:2", "0x1"]
    )
    def test_a_share_that_is_none(self, share):
        with pytest.raises(SettingsError, match="a share is a number above 0, as in calm:2") as no:
            request_for_moods(f"calm:{share},happy:1")
        assert "--mood 'calm:" in str(no.value)

    @pytest.mark.parametrize("blend", ["calm,", ",calm", "calm,,happy", ":2", ",", "calm, :3"])
    def test_a_part_without_a_word(self, blend):
        with pytest.raises(SettingsError, match="a part of the blend names no mood"):
            request_for_moods(blend)

    def test_a_part_that_is_no_mood(self):
        with pytest.raises(SettingsError, match="'clam': no such mood; did you mean calm"):
            request_for_moods("calm:1,clam:2")

    @given(
        st.dictionaries(
            st.sampled_from(sorted(PLANE_WORDS)), st.floats(0.001, 1000), min_size=1, max_size=4
        )
    )
    def test_a_blend_has_the_mean_of_its_places(self, shares):
        request = request_for_moods(",".join(f"{word}:{n!r}" for word, n in shares.items()))
        total = math.fsum(shares.values())
        for axis, value in enumerate(place_of_request(request)):
            mean = math.fsum(n * PLANE_WORDS[word][axis] for word, n in shares.items()) / total
            assert value == pytest.approx(mean, abs=1e-9)

    def test_what_has_no_place_leads_nowhere(self):
        with pytest.raises(SettingsError, match="'spoken' has no place on the plane"):
            place_of_request(request_for_word("spoken"))

    def test_a_stand_in_is_told_once(self):
        songs = [make_song("a", "tense"), make_song("b", "melancholic")]
        with open_songs(songs, {"gloomy": "tense"}) as opened:
            request = request_for_moods("gloomy,deep:2,melancholic")
            _, notes = answer_request(make_trained(opened), request, Constraints(2))
        assert len([note for note in notes if "stands in" in note]) == 1


class TestPoints:
    @given(UNIT, UNIT)
    @example(1.0, math.nextafter(0.5, 0))
    @example(0.5, 0.5)
    @example(1.0, 0.0)
    @example(0.0, 1.0)
    def test_both_forms_agree(self, valence, energy):
        angle, intensity = polar_of(valence, energy)
        assert 0 <= angle < 360
        assert 0 <= intensity <= math.sqrt(2)
        assert point_of(angle, intensity) == pytest.approx((valence, energy), abs=1e-9)

    @given(st.floats(-1e6, 1e6), st.floats(0, 1))
    def test_the_circle_never_leaves_the_plane(self, angle, intensity):
        valence, energy = point_of(angle, intensity)
        assert 0 <= valence <= 1
        assert 0 <= energy <= 1
        assert polar_of(valence, energy)[1] == pytest.approx(intensity, abs=1e-9)
        assume(intensity > 1e-3)
        turn = abs(polar_of(valence, energy)[0] - angle) % 360
        assert min(turn, 360 - turn) == pytest.approx(0, abs=1e-6)

    @pytest.mark.parametrize(
        ("angle", "place"), [(0, (1, 0.5)), (90, (0.5, 1)), (180, (0, 0.5)), (270, (0.5, 0))]
    )
    def test_the_four_sides(self, angle, place):
        assert point_of(angle, 1) == place
        assert polar_of(*place) == (angle, 1)

    @settings(max_examples=40)
    @given(st.sampled_from(LEVELS), st.sampled_from(LEVELS))
    def test_both_forms_give_the_same_list(self, catalogue, valence, energy):
        polar = point_of(*polar_of(valence, energy))
        direct = rank_songs(catalogue, request_for_point(valence, energy), Constraints(8)).songs
        turned = rank_songs(catalogue, request_for_point(*polar), Constraints(8)).songs
        assert [song["distance"] for song in turned] == pytest.approx(
            [song["distance"] for song in direct], abs=1e-9
        )

    @pytest.mark.parametrize(
        ("angle", "intensity"),
        [(45, 1.42), (0, 1.01), (0, -0.1), (math.nan, 1), (0, math.nan), (math.inf, 0), (0, 1e308)],
    )
    def test_a_polar_form_outside_is_refused(self, angle, intensity):
        with pytest.raises(SettingsError, match=r"^--angle .* --intensity "):
            point_of(angle, intensity)

    @pytest.mark.parametrize("point", [(1.01, 0.5), (0.5, -0.01), (math.nan, 0.5), (0.5, math.inf)])
    def test_a_point_outside_is_refused(self, point):
        with pytest.raises(SettingsError, match="is outside the plane"):
            request_for_point(*point)

    @given(UNIT, UNIT, st.sampled_from([",", ";", " , "]))
    def test_a_point_is_read_as_written(self, valence, energy, between):
        assert parse_point(f"{valence!r}{between}{energy!r}") == (valence, energy)

    @pytest.mark.parametrize("text", ["", "0.5", "1,2,3", "a,b", "0,5,0,5", ",", "0.5 0.5"])
    def test_a_text_that_is_no_point(self, text):
        with pytest.raises(SettingsError, match=r"^--to '.*': give valence and energy"):
            parse_point(text, "--to")


class TestJourneys:
    def test_words_of_one_place_make_a_stay(self):
        start, end = request_for_word("sad"), request_for_word("gloomy")
        places = place_of_request(start), place_of_request(end)
        assert request_for_journey(start, end, places).path == places

    def test_the_ends_are_told(self, catalogue):
        start, end = request_for_moods("tense"), request_for_point(0.8, 0.3)
        places = place_of_request(start), place_of_request(end)
        request = request_for_journey(start, end, places)
        document, _ = answer_request(make_trained(catalogue), request, Constraints(6))
        assert document["request"]["from"] == [0.3, 0.7]
        assert document["request"]["to"] == [0.8, 0.3]
        assert document["songs"][0]["mood"] in ("tense", "angry")
        assert document["songs"][-1]["mood"] in ("calm", "relaxed")


class TestSongs:
    def test_the_distance_told_is_that_to_the_place_it_counts_from(self, catalogue):
        places = [(0.8, 0.3), (0.1, 0.4)]
        request = request_for_songs(["one", "other"], places, "plane", frozenset())
        document, _ = answer_request(make_trained(catalogue), request, Constraints(6))
        for i, song in enumerate(document["songs"]):
            expected = math.dist(places[i % 2], (song["valence"], song["energy"]))
            assert song["distance"] == pytest.approx(expected)
            assert f"{expected:.3f} from {('one', 'other')[i % 2]}" in song["why"]
