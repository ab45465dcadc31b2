"""Why a role or a site that members have can't be deleted. The dialog says so, and the service checks it."""

from __future__ import annotations

from django.utils.translation import ngettext


def role_in_use(members: int) -> str:
    """The reason if so many members have the role."""
    return ngettext(
        "1 person has this role. Give that person another one first.",
        "{members} people have this role. Give them another one first.",
        members,
    ).format(members=f"{members:,}")


def site_in_use(members: int) -> str:
    """The reason if so many members are assigned to the site. Members with all sites don't count."""
    return ngettext(
        "1 person has access to this site by name. Give that person other sites first.",
        "{members} people have access to this site by name. Give them other sites first.",
        members,
    ).format(members=f"{members:,}")
