"""What is opened once in a process for any number of sentences.

Conventions
-----------
The text model takes about a second to load, the lyrics of a set up to a second. Both hold no
connection to a catalogue, so threads share them; a lock keeps two threads from loading at once.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scripts.playlists.lyric_match import SongLyrics
    from scripts.store.reading import TrainedSet
    from scripts.text.text_mood import TextMood

#: The lock, the text model, and the lyrics of the set used last.
_OPEN: dict[str, Any] = {}


def _lock() -> Any:
    import threading  # imported here: an answer without a sentence needs none

    return _OPEN.setdefault("lock", threading.RLock())


def the_text_model() -> TextMood:
    """Open the text model, once in a process."""
    with _lock():
        if "model" not in _OPEN:
            from scripts.text.text_mood import open_text_mood

            _OPEN["model"] = open_text_mood()
        model: TextMood = _OPEN["model"]
        return model


def lyrics_of(trained: TrainedSet) -> SongLyrics | None:
    """Open the lyrics of a set, once while it is the one in use; None where it has none."""
    from scripts.playlists.lyric_match import open_lyrics

    folder = getattr(trained, "folder", None)
    if folder is None:  # a set in memory
        return open_lyrics(trained)
    with _lock():
        if _OPEN.get("set") != (folder, trained.run):
            _OPEN["lyrics"], _OPEN["set"] = open_lyrics(trained), (folder, trained.run)
        lyrics: SongLyrics | None = _OPEN["lyrics"]
        return lyrics
