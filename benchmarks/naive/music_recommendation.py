"""The naive way to answer, with its faults kept on purpose.

Known faults: every table is read and every listener predicted again to answer for one; a mood is
matched to song labels as a piece of text ("parties" does not match "party"), so most listeners
find no songs and the program stops with an error; hundreds of songs tie at probability 1.0 and
their order is arbitrary; the models are pickles, which run whatever code they hold.

``--first-that-maps`` answers for the first listener whose mood has songs, so that there is an
answer to time; without it the program takes the first listener, as the naive way does.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import joblib
import numpy as np

from benchmarks.naive.tables import SONG_FEATURES, encode_listeners, read_listeners, read_songs

#: Song labels in the order in which they are looked for in a listener's mood.
SONG_LABELS = (
    "happy",
    "melancholy",
    "party",
    "relax",
    "talkative",
    "live",
    "uplifting",
    "calm",
    "deep",
    "motivating",
    "fun",
)


def match_label(mood: str) -> str | None:
    """Find the first song label that occurs in the mood's text."""
    return next((label for label in SONG_LABELS if label in mood.lower()), None)


def choose_mood(moods: np.ndarray, labels: list[str], *, first_that_maps: bool) -> str:
    """Choose the mood to answer: the first listener's, or the first that has songs."""
    if not first_that_maps:
        return str(moods[0])
    return next((str(mood) for mood in moods if match_label(mood) in labels), str(moods[0]))


def main() -> None:
    """Predict every listener, then rank the songs of one listener's mood."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.naive.music_recommendation")
    parser.add_argument("--listeners", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="what the training wrote")
    parser.add_argument("--first-that-maps", action="store_true")
    options = parser.parse_args()

    listener_model = joblib.load(options.output / "user_behavior_model.pkl")
    codes, scaler, products = joblib.load(options.output / "user_behavior_encoding.pkl")
    song_model = joblib.load(options.output / "music_model.pkl")
    joblib.load(options.output / "song_clusters.pkl")
    songs = read_songs(options.output / "clustered_songs.csv")
    listeners = read_listeners(options.listeners)

    encoded = products.transform(scaler.transform(encode_listeners(listeners, codes)))
    moods = listener_model.predict(encoded)
    labels = list(song_model.classes_)
    mood = choose_mood(moods, labels, first_that_maps=options.first_that_maps)
    label = match_label(mood)
    column = labels.index(label)  # raises where no cluster bears the label

    chosen = songs[songs["mood"] == label]
    scores = song_model.predict_proba(chosen[SONG_FEATURES])[:, column]
    chosen = chosen.assign(score=scores).sort_values("score", ascending=False)
    print(f"mood: {mood} -> {label}")
    print(chosen[["track_name", "artists", "mood", "score"]].head(10).to_string(index=False))


if __name__ == "__main__":
    main()
