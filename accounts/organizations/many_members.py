"""Change thousands of members in a few statements, for bulk actions.

The rules are those of `members.py`: the caller has locked the members, and has checked each against
`GrantableAccess`. Call `check_somebody_manages` afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db.models import Model

from accounts.models import Membership, Organization
from accounts.organizations.grants import AccessIds


def lock_members(organization_id: int, ids: Collection[int]) -> list[Membership]:
    """Lock the organization, then those of the members who are still there, by id. Returns them with their users.

    Everything that changes members locks their organization first, so their roles and sites can't change meanwhile.
    """
    Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    found = Membership.objects.select_for_update(of=("self",), no_key=True).select_related("user").order_by("pk")
    return list(found.filter(organization_id=organization_id, pk__in=ids))


def access_of(holders: Iterable[Model]) -> dict[int, AccessIds]:
    """The roles and sites of members or of grants by their id. Takes two queries."""
    found = {each.pk: each for each in holders}
    if not found:
        return {}
    model = type(next(iter(found.values())))
    roles, sites = (_items(model, kind, list(found)) for kind in ("roles", "sites"))
    return {
        pk: AccessIds(frozenset(roles[pk]), frozenset(sites[pk]), each.all_sites)  # type: ignore[attr-defined]
        for pk, each in found.items()
    }


def _items(model: type[Model], kind: str, ids: list[int]) -> dict[int, set[int]]:
    through = model._meta.get_field(kind).remote_field.through  # type: ignore[union-attr]
    pairs = through._default_manager.filter(**{f"{model._meta.model_name}_id__in": ids})
    held: dict[int, set[int]] = defaultdict(set)
    for owner, item in pairs.values_list(f"{model._meta.model_name}_id", f"{kind.removesuffix('s')}_id"):
        held[owner].add(item)
    return held


def store_access(model: type[Model], before: Mapping[int, AccessIds], after: Mapping[int, AccessIds]) -> None:
    """Give the members, or the grants, with these ids the access `after`. They have `before` now.

    The number of statements doesn't depend on how many they are.
    """
    for kind in ("roles", "sites"):
        _store_items(
            model,
            kind,
            {pk: getattr(access, kind) for pk, access in before.items() if pk in after},
            {pk: getattr(access, kind) for pk, access in after.items()},
        )
    for value in (True, False):
        ids = [pk for pk, access in after.items() if access.all_sites is value and before[pk].all_sites is not value]
        if ids:
            model._default_manager.filter(pk__in=ids).update(all_sites=value)


def _store_items(
    model: type[Model], kind: str, before: Mapping[int, frozenset[int]], after: Mapping[int, frozenset[int]]
) -> None:
    through = model._meta.get_field(kind).remote_field.through  # type: ignore[union-attr]
    owner, item = f"{model._meta.model_name}_id", f"{kind.removesuffix('s')}_id"
    added = [(pk, each) for pk, items in after.items() for each in items - before[pk]]
    removed = {(pk, each) for pk, items in after.items() for each in before[pk] - items}
    if removed:
        # By their own ids, because no database compares pairs quickly.
        pairs = through._default_manager.filter(
            **{f"{owner}__in": {pk for pk, _ in removed}, f"{item}__in": {each for _, each in removed}}
        )
        ids = [pk for pk, *pair in pairs.values_list("pk", owner, item) if tuple(pair) in removed]
        through._default_manager.filter(pk__in=ids).delete()
    through._default_manager.bulk_create([through(**{owner: pk, item: each}) for pk, each in added])
