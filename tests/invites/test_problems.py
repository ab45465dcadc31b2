"""Problems of files are shown in the reader's language, and nothing that people read is stored as a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.utils import translation

from accounts.models import Membership, Organization
from accounts.organizations.grants import AccessSelection
from config.harness.running import ROOT
from invites import problems, tasks
from invites.checking import CATALOG, COLUMNS, Notice, Problem
from invites.checking.catalog import FIXES, Cases, Message
from invites.checking.describe import FILE_KINDS
from invites.imports import correction_jobs
from invites.imports.problem_file import problem_file
from invites.imports.upload import correct_batch, start_batch
from invites.models import Batch, Row
from invites.reasons import text_of
from tests.cases import for_each
from tests.catalogs import texts
from tests.checking import check_bytes
from tests.files import PROBLEMS, REFUSED, csv_of
from tests.invites.conftest import TEAM
from tests.marked import MARKED, marked_language

MARKED_TEXT = re.compile(r"\[[A-Z“]")
DATA = [path for path in sorted((ROOT / "tests" / "data").iterdir()) if path.suffix != ".toml"]


@pytest.fixture
def marked() -> Iterator[None]:
    """Another language, in which this thread works."""
    with marked_language(), translation.override(MARKED):
        yield


def test_a_problem_is_shown_in_the_active_language() -> None:
    (problem,) = check_bytes(PROBLEMS[: PROBLEMS.index(b"c@")]).problems

    assert problems.message_of(problem) == "This address has 2 @ signs"
    with marked_language(), translation.override(MARKED):
        assert problems.message_of(problem) == "[This address has 2 @ signs]"
        assert problems.hint_of(problem) == "[Keep the one before the domain.]"
        assert problems.fix_of(problem) == "[Keep one @]"
        assert problems.title_of(problem.code) == "[Several @ signs]"


@for_each("path", DATA)
def test_every_sentence_is_translated(path: Any, marked: None) -> None:
    report = check_bytes(path.read_bytes())
    found: list[Problem | Notice] = [*report.problems, *report.warnings, *report.duplicates]

    for problem in found:
        sentences = [problems.message_of(problem)]
        if isinstance(problem, Problem):
            sentences += [problems.hint_of(problem), problems.fix_of(problem) or "[]"]
        for sentence in sentences:
            assert sentence[0] + sentence[-1] == "[]", "A whole sentence, without fragments around it"
            assert not re.search(r"\{\w*\}", sentence), "Every placeholder is filled in"


@for_each("code", CATALOG)
def test_the_titles_are_translated(code: str, marked: None) -> None:
    assert problems.title_of(code) == f"[{CATALOG[code].title}]"


@for_each("kind", FILE_KINDS)
def test_what_fills_a_placeholder_is_translated_as_well(kind: str, marked: None) -> None:
    problem = Problem("other_kind", {"kind": kind}, None, None, None, "")
    assert problems.message_of(problem) == f"[This file is [{FILE_KINDS[kind]}], not a CSV file]"


@pytest.mark.parametrize(
    ("character", "name"), [("\t", "[tab]"), ("\u200b", "[zero-width space]"), ("^", "[“^”]"), ("\x07", "U+0007")]
)
def test_characters_are_named(character: str, name: str, marked: None) -> None:
    problem = Problem("other_delimiter", {"character": ord(character)}, None, 1, None, "")
    assert name in problems.message_of(problem)


def test_the_expected_columns_are_translated(marked: None) -> None:
    assert problems.expected_columns() == ["[Email]", "[First name]", "[Last name]", "[[Description] (optional)]"]


def sentences_of(message: Message | Cases) -> list[str]:
    """The sentence in all its cases and forms."""
    if isinstance(message, Mapping):
        return [sentence for case in message.values() for sentence in sentences_of(case)]
    return [message] if isinstance(message, str) else [message.singular, message.plural]


def test_every_sentence_of_the_check_is_in_the_catalog_for_translators() -> None:
    marked = {column.title for column in COLUMNS} | set(FIXES.values()) | set(FILE_KINDS.values())
    for kind in CATALOG.values():
        marked |= {kind.title, *sentences_of(kind.message), *sentences_of(kind.hint)}

    assert marked <= set(texts()), "Mark it with gettext_noop or ngettext_noop, and run `make translations`"


# --- Nothing is stored as a sentence ------------------------------------------------------------------------


def stored_texts() -> str:
    """Everything in the tables of the product."""
    models: list[type[Model]] = list(apps.get_app_config("invites").get_models())
    rows = [row for model in models for row in model._default_manager.values()]
    return json.dumps(rows, default=str, ensure_ascii=False)


def test_the_marks_would_be_found(marked: None, team: Batch) -> None:
    Row.objects.filter(pk=team.rows.earliest("pk").pk).update(detail=problems.title_of("empty"))
    assert MARKED_TEXT.search(stored_texts())


@pytest.mark.parametrize("content", [PROBLEMS, REFUSED, csv_of(*TEAM, "ann@example.com"), b"", b"\x89PNG\r\n\x1a\n"])
def test_the_check_stores_no_sentence(marked: None, run: Callable[..., Batch], content: bytes) -> None:
    run(content)
    assert not MARKED_TEXT.search(stored_texts())


def test_an_import_that_fails_stores_no_sentence(marked: None, run: Callable[..., Batch], settings: Any) -> None:
    settings.INVITATIONS_PER_DAY = 0
    batch = run(csv_of("ann@example.com"))

    assert batch.state == Batch.State.FAILED
    assert not MARKED_TEXT.search(stored_texts())
    assert MARKED_TEXT.search(text_of(batch.state_reasons)), "It is translated when it is shown."


def test_a_file_that_kills_workers_stores_no_sentence(marked: None, by: Membership, read_only: AccessSelection) -> None:
    batch = start_batch(by, file_name="team.csv", content=[PROBLEMS], selection=read_only)
    Batch.objects.filter(pk=batch.pk).update(attempts=9, error_reference="K3QF-7ZPD")
    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == Batch.State.FAILED
    assert not MARKED_TEXT.search(stored_texts())
    assert "K3QF-7ZPD" in text_of(batch.state_reasons)


@pytest.mark.parametrize("content", [REFUSED, b"", csv_of("kim@example.com,Kim,Lee,") + b"\x00"])
def test_a_corrected_file_that_is_refused_stores_no_sentence(
    marked: None, team: Batch, by: Membership, read_only: AccessSelection, content: bytes
) -> None:
    correct_batch(team, file_name="fixed.csv", content=[content], selection=read_only, by=by)
    tasks.check_batch(team.pk)

    team.refresh_from_db()
    assert team.notice
    assert not MARKED_TEXT.search(stored_texts())
    assert text_of(team.notice).startswith("[“fixed.csv” wasn’t used.] ")


def test_a_job_whose_starter_loses_the_permission_stores_no_sentence(
    marked: None, team: Batch, by: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correction_jobs, "ROWS_IN_REQUEST", 1)
    correction_jobs.apply_to_all(team, "email_two_at", by=by)
    by.roles.clear()
    tasks.check_batch(team.pk)

    team.refresh_from_db()
    assert [each["code"] for each in team.notice] == ["not_allowed", "changes_kept"]
    assert not MARKED_TEXT.search(stored_texts())


def test_what_was_checked_in_one_language_is_shown_in_another(
    ines: Client, acme: Organization, start: Callable[..., Batch]
) -> None:
    with marked_language(), translation.override(MARKED):
        batch = start(REFUSED)

    page = ines.get(f"/o/acme/batches/{batch.pk}/").content.decode()

    assert "The column “Last name” is missing" in page
    assert not MARKED_TEXT.search(page)


def test_a_problem_file_in_another_language_can_be_uploaded_again(
    marked: None, team: Batch, by: Membership, read_only: AccessSelection
) -> None:
    file = b"".join(problem_file(team))
    assert "Row 3. [Email]: [This address has 2 @ signs]" in file.decode()

    fixed = file.replace(b"ben@@", b"ben@")
    correct_batch(team, file_name="fixed.csv", content=[fixed], selection=read_only, by=by)
    tasks.check_batch(team.pk)

    assert team.rows.get(number=3).email == "ben@example.com"
    assert team.rows.count() == 7, "The corrected row replaced the other one."
