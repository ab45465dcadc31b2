"""Which tables belong to an organization, found from the models, so that no list can forget a new one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.db.models import CASCADE, DO_NOTHING, SET_NULL, ForeignKey, Model, QuerySet

from accounts.models import Organization

# The two apps with models.
APPS = ("accounts", "invites")


@dataclass(frozen=True)
class OwnedTable:
    """A table whose rows belong to organizations. `path` leads from a row to its organization, as in a filter."""

    model: type[Model]
    path: str

    def of(self, organization_id: int) -> QuerySet[Any]:
        return self.model._base_manager.filter(**{self.path: organization_id})


@cache
def owned_tables() -> tuple[OwnedTable, ...]:
    """The tables in an order in which their rows can be deleted: those that refer to others come first."""
    paths = _paths()
    sorter: TopologicalSorter[type[Model]] = TopologicalSorter()
    for model in paths:
        # A table comes before those that it refers to.
        for key in _foreign_keys(model):
            if key.related_model in paths and key.related_model is not model:
                sorter.add(key.related_model, model)
        sorter.add(model)
    return tuple(OwnedTable(model, paths[model]) for model in sorter.static_order())


@cache
def references() -> tuple[tuple[type[Model], str, str], ...]:
    """Tables that stay, with a field that refers to an organization or to what it owns, and the path to it."""
    paths = _paths()
    found = []
    for model in _models():
        for key in _foreign_keys(model):
            if model in paths or model is Organization:
                continue
            if key.related_model is Organization:
                found.append((model, key.name, key.name))
            elif key.related_model in paths:
                found.append((model, key.name, f"{key.name}__{paths[key.related_model]}"))
    return tuple(found)


def unconstrained_children(model: type[Model]) -> Iterator[ForeignKey[Any, Any]]:
    """The foreign keys to the model for which the database doesn't check that the row exists."""
    for child in _models():
        for key in _foreign_keys(child):
            goes_along = key.remote_field.on_delete in (CASCADE, DO_NOTHING)
            if key.related_model is model and goes_along and not has_constraint(key):
                yield key


def has_constraint(key: ForeignKey[Any, Any]) -> bool:
    """Whether the database checks that the row exists."""
    return bool(key.db_constraint)  # type: ignore[attr-defined]


def _paths() -> dict[type[Model], str]:
    """The shortest way from each owned table to the organization."""
    found: dict[type[Model], str] = {}
    waiting: deque[tuple[type[Model], str]] = deque([(Organization, "")])
    while waiting:
        parent, rest = waiting.popleft()
        for child in _models():
            for key in _foreign_keys(child):
                is_owned = key.related_model is parent and key.remote_field.on_delete is not SET_NULL
                if is_owned and child not in found and child is not Organization:
                    found[child] = f"{key.name}__{rest}" if rest else key.name
                    waiting.append((child, found[child]))
    return found


def _models() -> list[type[Model]]:
    return [model for app in APPS for model in apps.get_app_config(app).get_models(include_auto_created=True)]


def _foreign_keys(model: type[Model]) -> list[ForeignKey[Any, Any]]:
    return [field for field in model._meta.get_fields() if isinstance(field, ForeignKey)]
