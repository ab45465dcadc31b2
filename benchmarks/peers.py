"""Other ways to check the same file, written as their users would, with what each library offers.

All of them reject invalid and repeated addresses, and names that are missing, too long, contain control characters, or
look like links. Each returns how many rows it rejects, which is the same number for the generated files.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Peer = Callable[[Path], int]

FRICTIONLESS, IMPORT_EXPORT, FORM = "frictionless", "django-import-export", "Django form per row"
_COLUMNS = ("Email", "First name", "Last name", "Description(optional)")
# No bidirectional or control characters. A name contains a letter, and isn't a link.
_CLEAN = r"[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*"
_NAME = r"(?=.*\w)(?!.*(?:://|www\.))" + _CLEAN


def make_peers(say: Callable[[str], None]) -> dict[str, Callable[[], Peer]]:
    """How to create the libraries that are installed. Prints which ones aren't."""
    makers: dict[str, Callable[[], Peer]] = {}
    for name, module, make in (
        (FRICTIONLESS, "frictionless", _frictionless),
        (IMPORT_EXPORT, "import_export", _import_export),
        (FORM, "django", _form_per_row),
    ):
        if find_spec(module) is None:
            say(f"  {name} is not installed and is skipped: `make bench` installs it")
        else:
            makers[name] = make
    return makers


def _frictionless() -> Peer:
    frictionless: Any = import_module("frictionless")
    fields = frictionless.fields
    name = {"required": True, "maxLength": 150, "pattern": _NAME}
    schema = frictionless.Schema(
        fields=[
            fields.StringField(name=_COLUMNS[0], format="email", constraints={"required": True, "unique": True}),
            fields.StringField(name=_COLUMNS[1], constraints=name),
            fields.StringField(name=_COLUMNS[2], constraints=name),
            fields.StringField(name=_COLUMNS[3], constraints={"maxLength": 1000, "pattern": _CLEAN}),
        ]
    )

    def check(path: Path) -> int:
        resource = frictionless.Resource(path=path.name, basepath=str(path.parent), schema=schema)
        report = frictionless.validate(resource, limit_errors=1_000_000)
        return len({row for (row,) in report.flatten(["rowNumber"])})

    return check


def _import_export() -> Peer:
    _set_up_django()
    resources: Any = import_module("import_export.resources")
    fields: Any = import_module("import_export.fields")
    tablib: Any = import_module("tablib")
    from django.core.management import call_command
    from django.core.validators import RegexValidator
    from django.db import connection, models

    clean, name = RegexValidator(rf"\A{_CLEAN}\Z"), RegexValidator(rf"\A{_NAME}\Z")

    class Person(models.Model):
        email = models.EmailField(unique=True)
        first_name = models.CharField(max_length=150, validators=[name])
        last_name = models.CharField(max_length=150, validators=[name])
        description = models.CharField(max_length=1000, blank=True, validators=[clean])

        class Meta:
            app_label = "benchmarks"

        def __str__(self) -> str:
            return self.email

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Person)

    class People(resources.ModelResource):  # type: ignore[misc]
        email = fields.Field(attribute="email", column_name=_COLUMNS[0])
        first_name = fields.Field(attribute="first_name", column_name=_COLUMNS[1])
        last_name = fields.Field(attribute="last_name", column_name=_COLUMNS[2])
        description = fields.Field(attribute="description", column_name=_COLUMNS[3])

        class Meta:
            model = Person
            fields = ("email", "first_name", "last_name", "description")
            # Every row is a new person, so a repeated address is rejected instead of updated.
            import_id_fields = ()
            clean_model_instances = True

    def check(path: Path) -> int:
        data = tablib.Dataset().load(path.read_text(encoding="utf-8"), format="csv")
        result = People().import_data(data, dry_run=True, raise_errors=False)
        return len(result.invalid_rows) + len(result.row_errors())

    return check


def _form_per_row() -> Peer:
    _set_up_django()
    from django import forms
    from django.core.validators import RegexValidator

    clean, name = RegexValidator(rf"\A{_CLEAN}\Z"), RegexValidator(rf"\A{_NAME}\Z")

    class Person(forms.Form):
        email = forms.EmailField()
        first_name = forms.CharField(max_length=150, validators=[name])
        last_name = forms.CharField(max_length=150, validators=[name])
        description = forms.CharField(max_length=1000, required=False, validators=[clean])

    def check(path: Path) -> int:
        problems: list[tuple[int, object]] = []
        seen: set[str] = set()
        names = tuple(Person.base_fields)
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            next(reader)
            for number, row in enumerate(reader, start=2):
                form = Person(dict(zip(names, row, strict=False)))
                if not form.is_valid():
                    problems.append((number, form.errors))
                elif (email := form.cleaned_data["email"].lower()) in seen:
                    problems.append((number, "seen before"))
                else:
                    seen.add(email)
        return len(problems)

    return check


def _set_up_django() -> None:
    """Django with only a database in memory, independent of the product."""
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "benchmarks"],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        )
        django.setup()
