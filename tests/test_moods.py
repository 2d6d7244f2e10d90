"""The vocabulary, the plane, the survey and the rules that name a centroid."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import ModelError
from scripts.learning.mood_plane import QUADRANT_TARGETS, place_songs, quadrants_of_places
from scripts.moods.features import CLIP_SD, FEATURE_RANGES, FEATURES
from scripts.moods.mood_labels import (
    LEVELS,
    MEASURES,
    RULES,
    label_centroid,
)
from scripts.moods.plane import AXES, load_plane, place_song
from scripts.moods.survey import (
    MOOD_COLUMN,
    MULTI_COLUMNS,
    SINGLE_COLUMNS,
    answers_of,
    encode_listener,
    moods_of,
    split_answers,
)
from scripts.moods.vocabulary import (
    LISTENER_MOODS,
    PLANE_WORDS,
    QUADRANTS,
    SONG_MOODS,
    SPOKEN,
    SYNONYMS,
    moods_of_quadrants,
    plain_word,
    quadrant_of_point,
    quadrant_of_word,
    quadrants_near,
)

#: (valence, energy) of the sixteen words, copied by hand from the project's table of them (after
#: Russell 1980 and Thayer 1989): these hold the vocabulary to its source.
CIRCUMPLEX = {
    "happy": (0.9, 0.7),
    "joyful": (0.8, 0.8),
    "energetic": (0.7, 0.9),
    "excited": (0.7, 1.0),
    "calm": (0.8, 0.3),
    "peaceful": (0.7, 0.4),
    "relaxed": (0.6, 0.3),
    "content": (0.7, 0.5),
    "sad": (0.1, 0.4),
    "melancholic": (0.2, 0.3),
    "gloomy": (0.1, 0.4),
    "angry": (0.2, 0.8),
    "agitated": (0.3, 0.9),
    "tense": (0.3, 0.7),
    "anxious": (0.2, 0.9),
    "fearful": (0.1, 0.8),
}

UNIT = st.floats(0, 1)


class TestVocabulary:
    def test_the_sixteen_words_stand_where_the_circumplex_puts_them(self):
        assert PLANE_WORDS == CIRCUMPLEX

    @pytest.mark.parametrize("word", CIRCUMPLEX)
    def test_every_circumplex_word_means_a_song_mood(self, word):
        assert SYNONYMS[word] in SONG_MOODS

    @pytest.mark.parametrize("word", sorted(set(CIRCUMPLEX) & set(SONG_MOODS)))
    def test_a_song_mood_that_is_a_circumplex_word_keeps_its_place(self, word):
        assert SONG_MOODS[word][:2] == CIRCUMPLEX[word]

    @pytest.mark.parametrize("word", SYNONYMS)
    def test_every_synonym_leads_to_a_song_mood_or_spoken(self, word):
        assert SYNONYMS[word] in {*SONG_MOODS, SPOKEN}
        assert word == " ".join(word.split()).casefold(), "words are looked up folded"

    def test_every_song_mood_means_itself(self):
        assert {name: SYNONYMS[name] for name in SONG_MOODS} == {name: name for name in SONG_MOODS}
        assert SYNONYMS[SPOKEN] == SPOKEN
        assert SPOKEN not in SONG_MOODS

    @pytest.mark.parametrize("mood", SONG_MOODS)
    def test_a_song_mood_lies_in_the_quarter_it_names(self, mood):
        valence, arousal, quadrant = SONG_MOODS[mood]
        assert quadrant_of_point(valence, arousal) == quadrant

    def test_every_quadrant_has_its_own_name_as_a_mood(self):
        assert set(QUADRANTS) <= set(SONG_MOODS)
        assert {quadrant for _, _, quadrant in SONG_MOODS.values()} == set(QUADRANTS)

    @pytest.mark.parametrize("mood", LISTENER_MOODS)
    def test_every_listener_mood_is_served_by_song_moods(self, mood):
        _, weights = LISTENER_MOODS[mood]
        assert 2 <= len(weights) <= 3
        assert set(weights) <= set(SONG_MOODS)
        assert all(0 < weight <= 1 for weight in weights.values())
        assert len({SONG_MOODS[name][2] for name in weights}) == 1, "one quarter serves it"

    def test_no_song_mood_serves_two_listener_moods(self):
        served = [name for _, weights in LISTENER_MOODS.values() for name in weights]
        assert len(served) == len(set(served))

    def test_no_listener_mood_hides_behind_a_synonym_of_another_quarter(self):
        for mood, (_, weights) in LISTENER_MOODS.items():
            if mood in SYNONYMS:
                assert quadrant_of_word(mood) == SONG_MOODS[next(iter(weights))][2]

    @pytest.mark.parametrize(
        ("word", "quadrant"),
        [(" Joyful ", "happy"), ("FEARFUL", "angry"), ("deep", "sad"), ("chill", "relaxed")],
    )
    def test_quadrant_of_word(self, word, quadrant):
        assert quadrant_of_word(word) == quadrant

    @pytest.mark.parametrize("word", ["", "purple", SPOKEN, "talkative"])
    def test_words_without_a_quadrant(self, word):
        assert quadrant_of_word(word) is None


class TestQuadrants:
    @given(UNIT, UNIT)
    def test_every_point_has_exactly_one_quadrant(self, valence, arousal):
        inside = [
            name
            for name, (high_valence, high_arousal) in QUADRANT_TARGETS.items()
            if (valence >= 0.5) == bool(high_valence) and (arousal >= 0.5) == bool(high_arousal)
        ]
        assert inside == [quadrant_of_point(valence, arousal)]

    @given(st.lists(st.tuples(UNIT, UNIT), min_size=1))
    def test_many_points_are_named_as_single_ones(self, points):
        batch = quadrants_of_places(np.array(points)).tolist()
        assert batch == [quadrant_of_point(*point) for point in points]

    def test_the_middle_counts_as_high(self):
        assert quadrant_of_point(0.5, 0.5) == "happy"
        assert quadrant_of_point(np.nextafter(0.5, 0), 0.5) == "angry"
        assert quadrant_of_point(0.5, np.nextafter(0.5, 0)) == "relaxed"

    @given(UNIT, UNIT)
    def test_the_quarters_near_a_point_hold_its_own_and_their_number_tells_the_lines(
        self, valence, arousal
    ):
        near = quadrants_near(valence, arousal)
        assert quadrant_of_point(valence, arousal) in near
        assert list(near) == [name for name in QUADRANTS if name in near]
        if min(abs(valence - 0.5), abs(arousal - 0.5)) > 1e-8:
            assert len(near) == 1

    def test_a_point_on_a_line_is_in_the_quarters_of_both_sides(self):
        assert quadrants_near(0.5, 0.9) == ("happy", "angry")
        assert quadrants_near(0.5, 0.1) == ("sad", "relaxed")
        assert quadrants_near(0.1, 0.5) == ("angry", "sad")
        assert quadrants_near(0.9, 0.5) == ("happy", "relaxed")
        assert quadrants_near(0.5, 0.5) == QUADRANTS

    def test_the_moods_of_all_quarters_are_all_moods_once(self):
        each = [moods_of_quadrants((name,)) for name in QUADRANTS]
        assert sorted(mood for moods in each for mood in moods) == sorted(SONG_MOODS)
        assert moods_of_quadrants(QUADRANTS) == tuple(SONG_MOODS)
        for name, moods in zip(QUADRANTS, each, strict=True):
            assert {quadrant_of_word(mood) for mood in moods} == {name}

    def test_words_are_compared_without_case_and_wide_blanks(self):
        assert plain_word("\tSadness  or\nMELANCHOLY ") == "sadness or melancholy"
        known = {*SYNONYMS, *PLANE_WORDS, *LISTENER_MOODS}
        assert {plain_word(word) for word in known} == known


def level_value(level: str) -> float:
    """A threshold that leaves room on both sides."""
    return {"below": 0.3, "above": 0.7}[LEVELS[level][1]]


THRESHOLDS = {
    quadrant: {measure: {level: level_value(level) for level in LEVELS} for measure in MEASURES}
    for quadrant in QUADRANTS
}


def middle_of(quadrant: str, **measures: float) -> dict[str, float]:
    """A centroid inside a quarter whose measures fire no rule, but for those given."""
    valence, arousal = ((0.25, 0.75)[int(high)] for high in QUADRANT_TARGETS[quadrant])
    names = dict.fromkeys(MEASURES, 0.5)
    return names | {"valence_cal": valence, "arousal_cal": arousal} | measures


def firing(mood: str) -> dict[str, float]:
    """Measures that meet exactly what the rule of a mood asks."""
    (asked,) = [conditions for name, conditions in RULES if name == mood]
    return {measure: level_value(level) for measure, level in asked}


MEASURED = st.fixed_dictionaries(
    {name: st.floats(-1e3, 1e3) for name in MEASURES} | {"valence_cal": UNIT, "arousal_cal": UNIT}
)


class TestLabelCentroid:
    @given(MEASURED)
    def test_every_centroid_gets_a_mood_of_its_own_quadrant(self, centroid):
        mood, reason = label_centroid(centroid, THRESHOLDS)
        home = quadrant_of_point(centroid["valence_cal"], centroid["arousal_cal"])
        assert SONG_MOODS[mood][2] == home
        assert reason

    def test_every_song_mood_has_exactly_one_rule(self):
        assert sorted(mood for mood, _ in RULES) == sorted(SONG_MOODS)

    @pytest.mark.parametrize("quadrant", QUADRANTS)
    def test_only_the_last_rule_of_a_quarter_asks_for_nothing(self, quadrant):
        home = [asked for mood, asked in RULES if SONG_MOODS[mood][2] == quadrant]
        assert [bool(asked) for asked in home] == [True] * (len(home) - 1) + [False]

    def test_rules_ask_about_known_measures_and_levels(self):
        assert {level for _, asked in RULES for _, level in asked} <= set(LEVELS)
        assert {*FEATURES, "valence_cal", "arousal_cal"} >= MEASURES

    @pytest.mark.parametrize("mood", [mood for mood, asked in RULES if asked])
    def test_a_rule_fires_at_its_threshold_and_not_beside_it(self, mood):
        asked = dict(next(conditions for name, conditions in RULES if name == mood))
        quadrant = SONG_MOODS[mood][2]
        at = {**THRESHOLDS[quadrant]}
        centroid = middle_of(quadrant)
        for measure, level in asked.items():  # the threshold is put where the centroid is
            at[measure] = at[measure] | {level: centroid[measure]}
        assert label_centroid(centroid, {quadrant: at})[0] == mood
        for measure, level in asked.items():
            step = 1e-6 if LEVELS[level][1] == "below" else -1e-6
            beside = centroid | {measure: centroid[measure] + step}
            assert label_centroid(beside, {quadrant: at})[0] != mood

    def test_the_first_rule_that_fires_wins(self):
        both = middle_of("happy", **firing("energetic")) | firing("party")
        order = [mood for mood, _ in RULES]
        assert order.index("party") < order.index("energetic")
        assert label_centroid(both, THRESHOLDS)[0] == "party"
        assert label_centroid(middle_of("happy", **firing("energetic")), THRESHOLDS)[0] == (
            "energetic"
        )

    @pytest.mark.parametrize("quadrant", ["sad"])
    def test_no_rule_leaves_the_quarters_last_mood(self, quadrant):
        mood, reason = label_centroid(middle_of(quadrant), THRESHOLDS)
        assert mood == quadrant
        assert "no rule above it fires" in reason

    def test_the_reason_is_the_rule_in_words(self):
        _, reason = label_centroid(middle_of("sad", **firing("gloomy")), THRESHOLDS)
        (asked,) = [conditions for name, conditions in RULES if name == "gloomy"]
        assert reason == ", ".join(f"{measure} {level}" for measure, level in asked)

    def test_the_other_quarters_thresholds_do_not_matter(self):
        wild = {name: {m: dict.fromkeys(LEVELS, 1e9) for m in MEASURES} for name in QUADRANTS}
        centroid = middle_of("sad", **firing("melancholic"))
        mixed = wild | {"sad": THRESHOLDS["sad"]}
        assert label_centroid(centroid, mixed) == label_centroid(centroid, THRESHOLDS)


TEXT = st.text(string.ascii_letters + " ,-", max_size=20)
LISTENER = st.dictionaries(st.sampled_from([*SINGLE_COLUMNS, *MULTI_COLUMNS]), TEXT)


class TestSurvey:
    @given(LISTENER, st.lists(TEXT))
    def test_encoding_is_zero_or_one(self, listener, words):
        features = [*answers_of(listener), *(f"Age={word}" for word in words)]
        row = encode_listener(listener, features)
        assert len(row) == len(features)
        assert set(row) <= {0.0, 1.0}
        assert row[: len(answers_of(listener))] == [1.0] * len(answers_of(listener))

    @given(LISTENER)
    def test_unknown_answers_are_all_zero(self, listener):
        features = [f"{column}=!" for column in (*SINGLE_COLUMNS, *MULTI_COLUMNS)]
        assert encode_listener(listener, features) == [0.0] * len(features)

    @given(LISTENER, st.sampled_from(MULTI_COLUMNS), st.sampled_from([",", ", ", " , ,"]))
    def test_trailing_commas_change_nothing(self, listener, column, tail):
        longer = listener | {column: listener.get(column, "") + tail}
        assert answers_of(longer) == answers_of(listener)

    @given(st.lists(st.text(string.ascii_letters, min_size=1)))
    def test_splitting_undoes_joining(self, answers):
        assert split_answers(", ".join(answers)) == answers

    def test_blank_is_no_answer_but_none_is(self):
        assert answers_of({"Age": "  ", "fav_pod_genre": "None "}) == ["fav_pod_genre=None"]

    def test_a_single_answer_keeps_its_commas(self):
        assert answers_of({"Age": "20, or so"}) == ["Age=20, or so"]

    def test_answers_outside_the_survey_are_left_alone(self):
        assert answers_of({"name": "Ada", MOOD_COLUMN: "Sadness or melancholy"}) == []

    def test_moods_come_in_vocabulary_order_whatever_the_case(self):
        phrases = [phrase for phrase, _ in LISTENER_MOODS.values()]
        assert moods_of(", ".join(reversed(phrases)).upper() + ",") == list(LISTENER_MOODS)
        assert moods_of("") == moods_of("Sadness") == []


FEATURE_ROW = st.tuples(*(st.floats(*FEATURE_RANGES[name]) for name in FEATURES))


class TestPlane:
    def test_the_kept_plane_has_nine_numbers_an_axis_and_an_origin(self):
        plane = load_plane()
        assert plane["features"] == list(FEATURES)
        assert all(len(plane[axis]["weights"]) == len(FEATURES) for axis in AXES)
        for origin in plane["origin"]:
            assert origin["rows"] > 0
            assert len(origin["sha256"]) == 64
            assert origin["cross_validated"]

    @given(FEATURE_ROW)
    def test_one_song_is_placed_as_many_are(self, features):
        plane = load_plane()
        one = place_song(plane, features)
        assert all(0 <= value <= 1 for value in one)
        many = place_songs(plane, np.array([features, features]))
        assert many[0] == pytest.approx(one, rel=1e-12)
        assert many[1].tolist() == many[0].tolist()

    def test_the_places_of_clear_songs(self, tiny_songs):
        from scripts.tables.truth import read_truth

        truth = read_truth(tiny_songs)
        places = place_songs(load_plane(), truth.features[list(FEATURES)].to_numpy())
        assert quadrants_of_places(places).tolist() == truth.quadrant.tolist()

    def test_a_feature_counts_no_further_than_three_standard_deviations(self):
        plane = load_plane()
        edge = [m + CLIP_SD * s for m, s in zip(plane["mean"], plane["scale"], strict=True)]
        beyond = [m + 1e6 * s for m, s in zip(plane["mean"], plane["scale"], strict=True)]
        inside = [m + 2 * s for m, s in zip(plane["mean"], plane["scale"], strict=True)]
        assert place_song(plane, beyond) == pytest.approx(place_song(plane, edge), rel=1e-12)
        assert place_song(plane, inside) != pytest.approx(place_song(plane, edge), rel=1e-6)

    def test_a_huge_logit_is_a_limit_and_no_error(self):
        plane = load_plane() | {"valence": {"bias": -1e9, "weights": [0.0] * 9}}
        plane["arousal"] = {"bias": 1e9, "weights": [0.0] * 9}
        one = place_song(plane, [0.5] * 9)
        assert one == pytest.approx((0.0, 1.0))
        assert place_songs(plane, np.full((1, 9), 0.5))[0] == pytest.approx(one)

    def test_too_few_features_are_refused(self):
        with pytest.raises(ValueError, match="zip"):
            place_song(load_plane(), [0.5] * 8)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (None, "cannot be read"),
            ("{", "cannot be read"),
            ({"valence": {"bias": 0}}, "cannot be read"),
            ({"mean": 3}, "cannot be read"),
            ({"features": ["energy"]}, r"fitted on the features \['energy'\]"),
            ({"mean": [0.0]}, "refit it with: python -m scripts.evaluate plane"),
            ({"valence": {"bias": 0, "weights": [1.0]}}, "but this version reads"),
        ],
    )
    def test_a_spoilt_plane_is_a_model_error(self, tmp_path: Path, change: Any, message: str):
        path = tmp_path / "plane.json"
        if isinstance(change, str):
            path.write_text(change, encoding="utf-8")
        elif change is not None:
            path.write_text(json.dumps(load_plane() | change), encoding="utf-8")
        with pytest.raises(ModelError, match=message) as caught:
            load_plane(path)
        assert "plane.json" in str(caught.value)
