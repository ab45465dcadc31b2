"""What people from a file will be able to do to others, and the question before they are invited."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts.permissions import USER_POWERS, Permission
from accounts.texts import StrPromise
from accounts.wording import counted

INVITE, MANAGE = Permission.INVITE_USERS.value, Permission.MANAGE_USERS.value

# By the powers that the roles hold: all combinations.
_ABLE: dict[tuple[str, ...], StrPromise] = {
    (INVITE,): gettext_lazy("Everyone you import will be able to invite users."),
    (MANAGE,): gettext_lazy("Everyone you import will be able to manage users."),
    (INVITE, MANAGE): gettext_lazy("Everyone you import will be able to invite and manage users."),
}
_TITLES: dict[tuple[str, ...], StrPromise] = {
    (): ngettext_lazy("Invite {count} person?", "Invite {count} people?"),
    (INVITE,): ngettext_lazy(
        "Invite {count} person who can invite users?", "Invite {count} people who can invite users?"
    ),
    (MANAGE,): ngettext_lazy(
        "Invite {count} person who can manage users?", "Invite {count} people who can manage users?"
    ),
    (INVITE, MANAGE): ngettext_lazy(
        "Invite {count} person who can invite and manage users?",
        "Invite {count} people who can invite and manage users?",
    ),
}
_LABEL = ngettext_lazy("Invite {count} person", "Invite {count} people")
_NOT_INVITED = ngettext_lazy(
    "{count} row with a problem won’t be invited.", "{count} rows with problems won’t be invited."
)


def able_texts() -> list[tuple[str, str]]:
    """The powers, separated by spaces, and the sentence about them, for each combination."""
    return [(" ".join(powers), str(sentence)) for powers, sentence in _ABLE.items()]


def able_text(powers: Sequence[str]) -> str:
    """ "Everyone you import will be able to invite and manage users."; empty without a power."""
    return str(_ABLE[tuple(powers)]) if powers else ""


def confirm_title(count: int, powers: Sequence[str]) -> str:
    """ "Invite 221 people who can invite and manage users?"."""
    return counted(_TITLES[tuple(powers)], count)


def confirm_label(count: int) -> str:
    """ "Invite 221 people"."""
    return counted(_LABEL, count)


def not_invited_text(problems: int) -> str:
    """How many rows won't be invited; empty for none."""
    return counted(_NOT_INVITED, problems) if problems else ""


def confirm_heading(file_name: str) -> str:
    """ "team.csv needs your confirmation"."""
    return _("{file} needs your confirmation").format(file=file_name)


def powers_from(text: str) -> tuple[str, ...]:
    """The powers that a form has sent, separated by spaces."""
    sent = text.split()
    return tuple(power.value for power in USER_POWERS if power.value in sent)
