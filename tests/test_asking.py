"""From the command line to requests and wishes: ways to ask, contradictions, files of songs."""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.errors import SettingsError
from scripts.moods.features import FEATURES
from scripts.moods.vocabulary import LISTENER_MOODS, PLANE_WORDS, SONG_MOODS
from scripts.playlists.asking import ask as ask_requests
from scripts.playlists.asking import read_constraints
from scripts.playlists.nearest import SongTree
from scripts.playlists.options import parse_options
from scripts.store.layout import LISTENER_MOOD
from scripts.store.reading import open_set

SONG = "2wrJq5XKLnmhRXHIAf9xBa"
OTHER = "6AHJTA1BN7ePfChCwqph3z"


@pytest.fixture(scope="module")
def trained(sample_set):
    opened = open_set(str(sample_set))
    yield opened
    opened.close()


@pytest.fixture
def run(sample_set, run_on):
    """Run the program on the sample's set; returns (exit code, output, notes)."""
    return functools.partial(run_on, sample_set)


def document_of(run, *arguments):
    code, out, notes = run(*arguments, "--format", "json")
    assert code == 0, notes
    return json.loads(out)


def requests_of(trained, *arguments):
    return ask_requests(trained, parse_options(arguments))


def constraints_of(trained, *arguments):
    return read_constraints(trained, parse_options(["--mood", "calm", *arguments]))


def song_named(trained, song_id):
    names = ["song_id", "title", "artist", "work_id", *FEATURES]
    row = trained.catalogue.execute(
        f"SELECT {', '.join(names)} FROM songs WHERE song_id = ?", (song_id,)
    ).fetchone()
    return dict(zip(names, row, strict=True))


# ---- options that exclude each other ----------------------------------------------------------

WAYS = {
    "--mood": ["--mood", "calm"],
    "--point": ["--point", "0.5,0.5"],
    "--angle": ["--angle", "90", "--intensity", "1"],
    "--like": ["--like", SONG],
    "--from": ["--from", "calm", "--to", "happy"],
}
FOR_LISTENER = {"--listener": ["--listener", "1"], "--listener-file": ["--listener-file", "x.csv"]}

PAIRS = [
    *itertools.combinations(WAYS.items(), 2),
    *itertools.product(WAYS.items(), FOR_LISTENER.items()),
    *[((way, WAYS[way]), ("--to", ["--to", "happy"])) for way in WAYS if way != "--from"],
    (("--variety", ["--variety", "0.5"]), ("--to", ["--to", "happy"])),
    (("-n", ["-n", "5"]), ("--minutes", ["--minutes", "30"])),
    (
        ("--feedback", ["--feedback", "like", SONG]),
        ("--undo", ["--undo"]),
    ),
    (("--plot", ["--plot", "x.png"]), ("--listener all", ["--listener", "all"])),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: " ".join(name for name, _ in pair))
def test_every_contradiction_names_its_pair(capsys, pair):
    (one, first), (other, second) = pair
    for arguments in ([*first, *second], [*second, *first]):
        with pytest.raises(SystemExit) as end:
            parse_options(arguments)
        assert end.value.code == 2
        told = capsys.readouterr().err.splitlines()[-1]
        named = re.search(r"error: (.+) and (.+) contradict each other: ", told)
        assert named, told
        assert {named[1], named[2]} == {one, other}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--from", "calm"], "--from needs --to: say where the journey leads"),
        (["--angle", "90"], "--angle and --intensity belong together: give both"),
        (["--intensity", "1"], "--angle and --intensity belong together: give both"),
        (["--in", "plane"], "--in says where --like looks: give a song with --like"),
        (["--mood", "calm", "--in", "sound"], "--in says where --like looks"),
        (["--to", "calm", "--point", "0,0", "--like", SONG], "--point and --like contradict"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_missing_partner_is_named(capsys, arguments, told):
    with pytest.raises(SystemExit) as end:
        parse_options(arguments)
    assert end.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--listener", "all"],
        ["--listener", "2", "--to", "calm"],
        ["--to", "calm"],
        ["--feedback", "wrong-mood", SONG, "--mood", "calm"],
        ["--from", "calm", "--to", "happy", "--minutes", "30", "--surprise", "1"],
        ["--like", SONG, "--like", OTHER, "--in", "plane", "--variety", "0.5", "-n", "3"],
    ],
    ids=" ".join,
)
def test_what_goes_together_is_no_contradiction(arguments):
    assert isinstance(parse_options(arguments), argparse.Namespace)


# ---- ways to ask ------------------------------------------------------------------------------


