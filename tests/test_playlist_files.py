"""Playlists as files: other people's parsers must read back the songs that were written."""

from __future__ import annotations

import csv
import io
import json
import re
from types import SimpleNamespace
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from lxml import etree

from scripts.console import clean_text
from scripts.errors import SettingsError
from scripts.formats.documents import (
    FORMATS,
    SONG_KEYS,
    as_csv,
    as_json,
    check_count,
    form_of_path,
    render,
)
from scripts.formats.playlist_files import (
    WRITERS,
    as_jspf,
    as_m3u8,
    as_uris,
    as_xspf,
    is_spotify_id,
    list_title,
    song_uri,
    songs_without_spotify,
    xml_text,
)
from scripts.playlists.document import playlist_document
from scripts.playlists.ranking import Ranking

m3u8 = pytest.importorskip("m3u8", reason="the extra `readers` is not installed")
xspf_lib = pytest.importorskip("xspf_lib", reason="the extra `readers` is not installed")

SPOTIFY_ID = "4uLU6hMCjMI75M1A2tKUQC"

NASTY = [
    "",
    "#EXTM3U",
    "# no comment",
    "=1+1",
    "]]>",
    "<![CDATA[x]]>",
    "<b>bold</b> & \"quoted\" 'twice'",
    "&amp; &#0;",
    "two\nlines\r\nand\rthree",
    "nul\0bell\x07escape\x1b[31m",
    "c1\x85\x9b next",
    "line\u2028paragraph\u2029",
    "\u200fright to left\u202e",
    "歌 🎵 e\u0301",
    "\ufffe\uffff",
    " blanks around ",
    "comma, dash - and, comma",
    'key="value",tail',
]
TEXTS = st.one_of(
    st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
)
IDS = st.one_of(st.from_regex(r"[0-9A-Za-z]{22}", fullmatch=True), TEXTS.filter(bool))
SONGS = st.lists(
    st.fixed_dictionaries(
        {
            "song_id": IDS,
            "title": TEXTS,
            "artist": TEXTS,
            "genres": st.sampled_from(["", "rock", "pop;rock & roll"]),
            "year": st.sampled_from([None, 1971]),
            "duration_ms": st.one_of(st.none(), st.integers(0, 10**7)),
        }
    ),
    max_size=4,
)


def make_document(songs=(), *, listener=None, mood="calm", why="quiet (-30.0 dB)", wishes=()):
    """Make the document of a playlist; a song needs no more than what the test looks at."""
    plain = {
        **{"song_id": SPOTIFY_ID, "title": "Title", "artist": "Artist", "genres": "", "year": None},
        **{"duration_ms": 200_499, "tempo_bpm": 120.0, "valence": 0.5, "energy": 0.25},
        **{"mood": "calm", "fit": 0.75},
    }
    ranking = Ranking()
    ranking.songs = [plain | song for song in songs]
    request = SimpleNamespace(listener=listener, mood=mood, probabilities={})
    whys = [why] * len(ranking.songs)
    return playlist_document("0123456789ab", request, ranking, whys, wishes=wishes)


def xml_can_hold(text):
    """What is left of a text in XML 1.0, by the standard's production Char."""
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", text)
    return re.sub("[\ud800-\udfff\ufffe\uffff]", "\ufffd", text)


# ---- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "song_id", ["", "a" * 21, "a" * 23, "a" * 21 + "-", "a" * 21 + "é", "a" * 21 + "\u0661"]
)
def test_no_other_id_is_taken_for_spotify_s(song_id):
    assert not is_spotify_id(song_id)
    assert song_uri(song_id).startswith("urn:moodlist:song:")


@given(IDS)
def test_a_song_s_uri_is_legal_and_tells_the_id(song_id):
    uri = song_uri(song_id)
    assert re.fullmatch(r"[a-z]+(:[A-Za-z0-9._~%-]+)+", uri)
    assert unquote(uri.rpartition(":")[2]) == song_id


def test_a_list_is_named_after_mood_and_listener():
    assert list_title(make_document()) == "Moodlist: calm"
    assert list_title(make_document(listener=3)) == "Moodlist: calm for listener 3"


# ---- XSPF -------------------------------------------------------------------------------------


def elements(*lines):
    """Say in RELAX NG which elements may occur: name, how often, datatype."""
    parts = []
    for name, often, datatype in lines:
        content = f'<data type="{datatype}"/>' if datatype != "text" else "<text/>"
        if name == "meta":
            content = '<attribute name="rel"><data type="anyURI"/></attribute><text/>'
        element = f'<element name="{name}">{content}</element>'
        parts.append(f"<{often}>{element}</{often}>")
    return "".join(parts)


