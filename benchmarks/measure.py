"""Time commands: wall and CPU seconds, and peak memory, each in a fresh process.

Conventions
-----------
Seconds; MB are 10^6 bytes. CPU seconds are user plus system of the command and of the children it
waited for, as the kernel counts them (``wait4``). Peak memory is the largest resident set that one
process of the command reached.

A child cannot show a smaller peak than the process that started it, because the kernel carries the
starter's resident set over ``exec``. This module and ``benchmarks.run`` therefore import nothing
heavy; :func:`own_peak_mb` says where that lower bound lies.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

#: Every library that starts threads is held to one.
ONE_THREAD: dict[str, str] = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "ARROW_IO_THREADS",
        "LOKY_MAX_CPU_COUNT",
    ),
    "1",
)


class Sample(NamedTuple):
    """What one run of a command took."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    exit_code: int
    output: str = ""


class Outcome(NamedTuple):
    """All runs of one command; ``error`` is empty where each of them ended with exit code 0."""

    samples: list[Sample]
    error: str = ""

    def median(self, figure: str) -> float | None:
        """Return the median of ``wall_s``, ``cpu_s`` or ``peak_mb``; None after a failure."""
        if self.error or not self.samples:
            return None
        return statistics.median(getattr(sample, figure) for sample in self.samples)


def own_peak_mb() -> float:
    """Return this process's own peak, below which no child's peak can be seen."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def environment() -> dict[str, str]:
    """Return the environment of every measured command: one thread, no window."""
    return {**os.environ, **ONE_THREAD, "MPLBACKEND": "Agg"}


def run_once(command: Sequence[str], log: Path) -> Sample:
    """Run a Python command (``-m module …``, ``-c code``, ``file.py …``) once.

    Standard output and error go to ``log`` and ``log`` + ``.err``.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    error_log = log.with_name(log.name + ".err")
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    redirections = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), write, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, str(error_log), write, 0o644),
    ]
    started = time.perf_counter()
    pid = os.posix_spawn(
        sys.executable, [sys.executable, *command], environment(), file_actions=redirections
    )
    _, status, usage = os.wait4(pid, 0)
    wall_s = time.perf_counter() - started
    return Sample(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss * 1024 / 1e6,
        exit_code=os.waitstatus_to_exitcode(status),
        output=log.read_text(errors="replace"),
    )


def last_line(log: Path) -> str:
    """Return the last line a failed command wrote to standard error."""
    lines = log.with_name(log.name + ".err").read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no message")


def measure(
    commands: Mapping[str, Sequence[str]], repeats: int, logs: Path, *, warm_up: bool = False
) -> dict[str, Outcome]:
    """Run the commands in turn (A B A B …), ``repeats`` times; a failed one is not run again.

    ``warm_up`` adds one round that is not counted, which fills the file cache.
    """
    outcomes = {name: Outcome([]) for name in commands}
    for turn in range(-1 if warm_up else 0, repeats):
        for name, command in commands.items():
            if outcomes[name].error:
                continue
            log = logs / (name.replace(" ", "_") + ".log")
            sample = run_once(command, log)
            if sample.exit_code:
                message = f"exit {sample.exit_code}: {last_line(log)}"
                outcomes[name] = Outcome([], message)
            elif turn >= 0:
                outcomes[name].samples.append(sample)
    return outcomes
