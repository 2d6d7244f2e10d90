"""Load the page's server: how long answers take with several clients, and whether memory grows.

Conventions
-----------
Milliseconds from the first byte sent to the last byte read, as a client sees them. Each client
keeps one connection and asks again as soon as it has its answer (a closed loop), so the clients
queue for one server: with 8 of them the time of an answer is about eight times what it costs.
Requests are distinct: places drawn evenly from the plane, sentences put together from parts. The
server is a process of its own on the loopback address; client and server share the machine, so CPU
milliseconds are those of the server alone, as the kernel counts them. A sentence may be found to
have no mood, which is an answer too. MB are 10^6 bytes. Exit code 1 means that an answer was
neither.

    python -m benchmarks.web --output output            # 30 s each, then 10,000 requests
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from benchmarks.measure import ONE_THREAD

ROOT = Path(__file__).parents[1]

#: Kind of request -> the 95th percentile to reach, in milliseconds; None: only reported.
REACH: dict[str, float | None] = {
    "plane": 20.0,
    "sentence": 60.0,
    "mood": None,
    "like": None,
    "journey": None,
}

_STARTS = (
    *("I feel", "today I am", "me siento", "hoy estoy", "all week I have been", "honestly I am"),
    *("my friends say I am", "tonight I want to feel", "quiero sentirme", "we are"),
)
_FEELINGS = (
    *("very sad", "happy", "muy triste", "furious", "calm", "full of energy", "nervioso", "alone"),
    *("ready to dance", "tranquilo", "not happy at all", "scared", "feliz", "in love", "empty"),
)
_REASONS = (
    *(
        "because of the rain",
        "after a long day",
        "con mis amigos",
        "since you left",
        "at the beach",
    ),
    *("before the exam", "en la fiesta", "and I cannot sleep", "on the train home", "sin ti"),
)


class Load(NamedTuple):
    """What one load came to: milliseconds of each answer, and the seconds it took altogether."""

    times_ms: list[float]
    seconds: float
    bytes_read: int

    def percentile(self, share: float) -> float:
        """Return the time within which that share of the answers came."""
        ordered = sorted(self.times_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def paths(kind: str, seed: int, moods: list[str], songs: list[str]) -> Iterator[str]:
    """Yield addresses to ask for, all different but for kinds that have few."""
    rng = random.Random(seed)

    def place() -> str:
        return f"{rng.random():.5f},{rng.random():.5f}"

    make: dict[str, Callable[[], str]] = {
        "plane": lambda: f"point={place()}",
        "sentence": lambda: "say=" + quote(_sentence(rng)),
        "mood": lambda: f"mood={rng.choice(moods)}:{rng.randint(1, 999)},{rng.choice(moods)}",
        "like": lambda: f"like={rng.choice(songs)}",
        "journey": lambda: f"from={place()}&to={place()}",
    }
    while True:
        yield f"/api/playlist?{make[kind]()}"


def _sentence(rng: random.Random) -> str:
    number = rng.randint(2, 9_999)  # no two sentences alike, so that nothing can be remembered
    parts = [rng.choice(_STARTS), rng.choice(_FEELINGS), rng.choice(_REASONS)]
    return f"{' '.join(parts)}, {number} km away"


async def _ask(
    port: int, addresses: Iterator[str], go_on: Callable[[], bool], times: list[float]
) -> int:
    """Ask one after the other over one connection; returns the bytes read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    n_bytes = 0
    try:
        while go_on():
            request = f"GET {next(addresses)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
            started = time.perf_counter()
            writer.write(request.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            times.append((time.perf_counter() - started) * 1000)
            n_bytes += len(head) + length
            if b'"songs"' not in body and b"problem:no-mood" not in body:
                raise RuntimeError(f"no playlist: {request!r} gave {head[:60]!r} {body[:300]!r}")
    finally:
        writer.close()
    return n_bytes


async def load(
    port: int,
    clients: list[Iterator[str]],
    *,
    seconds: float | None = None,
    requests: int | None = None,
) -> Load:
    """Let every client ask for so many seconds, or all of them together so many times."""
    times: list[float] = []
    left = itertools.count()
    started = time.perf_counter()

    def go_on() -> bool:
        if requests is not None:
            return next(left) < requests
        return time.perf_counter() - started < (seconds or 0)

    read = await asyncio.gather(*(_ask(port, client, go_on, times) for client in clients))
    return Load(times, time.perf_counter() - started, sum(read))


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextlib.contextmanager
def server(command: list[str]) -> Iterator[tuple[int, int]]:
    """Run a server; yields its port and process."""
    environment = {**os.environ, **ONE_THREAD}
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )
    assert process.stderr is not None
    try:
        line = ""
        for line in process.stderr:
            if line.startswith("Serving on"):
                break
        else:
            raise RuntimeError(f"the server did not start: {line.strip()}")
        yield int(line.split(":")[2].split("/")[0]), process.pid
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        process.stderr.close()


