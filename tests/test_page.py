"""The page in a real browser: every way to ask, wishes, saving, feedback, links, keys, sizes."""

from __future__ import annotations

import contextlib
import json
import shutil
import urllib.error
import urllib.parse
import urllib.request

import pytest

from scripts.moods.vocabulary import PLANE_WORDS, SONG_MOODS
from tests.browser import DESK, NARROW, Watched, open_browser, point_on, serve, settle, titles

for _name in ("fastapi", "uvicorn"):
    pytest.importorskip(_name, reason=f"the extra web is missing ({_name})")
_playwright = pytest.importorskip(
    "playwright.sync_api", reason="the extra browser is missing (playwright)"
)
PlaywrightTimeout = _playwright.TimeoutError

#: Forms that a list can be saved in, as the page offers them.
FORMS = ("m3u8", "xspf", "jspf", "csv", "json", "uris")

SENTENCE = "I feel very sad tonight"


@pytest.fixture(scope="module")
def output(sample_set, tmp_path_factory):
    """A copy of the sample's set: feedback is written into it."""
    return shutil.copytree(sample_set, tmp_path_factory.mktemp("page") / "output")


@pytest.fixture(scope="module")
def base(output):
    with serve(output) as address:
        yield address


@pytest.fixture(scope="module")
def chromium():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def desk(chromium):
    context = chromium.new_context(
        viewport={"width": DESK[0], "height": DESK[1]}, accept_downloads=True
    )
    yield context
    context.close()


@pytest.fixture
def watched(desk, base):
    """A page of a desk's size, checked for faults when the test is over."""
    one = Watched(desk.new_page(), base)
    yield one
    one.check()
    one.page.close()


def api(base, path, **params):
    query = urllib.parse.urlencode(params)
    with urllib.request.urlopen(f"{base}/api/{path}?{query}") as answer:
        return answer.read()


def listed(base, **params):
    """The titles of the list that the API gives."""
    return [song["title"] for song in json.loads(api(base, "playlist", **params))["songs"]]


def asked(page):
    """What the page's address asks for."""
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query))


def playlists_of(page):
    """The queries of the lists that the page asks for from now on, as they come."""
    seen = []

    def see(request):
        split = urllib.parse.urlsplit(request.url)
        if split.path == "/api/playlist":
            seen.append(dict(urllib.parse.parse_qsl(split.query)))

    page.on("request", see)
    return seen


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*((a + b) / 2 for a, b in zip(start, end, strict=True)), steps=3)
    page.mouse.move(*end, steps=3)
    page.mouse.up()
    settle(page)


# ---- ways to ask ------------------------------------------------------------------------------


def test_the_plane_is_drawn_before_anything_is_asked(watched, base):
    page = watched.open()
    words = page.locator("#words button").all_text_contents()
    painted = page.locator("#cloud").evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(x => x > 0)"
    )
    told = json.loads(api(base, "set"))
    page.locator("#figures", has_text="songs").wait_for()
    assert words == list(PLANE_WORDS)
    assert painted
    assert titles(page) == []
    assert page.locator("#empty").is_visible()
    assert told["verdicts"]["song"].rstrip(".") in page.locator("#figures").text_content()


def test_a_click_asks_for_the_songs_near_it(watched, base):
    page = watched.open()
    page.mouse.click(*point_on(page, 0.5, 0.2))
    settle(page)
    point = asked(page)["point"]
    assert [float(x) for x in point.split(",")] == pytest.approx([0.5, 0.2], abs=0.01)
    assert titles(page) == listed(base, point=point)
    numbers = page.locator("#marks .dot text").all_text_contents()
    assert sorted(map(int, numbers)) == list(range(1, 11))
    assert page.locator(".why").first.text_content()


def test_a_song_lights_up_in_both_places(watched):
    page = watched.open("?mood=calm")
    page.locator(".song").nth(2).hover()
    assert page.locator("#marks .dot.on text").all_text_contents() == ["3"]
    page.mouse.move(1, 1)
    assert page.locator("#marks .dot.on").count() == 0
    page.locator(".song .title").nth(4).focus()
    assert page.locator("#marks .dot.on text").all_text_contents() == ["5"]
    page.locator(".song .title").nth(4).blur()
    page.locator("#marks .dot .badge").nth(0).hover()
    number = page.locator("#marks .dot.on text").text_content()
    assert page.locator(".song.on .number").all_text_contents() == [number]


