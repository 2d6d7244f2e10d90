"""What lyrics cost: milliseconds to embed one, and to search 100,000 of them.

Embedding: lyrics of a stated number of words, drawn from common words and mood words, each timed
alone; the tokeniser's part apart. Searching: 100,000 vectors of length 1, stored as float16, of
three kinds: drawn evenly from the sphere (the worst case for every method that leaves rows out),
drawn around a few middles as sentence embeddings lie, and those of ``--vectors FILE`` (numpy,
float) with noise added until there are enough. Prepared once, then each query is timed alone, in
time of the wall and of the CPU, which differ on a machine that is busy with other things. One
thread.

Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from scripts.learning.lyric_vectors import LyricEncoder, lyric_pieces
from scripts.learning.vector_search import VectorIndex, exact_cosines
from scripts.moods.vocabulary import SYNONYMS
from scripts.text.encoder import open_encoder

SIZE = 512
N_VECTORS = 100_000
N_QUERIES = 200
N_LYRICS = 40
N_BEST = 10

COMMON = """
i you the a and to my me in it of your on that all for be we with so no oh is love know like just
never when now say one time go come down night day way heart feel want light eyes
"""


def invent_lyric(rng: np.random.Generator, n_words: int) -> str:
    """Draw a text of common words and words of mood, eight words a line."""
    words = [*COMMON.split() * 3, *sorted(SYNONYMS)]
    drawn = [words[i] for i in rng.integers(0, len(words), n_words)]
    return "\n".join(" ".join(drawn[at : at + 8]) for at in range(0, n_words, 8))


def summarise(taken_ms: list[float]) -> dict[str, float]:
    """Return median, 95th percentile and worst, in ms."""
    ordered = sorted(taken_ms)
    return {
        "median_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))], 2),
        "worst_ms": round(ordered[-1], 2),
    }


def time_each(
    work: Callable[[Any], Any], items: list[Any], clock: Callable[[], float]
) -> list[float]:
    """Time the work on each item alone, in ms."""
    taken = []
    for item in items:
        started = clock()
        work(item)
        taken.append(1000 * (clock() - started))
    return taken


def measure_encoding(seed: int) -> dict[str, Any]:
    """Time the embedding of lyrics of several lengths, and what the tokeniser has of it."""
    encoder = open_encoder()
    whole = LyricEncoder(encoder)
    encoder.encode(["loads the model"])
    tokenise = encoder._model._tokenizer.encode  # type: ignore[attr-defined]
    rng = np.random.default_rng(seed)
    results: dict[str, Any] = {}
    for n_words in (50, 100, 200, 400, 800):
        texts = [invent_lyric(rng, n_words) for _ in range(N_LYRICS)]
        taken = time_each(lambda text: whole.encode([text]), texts, time.process_time)
        tokens = time_each(lambda text: tokenise(lyric_pieces(text)), texts, time.process_time)
        results[f"{n_words} words"] = {
            **summarise(taken),
            "tokeniser_ms": round(statistics.median(tokens), 2),
        }
    return results


def _unit(rows: NDArray[Any]) -> NDArray[np.float16]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def draw_vectors(
    kind: str, base: NDArray[Any] | None, rng: np.random.Generator
) -> NDArray[np.float16]:
    """Draw vectors, and as many queries behind them: (100,200, 512)."""
    n = N_VECTORS + N_QUERIES
    noise = rng.standard_normal((n, SIZE), dtype=np.float32)
    if kind == "even":
        return _unit(noise)
    if base is None:
        base = rng.standard_normal((500, 48)) @ rng.standard_normal((48, SIZE))
    base = base / np.linalg.norm(base, axis=1, keepdims=True)
    return _unit(base[rng.integers(0, len(base), n)] + 0.3 / np.sqrt(SIZE) * noise)


def measure_search(vectors: NDArray[np.float16]) -> dict[str, Any]:
    """Time the search, and hold a few answers against a pass in float64 over all vectors."""
    stored, queries = vectors[:N_VECTORS], vectors[N_VECTORS:].astype(np.float32)
    started = time.perf_counter()
    index = VectorIndex(stored)
    prepared = time.perf_counter() - started
    for query in queries[:3]:
        expected = np.lexsort((np.arange(N_VECTORS), -exact_cosines(query, stored)))[:N_BEST]
        if index.search(query, N_BEST).rows.tolist() != expected.tolist():
            raise SystemExit("the search is not exact")
    clocks = {"wall": time.perf_counter, "cpu": time.process_time}

    def search(query: NDArray[Any]) -> Any:
        return index.search(query, N_BEST)

    return {
        **{name: summarise(time_each(search, [*queries], clock)) for name, clock in clocks.items()},
        "preparing_s": round(prepared, 2),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--vectors", type=Path, help="embeddings to draw from (default: none)")
    parser.add_argument("--seed", type=int, default=0, help="of everything drawn (default: 0)")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    kinds: dict[str, NDArray[Any] | None] = {"even": None, "around middles": None}
    if options.vectors:
        kinds[options.vectors.name] = np.load(options.vectors, allow_pickle=False)
    told = {"n_vectors": N_VECTORS, "n_queries": N_QUERIES, "n_best": N_BEST}
    with threadpool_limits(limits=1):
        search = {kind: measure_search(draw_vectors(kind, kinds[kind], rng)) for kind in kinds}
        encode = measure_encoding(options.seed)
    print(json.dumps({"encode": encode, "search": {**told, **search}}, indent=1))


if __name__ == "__main__":
    main()