class TestWays:
    @pytest.mark.parametrize("word", [*PLANE_WORDS, *SONG_MOODS, "sadness", "talkative"])
    def test_words(self, trained, word):
        (request,) = requests_of(trained, "--mood", word)
        assert request.mood in (word, *LISTENER_MOODS)
        assert request.listener is None

    def test_a_blend(self, trained):
        (request,) = requests_of(trained, "--mood", "calm:2,happy:1")
        assert [(share, part.mood) for share, part in request.parts] == [(2, "calm"), (1, "happy")]

    @settings(max_examples=40)
    @given(st.floats(0, 359), st.floats(0, 1))
    def test_both_forms_of_a_point_agree(self, trained, angle, intensity):
        (polar,) = requests_of(trained, "--angle", repr(angle), "--intensity", repr(intensity))
        valence, energy = polar.near.target
        (point,) = requests_of(trained, "--point", f"{valence!r},{energy!r}")
        assert point.near.target == polar.near.target
        assert valence == pytest.approx((1 + intensity * math.cos(math.radians(angle))) / 2)
        assert energy == pytest.approx((1 + intensity * math.sin(math.radians(angle))) / 2)
        assert point.asked == polar.asked

    def test_a_negative_angle(self, trained):
        (request,) = requests_of(trained, "--angle", "-90", "--intensity", "1")
        assert request.near.target == (0.5, 0.0)

    @pytest.mark.parametrize("space", [None, "sound", "plane"])
    def test_a_song_by_its_id(self, trained, space):
        asked = [] if space is None else ["--in", space]
        (request,) = requests_of(trained, "--like", SONG, *asked)
        song = song_named(trained, SONG)
        assert request.near.space == (space or "sound")
        assert request.near.works == {song["work_id"]}
        if space == "plane":
            assert request.near.target == (song["valence"], song["energy"])
        else:
            tree = SongTree(trained.catalogue, "sound")
            assert request.near.target == tree.place([song[name] for name in FEATURES])

    @pytest.mark.parametrize("space", ["sound", "plane"])
    def test_a_song_is_never_its_own_answer(self, run, trained, space):
        song = song_named(trained, SONG)
        named = [SONG, f"spotify:track:{SONG}", f"{song['title']} - {song['artist']}"]
        lists = [
            document_of(run, "--like", text, "--in", space, "-n", "40", "--max-per-artist", "9")
            for text in named
        ]
        assert lists[0]["songs"] == lists[1]["songs"] == lists[2]["songs"]
        works = [song_named(trained, one["song_id"])["work_id"] for one in lists[0]["songs"]]
        assert song["work_id"] not in works
        distances = [one["distance"] for one in lists[0]["songs"]]
        assert distances == sorted(distances)

    def test_several_songs_take_turns_and_none_is_an_answer(self, run, trained):
        asked = ["--like", SONG, "--like", OTHER, "--in", "plane"]
        (request,) = requests_of(trained, *asked)
        assert [share for share, _ in request.parts] == [1, 1]
        found = document_of(run, *asked, "-n", "10")["songs"]
        targets = [part.near.target for _, part in request.parts]
        for i, song in enumerate(found):
            gap = math.dist(targets[i % 2], (song["valence"], song["energy"]))
            assert song["distance"] == pytest.approx(gap)
        assert not {SONG, OTHER} & {song["song_id"] for song in found}

    def test_an_unknown_song_is_offered_others(self, run, trained):
        title = song_named(trained, SONG)["title"]
        code, out, notes = run("--like", title[:-1] + "x")
        assert (code, out) == (2, "")
        assert "no such song in this catalogue; did you mean '" in notes
        assert title in notes

    def test_a_listener(self, trained):
        (request,) = requests_of(trained)
        assert request.listener == 1
        assert request.mood in LISTENER_MOODS
        everyone = requests_of(trained, "--listener", "ALL")
        assert [one.listener for one in everyone] == list(range(1, len(everyone) + 1))


