"""Helpers that request pages and read their text."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from invites.models import Batch
from tests.files import whole_of

HTMX = {"HX-Request": "true"}


def submit_import(
    client: Client, content: bytes | None, *, name: str = "team.csv", query: str = "", **fields: Any
) -> Any:
    """Sends the import form."""
    if content is not None:
        fields["file"] = SimpleUploadedFile(name, content, content_type="text/csv")
    return client.post(reverse("imports:import", args=["acme"]) + query, fields)


def url_of(batch: Batch, name: str = "imports:batch") -> str:
    return reverse(name, args=[batch.organization.slug, batch.pk])


def text(response: Any) -> str:
    return str(response.content.decode())


def downloaded(response: Any) -> str:
    """The whole text of a file that is streamed."""
    return whole_of(response).decode("utf-8-sig")


def triggers(response: Any) -> set[str]:
    return set(json.loads(response.headers.get("HX-Trigger", "{}")))


def words_of(response: Any) -> str:
    """What somebody reads on the page: without tags, with single spaces."""
    body = re.sub(r"<(script|template)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def joined_words_of(response: Any) -> str:
    """The same, where names inside of a sentence are marked up: tags leave no space."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", response.content.decode())).split())


def text_of(html: str) -> str:
    """The words of a page or mail, tags taken out and white space evened."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


class _Fields(HTMLParser):
    """Collects what a browser would send: the values of the controls of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._select = ""
        self._first_option: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "input" and name and (kind not in ("checkbox", "radio") or "checked" in given):
            self.found.setdefault(name, []).append(given.get("value", ""))
        elif tag == "select":
            self._select, self._first_option = name, None
        elif tag == "option" and self._select:
            self._first_option = given["value"] if self._first_option is None else self._first_option
            if "selected" in given:
                self.found[self._select] = [given["value"]]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.found.setdefault(self._select, [self._first_option or ""])
            self._select = ""


def fields_of(response: Any) -> dict[str, list[str]]:
    """The values of the controls on the page, by name, as a browser would send them."""
    parser = _Fields()
    parser.feed(response.content.decode())
    return parser.found
