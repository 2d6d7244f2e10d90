"""The listeners' survey: its columns, how an answer becomes yes/no columns, its four moods.

Conventions
-----------
A listener is a mapping of survey column to the answer's text. A *survey feature* is the text
``column=answer``; it is 1 for a listener who gave that answer and 0 otherwise. Columns where
people could tick several boxes hold the answers separated by commas. The text ``None`` is an
answer. The survey's own spellings (``preffered_``, ``Influencial``) are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scripts.moods.vocabulary import LISTENER_MOODS

#: The column that holds the listener's moods, several at once.
MOOD_COLUMN = "music_Influencial_mood"

#: Columns of one answer.
SINGLE_COLUMNS: tuple[str, ...] = (
    "Age",
    "Gender",
    "spotify_usage_period",
    "spotify_subscription_plan",
    "premium_sub_willingness",
    "preffered_premium_plan",
    "preferred_listening_content",
    "fav_music_genre",
    "music_time_slot",
    "music_recc_rating",
    "pod_lis_frequency",
    "fav_pod_genre",
    "preffered_pod_format",
    "pod_host_preference",
    "preffered_pod_duration",
    "pod_variety_satisfaction",
)

#: Columns of several answers, separated by commas.
MULTI_COLUMNS: tuple[str, ...] = (
    "spotify_listening_device",
    "music_lis_frequency",
    "music_expl_method",
)

SURVEY_COLUMNS: tuple[str, ...] = SINGLE_COLUMNS + MULTI_COLUMNS


def split_answers(text: str) -> list[str]:
    """Split a several-answer cell at its commas; stray spaces and commas are dropped.

    >>> split_answers("Office hours, leisure time, ")
    ['Office hours', 'leisure time']
    """
    return [part for part in (piece.strip() for piece in text.split(",")) if part]


def answers_of(listener: Mapping[str, str]) -> list[str]:
    """List the survey features that are 1 for this listener, in column order.

    >>> answers_of({"Age": "20-35", "music_expl_method": "Radio, Others"})
    ['Age=20-35', 'music_expl_method=Radio', 'music_expl_method=Others']
    """
    features = [
        f"{column}={listener[column].strip()}"
        for column in SINGLE_COLUMNS
        if listener.get(column, "").strip()
    ]
    for column in MULTI_COLUMNS:
        features += [f"{column}={answer}" for answer in split_answers(listener.get(column, ""))]
    return features


def encode_listener(listener: Mapping[str, str], features: Iterable[str]) -> list[float]:
    """Turn a listener into 0/1 values in the order of ``features``; unknown answers are all 0.

    >>> encode_listener({"Age": "20-35"}, ["Age=20-35", "Age=60+"])
    [1.0, 0.0]
    """
    given = set(answers_of(listener))
    return [1.0 if feature in given else 0.0 for feature in features]


def moods_of(text: str) -> list[str]:
    """Name the listener moods that a cell of :data:`MOOD_COLUMN` ticks, in vocabulary order.

    >>> moods_of("Sadness or melancholy, Relaxation and stress relief")
    ['relaxation', 'sadness']
    """
    ticked = {answer.casefold() for answer in split_answers(text)}
    return [mood for mood, (phrase, _) in LISTENER_MOODS.items() if phrase.casefold() in ticked]