def cpu_ms(pid: int) -> float:
    """Return the processor time that a process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _get(port: int, path: str) -> dict[str, object]:
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        found: dict[str, object] = json.loads(connection.getresponse().read())
        return found
    finally:
        connection.close()


def _songs_of(port: int) -> list[str]:
    found: list[str] = []
    for mood in ("happy", "angry", "sad", "relaxed"):
        listed = _get(port, f"/api/playlist?mood={mood}&n=100")["songs"]
        assert isinstance(listed, list)
        found += [song["song_id"] for song in listed]
    return found


def run(options: argparse.Namespace) -> int:
    """Measure and print Markdown; returns the exit code."""
    command = [sys.executable, "music_recommendation.py"]
    if options.command:
        command = shlex.split(options.command)
    command = [*command, "--serve", "--port", "0", "--output", str(options.output)]
    with server(command) as (port, pid):
        _get(port, "/api/say?text=warm")  # the text model is loaded when this is answered
        about = _get(port, "/api/set")
        songs, moods = _songs_of(port), ["happy", "angry", "sad", "relaxed", "tense", "party"]
        print(
            f"{about['n_songs']:,} songs, {options.clients} clients, {options.seconds:g} s each, "
            f"text model: {about['text']}\n"
        )
        print(
            "| request | p50 ms | p95 ms | p99 ms | most ms | requests/s | CPU ms | reach (p95) |"
        )
        print("|---|---|---|---|---|---|---|---|", flush=True)
        for kind in options.only:
            clients = [paths(kind, seed, moods, songs) for seed in range(options.clients)]
            asyncio.run(load(port, clients, seconds=min(2.0, options.seconds)))  # fills caches
            spent = cpu_ms(pid)
            done = asyncio.run(load(port, clients, seconds=options.seconds))
            spent = (cpu_ms(pid) - spent) / len(done.times_ms)
            reach = REACH[kind]
            p95 = done.percentile(0.95)
            told = "" if reach is None else f"{reach:g}: {'yes' if p95 <= reach else 'short'}"
            figures = [done.percentile(share) for share in (0.5, 0.95, 0.99, 1.0)]
            rate = len(done.times_ms) / done.seconds
            times = " | ".join(f"{figure:.1f}" for figure in figures)
            print(f"| {kind} | {times} | {rate:.0f} | {spent:.2f} | {told} |", flush=True)
        _measure_memory(options, port, pid, (moods, songs))
    return 0


def _measure_memory(
    options: argparse.Namespace, port: int, pid: int, known: tuple[list[str], list[str]]
) -> None:
    """Tell the server's memory before, half way through and after so many requests."""
    seen = [resident_mb(pid)]
    for half in range(2):
        kinds = [kind for kind in options.only if kind != "journey"] or list(options.only)
        clients = [
            paths(kinds[seed % len(kinds)], 100 + seed + 50 * half, *known)
            for seed in range(options.clients)
        ]
        asyncio.run(load(port, clients, requests=options.requests // 2))
        seen.append(resident_mb(pid))
    print(
        f"\nMemory of the server: {seen[0]:.1f} MB before {options.requests:,} further requests, "
        f"{seen[1]:.1f} MB half way, {seen[2]:.1f} MB after."
    )


def main(argv: list[str] | None = None) -> int:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    add = parser.add_argument
    add("--output", type=Path, default=Path("output"), help="a trained set (default: output)")
    add("--clients", type=int, default=8, help="clients at once (default: 8)")
    add("--seconds", type=float, default=30.0, help="for each kind of request (default: 30)")
    add("--requests", type=int, default=10_000, help="for memory (default: 10000)")
    add("--only", nargs="+", choices=tuple(REACH), default=["plane", "sentence"], metavar="KIND")
    add("--command", help="another server's command line (default: music_recommendation.py)")
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
