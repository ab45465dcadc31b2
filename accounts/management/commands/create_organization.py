"""`manage.py create_organization NAME --slug SLUG --admin ADDRESS`: create an organization and its first admin."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_slug
from django.db import transaction

from accounts.activity.source import coming_from, source_of_command
from accounts.labels import clean_label
from accounts.models import Organization, User
from accounts.organizations.organizations import add_first_admin, create_organization
from accounts.time_zones import validate_time_zone
from accounts.users.addresses import AddressField


class Command(BaseCommand):
    help = (
        "Create an organization with its three default roles and its first admin. "
        "Asks for a new admin's password, or reads it from standard input."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the organization's name")
        parser.add_argument("--slug", required=True, help="its name in URLs, such as acme")
        parser.add_argument("--admin", required=True, metavar="EMAIL", help="the address of its first Org Admin")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")
        parser.add_argument(
            "--time-zone", default=settings.TIME_ZONE, metavar="NAME", help="its time zone, such as Europe/Paris"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["slug"].lower()
        try:
            validate_slug(slug)
            email = AddressField().clean(options["admin"])
            validate_time_zone(options["time_zone"])
            name, first_name, last_name = (clean_label(options[part]) for part in ("name", "first_name", "last_name"))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error
        if Organization.objects.filter(slug=slug).exists():
            is_deleted = not Organization.objects.existing().filter(slug=slug).exists()
            until = " It is being deleted. Try again later." if is_deleted else ""
            raise CommandError(f"There is already an organization with the slug {slug}.{until}")
        if User.objects.filter(email=email, is_active=False).exists():
            raise CommandError(
                f"The account {email} is deactivated. The admin of an organization must be able to sign in."
            )
        admin = User.objects.filter(email=email).first() or self._new_user(email, first_name, last_name)
        with coming_from(source_of_command("create_organization")), transaction.atomic():
            admin.save()
            organization = create_organization(name, slug, time_zone=options["time_zone"])
            add_first_admin(organization, admin)
        self.stdout.write(f"Created {organization.name}. Its admin is {email}.")

    def _new_user(self, email: str, first_name: str, last_name: str) -> User:
        user = User(email=email, first_name=first_name, last_name=last_name)
        password = getpass(f"Password of {email}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.set_password(password)
        return user
