"""Listening histories: every format, what counts as a listen, what is never kept."""

from __future__ import annotations

import json
import random
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import DataError, SettingsError
from scripts.tables import history_records, history_spotify
from scripts.tables.histories import read_history
from scripts.tables.history_dates import read_time, read_times
from scripts.tables.history_plays import History, Plays, to_seconds

SONG_ID = "4uLU6hMCjMI75M1A2tKUQC"
SECRETS = {
    "username": "secret_listener_17",
    "ip_addr": "203.0.113.77",
    "ip_addr_decrypted": "198.51.100.23",
    "user_agent_decrypted": "SecretBrowser%2F9.1",
    "conn_country": "QQ",
    "platform": "SecretPhone OS 3",
}


def extended(**changes) -> dict:
    """One record of the extended history, as the service writes them, in its order of keys."""
    record = {
        "ts": "2016-02-23T17:59:00Z",
        **SECRETS,
        "ms_played": 200_000,
        "master_metadata_track_name": "Jóga",
        "master_metadata_album_artist_name": "Björk",
        "master_metadata_album_album_name": "Homogenic",
        "spotify_track_uri": f"spotify:track:{SONG_ID}",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "reason_start": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline_timestamp": 1456250100,
    }
    return record | changes


def account(when="2016-02-23 17:59", artist="Björk", title="Jóga", ms=200_000) -> dict:
    return {"endTime": when, "artistName": artist, "trackName": title, "msPlayed": ms}


def listen(when=1456250340, artist="Björk", title="Jóga", **info) -> dict:
    return {
        "inserted_at": when + 1.5,
        "listened_at": when,
        "track_metadata": {
            "track_name": title,
            "artist_name": artist,
            "mbid_mapping": {"artists": [{"artist_credit_name": "x"}]},
            "additional_info": {"duration_ms": 1000, "user_agent": "SecretBrowser", **info},
        },
        "user_name": SECRETS["username"],
    }


def lines(records: list[dict]) -> str:
    return "\n".join(json.dumps(record) for record in records)


LASTFM = (
    "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
    '"1456250340","23 Feb 2016, 17:59","Björk","","","","Jóga",""\n'
)
ONE_PLAY = {
    "extended.json": json.dumps([extended()]),
    "extended_lines.jsonl": lines([extended()]),
    "extended_indented.json": json.dumps([extended()], indent=2, ensure_ascii=False),
    "account.json": json.dumps([account()]),
    "lastfm.csv": LASTFM,
    "lastfm_legacy.csv": "Björk,Homogenic,Jóga,23 Feb 2016 17:59\n" * 1,
    "one_of_1k.tsv": "user_000007\t2016-02-23T17:59:00Z\t\tBjörk\t\tJóga\n",
    "listens.jsonl": lines([listen()]),
    "listens.json": json.dumps([listen()]),
    "german.csv": "Zeit;Künstler;Album;Titel\n23.02.2016 17:59;Björk;;Jóga\n",
    "unknown_header.csv": "aika,esittäjä,kappale\n2016-02-23 17:59:00,Björk,Jóga\n",
    "french_dates.csv": "Björk,Homogenic,Jóga,23 févr. 2016 17:59\n",
    "with_lengths.csv": "ts,ms_played,artist,track\n2016-02-23T17:59:00Z,31000,Björk,Jóga\n",
}


