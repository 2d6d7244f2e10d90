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
from benchmarks.results import MODEL_FILES, Results

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "benchmarks" / "scratch"
DATA = ROOT.parent / "shared" / "data"
LISTENERS = (
    DATA / "listeners" / "Spotify_data.xlsx",
    ROOT / "input" / "sample" / "listeners.csv",
)

SECTIONS = ("train", "answer", "kmeans", "sizes")
#: Generated tables: how many songs, and the file.
GENERATED: dict[str, tuple[int, str]] = {
    "114k": (114_000, "songs-114k.csv"),
    "1.2M": (1_200_000, "songs-1.2M.csv"),
    "10M": (10_000_000, "songs-10M.parquet"),
}
SIZES = ("real", *GENERATED)
#: The naive way is run at these sizes without being asked twice.
NAIVE_SIZES = ("real", "114k")
FLOOR = ("-c", "import argparse, hashlib, json, sqlite3")
QUESTIONS: dict[str, tuple[str, ...]] = {
    "--mood": ("--mood", "calm"),
    "--listener": ("--listener", "1"),
    "--genre": ("--genre", "rock", "--mood", "calm"),
    "--year-from": ("--year-from", "2015", "--mood", "calm"),
}


class PreparationError(Exception):
    """A table or a trained set that a section needs could not be made."""


class Bench:
    """One run of the benchmarks: options in, :class:`Results` out."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.work: Path = options.work
        self.results = Results(options.only, options.naive_large_cpu)

    # -- tables and trained sets ------------------------------------------------------------

    def table(self, size: str) -> Path:
        """Return the song table of a size, made in another process if it is not there."""
        if size == "real":
            path = self.work / "songs-real.csv"
            command: tuple[str, ...] = (
                "-m",
                "benchmarks.real_songs",
                str(DATA / "songs"),
                str(path),
            )
        else:
            n, name = GENERATED[size]
            path = self.work / name
            source = str(self.options.source)
            command = ("-m", "benchmarks.generate_songs", str(n), str(path), "--source", source)
        if not path.is_file():
            note(f"making {path.name}")
            self.prepare(command, f"table {size}")
        return path

    def listeners(self) -> Path:
        """Return the listeners as the saved page that the naive way reads."""
        source: Path = self.options.listeners
        page = self.work / "listeners.html"
        if not is_fresh(page, [source, ROOT / "benchmarks" / "listeners_page.py"]):
            command = ("-m", "benchmarks.listeners_page", str(source), str(page))
            self.prepare(command, "listeners page")
        return page

    def prepare(self, command: tuple[str, ...], name: str) -> None:
        """Run a command that is not measured."""
        log = self.work / "logs" / (name.replace(" ", "_") + ".log")
        if run_once(command, log).exit_code:
            raise PreparationError(f"{name}: {last_line(log)}")

    def naive_training(self, size: str) -> tuple[str, ...]:
        return (
            *("-m", "benchmarks.naive.train", "--songs", str(self.table(size))),
            *("--listeners", str(self.listeners())),
            *("--output", str(self.work / f"naive-{size}")),
        )

    def moodlist_training(self, size: str, *flags: str) -> tuple[str, ...]:
        return (
            *("train.py", "--songs", str(self.table(size))),
            *("--listeners", str(self.listeners())),
            *("--output", str(self.work / f"moodlist-{size}"), "--quiet", *flags),
        )

    def naive_set(self, size: str) -> bool:
        """See to a set trained by the naive way; False where that has to be asked for."""
        product = self.work / f"naive-{size}" / "music_model.pkl"
        code = ROOT / "benchmarks" / "naive"
        if is_fresh(product, [self.table(size), *code.glob("*.py")]):
            return True
        if size not in NAIVE_SIZES:
            return False
        note(f"training the naive way at {size}")
        self.prepare(self.naive_training(size), f"naive set {size}")
        return True

    def moodlist_set(self, size: str) -> None:
        """See to a set trained by the present code."""
        product = self.work / f"moodlist-{size}" / "models" / "CURRENT"
        code = [ROOT / "train.py", *(ROOT / "scripts").rglob("*.py")]
        if not is_fresh(product, [self.table(size), *code]):
            note(f"training Moodlist at {size}")
            self.prepare(self.moodlist_training(size, "--no-plots"), f"moodlist set {size}")

    # -- sections ---------------------------------------------------------------------------

    def train(self, size: str) -> None:
        """Measure training, with all plots; 10M songs without plots and without the naive way."""
        flags = ("--no-plots",) if size == "10M" else ()
        commands = {"moodlist": self.moodlist_training(size, *flags)}
        repeats = 1 if size == "10M" else self.options.repeats
        if size in NAIVE_SIZES:
            commands = {"naive": self.naive_training(size), **commands}
        elif size == "1.2M" and self.options.naive_large:
            alone = {"naive": self.naive_training(size)}
            self.results.keep("train", size, measure(alone, 1, self.work / "logs"))
        self.results.keep("train", size, measure(commands, repeats, self.work / "logs"))

    def answer(self, size: str) -> None:
        """Measure cold answers, and the floor in the same rounds."""
        self.moodlist_set(size)
        output = ("--output", str(self.work / f"moodlist-{size}"))
        commands: dict[str, tuple[str, ...]] = {"floor": FLOOR}
        if self.naive_set(size):
            commands["naive"] = (
                *("-m", "benchmarks.naive.music_recommendation", "--first-that-maps"),
                *("--listeners", str(self.listeners())),
                *("--output", str(self.work / f"naive-{size}")),
            )
        for name, question in QUESTIONS.items():
            commands[name] = ("music_recommendation.py", *output, *question)
        repeats = self.options.answer_repeats
        self.results.keep(
            "answer", size, measure(commands, repeats, self.work / "logs", warm_up=True)
        )

    def kmeans(self, size: str) -> None:
        """Measure the clustering alone; seconds are the fit's own, without imports."""
        matrix = self.work / f"features-{size}.npy"
        table = self.table(size)
        if not is_fresh(matrix, [table, ROOT / "benchmarks" / "kmeans.py"]):
            command = ("-m", "benchmarks.kmeans", "prepare", str(table), str(matrix))
            self.prepare(command, f"features {size}")
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
        self.moodlist_set(size)
        models = self.work / f"moodlist-{size}" / "models"
        current = models / (models / "CURRENT").read_text().strip()
        self.results.bytes[size, MODEL_FILES] = total_bytes(current.glob("*.json"))
        self.results.bytes[size, "Moodlist: catalogue"] = total_bytes(current.glob("*.sqlite"))
        if self.naive_set(size):
            naive = self.work / f"naive-{size}"
            self.results.bytes[size, "naive: pickles"] = total_bytes(naive.glob("*.pkl"))
            self.results.bytes[size, "naive: songs as CSV"] = total_bytes(naive.glob("*.csv"))

    def run(self) -> None:
        """Run the chosen sections at the chosen sizes."""
        for section in self.options.only:
            for size in self.options.sizes:
                if section == "kmeans" and size == "10M":
                    continue
                note(f"{section}, {size}")
                try:
                    getattr(self, section)(size)
                except PreparationError as error:
                    self.results.failures.append(f"{section}, {size}: {error}")


def note(text: str) -> None:
    """Say on standard error what happens now."""
    print(text, file=sys.stderr, flush=True)


def is_fresh(product: Path, sources: list[Path]) -> bool:
    """Tell whether a file is there and younger than all that it was made from."""
    if not product.is_file():
        return False
    made = product.stat().st_mtime
    return all(source.stat().st_mtime <= made for source in sources if source.exists())


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