#: XSPF version 1 as far as Moodlist writes it, in the words of the specification.
SCHEMA = f"""
<element name="playlist" ns="http://xspf.org/ns/0/" xmlns="http://relaxng.org/ns/structure/1.0"
    datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  <attribute name="version" ns=""><value type="string">1</value></attribute>
  <interleave>
    {
    elements(
        ("title", "optional", "text"),
        ("creator", "optional", "text"),
        ("annotation", "optional", "text"),
        ("meta", "zeroOrMore", "text"),
    )
}
    <element name="trackList"><zeroOrMore><element name="track"><interleave>
      {
    elements(
        ("location", "zeroOrMore", "anyURI"),
        ("identifier", "zeroOrMore", "anyURI"),
        ("title", "optional", "text"),
        ("creator", "optional", "text"),
        ("annotation", "optional", "text"),
        ("album", "optional", "text"),
        ("duration", "optional", "nonNegativeInteger"),
        ("meta", "zeroOrMore", "text"),
    )
}
    </interleave></element></zeroOrMore></element>
  </interleave>
</element>
""".replace('<attribute name="rel">', '<attribute name="rel" ns="">')


@pytest.fixture(scope="module")
def xspf_schema():
    return etree.RelaxNG(etree.fromstring(SCHEMA))


def test_the_schema_refuses_what_is_no_playlist(xspf_schema):
    right = as_xspf(make_document([{}]))
    assert xspf_schema.validate(etree.fromstring(right.encode()))
    for wrong in (
        right.replace("xspf.org/ns/0/", "xspf.org/ns/1/"),
        right.replace('version="1" xmlns', 'version="2" xmlns'),
        right.replace("trackList", "tracklist"),
        right.replace("<duration>", "<duration>-"),
        right.replace("</title>", "</title><title>twice</title>"),
    ):
        assert not xspf_schema.validate(etree.fromstring(wrong.encode()))


def test_xspf_by_hand():
    song = {"title": "Q & <A>", "artist": "B", "genres": "jazz", "year": 1971}
    text = as_xspf(make_document([song], wishes=["tempo 120-140", "genre jazz"]))
    assert (
        text
        == """<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/">
 <title>Moodlist: calm</title>
 <creator>Moodlist</creator>
 <annotation>tempo 120-140; genre jazz</annotation>
 <meta rel="urn:moodlist:run">0123456789ab</meta>
 <meta rel="urn:moodlist:mood">calm</meta>
 <trackList>
  <track>
   <location>spotify:track:4uLU6hMCjMI75M1A2tKUQC</location>
   <identifier>spotify:track:4uLU6hMCjMI75M1A2tKUQC</identifier>
   <title>Q &amp; &lt;A&gt;</title>
   <creator>B</creator>
   <annotation>quiet (-30.0 dB)</annotation>
   <duration>200499</duration>
   <meta rel="urn:moodlist:mood">calm</meta>
   <meta rel="urn:moodlist:score">0.75</meta>
   <meta rel="urn:moodlist:genre">jazz</meta>
   <meta rel="urn:moodlist:year">1971</meta>
   <meta rel="urn:moodlist:tempo">120.0</meta>
   <meta rel="urn:moodlist:valence">0.5</meta>
   <meta rel="urn:moodlist:energy">0.25</meta>
  </track>
 </trackList>
</playlist>
"""
    )


@given(songs=SONGS, mood=TEXTS, ascii_only=st.booleans())
def test_xspf_reads_back_to_the_same_songs(xspf_schema, songs, mood, ascii_only):
    document = make_document(songs, mood=mood)
    text = as_xspf(document, ascii_only=ascii_only)
    assert text.isascii() or not ascii_only
    assert text.replace("\n", "").isprintable(), "no control character is sent"
    tree = etree.fromstring(text.encode())
    assert xspf_schema.validate(tree), xspf_schema.error_log
    playlist = xspf_lib.Playlist.parse_from_xml_element(ElementTree.fromstring(text))
    assert playlist.title == xml_can_hold(list_title(document))
    assert len(playlist.trackList) == len(songs)
    for track, song in zip(playlist.trackList, document["songs"], strict=True):
        assert (track.title or "") == xml_can_hold(song["title"])
        assert (track.creator or "") == xml_can_hold(song["artist"])
        assert track.duration == song["duration_ms"]
        assert track.annotation == song["why"]
        assert track.album is None
        (identifier,) = track.identifier
        assert identifier.endswith(":" + song["song_id"])
        assert track.location == ([identifier] if is_spotify_id(song["song_id"]) else [])
        metas = {meta.rel.removeprefix("urn:moodlist:"): meta.content for meta in track.meta}
        assert metas == {
            key: xml_can_hold(str(song[key]))
            for key in ("mood", "score", "genre", "year", "tempo", "valence", "energy")
            if song[key] is not None
        }


