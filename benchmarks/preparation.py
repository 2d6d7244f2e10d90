"""Tables, saved pages and trained sets that the benchmarks need, made once and reused.

Conventions
-----------
Everything lies in one work folder. A product is made anew when the table or the code that it was
made from is younger. What is made here is not measured; progress goes to standard error.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import last_line, run_once

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"

#: Generated tables: how many songs, and the file.
GENERATED: dict[str, tuple[int, str]] = {
    "114k": (114_000, "songs-114k.csv"),
    "1.2M": (1_200_000, "songs-1.2M.csv"),
    "10M": (10_000_000, "songs-10M.parquet"),
}
SIZES = ("real", *GENERATED)
#: The naive way is run at these sizes without being asked twice.
NAIVE_SIZES = ("real", "114k")

#: Prints the id of a catalogue's middle song. In a process of its own, because what the measuring
#: process has loaded hides small peaks of what it measures.
MIDDLE_SONG = """
import sqlite3, sys
query = "SELECT song_id FROM songs WHERE rank = (SELECT max(rank) / 2 FROM songs)"
print(*sqlite3.connect(sys.argv[1]).execute(query).fetchone())
"""


class PreparationError(Exception):
    """A table or a trained set that a section needs could not be made."""


def note(text: str) -> None:
    """Say on standard error what happens now."""
    print(text, file=sys.stderr, flush=True)


def is_fresh(product: Path, sources: list[Path]) -> bool:
    """Tell whether a file is there and younger than all that it was made from."""
    if not product.is_file():
        return False
    made = product.stat().st_mtime
    return all(source.stat().st_mtime <= made for source in sources if source.exists())


class Preparation:
    """Makes what is missing in a work folder."""

    def __init__(self, work: Path, source: Path, listeners: Path) -> None:
        self.work = work
        self.source = source
        self.listener_table = listeners

    def table(self, size: str) -> Path:
        """Return the song table of a size, made in another process if it is not there."""
        if size == "real":
            path = self.work / "songs-real.csv"
            source = DATA / "songs"
            command: tuple[str, ...] = ("-m", "benchmarks.real_songs", str(source), str(path))
        else:
            n, name = GENERATED[size]
            path = self.work / name
            command = ("-m", "benchmarks.generate_songs", str(n), str(path))
            command += ("--source", str(self.source))
        if not path.is_file():
            note(f"making {path.name}")
            self.prepare(command, f"table {size}")
        return path

    def listeners(self) -> Path:
        """Return the listeners as the saved page that the naive way reads."""
        source = self.listener_table
        page = self.work / "listeners.html"
        if not is_fresh(page, [source, ROOT / "benchmarks" / "listeners_page.py"]):
            command = ("-m", "benchmarks.listeners_page", str(source), str(page))
            self.prepare(command, "listeners page")
        return page

    def prepare(self, command: tuple[str, ...], name: str) -> str:
        """Run a command that is not measured; returns what it printed."""
        log = self.work / "logs" / (name.replace(" ", "_") + ".log")
        sample = run_once(command, log)
        if sample.exit_code:
            raise PreparationError(f"{name}: {last_line(log)}")
        return sample.output

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

    def current_set(self, size: str) -> Path:
        """Return the folder of the trained set that answers."""
        models = self.work / f"moodlist-{size}" / "models"
        return models / (models / "CURRENT").read_text().strip()

    def some_song(self, size: str) -> str:
        """Return the id of a song in the middle of a trained set's catalogue."""
        path = self.current_set(size) / "catalogue.sqlite"
        return self.prepare(("-c", MIDDLE_SONG, str(path)), f"song of {size}").strip()
