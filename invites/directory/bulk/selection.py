"""The people of a bulk action: those who were selected one by one, or all who match a filter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Membership
from invites.directory.users import UserFilter, visible_users
from invites.invitations.visibility import invitation_is_visible
from invites.models import Invitation, InvitationQuerySet


@dataclass(frozen=True)
class Selection:
    """Members, and open and declined invitations, which the admin may see."""

    members: QuerySet[Membership]
    invitations: InvitationQuerySet
    declined: InvitationQuerySet

    @classmethod
    def matching(cls, viewer: Membership, wanted: UserFilter) -> Selection:
        """Everybody who matches."""
        return cls(*visible_users(viewer, wanted))

    @classmethod
    def of_invitations(cls, viewer: Membership, invitations: InvitationQuerySet) -> Selection:
        """Those of some open invitations that the viewer may see."""
        seen = invitations.filter(invitation_is_visible(viewer), organization=viewer.organization_id)
        return cls(Membership.objects.none(), seen, Invitation.objects.none())

    @classmethod
    def chosen(cls, viewer: Membership, keys: Iterable[str]) -> Selection:
        """Those with the keys of `Person.key`. Keys of others are ignored."""
        return cls(*visible_users(viewer, UserFilter(), keys=keys))

    @classmethod
    def nobody(cls) -> Selection:
        return cls(Membership.objects.none(), Invitation.objects.none(), Invitation.objects.none())

    def exists(self) -> bool:
        return self.members.exists() or self.invitations.exists() or self.declined.exists()

    def count(self) -> int:
        return self.members.count() + self.invitations.count() + self.declined.count()

    def only_name(self) -> str:
        """The name of a single person; empty for nobody and for several."""
        names = [member.get_full_name() for member in self.members.select_related("user")[:2]]
        for invitations in (self.invitations, self.declined):
            names += [invitation.full_name or invitation.email for invitation in invitations[:2]]
        return names[0] if len(names) == 1 else ""

    def ids(self) -> PeopleIds:
        """Everybody's ids, by name, so that the results are in that order. 200,000 take some tenths of a second."""
        members, invitations, declined = (
            list(people.order_by("person_key", "pk").values_list("pk", flat=True))
            for people in (self.members, self.invitations, self.declined)
        )
        return PeopleIds(members, invitations + declined)


@dataclass(frozen=True)
class PeopleIds:
    """The ids of members and of invitations."""

    members: list[int]
    invitations: list[int]

    def __len__(self) -> int:
        return len(self.members) + len(self.invitations)
