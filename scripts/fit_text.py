"""Fit the text model: ``python -m scripts.fit_text --emotion DIR --goemotions DIR``.

Conventions
-----------
``DIR`` of "emotion" holds ``train.txt`` and ``val.txt``, that of GoEmotions ``train.tsv``,
``dev.tsv`` and ``labels.txt``. The data do not ship; the fitted numbers do, as
``scripts/text/text_mood.json``. Everything is chosen on training rows; validation rows are only
scored. The figures are printed as one JSON document and kept beside the numbers.

Method
------
The layers are fitted four times without a quarter of the blocks; the pool, the line that turns a
lead into a confidence, the limit and the thresholds of the comments are fitted on what the layers
say of rows they have not seen. Then the layers are fitted on all rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scripts.console import note
from scripts.evaluation.text_fit_report import judge_fit, judge_held_out
from scripts.learning.text_heads import TextRows, fit_heads, fit_neighbours, held_out_parts
from scripts.learning.text_model import Linear
from scripts.learning.text_pool import Mode, fit_mode
from scripts.learning.text_words import Vocabulary, choose_vocabulary, count_terms
from scripts.moods.emotions import COARSE, EMOTIONS, GOEMOTIONS_GROUPS, NEUTRAL
from scripts.playlists.program import run_program
from scripts.store.writing import to_json, write_text
from scripts.tables.sentences import (
    Sentence,
    read_comments,
    read_opposites,
    read_own,
    read_tweets,
    read_words,
)
from scripts.text.encoder import open_encoder
from scripts.text.packing import pack
from scripts.text.text_mood import NUMBERS_FILE
from scripts.text.text_parts import (
    N_NEIGHBOUR_PARTS,
    N_WORD_PARTS,
    VECTOR_LAYERS,
    WORD_LAYERS,
    read_gates,
    say_otherwise,
    terms_of,
)
from scripts.text.tokens import read_clauses

if TYPE_CHECKING:
    from scripts.text.encoder import Encoder

N_FOLDS = 4
OWN = ("situations", "events", "everyday", "words")


def main() -> int:
    """Read, fit, judge, write; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.fit_text",
        description="Fit the numbers that read a sentence, from two published sets of labelled "
        "texts and the project's own sentences; prints the figures as one JSON document.",
    )
    parser.add_argument("--emotion", type=Path, required=True, metavar="DIR")
    parser.add_argument("--goemotions", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    train, test = read_sources(options.emotion, options.goemotions)
    encoder = open_encoder()
    note(f"embedding {len(train) + len(test):,} texts")
    opposites = read_opposites()
    vectors = embed_rows([*train, *test], opposites, encoder)
    numbers, facts = fit_numbers(train, test, vectors, opposites, seed=options.seed)
    numbers["facts"] = {"encoder": encoder.name, **facts}
    write_text(Path(NUMBERS_FILE), to_json(numbers))
    print(to_json(numbers["facts"]), end="")
    return 0


def read_sources(emotion: Path, goemotions: Path) -> tuple[list[Sentence], list[Sentence]]:
    """Read the training rows and the validation rows."""
    train = [row for name in OWN[:-1] for row in read_own(name)] + read_words()
    train += [*read_tweets(emotion / "train.txt"), *read_comments(goemotions / "train.tsv")]
    test = [*read_tweets(emotion / "val.txt"), *read_comments(goemotions / "dev.tsv")]
    return train, test


def embed_rows(
    sentences: Sequence[Sentence], opposites: dict[str, str], encoder: Encoder
) -> NDArray[np.float32]:
    """Embed texts as the answering side does: (n, 512)."""
    texts = []
    for sentence in sentences:
        clauses = read_clauses(sentence.text)
        texts.append(" ".join(say_otherwise(clause, opposites) for clause in clauses))
    return np.vstack([encoder.encode(texts[at : at + 256]) for at in range(0, len(texts), 256)])


def make_rows(
    sentences: Sequence[Sentence],
    vectors: NDArray[np.float32],
    opposites: Mapping[str, str],
    vocabulary: Vocabulary | None = None,
) -> tuple[TextRows, Vocabulary]:
    """Turn sentences into arrays; a vocabulary is chosen where none is given."""
    tokens = [
        [token for clause in read_clauses(sentence.text) for token in clause.tokens]
        for sentence in sentences
    ]
    documents = [terms_of(row, opposites) for row in tokens]
    own = np.array([sentence.source in OWN for sentence in sentences])
    chosen = vocabulary or choose_vocabulary(documents, own)
    group = {label: name for name, labels in GOEMOTIONS_GROUPS.items() for label in labels}
    group[NEUTRAL] = NEUTRAL
    rows = TextRows(
        vectors=vectors,
        words=count_terms(documents, chosen),
        allowed=np.array([[e in s.allowed for e in EMOTIONS] for s in sentences], np.float32),
        source=np.array([s.source for s in sentences]),
        label=np.array([s.label for s in sentences]),
        groups=np.array(
            [
                [any(group.get(label) == name for label in s.labels) for name in COARSE["comments"]]
                for s in sentences
            ],
            np.float32,
        ),
        gates=np.array([read_gates(row, opposites) for row in tokens]),
    )
    return rows, chosen


def block_folds(sentences: Sequence[Sentence], seed: int) -> NDArray[np.int64]:
    """Deal blocks out to folds: neighbours and forms of one word stay together."""
    _, block = np.unique([f"{s.source} {s.block}" for s in sentences], return_inverse=True)
    rng = np.random.default_rng(seed)
    return np.asarray((rng.permutation(block.max() + 1) % N_FOLDS)[block])


def fit_numbers(
    train: Sequence[Sentence],
    test: Sequence[Sentence],
    vectors: NDArray[np.float32],
    opposites: dict[str, str],
    *,
    seed: int = 0,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit everything: the numbers that ship, and the figures."""
    rows, vocabulary = make_rows(train, vectors[: len(train)], opposites)
    note(f"{len(vocabulary.terms):,} terms; predicting held-out rows")
    held_out = held_out_parts(rows, block_folds(train, seed))
    kinds = np.array([f"{s.source} {s.kind}" for s in train])
    full = fit_mode(rows, kinds, held_out["parts"])
    lesser = fit_mode(rows, kinds, held_out["parts"][:, :N_WORD_PARTS])
    without = fit_mode(rows, kinds, held_out["parts"][:, :-N_NEIGHBOUR_PARTS])
    modes = {"full": full, "without neighbours": without, "words": lesser}
    note("fitting on all rows")
    everything = np.arange(len(train))
    heads = fit_heads(rows, everything)
    linear = {name: layer for name, layer in heads.items() if isinstance(layer, Linear)}
    numbers = {
        "emotions": list(EMOTIONS),
        "words": _pack_words(linear, vocabulary),
        "vectors": _pack_vectors(linear),
        "neighbours": fit_neighbours(rows, everything),
        "opposites": opposites,
        "full": full.to_numbers(),
        "lesser": lesser.to_numbers(),
    }
    tested, _ = make_rows(test, vectors[len(train) :], opposites, vocabulary)
    facts = {
        "held_out": _judge_own(train, rows, held_out["parts"], modes),
        **judge_fit(heads, rows, tested, held_out["comments"], modes),
    }
    return numbers, facts


def _judge_own(
    train: Sequence[Sentence],
    rows: TextRows,
    parts: NDArray[np.float64],
    modes: Mapping[str, Mode],
) -> dict[str, Any]:
    language = np.array([sentence.language for sentence in train])
    kind = np.array([sentence.kind for sentence in train])
    return judge_held_out(language, kind, rows, parts, modes)


def _pack_words(heads: dict[str, Linear], vocabulary: Vocabulary) -> dict[str, Any]:
    """Round the layers on words to a byte a weight, in steps of their own for each column."""
    layers = [heads[name] for name, _ in WORD_LAYERS]
    weights = np.hstack([layer.weights for layer in layers])
    steps = np.abs(weights).max(axis=0) / 127
    return {
        "vocabulary": " ".join(vocabulary.terms),
        "idf": pack(vocabulary.idf.tobytes()),
        "idf_step": vocabulary.step,
        "steps": steps.tolist(),
        "weights": pack(np.round(weights / steps).astype(np.int8).tobytes()),
        "bias": np.concatenate([layer.bias for layer in layers]).tolist(),
    }


def _pack_vectors(heads: dict[str, Linear]) -> dict[str, Any]:
    layers = [heads[name] for name, _ in VECTOR_LAYERS]
    return {
        "weights": pack(np.hstack([layer.weights for layer in layers]).astype("<f2").tobytes()),
        "bias": np.concatenate([layer.bias for layer in layers]).tolist(),
    }


if __name__ == "__main__":
    sys.exit(run_program(main))