def test_xml_replaces_what_it_cannot_hold():
    assert xml_text("a\ud800b\uffffc\0d") == "a&#65533;b&#65533;c d"


def test_an_album_and_a_distance_are_written_where_known():
    document = make_document([{}])
    document["songs"][0] |= {"album": "The Album", "distance": 0.125}
    playlist = xspf_lib.Playlist.parse_from_xml_element(ElementTree.fromstring(as_xspf(document)))
    assert playlist.trackList[0].album == "The Album"
    assert "0.125" in [meta.content for meta in playlist.trackList[0].meta]
    (track,) = json.loads(as_jspf(document))["playlist"]["track"]
    assert track["album"] == "The Album"
    assert {"urn:moodlist:distance": "0.125"} in track["meta"]


# ---- JSPF -------------------------------------------------------------------------------------


@given(songs=SONGS, ascii_only=st.booleans())
def test_jspf_reads_back_to_the_same_songs_and_loses_no_letter(songs, ascii_only):
    document = make_document(songs, wishes=["genre jazz"])
    text = as_jspf(document, ascii_only=ascii_only)
    assert text.isascii() or not ascii_only
    whole = json.loads(text)
    assert list(whole) == ["playlist"]
    playlist = whole["playlist"]
    assert playlist["title"] == "Moodlist: calm"
    assert playlist["annotation"] == "genre jazz"
    assert len(playlist["track"]) == len(songs)
    for track, song in zip(playlist["track"], document["songs"], strict=True):
        assert track.get("title", "") == song["title"]
        assert track.get("creator", "") == song["artist"]
        assert track.get("duration") == song["duration_ms"]
        assert track["annotation"] == song["why"]
        assert track["identifier"] == [song_uri(song["song_id"])]
        assert track.get("location", []) == (
            track["identifier"] if is_spotify_id(song["song_id"]) else []
        )
        assert {"urn:moodlist:mood": "calm"} in track["meta"]
        assert {"urn:moodlist:score": "0.75"} in track["meta"]
        for meta in track["meta"]:
            ((rel, content),) = meta.items()
            assert rel.startswith("urn:moodlist:")
            assert isinstance(content, str)


# ---- M3U8 -------------------------------------------------------------------------------------


def test_m3u8_by_hand():
    songs = [{}, {"song_id": "a b", "title": "#1", "artist": "", "duration_ms": None}]
    assert (
        as_m3u8(make_document(songs))
        == """#EXTM3U
#PLAYLIST:Moodlist: calm
# calm, score 0.7500: quiet (-30.0 dB)
#EXTINF:200,Artist - Title
spotify:track:4uLU6hMCjMI75M1A2tKUQC
# calm, score 0.7500: quiet (-30.0 dB)
#EXTINF:-1,#1
urn:moodlist:song:a%20b
"""
    )


@pytest.mark.parametrize(("duration", "seconds"), [(0, 0), (499, 0), (500, 1), (1_499, 1)])
def test_m3u8_rounds_to_the_nearest_second(duration, seconds):
    text = as_m3u8(make_document([{"duration_ms": duration}]))
    assert f"#EXTINF:{seconds},Artist" in text


@given(songs=SONGS, mood=TEXTS, why=TEXTS)
@example(songs=[{"title": "a\n#EXTM3U\nb", "artist": "\n"}], mood="\n#EXT", why="\nspotify:track:x")
def test_m3u8_reads_back_to_the_same_songs(songs, mood, why):
    document = make_document([song | {"mood": mood} for song in songs], mood=mood, why=why)
    # the parser takes its own tag away wherever it occurs on a line
    assume(not any("#EXTINF" in song[key] for song in songs for key in ("title", "artist")))
    text = as_m3u8(document)
    first, *lines = text.splitlines()
    assert first == "#EXTM3U"
    uris = [song_uri(song["song_id"]) for song in document["songs"]]
    assert [line for line in lines if not line.startswith("#")] == uris
    read = m3u8.loads(text).segments
    assert [segment.uri for segment in read] == uris
    for segment, song in zip(read, document["songs"], strict=True):
        names = [name for name in (song["artist"], song["title"]) if name]
        assert segment.title == clean_text(" - ".join(names)).rstrip()
        if song["duration_ms"] is None:
            assert segment.duration == -1
        else:
            assert abs(segment.duration - song["duration_ms"] / 1000) <= 0.5


# ---- bare URIs --------------------------------------------------------------------------------