def write(path: Path, content: str | bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.mark.parametrize("name", ONE_PLAY)
@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_every_format_in_every_code_gives_the_same_play(tmp_path, name, code):
    history = read_history(write(tmp_path / "history.bin", ONE_PLAY[name].encode(code)))
    ((when, artist, title, song_id, _),) = history.plays
    assert (when, artist, title) == (1456250340, "Björk", "Jóga")
    assert song_id == (SONG_ID if "extended" in name else "")
    assert history.recent == history.plays
    assert history.songs == {("Björk", "Jóga", song_id): 1}
    assert history.has_times
    assert history.counts["rows"] == history.counts["listens"] == history.counts["files"] == 1


@pytest.mark.parametrize("name", ONE_PLAY)
def test_windows_line_ends_change_nothing(tmp_path, name):
    text = ONE_PLAY[name]
    plain = read_history(write(tmp_path / "a", text))
    windows = read_history(write(tmp_path / "b", text.replace("\n", "\r\n")))
    assert windows.plays == plain.plays
    assert windows.counts == plain.counts


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (extended(ms_played=29_999), "too short"),
        (extended(skipped=True), "skipped"),
        (extended(ms_played=3, skipped=True), "too short"),
        (extended(master_metadata_track_name=None), "no title"),
        (extended(master_metadata_track_name="  "), "no title"),
        (extended(master_metadata_album_artist_name=None), "no artist"),
        (extended(master_metadata_track_name=None, episode_name="Talk"), "not music"),
        (extended(master_metadata_track_name=None, audiobook_title="Book"), "not music"),
        (extended(ms_played=-5), "unreadable"),
        (extended(ms_played=None), "unreadable"),
        (extended(ms_played="200000"), "unreadable"),
        (extended(ms_played=10**30), "unreadable"),
        (extended(ms_played=float("nan")), "unreadable"),
        (extended(master_metadata_track_name=7), "unreadable"),
        (account(ms=12), "too short"),
        (account(title=""), "no title"),
        ({"endTime": "2016-02-23 17:59", "podcastName": "P", "msPlayed": 99_999}, "not music"),
        (listen(title=""), "no title"),
        (listen(artist=None), "no artist"),
        (listen(skipped=True), "skipped"),
    ],
)
def test_what_does_not_count_is_counted_by_reason(tmp_path, record, reason):
    good = listen() if "listened_at" in record else extended() if "ts" in record else account()
    for order in ([good, record], [record, good]):
        history = read_history(write(tmp_path / "h.json", json.dumps(order)))
        assert history.counts == {"rows": 2, "listens": 1, "files": 1, reason: 1}


def test_the_shortest_listen_is_the_caller_s_choice(tmp_path):
    path = write(tmp_path / "h.json", json.dumps([account(ms=0), account(ms=30_000, title="B")]))
    assert [play[2] for play in read_history(path).plays] == ["B"]
    assert read_history(path, min_play_seconds=0).n_listens == 2
    assert read_history(path, min_play_seconds=30.001).n_listens == 0


