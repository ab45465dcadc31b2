"""Why something that people have cannot be deleted: said by the dialog before, and by the service in the end."""

from __future__ import annotations


def role_in_use(people: int) -> str:
    """What is said of a role that so many people have."""
    return _first(people, "this role", "another one")


def site_in_use(people: int) -> str:
    """What is said of a site to which so many people are limited."""
    return _first(people, "access to this site by name", "other sites")


def _first(people: int, what: str, instead: str) -> str:
    who = "1 person has" if people == 1 else f"{people:,} people have"
    whom = "that person" if people == 1 else "them"
    return f"{who} {what}. Give {whom} {instead} first."