@given(SONGS)
def test_uris_are_the_songs_of_spotify_and_the_helper_tells_the_rest(songs):
    document = make_document(songs)
    lines = as_uris(document).splitlines()
    assert all(re.fullmatch("spotify:track:[0-9A-Za-z]{22}", line) for line in lines)
    left_out = [song["song_id"] for song in songs_without_spotify(document)]
    ids = iter(line.removeprefix("spotify:track:") for line in lines)
    kept = [song["song_id"] if song["song_id"] in left_out else next(ids) for song in songs]
    assert kept == [song["song_id"] for song in songs]
    assert next(ids, None) is None


# ---- CSV --------------------------------------------------------------------------------------


@given(SONGS)
def test_csv_reads_back_to_the_same_songs_but_for_its_apostrophes(songs):
    document = make_document(songs)
    header, *rows = csv.reader(io.StringIO(as_csv([document])))
    assert tuple(header) == SONG_KEYS
    assert header[-1] == "distance"
    assert len(rows) == len(songs)
    for row, song in zip(rows, document["songs"], strict=True):
        for key, cell in zip(header, row, strict=True):
            plain = "" if song[key] is None else clean_text(str(song[key]))
            assert cell in (plain, "'" + plain)


# ---- several lists, and the table of formats --------------------------------------------------

TWO = [
    make_document([{"title": "One"}], listener=1),
    make_document([{"title": "Two"}, {"song_id": "x"}], listener=2),
]


def test_m3u8_holds_several_lists_one_after_the_other():
    text = render(TWO, "m3u8", with_listener=True, ascii_only=False)
    assert text.count("#EXTM3U") == 1
    names = re.findall("^#PLAYLIST:(.*)$", text, re.MULTILINE)
    assert names == ["Moodlist: calm for listener 1", "Moodlist: calm for listener 2"]
    assert [segment.title for segment in m3u8.loads(text).segments] == [
        *("Artist - One", "Artist - Two", "Artist - Title"),
    ]


def test_uris_part_several_lists_by_a_blank_line():
    line = f"spotify:track:{SPOTIFY_ID}"
    text = render(TWO, "uris", with_listener=True, ascii_only=False)
    assert text.split("\n\n") == [line, f"{line}\n"]


@pytest.mark.parametrize("form", ["xspf", "jspf"])
def test_a_format_of_one_list_refuses_several(form):
    with pytest.raises(SettingsError, match=rf"--format {form}: .* one playlist, not 2; .* m3u8"):
        render(TWO, form, with_listener=True, ascii_only=False)
    assert "Moodlist" in render(TWO[:1], form, with_listener=True, ascii_only=False)


def test_the_json_of_all_listeners_is_a_list_even_of_one():
    for documents in (TWO, TWO[:1]):
        text = render(documents, "json", with_listener=True, ascii_only=False)
        assert json.loads(text) == documents
    assert render(TWO[:1], "json", with_listener=False, ascii_only=False) == as_json(TWO[0])


def test_the_table_names_each_list_and_says_where_there_is_none():
    text = render([TWO[0], make_document()], "table", with_listener=True, ascii_only=False)
    assert text.startswith("Listener 1: calm")
    assert text.endswith("Mood: calm  [0 songs]\nno songs\n")


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_writes_every_song_and_ends_its_last_line(form):
    document = make_document([{"song_id": f"{n:022}", "title": f"Title {n}"} for n in range(3)])
    text = render([document], form, with_listener=False, ascii_only=False)
    assert text.endswith("\n")
    for n in range(3):
        assert (f"Title {n}" if form != "uris" else f"track:{n:022}\n") in text
    check_count(form, 1)


def test_the_table_of_formats_and_the_writers_agree():
    assert set(WRITERS) == set(FORMATS) - {"table", "json", "csv"}
    endings = [ending for ending, _ in FORMATS.values()]
    assert len(set(endings)) == len(endings)


@pytest.mark.parametrize("form", ["json", "m3u8", "xspf", "jspf", "uris"])
def test_a_stream_of_ascii_gets_ascii(form):
    document = make_document([{"title": "Jérôme 歌", "artist": "é"}])
    text = render([document], form, with_listener=False, ascii_only=True)
    assert text.isascii()
    assert form != "m3u8" or "? - J?r?me ?" in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_s_ending_tells_its_format(form):
    ending = FORMATS[form][0]
    assert form_of_path(f"some folder/evening{ending}") == form
    assert form_of_path(f"EVENING{ending.upper()}") == form


@pytest.mark.parametrize("path", ["evening", "evening.mp3", "m3u8", "a.csv/b", "", "evening.m3u"])
def test_an_unknown_ending_lists_the_known_ones(path):
    with pytest.raises(SettingsError) as caught:
        form_of_path(path)
    for ending, _ in FORMATS.values():
        assert ending in str(caught.value)
    assert "--format" in str(caught.value)
