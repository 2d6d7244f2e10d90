"""What every request passes and every answer carries: names, sites, tokens, sizes, floods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from scripts.web.buckets import Buckets
from scripts.web.checks import MOST_BODY, cookie_of, is_address
from scripts.web.guard import MOST_ADDRESS, Guard, Rules
from tests.web_client import HOST, RULES, Client, problem

TOKEN = "correct-horse"
JSON = "application/json"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer everything with its method."""
    headers = [(b"content-type", b"text/plain"), (b"method", scope["method"].encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": scope["method"].encode()})


@pytest.fixture
def guarded() -> Iterator[Callable[..., Client]]:
    """Open clients of an application that answers whatever its guard lets through."""
    opened: list[Client] = []

    def make(rules: Rules = RULES, buckets: Buckets | None = None) -> Client:
        opened.append(Client(Guard(echo, rules, buckets or Buckets())))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


# ---- headers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Host": "evil.example"}], ids=["answer", "refusal"])
def test_every_answer_forbids_foreign_scripts_and_frames(guarded, headers):
    answer = guarded().get("/", headers=headers)
    parts = answer.headers["content-security-policy"].split("; ")
    policy = dict(part.split(" ", 1) for part in parts)
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_head_is_answered_as_get(guarded):
    assert guarded().ask("HEAD", "/").headers["method"] == "GET"  # the server leaves the body out


# ---- Host -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [HOST, "localhost:8765", "LOCALHOST:8765"])
def test_its_own_names_are_answered(guarded, host):
    assert guarded().get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:80", "[::1]:1"),
        *("127.0.0.1.evil.example:8765", "", "192.168.0.7:8765", "localhost:8765@evil.example"),
    ],
)
def test_a_name_rebound_to_this_machine_is_refused(guarded, host):
    problem(guarded().get("/", headers={"Host": host}), 421, "host")


def test_two_hosts_are_refused(guarded):
    headers = [("Host", HOST), ("Host", "evil.example")]
    problem(guarded().get("/", headers=headers), 400, "malformed")


@pytest.mark.parametrize("host", ["192.168.0.7:8765", "[fe80::1]:8765"])
def test_all_addresses_means_numeric_ones_of_the_port(guarded, host):
    client = guarded(RULES._replace(any_address=True))
    assert client.get("/", headers={"Host": host}).status_code == 200
    problem(client.get("/", headers={"Host": "evil.example:8765"}), 421, "host")
    problem(client.get("/", headers={"Host": host.replace("8765", "80")}), 421, "host")


@given(st.ip_addresses(), st.integers(1, 65535), st.integers(1, 65535))
def test_an_address_is_one_of_the_port_that_is_listened_on(address, port, other):
    host = f"[{address}]" if address.version == 6 else str(address)
    assert is_address(f"{host}:{port}", port)
    assert is_address(f"{host}:{port}", other) == (port == other)
    assert not is_address(f"x{host}:{port}", port)


@given(st.text(max_size=30))
def test_a_name_is_no_address(text):
    assert not is_address(f"{text}.example:80", 80)


# ---- other sites ------------------------------------------------------------------------------


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("mode", ["cors", "no-cors", "websocket"])
def test_another_sites_page_may_not_ask(guarded, site, mode):
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": "empty"}
    problem(guarded().get("/api/set", headers=headers), 403, "origin")


def test_a_link_from_another_site_may_be_followed_but_not_framed(guarded):
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    client = guarded()
    assert client.get("/", headers=link | {"Sec-Fetch-Dest": "document"}).status_code == 200
    problem(client.get("/", headers=link | {"Sec-Fetch-Dest": "iframe"}), 403, "origin")
    problem(client.ask("POST", "/", headers=link), 403, "origin")


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", f"https://{HOST}", "http://127.0.0.1:1", ""]
)
def test_a_write_from_another_origin_is_refused(guarded, method, origin):
    headers = {"Origin": origin, "Content-Type": JSON}
    problem(guarded().ask(method, "/api/feedback", headers=headers), 403, "origin")


@pytest.mark.parametrize("headers", [{}, {"Origin": f"http://{HOST}"}])
def test_a_write_from_here_or_from_no_browser_passes(guarded, headers):
    answer = guarded().post("/api/feedback", {"word": "like"}, **headers)
    assert answer.text == "POST"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_a_form_can_send_is_refused(guarded, kind):
    headers = {"Content-Type": kind}
    answer = guarded().ask("POST", "/api/feedback", content=b"{}", headers=headers)
    problem(answer, 415, "media-type")