class TestJourneys:
    def test_from_words_and_points(self, trained):
        (request,) = requests_of(trained, "--from", "tense", "--to", "0.8;0.3")
        assert request.path == ((0.3, 0.7), (0.8, 0.3))
        (request,) = requests_of(trained, "--from", "0.3,0.7", "--to", "Calm")
        assert request.path == ((0.3, 0.7), (0.8, 0.3))

    def test_from_a_blend(self, trained):
        (request,) = requests_of(trained, "--from", "calm:1,tense:3", "--to", "0.5,1")
        start, end = request.path
        assert start == pytest.approx(((0.8 + 3 * 0.3) / 4, (0.3 + 3 * 0.7) / 4))
        assert end == (0.5, 1.0)

    def test_from_a_listener(self, trained):
        (own,) = requests_of(trained, "--listener", "3")
        (request,) = requests_of(trained, "--listener", "3", "--to", "calm")
        assert (request.listener, request.probabilities) == (3, own.probabilities)
        places = [SONG_MOODS[mood][:2] for mood in own.weights]
        middle = [sum(axis) / len(places) for axis in zip(*places, strict=True)]
        assert request.path[0] == pytest.approx(middle)
        assert request.path[1] == (0.8, 0.3)
        assert request.asked["from_name"] == own.mood

    def test_everyone_can_be_led(self, run):
        code, out, _ = run("--listener", "all", "--to", "calm", "-n", "2", "--format", "json")
        assert code == 0
        documents = json.loads(out)
        assert len(documents) > 100
        assert {document["request"]["to_name"] for document in documents} == {"calm"}

    def test_a_journey_is_told_with_its_smoothness(self, run):
        document = document_of(run, "--from", "angry", "--to", "calm", "-n", "12")
        assert len(document["songs"]) == 12
        smoothness = document["request"]["smoothness"]
        points = [(song["valence"], song["energy"]) for song in document["songs"]]
        assert smoothness["start_distance"] == pytest.approx(math.dist(points[0], (0.2, 0.8)))
        assert smoothness["end_distance"] == pytest.approx(math.dist(points[-1], (0.8, 0.3)))
        assert smoothness["step_deviation"] < 0.01

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--from", "spoken", "--to", "calm"], "'spoken' has no place on the plane of moods"),
            (["--from", "clam", "--to", "calm"], "--from 'clam': no such mood; did you mean calm"),
            (["--from", "calm", "--to", "clam"], "--to 'clam': no such mood"),
            (["--from", "calm", "--to", "0.5"], "--to '0.5': give valence and energy"),
            (["--from", "1.5,0", "--to", "calm"], "valence 1.5 is outside the plane"),
            (["--to", "calm:0,happy"], "--to 'calm:0': a share is a number above 0"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_mistakes(self, run, arguments, told):
        code, out, notes = run(*arguments)
        assert (code, out) == (2, "")
        assert notes.startswith(f"error: {told}") or told in notes
        assert notes.count("\n") == 1


# ---- wishes -----------------------------------------------------------------------------------


class TestWishes:
    def test_the_defaults(self, trained):
        constraints = constraints_of(trained)
        assert (constraints.n, constraints.max_per_artist, constraints.variety) == (10, 2, 0.0)
        assert not constraints.filters
        assert constraints.never == frozenset()

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("120-140", (120, 140)),
            ("120-", (120, math.inf)),
            ("-140", (0, 140)),
            ("120.5–140", (120.5, 140)),  # an en dash, as people paste it
        ],
    )
    def test_ranges(self, trained, text, expected):
        assert constraints_of(trained, f"--tempo={text}").tempo == expected

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--tempo", "fast"], "--tempo 'fast': give a range such as 120-140"),
            (["--tempo=140-120"], "--tempo 140-120: its two ends contradict each other; swap them"),
            (["--popularity=101-"], "--popularity 101-: no song lies there"),
            (["--popularity", "-"], "--popularity '-': give a range"),
            (["--tempo=nan-200"], "--tempo 'nan-200': give a range"),
            (["--minutes", "0"], "--minutes 0: give more than 0"),
            (["--minutes", "nan"], "--minutes nan: give more than 0"),
            (["--variety", "1.5"], "--variety 1.5: give a number from 0"),
            (["--variety", "nan"], "--variety nan: give a number from 0"),
            (["--surprise=-1"], "--surprise -1: give a whole number from 0"),
            (["--year-from", "2001", "--year-to", "1999"], "contradict each other"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_what_makes_no_sense(self, trained, arguments, told):
        with pytest.raises(SettingsError) as refused:
            constraints_of(trained, *arguments)
        assert told in str(refused.value)


class TestNeverFiles:
    def never(self, trained, tmp_path, content):
        path = tmp_path / "never.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return constraints_of(trained, "--never", str(path)).never

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
    def test_ids_uris_links_titles_comments_and_blanks(self, trained, tmp_path, capsys, end, mark):
        first, second = song_named(trained, SONG), song_named(trained, OTHER)
        lines = [
            f"  {SONG} ",
            "",
            "# a comment",
            f"spotify:track:{OTHER}",
            f"https://open.spotify.com/track/{OTHER}?si=x",
            f"{first['title']} - {first['artist']}",
        ]
        content = mark + end.join(lines).encode()
        assert self.never(trained, tmp_path, content) == {first["work_id"], second["work_id"]}
        assert capsys.readouterr().err == ""

    def test_unknown_lines_are_told_and_the_rest_counts(self, trained, tmp_path, capsys):
        unknown = [f"nobody knows {i} \x1b[31m" for i in range(5)]
        content = "\n".join([SONG, *unknown])
        assert self.never(trained, tmp_path, content) == {song_named(trained, SONG)["work_id"]}
        told = capsys.readouterr().err
        assert "5 of 6 lines name no song of this catalogue: nobody knows 0" in told
        assert ", and 2 more." in told
        assert "\x1b" not in told
        assert told.count("\n") == 1

    def test_a_file_that_names_no_song_of_the_catalogue_is_refused(self, trained, tmp_path):
        with pytest.raises(SettingsError, match=r"names no song of this catalogue.*'nobody knows'"):
            self.never(trained, tmp_path, "nobody knows\nno such place\n")

    def test_an_empty_file_bars_nothing(self, trained, tmp_path, capsys):
        assert self.never(trained, tmp_path, "# nothing yet\n") == frozenset()
        assert capsys.readouterr().err == ""

    def test_bytes_of_another_alphabet_are_an_unknown_line(self, trained, tmp_path, capsys):
        content = b"\xff\xfe\n" + SONG.encode()
        assert self.never(trained, tmp_path, content) == {song_named(trained, SONG)["work_id"]}
        assert "1 of 2 lines name no song" in capsys.readouterr().err

    def test_several_files_add_up(self, trained, tmp_path):
        paths = []
        for name, song_id in (("one", SONG), ("two", OTHER)):
            paths += ["--never", str(tmp_path / name)]
            (tmp_path / name).write_text(song_id)
        expected = {song_named(trained, one)["work_id"] for one in (SONG, OTHER)}
        assert constraints_of(trained, *paths).never == expected

    @pytest.mark.parametrize("name", ["nowhere.txt", "."])
    def test_a_file_that_cannot_be_read(self, trained, tmp_path, name):
        with pytest.raises(SettingsError, match=r"--never .*: cannot be read \(.+\); give a text"):
            constraints_of(trained, "--never", str(tmp_path / name))

    @pytest.mark.parametrize("form", ["m3u8", "uris"])
    def test_our_own_list_rules_its_songs_out(self, run, tmp_path, form):
        path = tmp_path / f"heard.{form}"
        first = document_of(run, "--mood", "happy")
        code, out, _ = run("--mood", "happy", "--format", form)
        assert code == 0
        path.write_text(out, encoding="utf-8")
        second = document_of(run, "--mood", "happy", "--never", str(path))
        heard = {song["song_id"] for song in first["songs"]}
        assert len(heard) == 10
        assert not heard & {song["song_id"] for song in second["songs"]}
        third = document_of(run, "--mood", "happy", "-n", "20", "--max-per-artist", "99")
        assert heard & {song["song_id"] for song in third["songs"]}

    def test_a_list_of_everything_asked_for_is_a_contradiction(self, run, tmp_path):
        asked = ["--mood", "calm", "--genre", "metal"]
        every = document_of(run, *asked, "-n", "999", "--max-per-artist", "999")["songs"]
        path = tmp_path / "never"
        path.write_text("\n".join(song["song_id"] for song in every))
        code, out, notes = run(*asked, "--never", str(path))
        assert (code, out) == (2, "")
        assert "--never, --new or feedback contradict each other in this catalogue" in notes


def test_a_listeners_mood_is_the_likeliest(trained):
    for request in requests_of(trained, "--listener", "all")[:50]:
        assert set(request.probabilities) == set(trained.models[LISTENER_MOOD]["moods"])
        assert request.probabilities[request.mood] == max(request.probabilities.values())


@pytest.mark.parametrize("action", [["--tags", "t.csv"], ["--undo"], ["--verify"]])
@pytest.mark.parametrize(
    "other", [["--genre", "rock"], ["-n", "3"], ["--save", "x.csv"], ["--variety", "0.5"]]
)
def test_what_makes_no_playlist_takes_no_wish(capsys, action, other):
    with pytest.raises(SystemExit) as end:
        parse_options([*action, *other])
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert f"{action[0]} and {other[0]} contradict each other: it makes no playlist" in told


def test_two_files_of_one_name_are_refused(capsys):
    with pytest.raises(SystemExit):
        parse_options(["--mood", "sad", "--save", "same.png", "--plot", "./same.png"])
    assert "--save and --plot contradict each other" in capsys.readouterr().err
