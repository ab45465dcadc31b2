"""Parts of a page that follow the server, by events or by polling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

OpenAs = Callable[..., Any]

# By htmx, as on a real page: then the module of live parts is loaded.
PUT_PART = """() => {
  window.heard = [];
  document.body.addEventListener("people:changed", () => window.heard.push("people:changed"));
  const part = `<section id="part" data-live="/part/events/" data-live-poll="/part/">
    <p>0 of 2</p><a id="stop" href="/">Stop</a><p data-announce>Began</p></section>`;
  htmx.swap("#content", part, { swapStyle: "afterbegin" });
  document.getElementById("stop").focus();
  document.getElementById("stop").kept = true;
}"""

PUT_PART_AND_BESIDE = """() => {
  const parts = `
    <section id="part" data-live="/part/events/" data-live-poll="/part/" data-live-beside="/beside/events/">
    <p>0 of 2</p></section><p id="beside" data-live="/beside/events/"></p>`;
  htmx.swap("#content", parts, { swapStyle: "afterbegin" });
}"""


def fragment(text: str, *, ended: bool = False) -> str:
    where = "" if ended else ' data-live="/part/events/" data-live-poll="/part/"'
    live = " data-live" if ended else where
    return f'<section id="part"{live}><p>{text}</p><a id="stop" href="/">Stop</a><p data-announce>{text}</p></section>'


@pytest.fixture
def page(open_as: OpenAs) -> Any:
    opened = open_as()
    opened.goto("/o/acme/sites/")
    return opened


def expect_the_end(page: Any) -> None:
    """The last state is shown in the same nodes, which keep the focus, and was announced once."""
    expect(page.locator("#part > p").first).to_have_text("2 of 2")
    expect(page.locator("#stop")).to_be_focused()
    assert page.locator("#stop").evaluate("link => link.kept")
    expect(page.locator("body > [data-live-line]")).to_have_text("2 of 2")
    assert page.evaluate("window.heard") == ["people:changed"]


def test_events_are_followed_until_their_end(page: Any) -> None:
    opened = []
    events = [
        ("fragment", fragment("1 of 2")),
        ("fragment", fragment("2 of 2", ended=True)),
        ("trigger", "people:changed"),
        ("end", "{}"),
    ]
    body = "".join(f"event: {name}\ndata: {data}\n\n" for name, data in events)

    def answer(route: Any) -> None:
        opened.append(route.request.url)
        route.fulfill(content_type="text/event-stream", body=body)

    page.route("**/part/events/", answer)
    page.evaluate(PUT_PART)
    expect_the_end(page)
    assert len(opened) == 1, "the stream is not opened again after its end"


def test_without_events_the_fragment_is_polled(page: Any) -> None:
    answers = [fragment("1 of 2"), fragment("2 of 2", ended=True)]
    page.route("**/part/events/", lambda route: route.fulfill(status=502, body=""))
    page.route("**/part/", lambda route: route.fulfill(content_type="text/html", body=answers.pop(0)))
    page.evaluate(PUT_PART)
    expect_the_end(page)


def end_stream(page: Any, **answer: Any) -> list[str]:
    """The requests after a stream says that its viewer may see no more, in their order."""
    asked: list[str] = []
    end = f'event: fragment\ndata: {fragment("1 of 2")}\n\nevent: end\ndata: {{"ask": true}}\n\n'

    def stream(route: Any) -> None:
        asked.append("events")
        route.fulfill(content_type="text/event-stream", body=end)

    def poll(route: Any) -> None:
        asked.append("fragment")
        route.fulfill(**answer)

    page.route("**/part/events/", stream)
    page.route("**/part/", poll)
    page.evaluate(PUT_PART)
    return asked


@pytest.mark.parametrize("status", [403, 404])
def test_polling_stops_for_a_user_who_was_removed(page: Any, status: int) -> None:
    asked = end_stream(page, status=status, body="")
    expect(page.locator("#part")).to_have_attribute("data-live", "")

    # Other changes of the page don't start it again.
    page.evaluate("document.getElementById('content').append(document.createElement('p'))")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    # Longer than the pause between polls, and than a browser waits before it reconnects.
    page.wait_for_timeout(4000)

    assert asked == ["events", "fragment"]


def test_a_user_who_signed_out_elsewhere_must_sign_in(page: Any) -> None:
    with page.expect_request("**/accounts/login/?next=/o/acme/sites/"):
        end_stream(page, status=200, headers={"HX-Redirect": "/accounts/login/?next=/o/acme/sites/"}, body="")


def test_updates_continue_after_the_session_key_changed(page: Any) -> None:
    asked = end_stream(page, content_type="text/html", body=fragment("2 of 2", ended=True))

    expect_the_end(page)
    assert asked == ["events", "fragment"]


def test_a_part_that_left_the_page_is_not_polled(page: Any) -> None:
    asked = []
    page.route("**/part/events/", lambda route: route.fulfill(status=502, body=""))

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        route.fulfill(content_type="text/html", body=fragment("1 of 2"))

    page.route("**/part/", answer)
    with page.expect_response("**/part/"):
        page.evaluate(PUT_PART)
    page.evaluate("document.getElementById('part').remove()")
    before = len(asked)
    # Longer than the pause between polls.
    page.wait_for_timeout(2500)
    assert len(asked) == before


def test_a_part_that_another_stream_updates_opens_no_stream(page: Any) -> None:
    opened: list[str] = []
    events = [
        ("fragment", fragment("1 of 2")),
        ("beside", '<p id="beside" data-live="/beside/events/">1 of 2 beside</p>'),
        ("fragment", fragment("2 of 2", ended=True)),
        ("beside", '<p id="beside" data-live>All is done</p>'),
        ("end", "{}"),
    ]
    body = "".join(f"event: {name}\ndata: {data}\n\n" for name, data in events)

    def answer(route: Any) -> None:
        opened.append(urlsplit(route.request.url).path)
        route.fulfill(content_type="text/event-stream", body=body)

    page.route("**/events/", answer)
    page.evaluate(PUT_PART_AND_BESIDE)

    expect(page.locator("#beside")).to_have_text("All is done")
    expect(page.locator("#part > p").first).to_have_text("2 of 2")
    assert opened == ["/part/events/"]


def test_a_part_opens_its_own_stream_while_the_other_one_is_polled(page: Any) -> None:
    page.route("**/part/events/", lambda route: route.fulfill(status=502, body=""))
    page.route("**/part/", lambda route: route.fulfill(content_type="text/html", body=fragment("1 of 2")))
    stream = 'event: fragment\ndata: <p id="beside" data-live>By itself</p>\n\nevent: end\ndata: {}\n\n'
    page.route("**/beside/events/", lambda route: route.fulfill(content_type="text/event-stream", body=stream))
    page.evaluate(PUT_PART_AND_BESIDE)

    expect(page.locator("#beside")).to_have_text("By itself")
