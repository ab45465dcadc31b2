"""Suggest the address that somebody probably meant."""

from __future__ import annotations

from invites import checking


def domain_of(email: str) -> str:
    """The part after the @ sign."""
    return email.rpartition("@")[2]


def intended_address(email: str) -> str | None:
    """The address that was probably meant, if its domain looks like a typo for a well-known one."""
    domain = checking.intended_domain(email)
    return f"{email.rpartition('@')[0]}@{domain}" if domain else None