@pytest.mark.parametrize("when", ["1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "", None, 5])
def test_a_play_without_a_usable_time_still_counts_and_stands_first(tmp_path, when):
    path = write(tmp_path / "h.json", json.dumps([extended(), extended(ts=when)]))
    history = read_history(path)
    assert [play[0] for play in history.plays] == [None, 1456250340]
    assert history.counts["no date"] == 1
    assert history.has_times


def test_dates_of_1970_in_lastfm_files_are_no_dates(tmp_path):
    row = '"0","01 Jan 1970, 00:00","A","","","","B",""\n'
    history = read_history(write(tmp_path / "h.csv", LASTFM + row + row))
    assert [play[0] for play in history.plays] == [None, None, 1456250340]
    assert history.counts["no date"] == 2


def test_overlapping_files_count_a_play_once_and_order_is_by_time(tmp_path):
    early, late = extended(ts="2015-01-01T00:00:00Z"), extended(ts="2017-01-01T00:00:00Z")
    write(tmp_path / "f" / "b.json", json.dumps([late, extended()]))
    write(tmp_path / "f" / "a.json", json.dumps([extended(), early]))
    write(tmp_path / "f" / "ReadMe.pdf", b"%PDF-1.4 nothing")
    write(tmp_path / "f" / "identity.json", json.dumps({"displayName": SECRETS["username"]}))
    write(tmp_path / "f" / "playlist.json", json.dumps({"playlists": [{"name": "x"}]}))
    write(tmp_path / "f" / "page.html", "<html><p>Hello, you</p></html>")
    write(tmp_path / "f" / "empty.json", "")
    history = read_history(str(tmp_path / "f"))
    times = [play[0] for play in history.plays]
    assert times == sorted(times)
    assert history.counts == {
        "rows": 4,
        "listens": 3,
        "files": 2,
        "ignored files": 5,
        "repeated": 1,
    }


def test_the_extended_history_takes_the_place_of_the_account_data(tmp_path):
    write(tmp_path / "f" / "StreamingHistory0.json", json.dumps([account()] * 3))
    write(tmp_path / "f" / "endsong_0.json", json.dumps([extended()]))
    history = read_history(str(tmp_path / "f"))
    assert history.format == "Spotify extended history"
    assert history.n_listens == 1
    assert history.counts["ignored files"] == 1


def test_two_kinds_of_history_are_refused(tmp_path):
    write(tmp_path / "f" / "a.csv", LASTFM)
    write(tmp_path / "f" / "b.json", json.dumps([extended()]))
    with pytest.raises(DataError, match="several kinds"):
        read_history(str(tmp_path / "f"))


def test_a_listenbrainz_export_reads_as_folder_and_as_zip(tmp_path):
    files = {
        "user.json": json.dumps({"user_id": 1, "username": SECRETS["username"]}),
        "feedback.jsonl": lines([{"recording_msid": "x", "score": 1, "created": 1456250340}]),
        "listens/2016/2.jsonl": lines([listen()]),
        "listens/2016/10.jsonl": lines([listen(1475280000, title="Bachelorette"), listen()]),
    }
    with zipfile.ZipFile(tmp_path / "e.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            write(tmp_path / "e" / name, text)
            made.writestr(name, text)
    folder, packed = read_history(str(tmp_path / "e")), read_history(str(tmp_path / "e.zip"))
    assert folder.plays == packed.plays
    assert folder.counts == packed.counts
    assert folder.counts["repeated"] == 1
    assert folder.n_listens == 2


def kept_text(history: History) -> str:
    return " ".join(repr(getattr(history, name)) for name in History.__slots__) + repr(history)


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps([extended()]),
        json.dumps([extended(ms_played=1.5e5), {**extended(), "ts": 3}]),
        lines([listen(user_agent=SECRETS["user_agent_decrypted"], ip=SECRETS["ip_addr"])]),
        "user_000007\t2016-02-23T17:59:00Z\t\tBjörk\t\tJóga\n",
    ],
)
def test_names_addresses_and_agents_are_never_kept(tmp_path, text, broken):
    path = write(tmp_path / "h.json", text[: len(text) - 2] if broken else text)
    try:
        told = kept_text(read_history(path))
    except DataError as error:
        told = str(error)
    for secret in (*SECRETS.values(), "user_000007", "SecretBrowser"):
        assert secret not in told


# The short way of reading Spotify's records against the JSON parser

_text = st.text(max_size=8) | st.sampled_from(['"', "\\", "{", '","ts":"', "\u2028", "\ud83d", "é"])
_maybe = st.none() | _text
_record = st.fixed_dictionaries(
    {
        "ts": st.sampled_from(
            ["2016-02-23T17:59:00Z", "2016-02-24T00:00:00Z", "1970-01-01T00:00:00Z"]
        )
        | st.sampled_from(["2016-13-40T17:59:00Z", "2016-02-23", "", None]),
        "ms_played": st.sampled_from([0, 29_999, 30_000, 10**9])
        | st.none()
        | st.floats(allow_nan=False, allow_infinity=False),
        "skipped": st.sampled_from([True, False, None]),
        "master_metadata_track_name": _maybe,
        "master_metadata_album_artist_name": _maybe,
        "spotify_track_uri": st.sampled_from([None, f"spotify:track:{SONG_ID}", "spotify:local:"]),
        "episode_name": _maybe,
        "platform": _maybe,
    }
)
_usual = st.fixed_dictionaries(
    {
        "ts": st.sampled_from(["2016-02-23T17:59:00Z", "2016-02-24T00:00:00Z"]),
        "ms_played": st.sampled_from([0, 29_999, 30_000, 999_999_999]),
        "skipped": st.sampled_from([True, False, None]),
        "master_metadata_track_name": _maybe,
        "master_metadata_album_artist_name": _maybe,
        "spotify_track_uri": st.sampled_from([None, f"spotify:track:{SONG_ID}"]),
        "episode_name": _maybe,
        "platform": _maybe,
    }
)


def read_both_ways(
    records: list[dict], text: bytes, pieces: list[bytes] | None = None
) -> tuple[bool, History, History]:
    short, long = Plays(30.0), Plays(30.0)
    form = history_spotify.EXTENDED
    taken = history_records.read_records(pieces or [text], records[0], form, short)
    for record in json.loads(text):
        history_spotify.add_record(record, form, long)
    return (
        taken,
        History(short, source="", form=form),
        History(long, source="", form=form),
    )


@given(
    st.lists(_usual, min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.booleans(),
    st.sampled_from([None, 2]),
)
def test_the_short_way_reads_what_the_json_parser_reads(records, rng, ascii_only, indent):
    keys = list(records[0])
    rng.shuffle(keys)
    records = [{key: record[key] for key in keys} for record in records]
    text = json.dumps(records, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "replace")
    cut = len(
        json.dumps(records[:1], ensure_ascii=ascii_only, indent=indent).encode("utf-8", "replace")
    )
    pieces = [text[:cut], text[cut : cut + 7], text[cut + 7 :]]
    taken, short, long = read_both_ways(records, text, pieces)
    if not any("}" in str(value) for record in records for value in record.values()):
        assert taken
    if taken:
        assert short.plays == long.plays
        assert short.songs == long.songs
        assert short.counts == long.counts


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"skipped": false', '"skipped": "yes"'),
        ('"skipped": false', '"skipped": [false]'),
        ('"skipped": false', '"more": {"skipped": false}'),
        ('"skipped": false', '"audiobook_title": "A book"'),
        ('"ms_played": 200000', '"ms_played": 200000.5'),
        ('"ms_played": 200000', '"ms_played": 2e5'),
        ('"platform": "a"', '"platform": "a}, {"'),
        ('"platform": "a"', '"platform": "}"'),
        ('"T"', '"T}"'),
        ('"T"', "null"),
        ('"T"', r'"A \"T\""'),
        ('"T"', r'"T\\"'),
        ('"A"', "3"),
        ("}, {", "} {"),
        ("}, {", "}, , {"),
        ("}]", "}"),
        ("}]", "},]"),
    ],
)
@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("skipped_first", [False, True])
def test_one_record_unlike_the_others_reads_as_the_json_parser_reads_it(
    tmp_path, old, new, which, skipped_first
):
    end = {"skipped": False, "platform": "a"}
    record = {
        "ts": "2016-02-23T17:59:00Z",
        **(end if skipped_first else {}),
        "ms_played": 200_000,
        "master_metadata_track_name": "T",
        "master_metadata_album_artist_name": "A",
        "spotify_track_uri": None,
        "episode_name": None,
        **end,
    }
    parts = json.dumps([record, {**record, "ts": "2016-02-23T18:03:00Z"}] * 2).split(old)
    which = min(which, len(parts) - 2)
    text = old.join(parts[: which + 1]) + new + old.join(parts[which + 1 :])
    path = write(tmp_path / "h.json", text)
    try:
        records = json.loads(text)
    except ValueError:
        with pytest.raises(DataError, match="whole JSON"):
            read_history(path)
        return
    plays = Plays(30.0)
    for one in records:
        history_spotify.add_record(one, history_spotify.EXTENDED, plays)
    parsed, read = History(plays, source="", form=""), read_history(path)
    assert read.plays == parsed.plays
    assert {**parsed.counts, "files": 1} == read.counts


