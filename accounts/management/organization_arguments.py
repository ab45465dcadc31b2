"""The organization that a command is about."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import CommandError

from accounts.models import Organization


def add_slug(parser: ArgumentParser) -> None:
    parser.add_argument("slug", help="the organization's name in URLs, such as acme")


def find_organization(slug: str) -> Organization:
    """Raises CommandError if there is none, or if it is being deleted."""
    organization = Organization.objects.existing().filter(slug=slug.lower()).first() if slug.isascii() else None
    if organization is None:
        known = ", ".join(Organization.objects.existing().order_by("slug").values_list("slug", flat=True)[:20])
        raise CommandError(f"There is no organization {slug!a}. Organizations: {known or 'none'}.", returncode=2)
    return organization
