"""Files of songs never to be played: every form that Moodlist writes, and what is none."""

import pytest

from scripts.errors import SettingsError
from scripts.formats.documents import FORMATS, render
from scripts.playlists.never import read_song_names

IDS = ["4uLU6hMCjMI75M1A2tKUQC", "0123456789abcdefghijKL", "-no spotify id-"]


def document():
    songs = [
        {
            **dict.fromkeys(("genre", "year", "duration_ms", "distance")),
            **{"rank": n, "song_id": song_id, "title": f"Title, {n}", "artist": 'A "B" & <C>'},
            **{"tempo": 100.0, "valence": 0.5, "energy": 0.5, "mood": "calm", "score": 0.5},
            "why": "why",
        }
        for n, song_id in enumerate(IDS, 1)
    ]
    head = {"run": "0" * 12, "listener": None, "moods": {}, "mood": "calm", "request": {}}
    return {**head, "wishes": [], "duration_ms": None, "songs": songs}


def read(tmp_path, content):
    path = tmp_path / "never"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_song_names(str(path), "--never")


def plain_id(name):
    from urllib.parse import unquote

    for start in ("spotify:track:", "urn:moodlist:song:"):
        if name.startswith(start):
            return unquote(name.removeprefix(start))
    return name


@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"table", "uris"}))
def test_every_saved_form_names_its_songs(tmp_path, form):
    text = render([document()], form, with_listener=False, ascii_only=False)
    assert [plain_id(name) for name in read(tmp_path, text)] == IDS


def test_bare_uris_name_the_songs_that_have_one(tmp_path):
    text = render([document()], "uris", with_listener=False, ascii_only=False)
    assert [plain_id(name) for name in read(tmp_path, text)] == IDS[:2]


def test_lists_of_several_listeners_add_up(tmp_path):
    text = render([document(), document()], "json", with_listener=True, ascii_only=False)
    assert read(tmp_path, text) == IDS * 2


def test_a_table_for_people_is_read_as_lines_and_named_by_nobody(tmp_path):
    text = render([document()], "table", with_listener=False, ascii_only=False)
    assert not set(read(tmp_path, text)) & set(IDS)


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<playlist xmlns="http://xspf.org/ns/0/"><trackList><track><title>&b;</title></track>'
    "</trackList></playlist>"
)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x7fELF\x00\x01", "is no text"),
        (b"{", "looks like a playlist"),
        (b'{"songs": 3}', "looks like a playlist"),
        (b"[1, 2]", "looks like a playlist"),
        (b"<playlist>", "looks like a playlist"),
        (BOMB, "looks like a playlist"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path, content, told):
    with pytest.raises(SettingsError, match=told) as caught:
        read(tmp_path, content)
    assert "M3U8, CSV, JSON, XSPF or JSPF" in str(caught.value)
