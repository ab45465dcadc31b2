"""Suspended organizations: everybody can look at everything, but nothing changes and nothing is sent.

`AccessMiddleware` rejects the requests of members, and services check it again. Workers leave suspended organizations
alone: imports, changes to many users and emails wait, and go on when an operator resumes the organization. Links of
invitations don't work until then. Declining, reporting abuse, and emails about people's own accounts always work. An
account doesn't belong to the organization: who changes their own name there has the new name here, too.

Pages hide the buttons that could change something with one rule in static/css/layout.css.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.errors import AccessDenied
from accounts.models import Organization


def suspended_text(organization: Organization) -> str:
    """What members read, in one place."""
    message = _(
        "{organization} is suspended. You can look at everything, but not change it. "
        "Ask the people who run Rollcall to resume it."
    )
    return message.format(organization=organization.name)


def check_not_suspended(organization: Organization) -> None:
    """Raises AccessDenied("suspended"), also for an organization that is being deleted.

    Call it with the organization as it is in the database now.
    """
    if not organization.is_active:
        raise AccessDenied("suspended", suspended_text(organization))


def is_active(organization_id: int) -> bool:
    """Whether work can be done for the organization now."""
    return Organization.objects.active().filter(pk=organization_id).exists()
