"""The page under hostile names and sentences, and its accessibility by axe-core."""

from __future__ import annotations

import csv
import importlib.resources
import json
import urllib.parse
import urllib.request

import pytest

from scripts.settings import TrainSettings
from scripts.training.program import train
from tests.browser import DESK, PHONE, Watched, open_browser, serve, settle, titles
from tests.conftest import SAMPLE, clear_rows

for _name in ("fastapi", "uvicorn"):
    pytest.importorskip(_name, reason=f"the extra web is missing ({_name})")

RUN = "window.__pwned=true"

#: What each is meant to break: an element, an attribute, a script, an address, a text's direction.
HOSTILE = (
    f"<script>{RUN}</script>",
    f'"><script>{RUN}</script>',
    f"'><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</bdi></li></ol><script>{RUN}</script>",
    f"<!--><script>{RUN}</script>-->",
    f"<![CDATA[<script>{RUN}</script>]]>",
    f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    f"<SCRIPT SRC=data:text/javascript,{RUN}></SCRIPT>",
    f"<script type=module>{RUN}</script>",
    f'"><img src=x onerror={RUN}>',
    f"<img src=x onerror='{RUN}'>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<math><mi xlink:href='javascript:{RUN}'>x</mi></math>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src='javascript:parent.{RUN}'></iframe>",
    f"<object data='javascript:{RUN}'></object>",
    f"<embed src='javascript:{RUN}'>",
    f"<a href='javascript:{RUN}'>click</a>",
    f"<form action='javascript:{RUN}'><button autofocus>go</button></form>",
    f"<input autofocus onfocus={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<body onload={RUN}>",
    f"<base href='javascript:{RUN}//'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<link rel=stylesheet href='javascript:{RUN}'>",
    "<style>@import 'https://example.org/x.css'; * { display: none }</style>",
    f"<div style='background:url(javascript:{RUN})'>",
    f"<template><script>{RUN}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}//",
    f"data:text/html,<script>{RUN}</script>",
    f"vbscript:{RUN}",
    f"`${{{RUN}}}`",
    f"${{{RUN}}} {{{{{RUN}}}}} #{{{RUN}}} <%={RUN}%>",
    f"'); {RUN}; ('",
    f'"); {RUN}; ("',
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"%3Cscript%3E{RUN}%3C/script%3E",
    f"\uff1cscript\uff1e{RUN}\uff1c/script\uff1e",
    f"\u202e<script>{RUN}</script>\u202d gnos a",
    f"\u2066\u2067\u200f\u200b<img src=x onerror={RUN}>",
    "Z\u0351\u036b\u0343a\u0334\u0317l\u0321\u0353g\u0337\u0319o\u0336 " * 20,
    "ten thousand letters " + "<b onmouseover=x>W" * 580,
)


