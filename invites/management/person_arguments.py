"""The person that a command is about."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from accounts.users.addresses import AddressField


def add_address(parser: ArgumentParser) -> None:
    parser.add_argument("address", help="the person's email address")


def address_in(options: dict[str, Any]) -> str:
    """In the form in which it is stored. Raises CommandError."""
    try:
        return AddressField().clean(options["address"])
    except ValidationError as error:
        raise CommandError(" ".join(error.messages), returncode=2) from error
