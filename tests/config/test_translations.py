"""`make translations` keeps the catalogs equal to the texts of the code."""

from __future__ import annotations

import gettext
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

needs_gettext = pytest.mark.skipif(shutil.which("xgettext") is None, reason="GNU gettext is not installed here")

PO_HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""


@pytest.fixture
def project(tmp_path: Path, settings: Settings) -> Path:
    """A small project with one language and no texts."""
    for folder in ("accounts", "config", "invites/checking", "templates", "locale/en/LC_MESSAGES"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "locale/en/LC_MESSAGES/django.po").write_text(PO_HEADER)
    settings.BASE_DIR, settings.LOCALE_PATHS = tmp_path, [tmp_path / "locale"]
    return tmp_path


def catalog(project: Path) -> str:
    return (project / "locale/en/LC_MESSAGES/django.po").read_text()


@needs_gettext
def test_extracts_texts_of_templates_and_python(project: Path) -> None:
    (project / "templates/a.html").write_text('{% translate "From a template" %}')
    (project / "accounts/a.py").write_text('gettext_lazy("From Python")')
    (project / "invites/checking/a.py").write_text('ngettext_noop("{count} row", "{count} rows")')

    call_command("translations")

    assert [line for line in catalog(project).splitlines() if "msgid" in line][1:] == [
        'msgid "From Python"',
        'msgid "{count} row"',
        'msgid_plural "{count} rows"',
        'msgid "From a template"',
    ]
    assert {path.suffix for path in project.rglob("*") if path.is_file()} == {".html", ".py", ".po", ".mo"}


@needs_gettext
def test_extracting_again_changes_nothing(project: Path) -> None:
    (project / "templates/a.html").write_text('{% translate "Hello" %}')
    call_command("translations")
    before = catalog(project)
    assert "Date" not in before
    assert "a.html" not in before

    call_command("translations")
    call_command("translations", check=True)

    assert catalog(project) == before


@needs_gettext
def test_the_check_names_catalogs_that_are_out_of_date_and_changes_nothing(project: Path) -> None:
    call_command("translations")
    before = catalog(project)
    (project / "templates/a.html").write_text('{% translate "Hello" %}')

    with pytest.raises(CommandError, match=r"^Out of date: .*django\.po\. Run `make translations`"):
        call_command("translations", check=True)

    assert catalog(project) == before


@needs_gettext
def test_translations_are_kept_and_compiled_and_retired_texts_go(project: Path) -> None:
    (project / "templates/a.html").write_text('{% translate "Hello" %}')
    po = project / "locale/en/LC_MESSAGES/django.po"
    po.write_text(f'{PO_HEADER}\nmsgid "Hello"\nmsgstr "Bonjour"\n\nmsgid "Retired"\nmsgstr "Retraité"\n')

    call_command("translations")

    assert 'msgid "Hello"\nmsgstr "Bonjour"' in catalog(project)
    assert "Retired" not in catalog(project)
    with po.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Hello") == "Bonjour"


@needs_gettext
def test_a_translation_that_loses_a_value_is_an_error(project: Path) -> None:
    (project / "accounts/a.py").write_text('gettext("Hello {name}")')
    po = project / "locale/en/LC_MESSAGES/django.po"
    po.write_text(f'{PO_HEADER}\n#, python-brace-format\nmsgid "Hello {{name}}"\nmsgstr "Bonjour {{nom}}"\n')

    with pytest.raises(CommandError, match="'name' doesn't exist"):
        call_command("translations")


def test_says_what_is_missing_without_gettext(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(
        CommandError, match=r"^Translations need GNU gettext\. On Debian and Ubuntu: apt install gettext$"
    ):
        call_command("translations")