# ---- sizes and floods -------------------------------------------------------------------------


def test_a_long_address_and_a_large_body_are_refused(guarded):
    client = guarded()
    assert client.get("/?" + "a" * (MOST_ADDRESS - 1)).status_code == 200
    problem(client.get("/?" + "a" * MOST_ADDRESS), 414, "too-long")
    headers = {"Content-Type": JSON}
    whole = client.ask("POST", "/", content=b"1" * MOST_BODY, headers=headers)
    assert whole.status_code == 200
    larger = client.ask("POST", "/", content=b"1" * (MOST_BODY + 1), headers=headers)
    problem(larger, 413, "too-large")


def test_a_flood_is_told_when_to_come_back(guarded):
    seconds = [0.0]
    client = guarded(buckets=Buckets(2, 3, clock=lambda: seconds[0]))
    assert [client.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = client.get("/")
    problem(answer, 429, "rate")
    assert answer.headers["retry-after"] == "1"
    seconds[0] += 1.0
    assert [client.get("/").status_code for _ in range(3)] == [200, 200, 429]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 5), st.floats(0, 4)), max_size=40))
def test_an_address_never_gets_more_than_its_bucket_gives(steps):
    seconds = [0.0]
    buckets = Buckets(1.5, 4, clock=lambda: seconds[0])
    taken = {"a": 0.0, "b": 0.0}
    for address, tokens, pause in steps:
        seconds[0] += pause
        wait = buckets.take(address, tokens)
        assert wait >= 0
        taken[address] += tokens if wait == 0 else 0.0
    assert max(taken.values()) <= 4 + 1.5 * seconds[0] + 1e-6


def test_a_flood_of_addresses_takes_no_memory():
    buckets = Buckets()
    for number in range(10_000):
        buckets.take(f"10.0.{number // 250}.{number % 250}")
    assert len(buckets._buckets) <= 4_096


# ---- the token --------------------------------------------------------------------------------


@pytest.fixture
def locked(guarded):
    return guarded(RULES._replace(token=TOKEN))


@pytest.mark.parametrize("path", ["/", "/page.css", "/api/set", "/api/openapi.json", "/nothing"])
def test_every_address_asks_for_the_token(locked, path):
    answer = locked.get(path)
    problem(answer, 401, "token")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert TOKEN not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Cookie": "moodlist=wrong"},
        {"Cookie": f"moodlist={TOKEN}"},
        {"Cookie": f"other={cookie_of(TOKEN)}"},
        {"Authorization": "Bearer \xff"},
    ],
)
def test_a_wrong_token_is_refused(locked, headers):
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    problem(locked.get("/api/set", headers=raw), 401, "token")


def test_the_header_opens(locked):
    assert locked.get("/api/set", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert locked.get("/api/set", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


def test_the_page_trades_the_token_for_a_cookie(locked):
    answer = locked.get(f"/?mood=calm&token={TOKEN}&like=a%26b")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?mood=calm&like=a%26b"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie  # a link from another site works; writes are refused anyway
    assert TOKEN not in cookie
    assert locked.get("/api/set").status_code == 200  # the client keeps the cookie


@pytest.mark.parametrize(
    "path", ["/?token=wrong", "/?token=", "/?token=%ff", f"/api/set?token={TOKEN}"]
)
def test_no_other_address_takes_the_token_in_its_query(locked, path):
    problem(locked.get(path), 401, "token")


def test_guessing_tokens_is_slow(guarded):
    seconds = [0.0]
    buckets = Buckets(clock=lambda: seconds[0])
    client = guarded(RULES._replace(token=TOKEN), buckets)
    answers = [client.get("/", headers={"Authorization": f"Bearer {n}"}) for n in range(60)]
    assert {answer.status_code for answer in answers} == {401, 429}
    seconds[0] += 1.0
    later = [client.get("/", headers={"Authorization": f"Bearer {n}"}) for n in range(60)]
    assert sum(answer.status_code == 401 for answer in later) <= 21


def test_websockets_are_closed():
    import asyncio

    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(echo, RULES, Buckets())({"type": "websocket"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
