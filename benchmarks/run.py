"""Measure Moodlist against the naive way, in turn, on the same tables.

Conventions
-----------
Figures are medians; see :mod:`benchmarks.measure` for what is counted. Threads are capped to one.
*Floor* is a Python process that imports what any answer from JSON and SQLite needs and does
nothing, timed in the same rounds. The report is Markdown on standard output, progress goes to
standard error. Exit code 1 means that a measured command failed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.measure import Outcome, Sample, last_line, measure, run_once
from benchmarks.preparation import (
    DATA,
    NAIVE_SIZES,
    ROOT,
    SIZES,
    Preparation,
    PreparationError,
    is_fresh,
    note,
)
from benchmarks.results import MODEL_FILES, Results

WORK = ROOT / "benchmarks" / "scratch"
LISTENERS = (
    DATA / "listeners" / "Spotify_data.xlsx",
    ROOT / "input" / "sample" / "listeners.csv",
)

SECTIONS = ("train", "answer", "nearest", "kmeans", "sizes")
#: Sections that hold all songs in memory are left out at this size.
TOO_MANY = {"10M": ("nearest", "kmeans")}
FLOOR = ("-c", "import argparse, hashlib, json, sqlite3")
NUMPY = ("-c", "import numpy")
QUESTIONS: dict[str, tuple[str, ...]] = {
    "--mood": ("--mood", "calm"),
    "--listener": ("--listener", "1"),
    "--genre": ("--genre", "rock", "--mood", "calm"),
    "--year-from": ("--year-from", "2015", "--mood", "calm"),
    "--point": ("--point", "0.2,0.9"),
    "journey": (
        *("--from", "angry", "--to", "calm", "-n", "20", "--max-per-artist", "1"),
        *("--tempo", "90-150", "--popularity", "20-", "--year-from", "1990", "--no-explicit"),
    ),
}


class Bench:
    """One run of the benchmarks: options in, :class:`Results` out."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.work: Path = options.work
        self.made = Preparation(options.work, options.source, options.listeners)
        self.results = Results(options.only, options.naive_large_cpu)

    def train(self, size: str) -> None:
        """Measure training, with all plots; 10M songs without plots and without the naive way."""
        flags = ("--no-plots",) if size == "10M" else ()
        commands = {"moodlist": self.made.moodlist_training(size, *flags)}
        repeats = 1 if size == "10M" else self.options.repeats
        if size in NAIVE_SIZES:
            commands = {"naive": self.made.naive_training(size), **commands}
        elif size == "1.2M" and self.options.naive_large:
            alone = {"naive": self.made.naive_training(size)}
            self.results.keep("train", size, measure(alone, 1, self.work / "logs"))
        self.results.keep("train", size, measure(commands, repeats, self.work / "logs"))

    def answer(self, size: str) -> None:
        """Measure cold answers, and the floor in the same rounds."""
        self.made.moodlist_set(size)
        output = ("--output", str(self.work / f"moodlist-{size}"))
        commands: dict[str, tuple[str, ...]] = {"floor": FLOOR, "import numpy": NUMPY}
        if self.made.naive_set(size):
            commands["naive"] = (
                *("-m", "benchmarks.naive.music_recommendation", "--first-that-maps"),
                *("--listeners", str(self.made.listeners())),
                *("--output", str(self.work / f"naive-{size}")),
            )
        questions = QUESTIONS | {"--like": ("--like", self.made.some_song(size))}
        for name, question in questions.items():
            commands[name] = ("music_recommendation.py", *output, *question)
        repeats = self.options.answer_repeats
        self.results.keep(
            "answer", size, measure(commands, repeats, self.work / "logs", warm_up=True)
        )

    def nearest(self, size: str) -> None:
        """Measure nearest songs in one process, ours and SciPy's in turn."""
        self.made.moodlist_set(size)
        log = self.work / "logs" / "nearest.log"
        sample = run_once(("-m", "benchmarks.nearest", str(self.work / f"moodlist-{size}")), log)
        if sample.exit_code:
            failure = f"nearest, {size}: exit {sample.exit_code}: {last_line(log)}"
            self.results.failures.append(failure)
            return
        for space, rounds in json.loads(sample.output).items():
            for part, medians in rounds.items():
                self.results.query_us[size, space, part] = medians

    def kmeans(self, size: str) -> None:
        """Measure the clustering alone; seconds are the fit's own, without imports."""
        matrix = self.work / f"features-{size}.npy"
        table = self.made.table(size)
        if not is_fresh(matrix, [table, ROOT / "benchmarks" / "kmeans.py"]):
            command = ("-m", "benchmarks.kmeans", "prepare", str(table), str(matrix))
            self.made.prepare(command, f"features {size}")
        commands = {
            name: ("-m", "benchmarks.kmeans", name, str(matrix)) for name in ("plain", "moodlist")
        }
        outcomes = measure(commands, self.options.repeats, self.work / "logs")
        for name, outcome in outcomes.items():
            printed = [json.loads(sample.output) for sample in outcome.samples]
            fits = [
                Sample(document["wall_s"], document["cpu_s"], sample.peak_mb, 0)
                for sample, document in zip(outcome.samples, printed, strict=True)
            ]
            outcomes[name] = Outcome(fits, outcome.error)
            if printed:
                self.results.inertia[size, name] = printed[0]["inertia"]
        self.results.keep("kmeans", size, outcomes)

    def sizes(self, size: str) -> None:
        """Add up the files that each way leaves."""
        self.made.moodlist_set(size)
        current = self.made.current_set(size)
        self.results.bytes[size, MODEL_FILES] = total_bytes(current.glob("*.json"))
        self.results.bytes[size, "Moodlist: catalogue"] = total_bytes(current.glob("*.sqlite"))
        if self.made.naive_set(size):
            naive = self.work / f"naive-{size}"
            self.results.bytes[size, "naive: pickles"] = total_bytes(naive.glob("*.pkl"))
            self.results.bytes[size, "naive: songs as CSV"] = total_bytes(naive.glob("*.csv"))

    def run(self) -> None:
        """Run the chosen sections at the chosen sizes."""
        for section in self.options.only:
            for size in self.options.sizes:
                if section in TOO_MANY.get(size, ()):
                    continue
                note(f"{section}, {size}")
                try:
                    getattr(self, section)(size)
                except PreparationError as error:
                    self.results.failures.append(f"{section}, {size}: {error}")