@given(st.lists(_record, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_strange_records_are_left_to_the_json_parser_or_read_alike(records, rng):
    for record in records[1:]:
        if rng.random() < 0.3:
            del record[rng.choice(list(record))]
    text = json.dumps(records).encode()
    taken, short, long = read_both_ways(records, text)
    if taken:
        assert short.plays == long.plays
        assert short.counts == long.counts
    else:
        assert not short.plays
        assert short.n_listens == 0


@given(st.lists(st.tuples(_maybe, _maybe, st.integers(0, 2**40), st.booleans()), max_size=6))
def test_listenbrainz_lines_read_like_the_parsed_records(tmp_path_factory, rows):
    records = [
        listen(when, artist, title, skipped=skipped) for artist, title, when, skipped in rows
    ] + [listen()]
    folder = tmp_path_factory.mktemp("lb")
    by_line = read_history(write(folder / "a", lines(records)))
    parsed = read_history(write(folder / "b", json.dumps(records)))
    assert by_line.plays == parsed.plays
    assert by_line.counts == parsed.counts


def test_the_order_of_rows_changes_nothing_but_the_order_of_equals(tmp_path):
    records = [
        extended(ts=f"2016-02-{day:02}T10:00:00Z", master_metadata_track_name=f"T{day % 5}")
        for day in range(1, 29)
    ]
    plain = read_history(write(tmp_path / "a", json.dumps(records)))
    random.Random(5).shuffle(records)
    mixed = read_history(write(tmp_path / "b", json.dumps(records)))
    assert mixed.plays == plain.plays
    assert mixed.songs == plain.songs


def test_the_newest_five_hundred_are_at_hand(tmp_path):
    rows = "".join(f'"{1456250340 + n * 60}","","A","","","","T{n}",""\n' for n in range(700))
    history = read_history(write(tmp_path / "h.csv", LASTFM.partition("\n")[0] + "\n" + rows))
    assert len(history.recent) == 500
    assert history.recent == history.plays[-500:]


# Tables whose columns have to be found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("aika,a,b,c,d\n" + "2016-02-23 17:59,x,y,z,w\n" * 3, "cannot be told"),
        ("aika,a\n" + "2016-02-23 17:59,x\n" * 3, "no listening history"),
        (
            "aika,kappale,esittäjä\n"
            + "".join(f"2016-02-{n:02} 17:59,T{n},Abba\n" for n in range(1, 20)),
            "not sure which is the artist",
        ),
        ("userID\tartistID\tweight\n2\t51\t13883\n", "several listeners"),
        (
            "user_000001\t2009-05-04T23:08:57Z\t\tA\t\tB\n"
            "user_000002\t2009-05-04T23:08:57Z\t\tA\t\tB\n",
            "several listeners",
        ),
    ],
)
def test_a_table_that_cannot_be_told_is_refused(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_history(write(tmp_path / "h.csv", text))


def test_cells_with_delimiters_and_quotes_and_short_rows(tmp_path):
    text = LASTFM + '"1456250400","","Earth, Wind & Fire","","","","The ""Best""\nof",""\nbroken\n'
    history = read_history(write(tmp_path / "h.csv", text))
    assert history.plays[-1][1:3] == ("Earth, Wind & Fire", 'The "Best" of')
    assert history.counts["unreadable"] == 1


MOMENTS = st.datetimes(datetime(1971, 1, 2), datetime(2099, 12, 30))


@given(st.lists(MOMENTS, min_size=1), st.sampled_from(["%d %b %Y %H:%M", "%d %b %Y, %H:%M"]))
def test_many_times_read_like_the_standard_library_reads_one(moments, layout):
    texts = [moment.strftime(layout) for moment in moments]
    wanted = [
        int(datetime.strptime(text, layout).replace(tzinfo=UTC).timestamp()) for text in texts
    ]
    assert read_times(texts) == wanted
    assert [read_time(text, {})[1] for text in texts] == wanted
    stamps = [moment.strftime("%Y-%m-%dT%H:%M:00Z").encode() for moment in moments]
    assert [to_seconds(stamp, {}) for stamp in stamps] == wanted


def test_nothing_there_is_told_with_the_option(tmp_path):
    with pytest.raises(SettingsError, match=r"--taste-from: there is no file or folder .*absent"):
        read_history(str(tmp_path / "absent"), option="--taste-from")


@pytest.mark.parametrize(
    "content",
    [b"", b"   \n", b"\x89PNG\r\n\x1a\n\0\0\0", b"[]", b"{}", b"[1, 2]", b"hello", b"\0" * 50],
)
def test_a_file_that_is_no_history_is_told(tmp_path, content):
    with pytest.raises(DataError, match="no listening history"):
        read_history(write(tmp_path / "endsong_0.json", content))


@pytest.mark.parametrize("records", [[account()] * 2, [extended()] * 2])
def test_a_file_that_is_cut_off_is_told(tmp_path, records):
    text = json.dumps(records)
    for length in (len(text) - 1, len(text) - 20, len(text) // 2 + 5):
        with pytest.raises(DataError, match="cut off"):
            read_history(write(tmp_path / "h.json", text[:length]))


def test_deep_nesting_and_nul_bytes_end_in_a_message_or_a_history(tmp_path):
    with pytest.raises(DataError):
        read_history(write(tmp_path / "a", "[" * 100_000))
    with pytest.raises(DataError):
        read_history(write(tmp_path / "b", '[{"ts":"x","ms_played":1,"a":' + "[" * 100_000))
    text = json.dumps([account(title="A\0B"), account(title="Line\nbreak")])
    history = read_history(write(tmp_path / "c", text))
    assert sorted(play[2] for play in history.plays) == ["AB", "Line break"]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=30))
def test_repeats_are_exactly_the_plays_of_one_song_at_one_time(tmp_path_factory, plays):
    records = [
        account(f"2016-02-23 17:0{minute}" if minute else "", title=f"T{title}")
        for minute, title in plays
    ]
    path = tmp_path_factory.mktemp("repeats") / "h.json"
    history = read_history(write(path, json.dumps([*records, account()])))
    timed = {play for play in plays if play[0]}
    n_untimed = sum(play[0] == 0 for play in plays)
    assert history.n_listens == len(timed) + n_untimed + 1
    assert history.counts.get("repeated", 0) == len(plays) - len(timed) - n_untimed
