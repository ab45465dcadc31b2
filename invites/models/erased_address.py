"""What is kept of an erased address, so that nobody invites it against its owner's will."""

from __future__ import annotations

from hashlib import sha256

PREFIX = "erased:"


def erased_key(email_key: str) -> str:
    """Takes the place of the address. Who knows an address can find out if it was erased, and no one can read it."""
    return email_key if email_key.startswith(PREFIX) else PREFIX + sha256(email_key.encode()).hexdigest()
