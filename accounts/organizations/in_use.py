"""Why a role or a site that members have can't be deleted. The dialog says so, and the service checks it.

Deactivated members count: they would otherwise be reactivated with less access than they had.
"""

from __future__ import annotations

from django.db.models import Count, Q
from django.utils.translation import ngettext_lazy

from accounts.models import Role, Site
from accounts.wording import counted

_ROLE_IN_USE = ngettext_lazy(
    "{count} person has this role. Give them another one first.",
    "{count} people have this role. Give them another one first.",
)
_SITE_IN_USE = ngettext_lazy(
    "{count} person is assigned to this site. Reassign them first.",
    "{count} people are assigned to this site. Reassign them first.",
)
# If all of them are deactivated.
_ROLE_KEPT = ngettext_lazy(
    "{count} deactivated user has this role. Give them another one first.",
    "{count} deactivated users have this role. Give them another one first.",
)
_SITE_KEPT = ngettext_lazy(
    "{count} deactivated user is assigned to this site. Reassign them first.",
    "{count} deactivated users are assigned to this site. Reassign them first.",
)
# If only some of them are. There are at least two people.
_ROLE_IN_USE_AND_KEPT = ngettext_lazy(
    "{count} person has this role, including deactivated users. Give them another one first.",
    "{count} people have this role, including deactivated users. Give them another one first.",
)
_SITE_IN_USE_AND_KEPT = ngettext_lazy(
    "{count} person is assigned to this site, including deactivated users. Reassign them first.",
    "{count} people are assigned to this site, including deactivated users. Reassign them first.",
)


def why_in_use(item: Role | Site) -> str:
    """Who has the role or is assigned to the site, as a sentence; empty for nobody.

    Members with all sites are not assigned to one.
    """
    counts = item.memberships.aggregate(
        active=Count("pk", filter=Q(deactivated_at=None)), deactivated=Count("deactivated_at")
    )
    active, deactivated = counts["active"], counts["deactivated"]
    if not (active or deactivated):
        return ""
    is_role = isinstance(item, Role)
    if not deactivated:
        return counted(_ROLE_IN_USE if is_role else _SITE_IN_USE, active)
    if not active:
        return counted(_ROLE_KEPT if is_role else _SITE_KEPT, deactivated)
    return counted(_ROLE_IN_USE_AND_KEPT if is_role else _SITE_IN_USE_AND_KEPT, active + deactivated)
