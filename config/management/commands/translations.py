"""`manage.py translations`: extract all texts of the product into the catalogs below locale/, and compile them.

Catalogs are compiled here and committed, so that only this command needs GNU gettext. They have no dates and no line
numbers: a catalog changes only when a text does.
"""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.management.commands import makemessages
from django.core.management.utils import popen_wrapper
from django.utils.translation import to_locale

# Scripts have no texts of their own: templates give them theirs in data attributes.
SOURCES = ("accounts", "config", "invites", "templates")
GETTEXT = ("xgettext", "msguniq", "msgmerge", "msgattrib", "msgfmt")


class Extraction(makemessages.Command):
    """Django's command. It also knows the markers of `invites/checking`, which imports no Django."""

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=ngettext_noop:1,2"]  # noqa: RUF012


class Command(BaseCommand):
    help = "Extract the texts of the product into the catalogs below locale/, and compile them."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail if a catalog is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        if not all(map(shutil.which, GETTEXT)):
            raise CommandError("Translations need GNU gettext. On Debian and Ubuntu: apt install gettext")
        locale = Path(settings.LOCALE_PATHS[0])
        with TemporaryDirectory() as name:
            # In a copy, because Django writes files beside the templates while it works.
            draft = Path(name).resolve()
            _copy(settings.BASE_DIR, draft, locale)
            _extract(draft)
            changed = [path for path in _compile(draft / "locale") if not _is_same(path, locale, draft)]
            names = ", ".join(f"locale/{path.relative_to(draft / 'locale')}" for path in changed)
            if options["check"] and changed:
                raise CommandError(f"Out of date: {names}. Run `make translations` and commit the result.")
            for path in changed:
                target = locale / path.relative_to(draft / "locale")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        self.stdout.write(f"Changed: {names}" if changed else "The catalogs are up to date.")


def _copy(base: Path, draft: Path, locale: Path) -> None:
    for source in SOURCES:
        shutil.copytree(base / source, draft / source, ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    shutil.copytree(locale, draft / "locale")


def _extract(draft: Path) -> None:
    """Update the catalog of each language in `draft`, without dates."""
    with chdir(draft):
        call_command(
            Extraction(),
            locale=[to_locale(code) for code, _name in settings.LANGUAGES],
            no_location=True,
            no_obsolete=True,
            verbosity=0,
        )
    for catalog in (draft / "locale").rglob("*.po"):
        lines = catalog.read_text().splitlines(keepends=True)
        catalog.write_text("".join(line for line in lines if not line.startswith('"POT-Creation-Date:')))


def _compile(locale: Path) -> list[Path]:
    """Compile the catalogs. Returns all files, compiled or not. Raises CommandError for an invalid translation."""
    for catalog in locale.rglob("*.po"):
        compiled = catalog.with_suffix(".mo")
        _output, errors, status = popen_wrapper(
            ["msgfmt", "--check-format", "--output-file", str(compiled), str(catalog)]
        )
        if status:
            raise CommandError(errors.strip())
    return sorted(path for path in locale.rglob("*") if path.suffix in (".po", ".mo"))


def _is_same(path: Path, locale: Path, draft: Path) -> bool:
    committed = locale / path.relative_to(draft / "locale")
    return committed.exists() and committed.read_bytes() == path.read_bytes()
