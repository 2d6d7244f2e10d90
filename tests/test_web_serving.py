"""The server as it runs: its start and end, its socket, and requests that no browser sends."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from scripts.errors import MissingExtraError, SettingsError
from scripts.web import serving, wire
from scripts.web.app import create_app
from scripts.web.desk import Desk
from scripts.web.guard import Rules

PROJECT = Path(__file__).parents[1]


# ---- the command line -------------------------------------------------------------------------


@contextlib.contextmanager
def program(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the program until the block ends; yields it and the address it told."""
    command = [sys.executable, "music_recommendation.py", "--serve", "--port", "0", *arguments]
    environment = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}
    running = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=environment,
    )
    try:
        line = running.stderr.readline()
        found = re.fullmatch(r"Serving on (http://127\.0\.0\.1:\d+/) - Ctrl-C stops\n", line)
        assert found, line + running.stderr.read()
        yield running, found[1]
    finally:
        running.kill()
        running.communicate()


def test_it_serves_until_it_is_interrupted(sample_set):
    with program("--output", str(sample_set)) as (running, address):
        with urllib.request.urlopen(f"{address}api/playlist?mood=calm", timeout=30) as answer:
            assert answer.status == 200
            assert "server" not in answer.headers
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err) == (0, "", "Stopped.\n")


def test_it_ends_when_it_is_told_to(sample_set):
    with program("--output", str(sample_set)) as (running, _):
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate(timeout=30)
    assert running.returncode in (0, -signal.SIGTERM)
    assert err == ""


