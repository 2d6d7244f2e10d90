"""Reading listening histories: how long 100,000 plays take in each format.

Writes a synthetic history of N plays over 12,000 songs of 3,000 artists, a few of them heard often
and most of them rarely, in every format that is read; then reads each several times in a process of
its own and prints one JSON document: by format the megabytes, the CPU milliseconds of the median
and the best reading, the same in units of ``python -c "import numpy"`` measured in turn, and the
memory at its peak. A listener's language shows: every fifth name has an accent.

    python -m benchmarks.histories --plays 100000 --formats account lastfm
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Row = tuple[datetime, dict[str, Any], int]

N_SONGS, N_ARTISTS = 12_000, 3_000
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#: Timed in the process itself, so that the interpreter's start is not counted.
_TIMED = (
    "import sys, time\n"
    "start = time.process_time()\n"
    "from scripts.tables.histories import read_history\n"
    "history = read_history(sys.argv[1])\n"
    "done = time.process_time() - start\n"
    "status = open('/proc/self/status').read()\n"
    "print(done, history.n_listens, status.partition('VmHWM:')[2].split()[0])\n"
)


def make_songs(rng: random.Random) -> list[dict[str, Any]]:
    """Invent songs."""
    return [
        {
            "title": f"Title {number} é" if number % 5 == 0 else f"A Song's Title {number}",
            "artist": f"Artist Name {rng.randrange(N_ARTISTS)}",
            "album": f"Album {number // 9}",
            "id": "".join(rng.choices(LETTERS, k=22)),
            "ms": rng.randrange(120_000, 400_000),
            "mbid": f"{rng.getrandbits(32):08x}-9241-46da-935d-{rng.getrandbits(48):012x}",
        }
        for number in range(N_SONGS)
    ]


def make_plays(n_plays: int, seed: int) -> Iterator[Row]:
    """Invent plays: time of the end, song, milliseconds played."""
    rng = random.Random(seed)
    songs = make_songs(rng)
    when = datetime(2018, 1, 1, tzinfo=UTC)
    for _ in range(n_plays):
        song = songs[int(N_SONGS * rng.random() ** 3)]
        played = song["ms"] if rng.random() < 0.7 else rng.randrange(1_000, song["ms"])
        when += timedelta(seconds=played // 1000 + rng.choice([1, 2, 3, 40, 3_000]))
        yield when, song, played


def extended_record(row: Row) -> dict[str, Any]:
    when, song, played = row
    return {
        "ts": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "platform": "Android OS 10 API 29 (invented, 1)",
        "ms_played": played,
        "conn_country": "XX",
        "ip_addr": "192.0.2.1",
        "master_metadata_track_name": song["title"],
        "master_metadata_album_artist_name": song["artist"],
        "master_metadata_album_album_name": song["album"],
        "spotify_track_uri": f"spotify:track:{song['id']}",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "audiobook_uri": None,
        "audiobook_chapter_uri": None,
        "audiobook_chapter_title": None,
        "reason_start": "trackdone",
        "reason_end": "trackdone" if played == song["ms"] else "fwdbtn",
        "shuffle": False,
        "skipped": played != song["ms"],
        "offline": False,
        "offline_timestamp": int(when.timestamp()) - played // 1000,
        "incognito_mode": False,
    }


def account_record(row: Row) -> dict[str, Any]:
    when, song, played = row
    return {
        "endTime": when.strftime("%Y-%m-%d %H:%M"),
        "artistName": song["artist"],
        "trackName": song["title"],
        "msPlayed": played,
    }


def listenbrainz_record(row: Row) -> dict[str, Any]:
    when, song, _ = row
    return {
        "inserted_at": when.timestamp() + 1.25,
        "listened_at": int(when.timestamp()),
        "track_metadata": {
            "track_name": song["title"],
            "artist_name": song["artist"],
            "mbid_mapping": {
                "artists": [{"artist_mbid": song["mbid"], "artist_credit_name": song["artist"]}],
                "recording_mbid": song["mbid"],
            },
            "release_name": song["album"],
            "additional_info": {"duration_ms": song["ms"], "media_player": "invented"},
        },
    }


def lastfm_line(row: Row) -> str:
    when, song, _ = row
    moment = when.strftime("%d %b %Y, %H:%M")
    cells = (int(when.timestamp()), moment, song["artist"], "", song["album"], "", song["title"])
    return ",".join(f'"{cell}"' for cell in cells) + f',"{song["mbid"]}"'


def legacy_line(row: Row) -> str:
    when, song, _ = row
    return f"{song['artist']},{song['album']},{song['title']},{when.strftime('%d %b %Y %H:%M')}"


def write_array(make: Callable[[Row], dict[str, Any]], indent: int | None = None) -> Any:
    def write(rows: list[Row]) -> str:
        return json.dumps([make(row) for row in rows], indent=indent, ensure_ascii=False)

    return write


def write_lines(make: Callable[[Row], str], header: str = "") -> Any:
    return lambda rows: header + "\n".join(map(make, rows)) + "\n"


FORMATS: dict[str, Callable[[list[Row]], str]] = {
    "account": write_array(account_record, 2),
    "extended": write_array(extended_record),
    "extended_zip": write_array(extended_record, 2),
    "lastfm": write_lines(
        lastfm_line, "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
    ),
    "lastfm_legacy": write_lines(legacy_line),
    "listenbrainz": write_lines(lambda row: json.dumps(listenbrainz_record(row))),
}


def write_history(path: Path, form: str, rows: list[Row]) -> None:
    """Write the history in one format."""
    text = FORMATS[form](rows)
    if form.endswith("_zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr("Streaming_History_Audio_0.json", text)
    else:
        path.write_text(text, encoding="utf-8")


def numpy_seconds() -> float:
    """CPU seconds of ``python -c "import numpy"``, interpreter's start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import numpy"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def time_reading(path: Path, n_times: int) -> dict[str, float]:
    """Read a history several times, each in a process of its own."""
    seconds, units, peak, n_listens = [], [], 0, 0
    for _ in range(n_times):
        unit = numpy_seconds()
        command = [sys.executable, "-c", _TIMED, str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        seconds.append(float(done[0]))
        units.append(float(done[0]) / unit)
        n_listens, peak = int(done[1]), int(done[2])
    return {
        "megabytes": round(path.stat().st_size / 1e6, 1),
        "listens": n_listens,
        "cpu_ms_median": round(1000 * statistics.median(seconds), 1),
        "cpu_ms_best": round(1000 * min(seconds), 1),
        "in_numpy_imports": round(statistics.median(units), 2),
        "peak_mb": round(peak / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plays", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    options = parser.parse_args()
    rows = list(make_plays(options.plays, options.seed))
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for form in options.formats:
            path = Path(folder) / form
            write_history(path, form, rows)
            results[form] = time_reading(path, options.times)
    print(json.dumps({"plays": options.plays, "reading": results}, indent=2))


if __name__ == "__main__":
    main()
