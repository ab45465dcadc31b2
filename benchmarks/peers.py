"""Other ways to check the same file, as their users write them. Each is optional."""

from __future__ import annotations

import csv
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Peer = Callable[[Path], object]

_COLUMNS = ("Email", "First name", "Last name", "Description(optional)")


def installed(say: Callable[[str], None]) -> dict[str, Peer]:
    """The peers that are there; of the others it is said that they are not."""
    peers: dict[str, Peer] = {}
    for name, module, make in (
        ("frictionless", "frictionless", _frictionless),
        ("django-import-export", "import_export", _import_export),
        ("Django form per row", "django", _form_per_row),
    ):
        if find_spec(module) is None:
            say(f"  {name} is not installed and is skipped")
        else:
            peers[name] = make()
    return peers


def _frictionless() -> Peer:
    frictionless: Any = import_module("frictionless")
    fields = frictionless.fields
    # A plain "email" format is what the library offers; blank names are refused by a constraint.
    schema = frictionless.Schema(
        fields=[
            fields.StringField(name=_COLUMNS[0], format="email", constraints={"required": True}),
            fields.StringField(name=_COLUMNS[1], constraints={"required": True, "maxLength": 150}),
            fields.StringField(name=_COLUMNS[2], constraints={"required": True, "maxLength": 150}),
            fields.StringField(name=_COLUMNS[3], constraints={"maxLength": 1000}),
        ]
    )

    def check(path: Path) -> object:
        resource = frictionless.Resource(path=path.name, basepath=str(path.parent), schema=schema)
        return frictionless.validate(resource, limit_errors=1_000_000)

    return check


def _import_export() -> Peer:
    _set_up_django()
    resources: Any = import_module("import_export.resources")
    fields: Any = import_module("import_export.fields")
    tablib: Any = import_module("tablib")
    from django.contrib.auth.models import User

    class People(resources.ModelResource):  # type: ignore[misc]
        username = fields.Field(attribute="username", column_name=_COLUMNS[0])
        email = fields.Field(attribute="email", column_name=_COLUMNS[0])
        first_name = fields.Field(attribute="first_name", column_name=_COLUMNS[1])
        last_name = fields.Field(attribute="last_name", column_name=_COLUMNS[2])

        class Meta:
            model = User
            fields = ("username", "email", "first_name", "last_name")
            import_id_fields = ("username",)
            clean_model_instances = True

    def check(path: Path) -> object:
        data = tablib.Dataset().load(path.read_text(encoding="utf-8"), format="csv")
        return People().import_data(data, dry_run=True, raise_errors=False)

    return check


def _form_per_row() -> Peer:
    _set_up_django()
    from django import forms

    class Person(forms.Form):
        email = forms.EmailField()
        first_name = forms.CharField(max_length=150)
        last_name = forms.CharField(max_length=150)
        description = forms.CharField(max_length=1000, required=False)

    def check(path: Path) -> object:
        problems = []
        names = tuple(Person.base_fields)
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            next(reader)
            for number, row in enumerate(reader, start=2):
                form = Person(dict(zip(names, row, strict=False)))
                if not form.is_valid():
                    problems.append((number, form.errors))
        return problems

    return check


def _set_up_django() -> None:
    """Django with its own users in a database in memory, as far from the product as can be."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    if not settings.configured:
        settings.configure(
            INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        )
        django.setup()
        call_command("migrate", verbosity=0)
