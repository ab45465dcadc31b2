"""Why a role or a site that members have can't be deleted. The dialog says so, and the service checks it."""

from __future__ import annotations

from django.utils.translation import ngettext_lazy

from accounts.wording import counted

ROLE_IN_USE = ngettext_lazy(
    "{count} person has this role. Give them another one first.",
    "{count} people have this role. Give them another one first.",
)
SITE_IN_USE = ngettext_lazy(
    "{count} person is assigned to this site. Reassign them first.",
    "{count} people are assigned to this site. Reassign them first.",
)


def role_in_use(members: int) -> str:
    """The reason if so many members have the role."""
    return counted(ROLE_IN_USE, members)


def site_in_use(members: int) -> str:
    """The reason if so many members are assigned to the site. Members with all sites don't count."""
    return counted(SITE_IN_USE, members)
