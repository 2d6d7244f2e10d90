"""Every address of the API: what it answers, and what it refuses."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from starlette.requests import Request

from scripts.moods.vocabulary import PLANE_WORDS, SONG_MOODS
from scripts.text.text_mood import open_text_mood
from scripts.web.addresses import Reader
from scripts.web.handlers import _pace, keep_feedback
from scripts.web.problems import ProblemError, tell_here
from scripts.web.sentences import TextModel
from tests.web_client import open_client, problem


@pytest.fixture(scope="module")
def client(sample_set):
    client = open_client(sample_set, text=TextModel(lambda: open_text_mood(None)))
    yield client
    client.close()


@pytest.fixture
def own(sample_set, tmp_path):
    """A client whose set, and feedback, are its own."""
    output = tmp_path / "output"
    shutil.copytree(sample_set, output)
    client = open_client(output)
    client.output = output
    yield client
    client.close()


# ---- playlists --------------------------------------------------------------------------------

#: The same request as an address and as a command line.
REQUESTS = {
    "": [],
    "listener=3": ["--listener", "3"],
    "mood=calm": ["--mood", "calm"],
    "mood=calm:2,happy:1&n=12": ["--mood", "calm:2,happy:1", "-n", "12"],
    "point=0.2,0.9&max_per_artist=1": ["--point", "0.2,0.9", "--max-per-artist", "1"],
    "angle=200&intensity=0.5": ["--angle", "200", "--intensity", "0.5"],
    "from=angry&to=calm&n=7": ["--from", "angry", "--to", "calm", "-n", "7"],
    "listener=2&to=0.8,0.2": ["--listener", "2", "--to", "0.8,0.2"],
    "mood=happy&genre=rock": ["--mood", "happy", "--genre", "rock"],
    "mood=happy&explicit=false&tempo=90-150&popularity=10-": [
        *("--mood", "happy", "--no-explicit", "--tempo", "90-150", "--popularity", "10-")
    ],
    "mood=happy&explicit=true": ["--mood", "happy", "--explicit"],
    "mood=party&variety=0.5&surprise=7": [
        *("--mood", "party", "--variety", "0.5", "--surprise", "7")
    ],
    "mood=sad&minutes=30": ["--mood", "sad", "--minutes", "30"],
}


@pytest.mark.parametrize("query", REQUESTS, ids=str)
def test_a_playlist_is_the_one_the_command_line_prints(client, sample_set, run_on, query):
    code, printed, notes = run_on(sample_set, *REQUESTS[query], "--format", "json")
    answer = client.get(f"/api/playlist?{query}")
    assert (code, answer.status_code) == (0, 200), answer.text
    document = answer.json()
    told = document.pop("notes")
    assert all(isinstance(text, str) for text in document.pop("about"))
    assert document == json.loads(printed)
    assert told == notes.splitlines()


def test_songs_to_be_near_to_may_be_several(client, sample_set, run_on):
    songs = client.get("/api/playlist?mood=calm&n=2").json()["songs"]
    ids = [song["song_id"] for song in songs]
    likes = ["--like", ids[0], "--like", f"{songs[1]['title']} - {songs[1]['artist']}"]
    _, printed, _ = run_on(sample_set, *likes, "--in", "plane", "--format", "json")
    asked = {"like": [ids[0], likes[3]], "in": "plane"}
    document = client.get("/api/playlist", params=asked).json()
    assert document["songs"] == json.loads(printed)["songs"]


def test_a_sentence_makes_a_playlist(client, sample_set, run_on):
    said = "I am very sad tonight"
    _, printed, _ = run_on(sample_set, "--say", said, "--format", "json")
    document = client.get("/api/playlist", params={"say": said}).json()
    assert document["songs"] == json.loads(printed)["songs"]
    assert document["request"]["said"] == said


ENDINGS = {
    "m3u8": "audio/x-mpegurl; charset=utf-8",
    "xspf": "application/xspf+xml",
    "jspf": "application/jspf+json",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "uris": "text/plain; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_export_is_the_file_the_command_line_prints(client, sample_set, run_on, ending):
    form = "table" if ending == "txt" else ending
    _, printed, _ = run_on(sample_set, "--mood", "calm", "--format", form)
    answer = client.get(f"/api/playlist.{ending}?mood=calm")
    if form == "table":  # in a terminal the notes on the score follow
        assert printed.startswith(answer.text)
    else:
        assert answer.text == printed
    assert answer.headers["content-type"] == ENDINGS[ending]
    assert answer.headers["content-disposition"] == f'attachment; filename="moodlist-calm.{ending}"'


def test_the_format_may_be_a_parameter(client):
    answer = client.get("/api/playlist?mood=calm&format=csv&n=3")
    assert len(list(csv.DictReader(io.StringIO(answer.text)))) == 3
    problem(client.get("/api/playlist.xspf?mood=calm&format=csv"), 422, "wish")
    problem(client.get("/api/playlist?format=exe"), 400, "malformed")
    problem(client.get("/api/playlist.exe"), 404, "not-found")
    same = client.get("/api/playlist.csv?mood=calm&format=csv&n=3")
    assert same.text == answer.text


def test_a_sentence_may_speak_of_a_format(client):
    answer = client.get("/api/playlist.csv?say=very+sad+format=x")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == ENDINGS["csv"]


@pytest.mark.parametrize("letter", ["я", "😀"])
def test_a_sentence_of_the_most_letters_fits_into_an_address(client, letter):
    said = "I am very sad " + letter * 1_986
    assert client.get("/api/say", params={"text": said}).status_code == 200
    problem(client.get("/api/say", params={"text": said + letter}), 413, "too-large")


@pytest.mark.parametrize(
    ("query", "pace"),
    [
        *((query, "quick") for query in ("", "mood=calm", "point=0.1,0.2&n=50", "profile=anna")),
        *((query, "quick") for query in ("angle=3&intensity=1", "listener=2", "profile=..%2fx")),
        *((f"mood=calm&{wish}", "slow") for wish in ("n=51", "minutes=9", "tempo=90-", "genre=x")),
        *((f"mood=calm&{wish}", "slow") for wish in ("year_from=1", "year_to=0", "surprise=0")),
        *((f"mood=calm&{wish}", "slow") for wish in ("explicit=false", "popularity=-3")),
        *((query, "slow") for query in ("like=x", "from=sad&to=calm", "profile=long")),
        ("say=sad&tempo=90-", "sentence"),
    ],
)
def test_what_takes_long_is_not_done_in_the_event_loop(tmp_path, query, pace):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "long.jsonl").write_bytes(b" " * (64 * 1024 + 1))
    (tmp_path / "profiles" / "anna.jsonl").write_bytes(b" " * 64 * 1024)
    assert _pace(Reader(str(tmp_path)).read(query.encode())[0]) == pace


def test_excluding_explicit_songs_is_told_by_its_name_here():
    assert tell_here("drop --no-explicit or --explicit", "") == "drop explicit=false or explicit"


@pytest.mark.parametrize(
    ("query", "status", "kind", "said"),
    [
        ("mood=purple", 422, "wish", "mood 'purple': no such mood"),
        ("mood=", 422, "wish", "no such mood"),
        ("point=2,2", 422, "wish", "outside the plane"),
        ("point=1", 422, "wish", "point '1': give valence and energy"),
        ("from=sad", 422, "wish", "from needs to"),
        ("angle=3", 422, "wish", "angle and intensity belong together"),
        ("in=plane", 422, "wish", "in says where like looks"),
        ("in=space&like=x", 400, "malformed", "in: 'space' is none of plane, sound"),
        ("n=0", 422, "wish", "n 0: ask for at least 1 song"),
        ("n=501", 422, "wish", "at most 500"),
        ("n=ten", 400, "malformed", "n: 'ten' is no whole number"),
        ("minutes=nan", 400, "malformed", "minutes: 'nan' is no finite number"),
        ("minutes=0", 422, "wish", "minutes 0: give more than 0"),
        ("explicit=maybe", 400, "malformed", "neither true nor false"),
        ("year_from=1990", 422, "wish", "none tells its year"),
        ("year_from=2000&year_to=1990", 422, "wish", "year_from 2000 and year_to 1990"),
        ("genre=zydeco", 422, "wish", "genre 'zydeco': not in this catalogue"),
        ("tempo=fast", 422, "wish", "tempo 'fast': give a range"),
        ("like=No Such Song Anywhere", 422, "wish", "no such song"),
        ("&".join(["like=x"] * 21), 422, "wish", "at most 20"),
        ("listener=all", 400, "malformed", "one listener at a time"),
        ("listener=0", 422, "wish", "give a whole number from 1"),
        ("listener=9999999", 422, "wish", "there is no such listener"),
        ("profile=../../etc/passwd", 422, "wish", "a profile's name is"),
        ("variety=2", 422, "wish", "variety 2: give a number from 0"),
        ("mood=calm&mood=sad", 400, "malformed", "mood is given twice"),
        ("moood=calm", 400, "malformed", "did you mean mood?"),
        ("say=-", 422, "wish", "a dash says nothing"),
        ("say=" + "a" * 2001, 413, "too-large", "2,001 letters"),
        ("min_similarity=0.5", 422, "wish", "give a sentence"),
        ("&".join(f"like={n}" for n in range(65)), 400, "malformed", "more than 64 parameters"),
    ],
)
def test_a_wish_that_cannot_be_met_is_told_as_the_command_line_tells_it(
    client, query, status, kind, said
):
    document = problem(client.get(f"/api/playlist?{query}"), status, kind)
    assert said in document["detail"]
    assert "--" not in document["detail"]


@pytest.mark.parametrize(
    "name", ["never", "save", "plot", "tags", "llm", "output", "listener_file", "verify"]
)
def test_no_parameter_names_a_file_or_a_program(client, name):
    document = problem(client.get(f"/api/playlist?{name}=x"), 400, "malformed")
    assert name in document["detail"]


def test_contradictions_name_the_pair(client):
    document = problem(client.get("/api/playlist?mood=calm&point=1,1"), 422, "wish")
    assert document["pair"] == ["mood", "point"]
    document = problem(client.get("/api/playlist?n=3&minutes=4"), 422, "wish")
    assert document["pair"] == ["n", "minutes"]


def test_a_sentence_without_a_mood_offers_the_nearest(client):
    answer = client.get("/api/playlist", params={"say": "the train leaves at nine"})
    document = problem(answer, 422, "no-mood")
    assert len(document["nearest"]) == 3
    for near in document["nearest"]:
        assert near["mood"] in SONG_MOODS | PLANE_WORDS
        assert 0 <= near["probability"] <= 1


# ---- the catalogue ----------------------------------------------------------------------------


def test_the_plane_has_its_words_and_a_cloud_of_songs(client):
    plane = client.get("/api/plane").json()
    places = {word["word"]: (word["valence"], word["energy"]) for word in plane["words"]}
    assert places == PLANE_WORDS
    cloud = plane["cloud"]
    lengths = {len(cloud[name]) for name in ("valence", "energy", "mood")}
    assert len(lengths) == 1
    assert 0 < lengths.pop() <= min(4_000, plane["n_songs"])
    assert all(0 <= place <= cloud["scale"] for place in cloud["valence"] + cloud["energy"])
    assert max(cloud["mood"]) < len(plane["moods"])
    assert plane["ranges"]["year"] is None  # no song of the sample tells its year
    assert 0 < plane["ranges"]["tempo_bpm"][0] < plane["ranges"]["tempo_bpm"][1] < 300


def test_the_plane_is_sent_once_and_packed(client):
    whole = client.get("/api/plane", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in whole.headers
    packed = client.get("/api/plane", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == whole.content  # which the client has unpacked
    assert int(packed.headers["content-length"]) < len(whole.content) / 2
    again = client.get("/api/plane", headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_typing_a_title_offers_it(client):
    song = client.get("/api/playlist?mood=happy&n=1").json()["songs"][0]
    for typed in (song["title"], song["title"].upper(), song["song_id"]):
        offered = client.get("/api/songs", params={"q": typed}).json()["songs"]
        assert song["song_id"] in [one["song_id"] for one in offered]
    offered = client.get("/api/songs", params={"q": song["title"][:4], "limit": 3}).json()["songs"]
    assert 0 < len(offered) <= 3
    for one in offered:
        assert one["title"].casefold().startswith(song["title"][:4].casefold().strip())
        assert client.get("/api/playlist", params={"like": one["song_id"]}).status_code == 200


@pytest.mark.parametrize("typed", ["", " ", "\0", "%", "zzzzzzzzzzzz", "'; DROP TABLE songs; --"])
def test_typing_nothing_offers_nothing(client, typed):
    assert client.get("/api/songs", params={"q": typed}).json() == {"songs": []}


def test_typing_is_limited(client):
    problem(client.get("/api/songs", params={"q": "a" * 201}), 413, "too-large")
    for limit in ("0", "21", "many", "1e1"):
        problem(client.get(f"/api/songs?q=a&limit={limit}"), 400, "malformed")


def test_listeners_and_genres_are_told(client, sample_set, run_on):
    told = client.get("/api/listeners?limit=2").json()
    assert [person["n"] for person in told["listeners"]] == [1, 2]
    assert told["n"] > 2
    _, printed, _ = run_on(sample_set, "--listener", "2", "--format", "json")
    document = json.loads(printed)
    assert told["listeners"][1] == {"n": 2, "mood": document["mood"], "moods": document["moods"]}
    genres = client.get("/api/genres").json()["genres"]
    assert genres == sorted(genres, key=lambda genre: genre["name"])
    asked = client.get("/api/playlist", params={"mood": "happy", "genre": genres[0]["name"]})
    assert asked.status_code == 200, asked.text
    assert asked.json()["songs"]
    assert all(genre["n_songs"] > 0 for genre in genres)


def test_the_set_is_told(client, sample_set):
    told = client.get("/api/set").json()
    current = Path(sample_set, "models", "CURRENT").read_text(encoding="ascii").strip()
    assert told["run"] == current
    assert told["n_songs"] == sum(told["moods"].values())
    assert set(told["verdicts"]) == {"listener", "song"}
    assert told["text"] in ("full", "words", "loading")


def test_a_sentence_is_read(client):
    reading = client.get("/api/say", params={"text": "I am very happy"}).json()
    assert set(reading["moods"]) == set(SONG_MOODS)
    assert math.isclose(sum(reading["moods"].values()), 1, abs_tol=1e-6)
    assert math.isclose(sum(part["share"] for part in reading["parts"]), 1, abs_tol=1e-6)
    assert reading["model"] == "words"
    assert client.get("/api/say?text=").json()["abstained"]


@pytest.mark.parametrize("path", ["plane", "genres", "set", "listeners", "songs", "say", "profile"])
def test_unknown_parameters_are_refused_everywhere(client, path):
    document = problem(client.get(f"/api/{path}?file=/etc/passwd"), 400, "malformed")
    assert "file" in document["detail"]


# ---- feedback ---------------------------------------------------------------------------------


def test_feedback_is_kept_counts_and_is_taken_back(own, run_on):
    before = own.get("/api/playlist?mood=calm").json()["songs"]
    song = before[0]["song_id"]
    kept = own.post("/api/feedback", {"word": "never", "song": song, "profile": "anna"})
    assert kept.status_code == 201
    assert kept.json()["song_id"] == song
    assert (own.output / "profiles" / "anna.jsonl").is_file()
    assert own.get("/api/profile?profile=anna").json()["never"] == 1
    assert own.get("/api/profile").json()["never"] == 0
    after = own.get("/api/playlist?mood=calm&profile=anna").json()["songs"]
    assert song not in [one["song_id"] for one in after]
    _, printed, _ = run_on(own.output, "--mood", "calm", "--profile", "anna", "--format", "json")
    assert after == json.loads(printed)["songs"]
    undone = own.ask("DELETE", "/api/feedback?profile=anna")
    assert undone.status_code == 200
    assert "never" in undone.json()["told"]
    assert own.get("/api/playlist?mood=calm&profile=anna").json()["songs"] == before
    problem(own.ask("DELETE", "/api/feedback?profile=anna"), 422, "wish")


def test_a_wrong_mood_may_be_set_right(own):
    song = own.get("/api/playlist?mood=calm").json()["songs"][0]["song_id"]
    body = {"word": "wrong-mood", "song": song, "mood": "angry"}
    assert own.post("/api/feedback", body).status_code == 201
    listed = own.get("/api/playlist?mood=angry&n=500").json()["songs"]
    assert song in [one["song_id"] for one in listed]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ("like", 400),
        ({}, 400),
        ({"word": "like"}, 400),
        ({"word": "like", "song": 3}, 400),
        ({"word": "like", "song": "x", "file": "/etc/passwd"}, 400),
        ({"word": "love", "song": "x"}, 422),
        ({"word": "like", "song": "No Such Song Anywhere"}, 422),
        ({"word": "like", "song": ""}, 422),
        ({"word": "like", "song": "\ud800"}, 422),
        ({"word": "like", "song": "x", "profile": "../x"}, 422),
    ],
)
def test_feedback_that_says_nothing_is_refused(own, body, status):
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    answer = own.ask("POST", "/api/feedback", content=content, headers=headers)
    problem(answer, status, "malformed" if status == 400 else "wish")
    assert not (own.output / "profiles").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 60_000, b"\xff", b"nan{}"])
def test_a_body_that_is_no_json_is_refused(own, content):
    headers = {"Content-Type": "application/json"}
    answer = own.ask("POST", "/api/feedback", content=content, headers=headers)
    problem(answer, 400, "malformed")


def test_a_client_that_breaks_off_a_body_is_no_fault(own):
    async def receive():
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "POST", "query_string": b"", "headers": [], "path": "/"}
    with pytest.raises(ProblemError) as caught:
        asyncio.run(keep_feedback(Request(scope, receive), SimpleNamespace(output=own.output)))
    assert caught.value.kind == "malformed"


def test_a_body_without_a_length_is_limited(own):
    async def parts():
        for _ in range(70):
            yield b" " * 1024

    headers = {"Content-Type": "application/json"}
    answer = own.ask("POST", "/api/feedback", content=parts(), headers=headers)
    problem(answer, 413, "too-large")


# ---- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(client, method):
    answer = client.ask(method, "/api/set", headers={"Content-Type": "application/json"})
    problem(answer, 405, "method")
    assert answer.headers["allow"] == "GET"


def test_the_page_and_its_files_are_served(client):
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.content == client.get("/page.html").content
    assert client.get("/page.css").headers["content-type"] == "text/css; charset=utf-8"
    assert client.get("/page.js").headers["content-type"] == "text/javascript; charset=utf-8"
    again = client.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304


def test_the_openapi_document_lists_every_address(client):
    document = client.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["responses"], (path, method)
            sent = path.replace("{ending}", ".txt")
            assert client.ask(method.upper(), sent).status_code not in (404, 405), path
