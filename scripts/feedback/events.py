"""What a listener can say about a song, as an event that is kept.

Conventions
-----------
Features are in the units of :mod:`scripts.moods.features`. No event holds a time of day.
"""

from __future__ import annotations

from scripts.errors import SettingsError
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import SONG_MOODS, SPOKEN, SYNONYMS, plain_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: What can be said about a song.
FEEDBACK: tuple[str, ...] = ("like", "skip", "never", "wrong-mood")

#: The event that takes another one back.
UNDO = "undo"

_TEXTS = ("song_id", "title", "artist", "mood")
_MOODS = (None, *SONG_MOODS, SPOKEN)


def check_kind(kind: str) -> None:
    """Refuse a word of feedback that there is not."""
    if kind not in FEEDBACK:
        raise SettingsError(f"--feedback {kind[:60]!r}: say one of {', '.join(FEEDBACK)}")


def make_event(
    kind: str, song: Mapping[str, Any], *, right_mood: str | None = None
) -> dict[str, Any]:
    """Make the event of one word of feedback; it holds all that is needed without the catalogue.

    Parameters
    ----------
    kind : one of FEEDBACK
    song : mapping of ``song_id``, ``title``, ``artist``, ``mood`` and the nine features
    right_mood : str, optional
        With ``wrong-mood`` only: the song mood that is right, or a word that means it.
    """
    check_kind(kind)
    if right_mood is not None and kind != "wrong-mood":
        raise SettingsError(
            f"--feedback {kind}: a right mood ({right_mood[:60]!r}) goes with wrong-mood only; "
            "drop it, or say --feedback wrong-mood"
        )
    word = None if right_mood is None else plain_word(right_mood)
    if word is not None and word not in SYNONYMS:
        raise SettingsError(
            f"--feedback wrong-mood: no song has the mood {word[:60]!r}; "
            f"say one of {', '.join([*SONG_MOODS, SPOKEN])}"
        )
    event: dict[str, Any] = {"event": kind, **{key: str(song[key]) for key in _TEXTS}}
    event |= {name: float(song[name]) for name in FEATURES}
    if kind == "wrong-mood":
        event["right_mood"] = None if word is None else SYNONYMS[word]
    return event


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and -1e9 < value < 1e9  # which no NaN does


def is_sound(event: Any) -> bool:
    """Tell whether an event has all that its readers rely on."""
    if not isinstance(event, dict):
        return False
    if event.get("event") == UNDO:
        return isinstance(event.get("takes_back"), str)
    return (
        event.get("event") in FEEDBACK
        and all(isinstance(event.get(key), str) for key in _TEXTS)
        and all(_is_number(event.get(name)) for name in FEATURES)
        and (event["event"] != "wrong-mood" or event.get("right_mood", "") in _MOODS)
    )