def total_bytes(files: Any) -> int:
    """Add up the sizes of files."""
    return sum(file.stat().st_size for file in files)


def split_choices(allowed: tuple[str, ...]) -> Any:
    """Make an argparse type for a comma-separated choice."""

    def split(text: str) -> list[str]:
        chosen = [part.strip() for part in text.split(",") if part.strip()]
        unknown = [part for part in chosen if part not in allowed]
        if unknown or not chosen:
            raise argparse.ArgumentTypeError(f"{text!r}; choose from {','.join(allowed)}")
        return chosen

    return split


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description=(__doc__ or "").splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--only", type=split_choices(SECTIONS), default=list(SECTIONS), metavar="SECTION,…")
    add(
        "--sizes",
        type=split_choices(SIZES),
        default=None,
        metavar="SIZE,…",
        help=f"of {','.join(SIZES)}; without it: real where its files are present, 114k, 1.2M",
    )
    add("--repeats", type=int, default=3, help="runs of each training and clustering")
    add("--answer-repeats", type=int, default=15, help="runs of each answer")
    add("--quick", action="store_true", help="114k songs, one training, five answers")
    add("--naive-large", action="store_true", help="train the naive way at 1.2M too (very slow)")
    add(
        "--naive-large-cpu",
        type=float,
        metavar="SECONDS",
        help="CPU seconds of the naive training at 1.2M, measured before",
    )
    listeners = next((path for path in LISTENERS if path.is_file()), LISTENERS[-1])
    add("--listeners", type=Path, default=listeners)
    add(
        "--source",
        type=Path,
        default=ROOT / "input" / "sample" / "songs.csv",
        help="table that the generator resamples",
    )
    add("--work", type=Path, default=WORK, help="tables and trained sets, reused when present")
    add("--json", type=Path, metavar="FILE", help="write every figure there")
    options = parser.parse_args(arguments)
    if options.quick:
        options.repeats, options.answer_repeats = 1, 5
        options.sizes = options.sizes or ["114k"]
    if options.sizes is None:
        options.sizes = ["114k", "1.2M"]
        if (DATA / "songs").is_dir():
            options.sizes.insert(0, "real")
        else:
            note("the published tables are absent: size 'real' is left out")
    for name in ("listeners", "source", "work", "json"):
        if getattr(options, name) is not None:
            setattr(options, name, getattr(options, name).resolve())
    return options


def main() -> int:
    """Measure, and print the report."""
    options = parse_options()
    os.chdir(ROOT)
    bench = Bench(options)
    bench.run()
    print(bench.results.report())
    if options.json:
        text = json.dumps(bench.results.document(), indent=1, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 1 if bench.results.failures else 0


if __name__ == "__main__":
    sys.exit(main())