def test_an_untrained_folder_is_refused_at_once(tmp_path, run_on):
    code, out, err = run_on(tmp_path, "--serve", "--port", "0")
    assert (code, out) == (4, "")
    assert "holds no trained models yet" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "give one with --token WORD"),
        (["--host", "192.0.2.1"], "give one with --token WORD"),
        (["--host", "::"], "give one with --token WORD"),
        (["--host", ""], "--host: names nothing"),
        (["--host", "192.0.2.1", "--token", "correct-horse"], "cannot be listened on"),
        (["--host", "no.such.name.invalid", "--token", "correct-horse"], "no such address"),
        (["--port", "65536"], "--port 65536: give a number from 1 to 65535"),
        (["--port", "-1"], "--port -1: give a number from 1 to 65535"),
        (["--token", ""], "--token: is empty"),
        (["--token", "two words"], "--token: has a letter that an address cannot hold"),
        (["--token", "año"], "--token: has a letter that an address cannot hold"),
        (["--token", "a&b#c+d%"], "--token: has a letter that an address cannot hold"),
        (["--token", "line\n"], "--token: has a letter that an address cannot hold"),
        (["--host", "0", "--token", "correct-horse"], "--host 0: write the address in full"),
        (["--host", "127.1"], "--host 127.1: write the address in full"),
    ],
)
def test_what_cannot_be_served_is_told(sample_set, run_on, arguments, said):
    code, out, err = run_on(sample_set, "--serve", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("option", ["--profile=anna", "--listener=3", "--max-per-artist=1"])
def test_options_of_a_playlist_are_not_left_out_unseen(sample_set, run_on, capsys, option):
    with pytest.raises(SystemExit) as caught:
        run_on(sample_set, "--serve", option)
    assert caught.value.code == 2
    assert (
        f"--serve and {option.partition('=')[0]} contradict each other" in capsys.readouterr().err
    )


def test_a_port_in_use_is_told(sample_set, run_on):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        code, _, err = run_on(sample_set, "--serve", "--port", port)
    assert code == 2
    assert f"--port {port}: another program listens there; give another --port" in err


@pytest.mark.parametrize("missing", ["fastapi", "uvicorn"])
def test_without_the_extra_it_says_how_to_install_it(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    options = type("", (), {"host": None, "port": 0, "token": None, "output": "output"})
    with pytest.raises(MissingExtraError, match=re.escape(serving.INSTALL)) as caught:
        serving.serve_page(options)
    assert missing in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("host", "reachable"),
    [
        *((host, False) for host in ("127.0.0.1", "127.8.8.8", "::1", "LocalHost")),
        *((host, True) for host in ("0.0.0.0", "::", "10.0.0.1", "example.org")),
    ],
)
def test_only_this_machine_needs_no_token(host, reachable):
    with pytest.raises(SettingsError) if reachable else contextlib.nullcontext():
        serving.check_access(host, 8765, None)
    serving.check_access(host, 8765, "a-long-enough-token")


def test_a_short_token_is_pointed_out(capsys):
    serving.check_access("0.0.0.0", 8765, "abc")
    assert "3 letters can be guessed" in capsys.readouterr().err
    serving.check_access("127.0.0.1", 8765, "abc")
    assert capsys.readouterr().err == ""


def test_names_that_a_browser_may_use():
    assert serving.hosts_of("Music.local", 80) >= {"music.local", "music.local:80", "127.0.0.1"}
    assert "music.local" not in serving.hosts_of("music.local", 8080)
    assert "[fe80::1]:99" in serving.hosts_of("fe80::1", 99)


# ---- the wire ---------------------------------------------------------------------------------


@contextlib.contextmanager
def serving_thread(output: Path) -> Iterator[int]:
    """Serve a set from a thread of this process; yields the port."""
    listener = serving.listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    rules = Rules(serving.hosts_of("127.0.0.1", port), port=port)
    server = serving.make_server(create_app(Desk(str(output)), rules))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


@pytest.fixture(scope="module")
def port(sample_set):
    with serving_thread(sample_set) as port:
        yield port


def exchange(port: int, request: bytes) -> bytes:
    """Send bytes and return all that comes until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        parts = []
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                parts.append(part)
        return b"".join(parts)


def request(port: int, line: bytes, *headers: bytes) -> bytes:
    host = b"Host: 127.0.0.1:%d" % port
    return b"\r\n".join([line, host, b"Connection: close", *headers, b"", b""])


def test_head_brings_the_headers_alone(port):
    head, _, body = exchange(port, request(port, b"HEAD /api/set HTTP/1.1")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"content-length:" in head
    assert body == b""


def test_requests_may_follow_each_other_on_one_connection(port):
    first = b"GET /api/set HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port
    answer = exchange(port, first * 2 + request(port, b"GET /api/set HTTP/1.1"))
    assert answer.count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # as of TLS
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 40_000,
        b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000,
    ],
    ids=["tls", "garbage", "bytes", "version", "no host", "address", "header"],
)
def test_what_is_no_request_is_refused_without_a_word_of_python(port, sent, capfd):
    answer = exchange(port, sent)
    assert answer == b"" or answer.split()[1] in (b"400", b"414", b"421", b"431", b"505")
    assert b"Traceback" not in answer
    assert "Traceback" not in capfd.readouterr().err
    assert b"200 OK" in exchange(port, request(port, b"GET /api/set HTTP/1.1"))


def test_an_old_client_without_a_host_is_refused(port):
    assert b" 421 " in exchange(port, b"GET /api/set HTTP/1.0\r\n\r\n").split(b"\r\n")[0]


def test_a_large_body_is_refused_before_it_is_sent(port):
    headers = (b"Content-Type: application/json", b"Content-Length: 10000000")
    answer = exchange(port, request(port, b"POST /api/feedback HTTP/1.1", *headers))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"urn:moodlist:problem:too-large" in answer


@pytest.mark.parametrize(
    "path",
    [
        *("/../README.md", "/..%2fapp.py", "/%2e%2e/app.py", "/page/page.html", "/app.py"),
        *("//etc/passwd", "/docs", "/redoc", "/api", "/api/", "/api/playlist/", "/output"),
        *("/static/x", "/favicon.ico", "/page.css/../app.py", "/./page.css", "/..\\app.py"),
    ],
)
def test_nothing_else_can_be_had(port, path):
    answer = exchange(port, request(port, b"GET %s HTTP/1.1" % path.encode()))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ")
    assert json.loads(body)["type"] == "urn:moodlist:problem:not-found"


def test_a_client_that_breaks_off_leaves_no_traceback(sample_set, capfd, monkeypatch):
    lost = threading.Event()
    end = wire.Wire.connection_lost

    def note_end(self, exc):
        end(self, exc)
        lost.set()

    with serving_thread(sample_set) as port:
        assert b"200 OK" in exchange(port, request(port, b"GET /api/set HTTP/1.1"))
        monkeypatch.setattr(wire.Wire, "connection_lost", note_end)
        headers = (b"Content-Type: application/json", b"Content-Length: 100")
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(request(port, b"POST /api/feedback HTTP/1.1", *headers) + b"{")
        assert lost.wait(30)
        assert b"200 OK" in exchange(port, request(port, b"GET /api/set HTTP/1.1"))
    assert capfd.readouterr().err == ""


def test_who_does_not_read_is_cut_off(sample_set, monkeypatch):
    cut = threading.Event()
    end = wire.Wire.connection_lost

    def note_end(self, exc):
        end(self, exc)
        cut.set()

    monkeypatch.setattr(wire, "READING_SECONDS", 0.2)
    monkeypatch.setattr(wire.Wire, "connection_lost", note_end)
    with serving_thread(sample_set) as port:
        one = b"GET /page.js HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(30)
            connection.connect(("127.0.0.1", port))
            with contextlib.suppress(ConnectionError):
                for _ in range(2_000):  # some twenty million bytes of answers
                    connection.sendall(one)
            assert cut.wait(30)
        assert b"200 OK" in exchange(port, request(port, b"GET /api/set HTTP/1.1"))


@pytest.mark.parametrize("sent", [b"", b"GET /api/set HTTP/1.1\r\nHost:"], ids=["nothing", "half"])
def test_who_never_ends_a_request_is_left(sample_set, monkeypatch, sent):
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    with serving_thread(sample_set) as port:
        assert exchange(port, sent) == b""


def test_half_a_second_request_is_left_too(sample_set, monkeypatch):
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    with serving_thread(sample_set) as port:
        whole = b"GET /api/set HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(whole)
            assert b"200 OK" in connection.recv(65536)
            time.sleep(0.3)  # longer than a head may take, but the connection is idle, not half
            connection.sendall(whole[:20])
            while connection.recv(65536):
                pass


def test_the_load_benchmark_measures_it(sample_set):
    arguments = [
        "--clients",
        "2",
        "--seconds",
        "0.2",
        "--requests",
        "20",
        "--only",
        "plane",
        "mood",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.web", "--output", str(sample_set), *arguments],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith(("| plane", "| mood"))]
    assert [row.count("|") for row in rows] == [9, 9]
    assert "20 further requests" in done.stdout
