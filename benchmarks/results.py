"""What a run of the benchmarks found, held against the reach of each figure.

Conventions
-----------
Figures are medians in seconds and MB (10^6 bytes), those of single queries in microseconds. A
ratio whose parts were not both measured in this run is *not measured*.
"""

from __future__ import annotations

import os
import platform
from typing import Any

from benchmarks.measure import Outcome, own_peak_mb
from benchmarks.report import Target, divide, number, render_table, render_targets

PLAIN_QUESTIONS = ("--mood", "--listener")
NEAREST_QUESTIONS = ("--point", "--like")
FILTERED_QUESTIONS = ("--genre", "--year-from")
MODEL_FILES = "Moodlist: model files"


class Results:
    """What was measured.

    ``outcomes`` are by (section, size, name), ``inertia`` and ``bytes`` by (size, name), and
    ``query_us``, microseconds a query of each way, by (size, space, round).
    """

    def __init__(self, sections: list[str], naive_large_cpu_s: float | None = None) -> None:
        self.sections = sections
        self.naive_large_cpu_s = naive_large_cpu_s
        self.outcomes: dict[tuple[str, str, str], Outcome] = {}
        self.inertia: dict[tuple[str, str], float] = {}
        self.bytes: dict[tuple[str, str], int] = {}
        self.query_us: dict[tuple[str, str, str], dict[str, float]] = {}
        self.failures: list[str] = []

    def keep(self, section: str, size: str, outcomes: dict[str, Outcome]) -> None:
        """Add the outcomes of one section at one size."""
        for name, outcome in outcomes.items():
            self.outcomes[section, size, name] = outcome
            if outcome.error:
                self.failures.append(f"{section}, {size}, {name}: {outcome.error}")

    def median(self, section: str, size: str, name: str, figure: str) -> float | None:
        outcome = self.outcomes.get((section, size, name))
        return outcome.median(figure) if outcome else None

    def targets(self) -> list[Target]:
        """List the reach targets of the chosen sections."""
        parts = {
            "train": self.train_targets,
            "answer": self.answer_targets,
            "nearest": self.nearest_targets,
            "kmeans": self.kmeans_targets,
            "sizes": self.size_targets,
        }
        return [target for section in self.sections for target in parts[section]()]

    def answer_targets(self) -> list[Target]:
        targets = []
        for name in PLAIN_QUESTIONS:
            wall = self.median("answer", "114k", name, "wall_s")
            naive = self.median("answer", "114k", "naive", "wall_s")
            floor = self.median("answer", "114k", "floor", "wall_s")
            peak = self.median("answer", "114k", name, "peak_mb")
            what = f"answer {name}, 114k"
            targets += [
                Target(f"{what}: times faster than naive", divide(naive, wall), ">=", 50, "×"),
                Target(f"{what}: of the floor", divide(wall, floor), "<=", 1.6, "×"),
                Target(f"{what}: peak memory", peak, "<=", 25, "MB"),
            ]
        for size in ("1.2M", "10M"):
            for name in PLAIN_QUESTIONS:
                small = self.median("answer", "114k", name, "wall_s")
                large = self.median("answer", size, name, "wall_s")
                what = f"answer {name}, {size}: of its 114k time"
                targets.append(Target(what, divide(large, small), "<=", 2, "×"))
        for name in FILTERED_QUESTIONS:
            wall = self.median("answer", "1.2M", name, "wall_s")
            floor = self.median("answer", "1.2M", "floor", "wall_s")
            what = f"answer {name}, 1.2M: of the floor"
            targets.append(Target(what, divide(wall, floor), "<=", 2.2, "×"))
        return targets + self.plane_targets()

    def plane_targets(self) -> list[Target]:
        """List the targets of the ways to ask on the plane."""
        targets = []
        for name in NEAREST_QUESTIONS:
            wall = self.median("answer", "114k", name, "wall_s")
            floor = self.median("answer", "114k", "floor", "wall_s")
            targets.append(
                Target(f"answer {name}, 114k: of the floor", divide(wall, floor), "<=", 2, "×")
            )
        wall = self.median("answer", "114k", "journey", "wall_s")
        numpy = self.median("answer", "114k", "import numpy", "wall_s")
        what = "journey of 20 songs with five wishes, 114k: of import numpy"
        targets.append(Target(what, divide(wall, numpy), "<=", 1.6, "×"))
        for name in ("--point", "--like", "journey"):
            small = self.median("answer", "114k", name, "wall_s")
            large = self.median("answer", "1.2M", name, "wall_s")
            what = f"answer {name}, 1.2M: of its 114k time"
            targets.append(Target(what, divide(large, small), "<=", 2, "×"))
        return targets

    def nearest_targets(self) -> list[Target]:
        medians = self.query_us.get(("114k", "plane", "first"), {})
        ratio = divide(medians.get("moodlist"), medians.get("ckdtree"))
        what = "nearest 10 in the plane in one process, 114k: of cKDTree"
        return [Target(what, ratio, "<=", 3, "×")]

    def train_targets(self) -> list[Target]:
        naive_large = self.median("train", "1.2M", "naive", "cpu_s")
        note_large = ""
        if naive_large is None and self.naive_large_cpu_s is not None:
            naive_large = self.naive_large_cpu_s
            note_large = f"naive: {naive_large:g} CPU-s, measured before and given by hand"
        elif naive_large is None:
            note_large = "the naive way is run at 1.2M with --naive-large only"
        small = divide(
            self.median("train", "114k", "naive", "cpu_s"),
            self.median("train", "114k", "moodlist", "cpu_s"),
        )
        large_cpu = self.median("train", "1.2M", "moodlist", "cpu_s")
        large_peak = self.median("train", "1.2M", "moodlist", "peak_mb")
        huge_peak = self.median("train", "10M", "moodlist", "peak_mb")
        ratio = divide(naive_large, large_cpu)
        less = "times less CPU than naive"
        return [
            Target(f"train with plots, 114k: {less}", small, ">=", 5, "×"),
            Target(f"train with plots, 1.2M: {less}", ratio, ">=", 15, "×", note_large),
            Target("train with plots, 1.2M: CPU seconds", large_cpu, "<=", 90, "s"),
            Target("train with plots, 1.2M: peak memory", large_peak, "<=", 1500, "MB"),
            Target("train --no-plots, 10M: peak memory", huge_peak, "<=", 6000, "MB"),
        ]

    def kmeans_targets(self) -> list[Target]:
        targets = []
        for size, reach in (("114k", 3), ("1.2M", 10)):
            ratio = divide(
                self.median("kmeans", size, "plain", "cpu_s"),
                self.median("kmeans", size, "moodlist", "cpu_s"),
            )
            share = divide(self.inertia.get((size, "moodlist")), self.inertia.get((size, "plain")))
            above = None if share is None else 100 * (share - 1)
            targets += [
                Target(f"KMeans, {size}: times less CPU", ratio, ">=", reach, "×"),
                Target(f"KMeans, {size}: inertia above n_init=10", above, "<=", 0.1, "%"),
            ]
        return targets

    def size_targets(self) -> list[Target]:
        return [
            Target(f"model files together, {size}", count / 1e6, "<=", 1, "MB")
            for (size, name), count in self.bytes.items()
            if name == MODEL_FILES
        ]

    def report(self) -> str:
        """Write the whole report as Markdown."""
        parts = [
            f"Python {platform.python_version()}, {os.cpu_count()} cores, threads capped to one. "
            "Medians; MB are 10^6 bytes. No peak below "
            f"{own_peak_mb():.1f} MB can be seen (the measuring process's own)."
        ]
        if self.outcomes:
            rows = [
                [
                    *key,
                    *(number(outcome.median(figure)) for figure in ("wall_s", "cpu_s", "peak_mb")),
                    "failed" if outcome.error else str(len(outcome.samples)),
                ]
                for key, outcome in self.outcomes.items()
            ]
            headers = ["section", "songs", "what", "wall s", "CPU s", "peak MB", "runs"]
            parts.append(render_table(headers, rows))
        if self.query_us:
            parts.append(self.query_table())
        if self.bytes:
            rows = [[*key, number(size / 1e6)] for key, size in self.bytes.items()]
            parts.append(render_table(["songs", "files", "MB"], rows))
        parts.append(render_targets(self.targets()))
        parts += [f"Failed: {failure}" for failure in self.failures]
        return "\n\n".join(parts)

    def query_table(self) -> str:
        """Write the queries in one process beside SciPy's."""
        rows = []
        for key, medians in self.query_us.items():
            ours, theirs = medians["moodlist"], medians["ckdtree"]
            rows.append([*key, number(ours), number(theirs), number(divide(ours, theirs), "×")])
        headers = ["songs", "nearest 10 in", "asked", "Moodlist µs", "cKDTree µs", "ratio"]
        return render_table(headers, rows)

    def document(self) -> dict[str, Any]:
        """Return all figures, every single run included."""
        return {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "smallest_visible_peak_mb": own_peak_mb(),
            "runs": [
                {
                    "section": section,
                    "songs": size,
                    "what": name,
                    **{
                        figure: [getattr(sample, figure) for sample in outcome.samples]
                        for figure in ("wall_s", "cpu_s", "peak_mb")
                    },
                    "error": outcome.error,
                }
                for (section, size, name), outcome in self.outcomes.items()
            ],
            "inertia": {f"{size} {name}": value for (size, name), value in self.inertia.items()},
            "query_us": {" ".join(key): medians for key, medians in self.query_us.items()},
            "bytes": {f"{size} {name}": value for (size, name), value in self.bytes.items()},
            "targets": [{**t._asdict(), "verdict": t.verdict} for t in self.targets()],
        }
