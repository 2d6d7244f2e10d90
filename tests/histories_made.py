"""Listening histories made for tests, as Spotify's extended export writes them."""

from __future__ import annotations

import datetime
import json

#: What no answer may repeat.
PRIVATE = {
    "username": "secret-user-77",
    "ip_addr_decrypted": "203.0.113.77",
    "user_agent_decrypted": "secret-agent-x",
}

START = datetime.datetime(2024, 3, 1, 8, 0, tzinfo=datetime.UTC)


def play(song, *, minute=0, ms=200_000, skipped=False, **changes):
    """Write one play of a song: a mapping with title, artist and song_id."""
    when = START + datetime.timedelta(minutes=minute)
    uri = f"spotify:track:{song['song_id']}" if song.get("song_id") else None
    return {
        "ts": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ms_played": ms,
        "master_metadata_track_name": song.get("title"),
        "master_metadata_album_artist_name": song.get("artist"),
        "master_metadata_album_album_name": "Album",
        "spotify_track_uri": uri,
        "skipped": skipped,
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        **PRIVATE,
        **changes,
    }


def write_plays(path, plays):
    """Write a history file; returns its path as text."""
    path.write_text(json.dumps(plays), encoding="utf-8")
    return str(path)