def test_the_marks_stand_apart(watched):
    page = watched.open("?point=0.5,0.5&n=20")
    boxes = [dot.bounding_box() for dot in page.locator("#marks .badge").all()]
    centres = [(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2) for b in boxes]
    nearest = min(
        (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 for i, a in enumerate(centres) for b in centres[:i]
    )
    assert len(centres) == 20
    assert nearest**0.5 > boxes[0]["width"] / 2


def test_a_drag_from_word_to_word_is_a_journey(watched, base):
    page = watched.open()
    drag(page, point_on(page, *PLANE_WORDS["angry"]), point_on(page, *PLANE_WORDS["calm"]))
    assert asked(page) == {"from": "angry", "to": "calm"}
    assert titles(page) == listed(base, **{"from": "angry", "to": "calm"})
    assert page.locator("#marks .way").count() == 1
    assert page.locator("#asked").text_content() == "Angry to calm"


def test_a_drag_between_places_is_a_journey_too(watched):
    page = watched.open()
    drag(page, point_on(page, 0.5, 0.1), point_on(page, 0.45, 0.95))
    ends = [[float(x) for x in asked(page)[end].split(",")] for end in ("from", "to")]
    assert ends == [pytest.approx([0.5, 0.1], abs=0.01), pytest.approx([0.45, 0.95], abs=0.01)]
    assert titles(page)


def test_a_way_in_two_steps(watched):
    page = watched.open()
    page.get_by_role("button", name="Draw a way").click()
    page.get_by_role("button", name="sad", exact=True).click()
    assert asked(page) == {}
    page.get_by_role("button", name="happy", exact=True).click()
    settle(page)
    assert asked(page) == {"from": "sad", "to": "happy"}
    assert page.locator("#way").get_attribute("aria-pressed") == "false"


def test_a_sentence_is_heard_and_served(watched, base):
    page = watched.open()
    page.get_by_label("How do you feel").fill(SENTENCE)
    page.get_by_role("button", name="Find songs").click()
    settle(page)
    told = json.loads(api(base, "say", text=SENTENCE))
    heard = page.locator("#heard").text_content()
    best = max(told["moods"], key=told["moods"].get)
    assert asked(page) == {"say": SENTENCE}
    assert SENTENCE in page.locator("#asked").text_content()
    assert best in heard
    assert f"{round(100 * told['moods'][best])}%" in heard
    assert told["words"][0][0 if isinstance(told["words"][0], list) else "word"] in heard
    assert titles(page) == listed(base, say=SENTENCE)
    assert page.locator("#marks .said").text_content() == "heard here"


def test_without_a_mood_the_nearest_are_offered(watched, base):
    watched.may_be_refused = True
    page = watched.open("?say=qwxz+vbnm")
    with pytest.raises(urllib.error.HTTPError) as caught:
        api(base, "playlist", say="qwxz vbnm")
    told = json.loads(caught.value.read())
    shown = page.get_by_role("alert").text_content()
    assert told["detail"][1:] in shown
    assert titles(page) == []
    first = page.locator("#problem button").first
    mood = told["nearest"][0]["mood"]
    assert first.text_content().startswith(mood)
    first.click()
    settle(page)
    assert asked(page) == {"mood": mood}
    assert page.get_by_role("alert").text_content() == ""
    assert titles(page)


def test_a_song_is_found_while_it_is_typed(watched, base):
    song = json.loads(api(base, "playlist", mood="calm"))["songs"][0]
    page = watched.open()
    field = page.get_by_role("combobox", name="or like a song")
    field.press_sequentially(song["title"][:12])
    page.wait_for_selector("#songs-found li")
    assert song["title"] in page.locator("#songs-found").text_content()
    field.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "found-0"
    field.press("Enter")
    settle(page)
    chosen = asked(page)["like"]
    offered = json.loads(api(base, "songs", q=song["title"][:12]))["songs"]
    assert chosen == offered[0]["song_id"]
    assert titles(page) == listed(base, like=chosen)
    assert not page.locator("#songs-found").is_visible()


def test_a_listener_is_served(watched, base):
    page = watched.open()
    page.get_by_label("or for listener").fill("3")
    page.get_by_label("or for listener").press("Enter")
    settle(page)
    assert asked(page) == {"listener": "3"}
    assert page.locator("#asked").text_content().startswith("Listener 3: ")
    assert titles(page) == listed(base, listener="3")


def test_enter_and_leaving_the_field_ask_once(watched):
    page = watched.open()
    lists = playlists_of(page)
    field = page.get_by_label("or for listener")
    field.press_sequentially("3")
    field.press("Enter")
    settle(page)
    field.press("Tab")
    page.get_by_role("button", name="calm", exact=True).click()
    page.locator("#asked", has_text="Calm").wait_for()
    assert lists == [{"listener": "3"}, {"mood": "calm"}]


def test_escape_forgets_a_drag(watched):
    page = watched.open()
    page.mouse.move(*point_on(page, 0.3, 0.3))
    page.mouse.down()
    page.mouse.move(*point_on(page, 0.6, 0.6), steps=3)
    page.wait_for_selector("#marks .pull", state="attached")
    page.keyboard.press("Escape")
    page.mouse.move(*point_on(page, 0.7, 0.7))
    page.mouse.up()
    assert page.locator("#marks .pull").count() == 0
    page.get_by_role("button", name="calm", exact=True).click()
    settle(page)
    assert asked(page) == {"mood": "calm"}
    page.go_back()
    page.wait_for_selector("#empty:visible")  # nothing was asked for in between


def test_a_way_from_a_sentence_is_headed_by_both(watched):
    page = watched.open(f"?{urllib.parse.urlencode({'say': SENTENCE, 'to': 'happy'})}")
    assert page.locator("#asked").text_content() == f"“{SENTENCE}” to happy"


# ---- wishes -----------------------------------------------------------------------------------


def test_wishes_hold_and_can_be_dropped(watched, base):
    page = watched.open("?mood=happy")
    page.get_by_role("button", name="Wishes").click()
    page.get_by_label("Number of songs").fill("5")
    page.get_by_label("Explicit songs").select_option("none")
    page.get_by_label("Tempo from").fill("90")
    page.get_by_label("Tempo to").fill("140")
    page.get_by_label("Songs by one artist").fill("1")
    page.get_by_label("Songs by one artist").blur()
    settle(page)
    wishes = {"n": "5", "explicit": "false", "tempo": "90-140", "max_per_artist": "1"}
    page.locator("#length", has_text="5 songs").wait_for()
    assert asked(page) == {"mood": "happy", **wishes}
    assert titles(page) == listed(base, mood="happy", **wishes)
    assert page.locator("#chips button").count() == 4
    page.get_by_role("button", name="Drop the wish: 5 songs").click()
    settle(page)
    del wishes["n"]
    assert asked(page) == {"mood": "happy", **wishes}
    page.get_by_label("Minutes", exact=True).fill("20")
    page.get_by_label("Minutes", exact=True).blur()
    settle(page)
    assert asked(page) == {"mood": "happy", "minutes": "20", **wishes}


def test_a_wish_outlives_the_way_to_ask(watched):
    page = watched.open("?mood=happy&n=4&popularity=40-")
    page.get_by_role("button", name="calm", exact=True).click()
    settle(page)
    assert asked(page) == {"mood": "calm", "n": "4", "popularity": "40-"}
    assert page.locator("#popularity_from").input_value() == "40"
    assert len(titles(page)) == 4


def test_a_wish_out_of_range_is_the_servers_to_refuse(watched, base):
    watched.may_be_refused = True
    page = watched.open("?mood=happy&n=501")
    page.get_by_label("How do you feel").fill(SENTENCE)
    page.get_by_role("button", name="Find songs").click()
    page.wait_for_url("**say=**")
    settle(page)
    with pytest.raises(urllib.error.HTTPError) as caught:
        api(base, "playlist", say=SENTENCE, n=501)
    assert asked(page) == {"say": SENTENCE, "n": "501"}
    assert json.loads(caught.value.read())["detail"][1:] in page.get_by_role("alert").text_content()


def test_a_sentence_that_was_not_sent_goes_with_a_wish(watched, base):
    page = watched.open("?mood=happy")
    page.get_by_role("button", name="Wishes").click()
    page.get_by_label("How do you feel").fill(SENTENCE)
    page.get_by_label("Number of songs").fill("3")
    page.get_by_label("Number of songs").blur()
    settle(page)
    assert asked(page) == {"say": SENTENCE, "n": "3"}
    assert page.get_by_label("How do you feel").input_value() == SENTENCE
    assert titles(page) == listed(base, say=SENTENCE, n=3)


def test_wishes_that_do_not_suit_a_way_are_left_behind(watched):
    watched.may_be_refused = True  # this set has no lyrics
    page = watched.open(f"?say={SENTENCE}&n=300&variety=0.3&min_similarity=0.1".replace(" ", "+"))
    page.get_by_role("button", name="calm", exact=True).click()
    settle(page)
    assert asked(page) == {"mood": "calm", "n": "300", "variety": "0.3"}
    drag(page, point_on(page, *PLANE_WORDS["angry"]), point_on(page, *PLANE_WORDS["calm"]))
    assert asked(page) == {"from": "angry", "to": "calm", "n": "200"}
    assert page.get_by_role("alert").text_content() == ""
    assert titles(page)


def test_a_wish_changes_no_other(watched, base):
    page = watched.open("?mood=calm&explicit=no&variety=0.37&tempo=60%E2%80%93180")
    assert page.locator("#explicit").input_value() == "false"
    assert [page.locator(f"#tempo_{end}").input_value() for end in ("from", "to")] == ["60", "180"]
    assert "no explicit songs" in page.locator("#chips").text_content()
    page.get_by_role("button", name="Wishes").click()
    page.get_by_label("Number of songs").fill("4")
    page.get_by_label("Number of songs").blur()
    settle(page)
    wishes = {"explicit": "false", "tempo": "60-180", "variety": "0.37", "n": "4"}
    assert asked(page) == {"mood": "calm", **wishes}
    assert titles(page) == listed(base, mood="calm", **wishes)


@pytest.mark.parametrize("query", ["?mood=calm&year_from=3000", "?mood=calm&n=x", "?mood=blue-ish"])
def test_what_cannot_be_is_told(watched, base, query):
    watched.may_be_refused = True
    page = watched.open(query)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{base}/api/playlist{query}")
    assert json.loads(caught.value.read())["detail"][1:] in page.get_by_role("alert").text_content()
    assert page.locator("#list").get_attribute("aria-busy") == "false"


def test_a_server_that_is_gone_is_told(watched):
    page = watched.open()
    watched.may_be_refused = True
    page.route("**/api/playlist*", lambda route: route.abort())
    page.get_by_role("button", name="calm", exact=True).click()
    settle(page)
    assert "does not answer" in page.get_by_role("alert").text_content()


def test_a_set_that_cannot_answer_is_told(watched):
    watched.may_be_refused = True
    told = {"status": 503, "json": {"detail": "no set"}}
    watched.page.route("**/api/*", lambda route: route.fulfill(**told))
    page = watched.open()
    assert page.get_by_role("alert").text_content() == "No set"
    assert page.locator("#empty").is_visible()


def test_a_sentence_without_end_is_told(watched):
    page = watched.open()
    page.locator("#say").fill("sad " * 501)
    page.locator("#say").press("Enter")
    assert "at most 2,000 letters; this one has 2,003" in page.get_by_role("alert").text_content()


def test_a_press_that_ends_outside_draws_nothing(watched):
    page = watched.open()
    left, top = point_on(page, 0.3, 1.0)
    box = page.locator("#plane").bounding_box()
    page.mouse.move(left, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(left, box["y"] - 3)
    page.mouse.up()
    page.mouse.move(left, top + 200)
    assert page.locator("#marks .pull").count() == 0
    page.mouse.click(left, top + 200)
    settle(page)
    assert set(asked(page)) == {"point"}


def test_the_last_question_wins(watched, base):
    page = watched.open()
    held = []

    def hold(route):
        held.append(route)  # the first answer comes last

    page.route("**/api/playlist?mood=sad", hold)
    page.get_by_role("button", name="sad", exact=True).click()
    page.get_by_role("button", name="calm", exact=True).click()
    page.wait_for_selector(".song")
    for route in held:
        route.continue_()
    settle(page)
    assert page.locator("#asked").text_content() == "Calm"
    assert titles(page) == listed(base, mood="calm")


# ---- keeping ----------------------------------------------------------------------------------


def test_a_list_is_saved_in_every_form(watched, base, tmp_path):
    page = watched.open("?mood=calm&n=3")
    forms = page.locator("#exports a").evaluate_all("all => all.map(a => a.dataset.form)")
    assert forms == list(FORMS)
    for form in FORMS:
        with page.expect_download() as download:
            page.locator(f'#exports a[data-form="{form}"]').click()
        path = tmp_path / form
        download.value.save_as(path)
        assert path.read_bytes() == api(base, f"playlist.{form}", mood="calm", n=3)
        assert download.value.suggested_filename.startswith("moodlist")


def test_feedback_is_kept_heeded_and_taken_back(watched, base):
    page = watched.open("?mood=calm&profile=one")
    first, second, *_ = titles(page)
    page.locator(".song").nth(0).get_by_role("button", name="Never play").click()
    page.wait_for_selector(".undo:visible")
    page.locator(".song").nth(1).get_by_role("button", name="Like").click()
    page.wait_for_selector('.song:nth-child(2) [data-says="like"][aria-pressed="true"]')
    told = json.loads(api(base, "profile", profile="one"))
    assert (told["likes"], told["never"]) == (1, 1)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector('.song:nth-child(2) [data-says="like"][aria-pressed="false"]')
    assert json.loads(api(base, "profile", profile="one"))["likes"] == 0
    page.get_by_role("button", name="Ask again").click()
    settle(page)
    assert first not in titles(page)
    assert second in titles(page)
    assert first in listed(base, mood="calm")
    page.get_by_role("button", name="Undo").click()  # the bar outlives the list
    page.wait_for_selector(".undo button:has-text('Undo')", state="detached")
    page.get_by_role("button", name="Ask again").click()
    settle(page)
    assert first in titles(page)
    page.get_by_role("button", name="happy", exact=True).click()
    page.wait_for_selector(".undo", state="hidden")


GATE = """
window.sent = 0;
const send = window.fetch;
window.shut = () => { window.gate = new Promise((open) => { window.open_gate = open; }); };
window.fetch = async (path, options) => {
  if (options.method !== "GET") {
    window.sent += 1;
    await window.gate;
  }
  return send(path, options);
};
"""


def test_a_double_click_says_one_thing(watched, base):
    page = watched.open("?mood=calm&n=3&profile=twice")
    page.evaluate(f"(() => {{{GATE}}})()")
    likes = page.get_by_role("button", name="Like: ")
    pressed = '.song:nth-child({}) [data-says="like"][aria-pressed="{}"]'.format
    likes.nth(0).click()
    page.wait_for_selector(pressed(1, "true"))
    page.evaluate("shut()")
    likes.nth(1).dblclick()
    page.evaluate("open_gate()")
    page.wait_for_selector(pressed(2, "true"))
    page.evaluate("shut()")
    page.get_by_role("button", name="Undo").dblclick()
    page.evaluate("open_gate()")
    page.wait_for_selector(pressed(2, "false"))
    assert page.locator(pressed(1, "true")).count() == 1
    likes.nth(2).click()
    page.wait_for_selector(pressed(3, "true"))
    assert page.evaluate("sent") == 4
    assert json.loads(api(base, "profile", profile="twice"))["likes"] == 2


def test_the_skip_link_leaves_the_list_as_it_is(watched):
    page = watched.open("?mood=calm&n=3&profile=skips")
    page.locator(".song").nth(0).get_by_role("button", name="Like").click()
    page.wait_for_selector(".undo:visible")
    lists = playlists_of(page)
    page.evaluate("addEventListener('hashchange', () => { document.body.dataset.hashed = 'yes' })")
    page.locator("a.skip").press("Enter")
    page.wait_for_selector("body[data-hashed]")
    settle(page)
    assert lists == []
    assert page.locator('.song [data-says="like"][aria-pressed="true"]').count() == 1
    assert page.get_by_role("button", name="Undo").is_visible()


def test_a_link_and_the_history_give_the_same_lists(watched, chromium, base):
    page = watched.open()
    page.get_by_role("button", name="tense", exact=True).click()
    settle(page)
    tense = titles(page)
    drag(page, point_on(page, *PLANE_WORDS["sad"]), point_on(page, *PLANE_WORDS["joyful"]))
    journey, link = titles(page), page.url
    page.go_back()
    page.locator("#asked", has_text="Tense").wait_for()
    assert titles(page) == tense
    page.go_back()
    page.wait_for_selector("#empty:visible")
    assert titles(page) == []
    page.go_forward()
    page.go_forward()
    page.wait_for_selector("#marks .way", state="attached")
    assert page.url == link
    assert titles(page) == journey
    other = Watched(chromium.new_page(), base)
    assert titles(other.open(link.removeprefix(base + "/"))) == journey
    other.check()
    other.page.close()


def test_what_the_form_cannot_show_still_holds(watched, base):
    page = watched.open("?like=Time+in+a+Bottle&in=plane&surprise=3&n=6")
    assert titles(page) == listed(base, like="Time in a Bottle", **{"in": "plane"}, surprise=3, n=6)
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert asked(page)["surprise"] == "3"


# ---- keys, sizes, themes ----------------------------------------------------------------------


def test_the_keyboard_alone_reaches_everything(watched):
    page = watched.open("?mood=calm&n=2")
    seen = []
    page.locator("body").press("Tab")
    for _ in range(80):
        name = page.evaluate(
            "(() => { const e = document.activeElement; const { word, says, form } = e.dataset;"
            " return word || (says && `says ${says}`) || form || e.id || e.className || e.tagName"
            " })()"
        )
        seen.append(name)
        page.keyboard.press("Tab")
    wanted = {"skip", "theme", "say", "find", "song", "listener", "wishes-switch", "cursor", "way"}
    wanted |= {*PLANE_WORDS, "title", "says like", "says skip", "says never", *FORMS, "copy"}
    assert wanted <= set(seen)


def test_arrows_and_enter_ask_on_the_plane(watched):
    page = watched.open()
    cursor = page.get_by_role("slider", name="Place on the plane")
    cursor.focus()
    for key in ["ArrowRight"] * 5 + ["ArrowUp"] * 3 + ["Shift+ArrowLeft", "ArrowDown"]:
        cursor.press(key)
    assert cursor.get_attribute("aria-valuetext").startswith("valence 0.50, energy 0.54, near ")
    cursor.press("Enter")
    settle(page)
    assert asked(page) == {"point": "0.50,0.54"}
    cursor.press("Shift+ArrowRight")
    cursor.press("Shift+Enter")
    settle(page)
    assert asked(page) == {"from": "0.50,0.54", "to": "0.60,0.54"}
    page.get_by_role("button", name="calm", exact=True).press("Enter")
    settle(page)
    assert asked(page) == {"mood": "calm"}


def test_results_are_announced(watched):
    page = watched.open("?mood=calm&n=3")
    assert page.get_by_role("status").text_content().startswith("3 songs")
    assert page.get_by_role("status").get_attribute("aria-live") == "polite"


@pytest.mark.parametrize(
    "query", ["", "?mood=calm", "?from=angry&to=calm&n=30&explicit=false&tempo=60-180", "?say=no"]
)
def test_nothing_is_wider_than_a_phone(watched, query):
    watched.may_be_refused = True
    watched.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    page = watched.open(query)
    page.get_by_role("button", name="Wishes").click()
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]
    margin = 16
    boxes = [one.bounding_box() for one in page.locator("button:visible, input:visible").all()]
    assert min(box["x"] for box in boxes) >= margin
    assert max(box["x"] + box["width"] for box in boxes) <= NARROW[0] - margin


def test_a_finger_draws_a_way(chromium, base):
    context = chromium.new_context(
        viewport={"width": NARROW[0], "height": NARROW[1]}, has_touch=True, is_mobile=True
    )
    one = Watched(context.new_page(), base)
    page = one.open()
    start, end = (point_on(page, *PLANE_WORDS[word]) for word in ("sad", "happy"))
    touch = context.new_cdp_session(page)
    for kind, place in (
        ("touchStart", start),
        ("touchMove", [(a + b) / 2 for a, b in zip(start, end, strict=True)]),
        ("touchMove", end),
        ("touchEnd", None),
    ):
        points = [] if place is None else [{"x": place[0], "y": place[1]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_selector(".song")
    settle(page)
    page.evaluate("new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)))")
    assert asked(page) == {"from": "sad", "to": "happy"}
    calm = page.get_by_role("button", name="calm", exact=True)
    for _ in range(5):  # a busy machine makes a tap so slow that it is a long press
        calm.tap()
        with contextlib.suppress(PlaywrightTimeout):
            page.locator("#asked", has_text="Calm").wait_for(timeout=10_000)
            break
    assert asked(page) == {"mood": "calm"}
    one.check()
    context.close()


def test_dark_and_light_by_wish_and_by_switch(watched):
    ground = "getComputedStyle(document.body).backgroundColor"
    page = watched.open("?mood=calm&n=2")
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    assert dark != light
    switch = page.get_by_role("button", name="Dark")
    page.locator('#theme[aria-pressed="true"]').wait_for()
    switch.click()
    assert page.evaluate(ground) == light
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate(ground) == light
    switch.click()
    assert page.evaluate(ground) == dark
    page.evaluate("localStorage.clear()")


def test_every_song_has_a_mood_that_the_page_knows(watched):
    page = watched.open("?from=sad&to=party&n=40")
    classes = page.locator(".song").evaluate_all("all => all.map(e => e.classList[1])")
    assert set(classes) <= {quadrant for *_, quadrant in SONG_MOODS.values()}
