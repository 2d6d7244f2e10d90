"""The document of a playlist: plain values, which every format prints.

Conventions
-----------
Keys come in a fixed order; programs rely on their names. What is unknown is None.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from scripts.playlists.ranking import Ranking
    from scripts.playlists.request import MoodRequest


def playlist_document(
    run: str,
    request: MoodRequest,
    ranking: Ranking,
    reasons: Sequence[str],
    genres: Sequence[str] = (),
    *,
    asked: dict[str, Any] | None = None,
    wishes: Sequence[str] = (),
) -> dict[str, Any]:
    """Make the document that every format prints.

    Parameters
    ----------
    run : str
    request : MoodRequest
    ranking : Ranking
    reasons : sequence of str, one a song
    genres : sequence of str
        The genres asked for; a song shows the first of them that it has, else its first.
    asked : dict, optional
        How the list was asked for, for programs that want to ask again.
    wishes : sequence of str
        The wishes that every song met, in words.

    Returns
    -------
    dict
        ``duration_ms`` is the length of the whole list, None where any song's is unknown. Where
        lyrics were asked, each song has the ``similarity`` of its own (None without any) and
        the ``words`` that it shares. Where a history took part, ``taste`` is a song's percentile
        among the songs that it was weighed with (None where it was not).
    """
    songs = []
    for rank, (song, why) in enumerate(zip(ranking.songs, reasons, strict=True), 1):
        own = song["genres"].split(";")
        of_some: dict[str, Any] = {
            name: song[name] for name in ("similarity", "words", "taste") if name in song
        }
        songs.append(
            {
                "rank": rank,
                "song_id": song["song_id"],
                "title": song["title"],
                "artist": song["artist"],
                "genre": next((one for one in genres if one in own), own[0] or None),
                "year": song["year"],
                "duration_ms": song["duration_ms"],
                "tempo": song["tempo_bpm"],
                "valence": song["valence"],
                "energy": song["energy"],
                "mood": song["mood"],
                "score": song["fit"],
                "why": why,
                "distance": song.get("distance"),
                **of_some,
            }
        )
    durations = [song["duration_ms"] for song in songs]
    return {
        "run": run,
        "listener": request.listener,
        "moods": request.probabilities,
        "mood": request.mood,
        "request": asked or {},
        "wishes": list(wishes),
        "duration_ms": None if None in durations else sum(durations),
        "songs": songs,
    }
