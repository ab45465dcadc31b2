"""Count what a bulk action would do, before it is started: how many it changes, and how many it skips and why.

The database groups people by the facts that matter, so only a few numbers come back for 200,000 people. The same rules
then decide for each group that decide for each person later: see rules.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Case, Count, Model, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from accounts.models import Membership
from accounts.organizations.grants import held_among, held_besides, holds_all
from accounts.organizations.many_members import access_of
from invites.directory.bulk.change import BulkChange, Kind, Mode
from invites.directory.bulk.rules import Facts, Rules
from invites.directory.bulk.selection import Selection
from invites.directory.users import Status
from invites.invitations.actions import resend_hurdle
from invites.models import AccessGrant, Invitation, InvitationQuerySet, Outcome

# How many people share these facts, and the sum of their ids.
_Group = tuple[Status, Facts, int, int]
FACTS = ("has_more", "has_all", "has_some", "has_others", "all_sites")


@dataclass(frozen=True)
class Plan:
    """How many people of which status have which outcome.

    `identity` changes if other people are selected, even if they are as many, or if the chosen roles gain powers.
    """

    counts: Mapping[tuple[Status, Outcome], int]
    identity: str = ""

    @property
    def selected(self) -> int:
        """The sum of all."""
        return sum(self.counts.values())

    @property
    def changed(self) -> int:
        return self.of(Outcome.CHANGED)

    def of(self, outcome: Outcome) -> int:
        return sum(count for (_, each), count in self.counts.items() if each == outcome)

    def changed_by_status(self) -> dict[Status, int]:
        """Those who are changed, by status, in the order of the tabs."""
        return {status: count for status in Status if (count := self.counts.get((status, Outcome.CHANGED), 0))}

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """Every outcome that there is, in the order of `Outcome`."""
        return {outcome: count for outcome in Outcome if (count := self.of(outcome))}

    @property
    def fingerprint(self) -> str:
        """The numbers and the identity as text, to compare what was shown with what is."""
        found = {(str(status), str(outcome)): count for (status, outcome), count in self.counts.items() if count}
        numbers = [f"{status}.{outcome}={count}" for (status, outcome), count in sorted(found.items())]
        return " ".join([*numbers, self.identity])


def plan_for(by: Membership, change: BulkChange, people: Selection) -> Plan:
    """The plan for these people. Takes some tenths of a second for 200,000."""
    rules = Rules(by, change)
    counts: Counter[tuple[Status, Outcome]] = Counter()
    ids: Counter[str] = Counter()
    for status, facts, count, sum_of_ids in _members(rules, people.members):
        counts[status, rules.outcome(facts)] += count
        ids[f"member {status}"] += sum_of_ids
    for status, facts, count, sum_of_ids in _invitations(rules, people.invitations):
        counts[status, rules.outcome(facts)] += count
        ids[f"invitation {status}"] += sum_of_ids
    found = people.declined.aggregate(count=Count("pk"), sum=Sum("pk"))
    if declined := found["count"]:
        ids["declined"] += found["sum"]
        counts[Status.DECLINED, rules.why_not_reach(is_member=False) or Outcome.DECLINED] += declined
    for own in people.members.filter(pk=by.pk):
        held = access_of([own])[own.pk]
        counts[_status_of(own.deactivated_at is not None), rules.own_outcome(held)] += 1
    powers = change.access.user_powers if change.kind == Kind.ROLES else ()
    identity = ",".join([*(f"{kind}:{total}" for kind, total in sorted(ids.items())), *powers])
    return Plan(counts, identity.replace(" ", "-"))


def _members(rules: Rules, members: QuerySet[Membership]) -> Iterable[_Group]:
    """Groups of members, without the admin."""
    is_off = Case(When(deactivated_at=None, then=False), default=True, output_field=BooleanField())
    others = members.exclude(pk=rules.by.pk).annotate(is_off=is_off)
    names = ["is_off"]
    if rules.why_not_reach(is_member=True) is None:
        others = others.annotate(**_facts_in_sql(rules, Membership))
        names += FACTS
    for group in others.order_by().values(*names).annotate(count=Count("pk"), sum=Sum("pk")):
        off, count, sum_of_ids = group.pop("is_off"), group.pop("count"), group.pop("sum")
        yield _status_of(off), Facts(is_member=True, is_deactivated=off, **group), count, sum_of_ids


def _status_of(is_deactivated: bool) -> Status:
    return Status.DEACTIVATED if is_deactivated else Status.ACTIVE


def _invitations(rules: Rules, invitations: InvitationQuerySet) -> Iterable[_Group]:
    """Groups of invitations. Thousands share a grant, so the facts are looked up for each grant."""
    now = timezone.now()
    is_expired = Case(When(expires_at__lte=now, then=True), default=False, output_field=BooleanField())
    hurdle = resend_hurdle(now) if rules.change.kind == Kind.RESEND else Value("")
    is_later = Case(When(mail_state=Invitation.Mail.SCHEDULED, then=True), default=False, output_field=BooleanField())
    grouped = invitations.annotate(is_past=is_expired, is_later=is_later, hurdle=hurdle)
    names = ["is_past", "is_later", "hurdle"]
    grants: dict[int, dict[str, Any]] = {}
    if rules.why_not_reach(is_member=False) is None:
        names.append("grant_id")
        used = AccessGrant.objects.filter(pk__in=invitations.order_by().values("grant_id"))
        facts = used.annotate(**_facts_in_sql(rules, AccessGrant)).values("pk", *FACTS)
        grants = {each.pop("pk"): each for each in facts}
    for group in grouped.order_by().values(*names).annotate(count=Count("pk"), sum=Sum("pk")):
        known = grants.get(group.get("grant_id", 0), {})
        status = Status.EXPIRED if group["is_past"] else Status.PENDING
        if group["is_later"]:
            status = Status.SCHEDULED
        yield status, Facts(is_member=False, hurdle=group["hurdle"], **known), group["count"], group["sum"]


def _facts_in_sql(rules: Rules, holder: type[Model]) -> dict[str, Any]:
    """The facts of `Rules.facts` as annotations. Those that don't matter for the change are constant."""
    change, chosen = rules.change, rules.change.chosen
    facts: dict[str, Any] = dict.fromkeys(("has_more", "has_all", "has_some", "has_others"), Value(value=False))
    if (more := rules.grantable.exceeded_by(holder)) is not None:
        facts["has_more"] = _as_boolean(more)
    if change.kind not in (Kind.ROLES, Kind.SITES) or change.access.all_sites:
        return facts
    kind = "roles" if change.kind == Kind.ROLES else "sites"
    if change.mode == Mode.REMOVE:
        facts["has_some"] = _as_boolean(Q(held_among(holder, kind, chosen)))
    else:
        facts["has_all"] = _as_boolean(Q(holds_all(holder, kind, chosen)))
    if change.mode != Mode.ADD:
        facts["has_others"] = _as_boolean(Q(held_besides(holder, kind, chosen)))
    return facts


def _as_boolean(condition: Q) -> Case:
    return Case(When(condition, then=True), default=False, output_field=BooleanField())
