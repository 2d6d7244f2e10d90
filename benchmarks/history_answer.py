"""A cold answer by what a listener has played, beside ``python -c "import numpy"``.

Invents a history of N plays over songs of a trained set (nine in ten of the songs are in it), in
each format; asks for a playlist as a user does, in a process of its own, in turn with the import;
and prints one JSON document: by format and request the milliseconds of the median answer, of the
wall and of the CPU (user and system), and both in units of the import. *First* answers have never
met the history; *later* ones find the digest that the first one kept.

    python -m benchmarks.history_answer --output output --plays 100000 --times 7
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.histories import FORMATS, Row, write_history
from scripts.store.reading import open_set

PROGRAM = Path(__file__).resolve().parents[1] / "music_recommendation.py"
REQUESTS = {"calm": ["--mood", "calm"], "alone": []}
SHARE_UNKNOWN = 0.1
#: One thread: the import would start others, whose time is none of its own.
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
IMPORT = [sys.executable, "-c", "import numpy"]


def read_songs(output: str, n_songs: int, rng: random.Random) -> list[dict[str, Any]]:
    """Take songs of the set as a listener knows them, of a fifth of its artists."""
    with closing(open_set(output)) as trained:
        rows = trained.catalogue.execute(
            "SELECT song_id, title, artist, artist_id FROM songs ORDER BY rank"
        ).fetchall()
    artists = sorted({row[3] for row in rows})
    liked = set(rng.sample(artists, max(1, len(artists) // 5)))
    rows = [row for row in rows if row[3] in liked]
    return [
        {
            "title": f"Unheard Of {at}" if rng.random() < SHARE_UNKNOWN else title,
            "artist": artist.partition(";")[0],
            "album": f"Album {at // 9}",
            "id": song_id if len(song_id) == 22 and song_id.isalnum() else "x" * 22,
            "ms": rng.randrange(120_000, 400_000),
            "mbid": f"{rng.getrandbits(32):08x}-9241-46da-935d-{rng.getrandbits(48):012x}",
        }
        for at, (song_id, title, artist, _) in enumerate(rng.sample(rows, min(n_songs, len(rows))))
    ]


def invent_plays(songs: list[dict[str, Any]], n_plays: int, rng: random.Random) -> Iterator[Row]:
    """Invent plays: a few songs heard often and most rarely, three in ten broken off."""
    when = datetime(2018, 1, 1, tzinfo=UTC)
    for _ in range(n_plays):
        song = songs[int(len(songs) * rng.random() ** 2)]
        played = song["ms"] if rng.random() < 0.7 else rng.randrange(1_000, song["ms"])
        when += timedelta(seconds=played // 1000 + rng.choice([1, 2, 3, 40, 3_000]))
        yield when, song, played


def time_process(command: list[str]) -> tuple[float, float]:
    """Run a command; return the seconds it took, of the wall and of the CPU."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def time_answers(output: str, path: Path, n_times: int) -> dict[str, Any]:
    """Time every kind of answer in turn with the import."""
    ask = [sys.executable, str(PROGRAM), "--output", output, "--history", str(path)]
    kept = Path(output) / "cache" / "histories"
    taken: dict[str, list[tuple[float, float]]] = {}
    for _ in range(n_times):
        taken.setdefault("import numpy", []).append(time_process(IMPORT))
        for name, request in REQUESTS.items():
            shutil.rmtree(kept, ignore_errors=True)
            for when in ("first", "later"):
                taken.setdefault(f"{name}, {when}", []).append(time_process(ask + request))
    medians = {
        name: [statistics.median(clock) for clock in zip(*pairs, strict=True)]
        for name, pairs in taken.items()
    }
    unit = medians["import numpy"]
    return {
        name: {
            "wall_ms": round(1000 * wall, 1),
            "cpu_ms": round(1000 * cpu, 1),
            "wall_in_imports": round(wall / unit[0], 2),
            "cpu_in_imports": round(cpu / unit[1], 2),
        }
        for name, (wall, cpu) in medians.items()
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--output", default="output", help="a trained set (default: output)")
    parser.add_argument("--plays", type=int, default=100_000)
    parser.add_argument("--songs", type=int, default=10_000, help="that were played")
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument(
        "--formats",
        nargs="+",
        choices=FORMATS,
        default=["account", "extended", "lastfm", "listenbrainz"],
    )
    options = parser.parse_args()
    rng = random.Random(options.seed)
    songs = read_songs(options.output, options.songs, rng)
    rows = list(invent_plays(songs, options.plays, rng))
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        # in a copy of the set, so that no digest that is needed is lost
        output = str(Path(folder) / "output")
        shutil.copytree(Path(options.output) / "models", Path(output) / "models")
        for form in options.formats:
            path = Path(folder) / form
            write_history(path, form, rows)
            results[form] = time_answers(output, path, options.times)
    print(json.dumps({"plays": options.plays, "songs": len(songs), "answers": results}, indent=1))


if __name__ == "__main__":
    main()
