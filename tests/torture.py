"""Kill trainings at random moments; what answers afterwards must be whole, the old or the new.

``python tests/torture.py --kills 50 --seed 0`` (``make torture``). A small set is trained; then
trainings with other seeds start and are killed: some at a moment of the whole run's time, some
near its end, and some a few milliseconds after the new set's manifest has appeared, which is
where the swap happens. After each kill ``--verify`` must pass and the JSON answer must be, to the
byte, that of the set before or that of the one that was being trained.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

PROJECT = Path(__file__).parents[1]
SAMPLE = PROJECT / "input" / "sample"
N_SONGS = 250
N_LISTENERS = 24  # fewer than are tested by cross-validation: a run is short

#: Songs per answer that every set must give.
N_ANSWER = 10

#: A moment: the share of a whole run's time, or, below 0, milliseconds after the new manifest.
Moment = float


@dataclass(frozen=True)
class Reference:
    """What a set answers when nothing disturbed its training."""

    run: str
    answer: bytes


def small_tables(folder: Path) -> tuple[Path, Path]:
    """Write the first rows of the sample's songs and listeners; returns the two files."""
    paths = (folder / "songs.csv", folder / "listeners.csv")
    for path, rows in zip(paths, (N_SONGS, N_LISTENERS), strict=True):
        with (
            (SAMPLE / path.name).open(encoding="utf-8", newline="") as source,
            path.open("w", encoding="utf-8", newline="") as target,
        ):
            csv.writer(target).writerows(islice(csv.reader(source), rows + 1))
    return paths


class Arena:
    """A folder with tables, a living output, and reference sets by seed."""

    def __init__(self, folder: Path, seeds: Sequence[int] = (1, 2, 3)) -> None:
        self.folder = folder
        self.output = folder / "output"
        self.songs, self.listeners = small_tables(folder)
        self.duration = 0.0  # seconds of the last undisturbed run
        self.references = {seed: self._refer(seed) for seed in seeds}
        self.current = seeds[0]
        shutil.copytree(folder / f"reference-{self.current}", self.output)
        self.outcomes: Counter[str] = Counter()

    def start(self, seed: int, output: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a training."""
        command = [sys.executable, "train.py", "--quiet", "--no-plots", f"--seed={seed}"]
        command += [f"--songs={self.songs}", f"--listeners={self.listeners}"]
        return subprocess.Popen(
            [*command, f"--output={output or self.output}"], cwd=PROJECT, start_new_session=True
        )

    def ask(self, output: Path, *options: str) -> subprocess.CompletedProcess[bytes]:
        """Run the recommender."""
        command = [sys.executable, "music_recommendation.py", f"--output={output}", *options]
        return subprocess.run(command, cwd=PROJECT, capture_output=True, check=False)

    def _refer(self, seed: int) -> Reference:
        output = self.folder / f"reference-{seed}"
        started = time.monotonic()
        if self.start(seed, output).wait() != 0:
            raise RuntimeError("the reference could not be trained")
        self.duration = time.monotonic() - started
        answer = self.ask(output, "--format=json")
        return Reference((output / "models" / "CURRENT").read_text().strip(), answer.stdout)

    def _wait_for_manifest(self, training: subprocess.Popen[bytes]) -> None:
        models = self.output / "models"
        mine = models / f".new-{training.pid}" / "manifest.json"
        while training.poll() is None and not mine.exists():
            time.sleep(0.0005)

    def kill_once(self, moment: Moment) -> str:
        """Train with another seed, kill at the moment, and check; returns "" or what is wrong."""
        seeds = list(self.references)
        seed = seeds[(seeds.index(self.current) + 1) % len(seeds)]
        training = self.start(seed)
        if moment < 0:
            self._wait_for_manifest(training)
            time.sleep(-moment / 1000)
        else:
            time.sleep(moment * self.duration)
        finished = training.poll() is not None
        os.killpg(training.pid, signal.SIGKILL) if not finished else None
        training.wait()
        fault = self.check(self.current, seed)
        answers = self.answering()
        where = "old" if answers == self.references[self.current].run else "new"
        self.outcomes["finished" if finished else f"killed, the {where} set answers"] += 1
        if where == "new":
            self.current = seed
        return f"seed {seed}, moment {moment:g}: {fault}" if fault else ""

    def answering(self) -> str:
        """Name the run that answers."""
        return (self.output / "models" / "CURRENT").read_text(encoding="ascii").strip()

    def check(self, *seeds: int) -> str:
        """Check what answers now against the references of these seeds."""
        verify = self.ask(self.output, "--verify")
        if verify.returncode != 0:
            return f"--verify exits {verify.returncode}: {verify.stderr.decode()}"
        answer = self.ask(self.output, "--format=json")
        if answer.returncode != 0 or answer.stdout.count(b'"rank"') != N_ANSWER:
            return f"the answer exits {answer.returncode}: {answer.stderr.decode()}"
        known = {self.references[seed].answer for seed in seeds}
        if answer.stdout in known:
            return ""
        return f"the answer is neither the old nor the new one:\n{answer.stdout.decode()}"

    def finish(self) -> str:
        """Let one training through: it must succeed and leave nothing of the killed ones."""
        if self.start(self.current).wait() != 0:
            return "a training after the kills fails"
        left = [path.name for path in self.output.rglob(".new-*")]
        return f"left behind: {left}" if left else self.check(self.current)


def random_moments(kills: int, rng: random.Random) -> list[Moment]:
    """Spread the kills: half over the run, a fifth near its end, the rest about the swap."""
    moments = []
    for n in range(kills):
        if n % 10 < 5:
            moments.append(rng.uniform(0.0, 1.05))
        elif n % 10 < 7:
            moments.append(rng.uniform(0.85, 1.05))
        else:
            moments.append(-rng.uniform(0.01, 25.0))
    return moments


def torture(
    folder: Path, moments: Iterable[Moment], seeds: Sequence[int] = (1, 2, 3)
) -> tuple[Arena, list[str]]:
    """Kill one training at each moment; returns the arena and every fault found."""
    arena = Arena(folder, seeds)
    faults = [arena.kill_once(moment) for moment in moments]
    faults.append(arena.finish())
    return arena, [fault for fault in faults if fault]


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="how many (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        moments = random_moments(options.kills, random.Random(options.seed))
        arena, faults = torture(Path(folder), moments)
    for fault in faults:
        print(f"FAULT: {fault}")
    told = ", ".join(f"{n} {outcome}" for outcome, n in sorted(arena.outcomes.items()))
    print(
        f"{options.kills} kills in {time.monotonic() - started:.0f} s "
        f"(a whole run takes {arena.duration:.1f} s): {told}; {len(faults)} faults"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
