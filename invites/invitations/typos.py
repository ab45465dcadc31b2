"""The address that somebody probably meant."""

from __future__ import annotations

from invites import checking


def domain_of(email: str) -> str:
    """What stands after the @ sign."""
    return email.rpartition("@")[2]


def intended_address(email: str) -> str | None:
    """The address that was probably meant, if its domain looks like a slip of a well-known one."""
    notice = checking.find_typo(checking.Row(0, 0, email, "", "", "", ""))
    return notice.suggestion if notice else None
