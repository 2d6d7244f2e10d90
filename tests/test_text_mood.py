"""Applying the fitted numbers: what ships, and that it says what was fitted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scripts.errors import MissingExtraError, ModelError
from scripts.fit_text import _pack_vectors, _pack_words, embed_rows, fit_numbers
from scripts.learning.text_heads import NEIGHBOURS, Layer, TextRows, head_parts
from scripts.learning.text_model import Linear, Pool
from scripts.learning.text_neighbours import N_AXES, pack_neighbours
from scripts.learning.text_pool import Mode
from scripts.learning.text_words import choose_vocabulary, count_terms
from scripts.moods.emotions import COARSE, EKMAN_GROUPS, EMOTIONS, MOODS_OF, NEUTRAL, cover
from scripts.moods.vocabulary import SONG_MOODS
from scripts.tables.sentences import Sentence, read_opposites, read_own, read_words
from scripts.text import encoder as encoder_module
from scripts.text.neighbours import open_neighbours
from scripts.text.packing import unpack
from scripts.text.reading import read_text
from scripts.text.text_mood import NUMBERS_FILE, TextMood, load_numbers, open_text_mood
from scripts.text.text_parts import (
    N_WORD_PARTS,
    PARTS,
    VECTOR_LAYERS,
    WORD_LAYERS,
    read_gates,
    say_otherwise,
    terms_of,
)
from scripts.text.tokens import read_clauses

PROJECT = Path(__file__).parents[1]
OPPOSITES = {"happy": "sad", "triste": "feliz"}
TEXTS = ("so happy today", "not happy at all", "no estoy triste", "I feel odd", "😀 dance", "zzz")


class RandomEncoder:
    """Embeds a text as numbers drawn by chance from its letters."""

    name, size = "random", 8

    def encode(self, texts: list[str]) -> np.ndarray:
        seeds = [sum(map(ord, text)) for text in texts]
        rows = np.array([np.random.default_rng(seed).normal(size=8) for seed in seeds])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def random_model() -> tuple[dict[str, Layer], TextRows, TextMood, Mode]:
    """A model of random layers, as arrays and as it would ship."""
    rng = np.random.default_rng(5)
    tokens = [[t for clause in read_clauses(text) for t in clause.tokens] for text in TEXTS]
    documents = [terms_of(row, OPPOSITES) for row in tokens]
    vocabulary = choose_vocabulary(documents, np.ones(len(TEXTS), bool))
    linear = {
        name: Linear(rng.normal(size=(size, len(labels))), rng.normal(size=len(labels)))
        for layers, size in ((WORD_LAYERS, len(vocabulary.terms)), (VECTOR_LAYERS, 8))
        for name, labels in layers
    }
    near = pack_neighbours(
        RandomEncoder().encode([f"sentence {n}" for n in range(90)]),
        np.eye(len(EMOTIONS))[np.arange(90) % len(EMOTIONS)],
    )
    heads: dict[str, Layer] = {**linear, "neighbours": open_neighbours(near)}
    pool = Pool(rng.uniform(0, 1, len(PARTS)), rng.normal(size=len(EMOTIONS)))
    mode = Mode(pool, 1.0, 0.0, 0.3)
    numbers = {
        "emotions": list(EMOTIONS),
        "words": _pack_words(linear, vocabulary),
        "vectors": _pack_vectors(linear),
        "neighbours": near,
        "opposites": OPPOSITES,
        "full": mode.to_numbers(),
        "lesser": Mode(Pool(pool.weights[:N_WORD_PARTS], pool.bias), 1.0, 0.0, 0.3).to_numbers(),
    }
    encoder = RandomEncoder()
    empty = np.zeros((len(TEXTS), 1))
    gates = np.array([read_gates(row, OPPOSITES) for row in tokens])
    vectors = encoder.encode(list(TEXTS))
    words = count_terms(documents, vocabulary)
    rows = TextRows(vectors, words, empty, empty[:, 0], empty[:, 0], empty, gates)
    return heads, rows, TextMood(json.loads(json.dumps(numbers)), encoder), mode


def test_the_answering_side_says_what_was_fitted() -> None:
    heads, rows, model, mode = random_model()
    fitted = mode.predict(head_parts(heads, rows, np.arange(len(TEXTS))))
    vectors = model.vector_columns(list(TEXTS))
    for text, vector, expected in zip(TEXTS, vectors, fitted, strict=True):
        tokens = [token for clause in read_clauses(text) for token in clause.tokens]
        words = model.word_logits(model.word_terms(tokens))
        said = np.exp(model.pooled(tokens, words, vector))
        # weights are rounded to a byte, so the last digits differ
        np.testing.assert_allclose(said, expected, atol=0.01)


def stand_ins(n: int, source: str, kind: str, seed: int) -> list[Sentence]:
    """Tweets or comments of the same shape as the published ones, made of mood words."""
    rng = np.random.default_rng(seed)
    words = [row for row in read_words() if row.label in COARSE[source] and row.labels == ()]
    picked = [words[at] for at in rng.integers(0, len(words), n)]
    return [
        Sentence(
            f"i feel {row.text} {at}",
            row.label,
            (row.label,),
            row.allowed,
            source,
            "en",
            kind,
            f"{kind}{at}",
        )
        for at, row in enumerate(picked)
    ]


def test_the_command_fits_numbers_that_read_and_repeats_them() -> None:
    train = [*read_own("situations")[::4], *read_own("events")[::4], *read_words()[::2]]
    train += stand_ins(150, "tweets", "tweet", 1) + stand_ins(150, "comments", "comment", 2)
    test = stand_ins(40, "tweets", "tweet", 3) + stand_ins(40, "comments", "comment", 4)
    opposites = read_opposites()
    vectors = embed_rows([*train, *test], opposites, RandomEncoder())
    numbers, facts = fit_numbers(train, test, vectors, opposites)
    assert numbers == fit_numbers(train, test, vectors, opposites)[0]
    assert facts["tweets, words"]["accuracy"] > 0.5
    assert facts["held_out"]["words"]["situations, en"]["quarter of states"]["n"] > 50
    model = TextMood(json.loads(json.dumps(numbers)), None)
    assert read_text("estoy muy triste", model).parts == [(1.0, "sad")]


def test_the_shipped_numbers_are_small_and_whole() -> None:
    folder = Path(NUMBERS_FILE).parent
    fitted = [path for path in folder.iterdir() if path.suffix in (".json", ".npy", ".npz")]
    assert sum(path.stat().st_size for path in fitted) <= 1_000_000
    numbers = load_numbers()
    n_terms = len(numbers["words"]["vocabulary"].split(" "))
    n_columns = sum(len(labels) for _, labels in WORD_LAYERS)
    assert len(unpack(numbers["words"]["weights"])) == n_terms * n_columns
    assert len(unpack(numbers["words"]["idf"])) == n_terms
    assert len(unpack(numbers["vectors"]["weights"])) == 512 * 2 * sum(
        len(labels) for _, labels in VECTOR_LAYERS
    )
    near = numbers["neighbours"]
    n_own = sum(len(read_own(name)) for name in NEIGHBOURS)
    assert len(unpack(near["rows"])) == N_AXES * n_own
    assert len(unpack(near["axes"])) == N_AXES * 512
    assert len(unpack(near["labels"])) == n_own
    assert len(numbers["full"]["pool"]["weights"]) == len(PARTS)
    assert len(numbers["lesser"]["pool"]["weights"]) == N_WORD_PARTS
    assert 0 < numbers["full"]["limit"] < 1


def test_words_alone_answer_without_numpy() -> None:
    code = (
        "import sys\n"
        "from scripts.text.text_mood import open_text_mood\n"
        "from scripts.text.reading import read_text\n"
        "reading = read_text('I am so happy, estoy feliz', open_text_mood(None))\n"
        "assert reading.model == 'words' and not reading.abstained\n"
        "print(sorted({'numpy', 'scipy', 'pandas', 'typing', 'dataclasses'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_without_the_extra_the_lesser_model_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise MissingExtraError("no extra")

    monkeypatch.setattr(encoder_module, "open_encoder", refuse)
    model = open_text_mood()
    assert model.lesser
    assert model.vector_columns(["happy"]) == model.vector_logits(["happy"]) == []


def test_the_logits_of_the_layers_come_before_the_votes() -> None:
    _, _, model, _ = random_model()
    logits, columns = model.vector_logits(list(TEXTS)), model.vector_columns(list(TEXTS))
    assert [row[: -len(EMOTIONS)] for row in columns] == logits
    votes = np.exp([row[-len(EMOTIONS) :] for row in columns])
    np.testing.assert_allclose(votes.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be used"),
        ("{", "cannot be used"),
        ("[]", "cannot be used"),
        ('{"emotions": ["bliss"]}', "fitted for the emotions bliss"),
    ],
)
def test_other_numbers_are_refused(tmp_path: Path, content: str | None, told: str) -> None:
    path = tmp_path / "text_mood.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ModelError, match=f"text_mood.json: .*{told}.*scripts.fit_text"):
        load_numbers(str(path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I am happy", "I am happy"),
        ("I'm not happy", "I'm sad"),
        ("I do not know him", "I do not know him"),
        ("ya no estoy triste", "ya estoy feliz"),
    ],
)
def test_a_denied_mood_word_is_said_otherwise(text: str, said: str) -> None:
    assert say_otherwise(read_clauses(text)[0], OPPOSITES) == said


def test_every_emotion_asks_for_songs_and_neutral_for_none() -> None:
    for name in EMOTIONS:
        assert set(MOODS_OF[name]) <= set(SONG_MOODS)
        assert sum(MOODS_OF[name].values()) == pytest.approx(0 if name == NEUTRAL else 1)
    asked = {mood for moods in MOODS_OF.values() for mood in moods}
    assert asked == set(SONG_MOODS)


def test_ekmans_groups_hold_every_emotion_once() -> None:
    held = [name for names in EKMAN_GROUPS.values() for name in names]
    assert sorted(held) == sorted(set(EMOTIONS) - {NEUTRAL})


@pytest.mark.parametrize("labels", COARSE.values())
def test_a_coarse_label_covers_itself(labels: tuple[str, ...]) -> None:
    covers = cover(labels)
    assert all(covers[EMOTIONS.index(label)] == at for at, label in enumerate(labels))