@pytest.fixture(scope="module")
def chromium():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def hostile_base(tmp_path_factory):
    """The address of a server whose songs and artists are called like that."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = []
    for n, name in enumerate(HOSTILE):
        row = clear_rows()[n % 40]
        moved = {"valence": row["valence"] * (1 - n / 1000), "tempo": row["tempo"] + n / 10}
        song_id = name[:30] if n % 2 else f"{n:022d}"
        names = {"track_name": name, "artists": HOSTILE[::-1][n], "track_genre": name[:40]}
        rows.append({**row, **moved, **names, "track_id": song_id})
    songs = folder / "songs.csv"
    with songs.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    train(
        TrainSettings(
            songs=(songs,),
            listeners=SAMPLE / "listeners.csv",
            output=folder / "output",
            plots=False,
            quiet=True,
        )
    )
    with serve(folder / "output") as address:
        yield address


@pytest.fixture
def hostile(chromium, hostile_base):
    context = chromium.new_context(viewport={"width": DESK[0], "height": DESK[1]})
    one = Watched(context.new_page(), hostile_base)
    yield one
    one.check()
    context.close()


def playlist(base, **params):
    query = urllib.parse.urlencode(params)
    with urllib.request.urlopen(f"{base}/api/playlist?{query}") as answer:
        return json.load(answer)["songs"]


def strangers(page):
    """Elements that only markup out of a name could have made."""
    return page.evaluate(
        "document.querySelectorAll('img, iframe, object, embed, video, math, style, base, template,"
        " script:not([src]), body form form, meta[http-equiv], [onerror], [onload], [style*=url]')"
        ".length"
    )


def test_there_are_fifty_of_them():
    assert len(set(HOSTILE)) == 50


def test_hostile_titles_and_artists_are_shown_as_text(hostile, hostile_base):
    ways = [{"mood": mood} for mood in ("happy", "angry", "sad", "relaxed")]
    ways += [{"from": "sad", "to": "happy"}, {"point": "0.5,0.5"}]
    shown = set()
    for way in ways:
        wishes = {**way, "n": "50", "max_per_artist": "50"}
        page = hostile.open(f"?{urllib.parse.urlencode(wishes)}")
        songs = playlist(hostile_base, **wishes)
        artists = page.locator("#songs .artist bdi").all_text_contents()
        assert titles(page) == [song["title"] for song in songs]
        assert artists == [song["artist"] for song in songs]
        shown |= set(titles(page))
        page.locator("#marks .dot").first.dispatch_event("pointerenter")
        assert strangers(page) == 0
    assert len(shown) >= 45  # a list holds a song's versions once
    assert any(len(title) > 10_000 for title in shown)


def test_links_lead_to_spotify_or_nowhere(hostile):
    page = hostile.open("?point=0.5,0.5&n=50&max_per_artist=50")
    links = page.locator("#songs a").evaluate_all("all => all.map(a => [a.href, a.rel, a.target])")
    assert links
    for href, rel, target in links:
        assert href.startswith("https://open.spotify.com/track/")
        assert href.rpartition("/")[2].isalnum()
        assert (rel, target) == ("noopener noreferrer", "_blank")
    assert page.locator("#songs span.title").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth") == DESK[0]


def test_hostile_songs_are_found_liked_and_said_of(hostile):
    page = hostile.open("?mood=happy&n=3&profile=hostile")
    page.get_by_role("combobox", name="or like a song").press_sequentially("<scr")
    page.wait_for_selector("#songs-found li")
    assert strangers(page) == 0
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    settle(page)
    assert titles(page)
    page.locator(".song").first.get_by_role("button", name="Like").click()
    page.wait_for_selector(".undo:visible")
    assert strangers(page) == 0


def test_hostile_sentences_are_shown_as_text(hostile):
    hostile.may_be_refused = True  # most of them hold no mood
    page = hostile.open()
    for sentence in HOSTILE:
        page.locator("#say").fill(sentence)
        page.locator("#say").press("Enter")
        settle(page)
        page.locator("#problem:not(:empty), #songs:not(:empty)").wait_for()
        assert strangers(page) == 0
        assert page.locator("#say").input_value().strip() == sentence.strip()


def test_hostile_addresses_are_shown_as_text(hostile):
    hostile.may_be_refused = True
    names = ["say", "mood", "point", "like", "from", "genre", "profile", "n", "tempo", "<x>"]
    for name, text in zip(names, HOSTILE[6:46:4], strict=True):
        rest = {"from": {"to": "calm"}, "genre": {"mood": "sad"}}.get(name, {})
        page = hostile.open(f"?{urllib.parse.urlencode({name: text, **rest})}")
        assert strangers(page) == 0
        assert page.locator("#problem:not(:empty), .song, #empty:visible").count() > 0


# ---- accessibility ----------------------------------------------------------------------------

STATES = {
    "nothing asked": "",
    "a list": "?mood=calm&explicit=false",
    "a journey": "?from=angry&to=calm",
    "a sentence": "?say=I+feel+very+sad+tonight",
    "no list": "?mood=calm&year_from=3000",
    "a song was liked": "?mood=calm&n=4",
    "songs are found": "?mood=calm&n=2",
}


def reach(page, state):
    """Do what an address alone does not."""
    page.get_by_role("button", name="Wishes").click()
    if state == "a song was liked":
        told = {"status": 201, "json": {"told": "kept: a song is liked"}}
        page.route("**/api/feedback*", lambda route: route.fulfill(**told))
        page.get_by_role("button", name="Like: ").first.click()
        page.wait_for_selector(".undo:visible")
    elif state == "songs are found":
        title = page.locator("#songs .title").first.text_content()
        page.get_by_role("combobox", name="or like a song").press_sequentially(title[:6])
        page.wait_for_selector("#songs-found li")
        page.keyboard.press("ArrowDown")


@pytest.fixture(scope="module")
def axe():
    """The source of axe-core."""
    package = pytest.importorskip(
        "axe_playwright_python", reason="the checker of accessibility is missing (axe)"
    )
    return importlib.resources.files(package).joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def base(sample_set):
    with serve(sample_set) as address:
        yield address


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_axe_finds_no_serious_fault(chromium, base, axe, size, theme):
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme
    )
    one = Watched(context.new_page(), base)
    one.may_be_refused = True
    faults = []
    for state, query in STATES.items():
        page = one.open(query)
        reach(page, state)
        page.evaluate(axe)
        found = page.evaluate("axe.run().then(({ violations }) => violations)")
        faults += [
            (state, fault["id"], [node["target"] for node in fault["nodes"]])
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
    assert faults == []
    one.check()
    context.close()
