"""What bulk actions do to members and invitations: each kind, its limits, and its undo."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Organization, Role, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import change_membership
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.presentation import actions_to_show
from invites.directory.bulk.start import start_undo
from invites.directory.bulk.work import handle_next_chunk
from invites.invitations.change import change_invitation
from invites.models import AccessGrant, BulkAction, FailureReason, Invitation
from tests.concurrency import at_once, unexpected
from tests.databases import undone
from tests.invites.directory.bulk.conftest import People
from tests.invites.directory.bulk.helpers import finish, outcomes, roles_change, sites_change, start_for
from tests.invites.invitations.helpers import Invite
from tests.rules import domain_error

State = BulkAction.State
# It is skipped by every action.
DECLINED = "no@people.example.com"


def everybody(people: People) -> dict[str, tuple[set[str], set[str], bool, bool]]:
    """The roles, the sites, all sites, and whether they are deactivated, by address."""
    members = people.by.organization.memberships.select_related("user").prefetch_related("roles", "sites")
    invitations = people.by.organization.invitations.prefetch_related("grant__roles", "grant__sites")
    holders: list[tuple[str, Membership | AccessGrant, bool]]
    holders = [(each.email, each, each.deactivated_at is not None) for each in members.order_by("pk")]
    holders += [(each.email, each.grant, False) for each in invitations.order_by("pk")]
    return {
        email: ({role.name for role in held.roles.all()}, {site.name for site in held.sites.all()}, held.all_sites, off)
        for email, held, off in holders
    }


def run(people: People, change: BulkChange, by: Membership | None = None) -> BulkAction:
    """For everybody, with several chunks."""
    return finish(start_for(by or people.by, change, members=people.members, invitations=people.invitations, chunk=7))


# --- Roles and sites --------------------------------------------------------------------------------


def test_roles_are_added_to_members_and_invitations(people: People) -> None:
    before = everybody(people)

    action = run(people, roles_change("add", people.roles["Auditor"]))

    assert (action.state, action.counts) == (State.DONE, {"changed": 8, "same": 4, "declined": 1})
    after = everybody(people)
    assert after.pop(DECLINED) == before.pop(DECLINED)
    assert after == {email: (roles | {"Auditor"}, *rest) for email, (roles, *rest) in before.items()}


def test_roles_are_removed_but_never_the_last_one(people: People) -> None:
    before = everybody(people)

    action = run(people, roles_change("remove", people.roles["Auditor"]))

    after = everybody(people)
    assert action.counts == {"changed": 2, "same": 8, "no_roles": 2, "declined": 1}
    assert after["both@example.com"][0] == after["off@example.com"][0] == {"ReadOnly"}
    assert outcomes(action)["auditor@example.com"] == outcomes(action)["newer@people.example.com"] == "no_roles"
    assert {email for email in before if before[email] != after[email]} == {"both@example.com", "off@example.com"}


def test_roles_are_replaced_except_those_of_the_admin(people: People) -> None:
    action = run(people, roles_change("replace", people.roles["Auditor"]))

    found = everybody(people)
    assert {email for email, (roles, *_) in found.items() if roles != {"Auditor"}} == {"admin@example.com", DECLINED}
    assert outcomes(action)["admin@example.com"] == "yourself"


def test_sites_are_added_and_removed(people: People) -> None:
    run(people, sites_change("add", people.sites[2]))
    added = everybody(people)
    assert added["reader@example.com"][1] == {"Lyon depot", "Turin"}
    assert added["everywhere@example.com"][1:3] == (set(), True)
    assert added["newer@people.example.com"][1] == {"Lyon depot", "Ghent", "Turin"}

    action = run(people, sites_change("remove", people.sites[2]))

    assert outcomes(action)["everywhere@example.com"] == "has_all_sites"
    assert outcomes(action)["bare@example.com"] == "no_sites"
    assert everybody(people)["reader@example.com"][1] == {"Lyon depot"}


def test_all_sites_replace_single_ones_and_the_other_way_round(people: People) -> None:
    run(people, sites_change("add", all_sites=True))
    assert {rest[1:3] for rest in ((r[0], tuple(r[1]), r[2]) for r in everybody(people).values())} == {((), True)}

    action = run(people, sites_change("replace", people.sites[0]))

    found = everybody(people)
    assert found["reader@example.com"][1:3] == found["boss@people.example.com"][1:3] == ({"Lyon depot"}, False)
    # The colleague loses all sites, so the admin would be the last who can give them.
    assert outcomes(action)["admin@example.com"] == "yourself"
    assert found["admin@example.com"][2]


def test_the_inviter_of_a_changed_invitation_is_who_changed_it(people: People, colleague: Membership) -> None:
    finish(start_for(colleague, roles_change("add", people.roles["Auditor"]), invitations=people.invitations))

    same = ("newer@people.example.com", DECLINED)
    changed = [each for each in people.invitations if each.email not in same]
    assert {each.inviter_id for each in changed} == {colleague.user_id}
    assert Invitation.objects.get(email="newer@people.example.com").inviter_id == people.by.user_id


# --- Deactivate, reactivate, remove -----------------------------------------------------------------


def test_members_are_deactivated_and_reactivated(people: People) -> None:
    action = run(people, BulkChange(Kind.DEACTIVATE))

    assert action.counts == {"changed": 6, "same": 1, "yourself": 1, "not_joined": 5}
    assert {email for email, (*_, off) in everybody(people).items() if not off} == {
        "admin@example.com",
        *(each.email for each in people.invitations),
    }

    action = run(people, BulkChange(Kind.REACTIVATE))

    assert action.counts == {"changed": 7, "same": 1, "not_joined": 5}
    assert not any(off for *_, off in everybody(people).values())


@pytest.mark.servers
def test_members_are_removed_and_their_rows_stay(people: People) -> None:
    action = run(people, BulkChange(Kind.REMOVE))

    assert [member.email for member in people.members] == ["admin@example.com"]
    assert action.counts == {"changed": 7, "yourself": 1, "not_joined": 5}
    assert outcomes(action)["reader@example.com"] == "changed"
    assert User.objects.filter(email="reader@example.com").exists(), "The account stays."


def test_only_the_last_manager_stays(people: People) -> None:
    people.member("colleague@example.com").roles.set([people.roles["ReadOnly"]])

    for kind in (Kind.DEACTIVATE, Kind.REMOVE):
        assert outcomes(run(people, BulkChange(kind)))["admin@example.com"] == "last_manager"


# --- What the starter may do ------------------------------------------------------------------------


def test_people_with_more_access_are_skipped(people: People, limited: Membership) -> None:
    """`limited` has two of the three sites."""
    before = everybody(people)

    for change in (
        roles_change("add", people.roles["Clerk"]),
        roles_change("replace", people.roles["ReadOnly"]),
        sites_change("replace", people.sites[0]),
        BulkChange(Kind.DEACTIVATE),
        BulkChange(Kind.REMOVE),
    ):
        action = run(people, change, limited)
        assert outcomes(action)["both@example.com"] == outcomes(action)["colleague@example.com"] == "beyond"

    after = everybody(people)
    for email in ("both@example.com", "colleague@example.com", "everywhere@example.com", "late@people.example.com"):
        assert after[email] == before[email]


@pytest.mark.parametrize("mode", ["add", "remove", "replace"])
def test_nobody_changes_a_role_or_site_that_they_cannot_grant(
    people: People, limited: Membership, lesser: Membership, mode: str
) -> None:
    with domain_error("beyond_permissions"):
        run(people, sites_change(mode, people.sites[2]), limited)
    with domain_error("beyond_permissions"):
        run(people, roles_change(mode, people.roles["Auditor"]), lesser)
    assert not BulkAction.objects.exists()


@pytest.mark.parametrize("kind", [Kind.DEACTIVATE, Kind.REACTIVATE, Kind.REMOVE])
def test_members_need_the_permission_to_manage_users(people: People, lesser: Membership, kind: Kind) -> None:
    with domain_error("not_allowed"):
        run(people, BulkChange(kind), lesser)


def test_without_it_only_invitations_are_changed(people: People, acme: Organization, join: Callable[..., User]) -> None:
    Role.objects.create(organization=acme, name="Inviter", permissions=["users.view", "users.invite", "data.export"])
    by = join(acme, "inviter@example.com", "Inviter", "ReadOnly").memberships.get()
    before = everybody(people)

    action = run(people, roles_change("add", people.roles["Auditor"]), by)

    assert action.counts == {"may_not_manage": 9, "changed": 2, "same": 1, "beyond": 1, "declined": 1}
    assert {email for email, each in everybody(people).items() if each != before[email]} == {
        "new@people.example.com",
        "late@people.example.com",
    }


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        ("permission", FailureReason.NOT_ALLOWED),
        ("role", FailureReason.ACCESS_LOST),
        ("left", FailureReason.NOT_ALLOWED),
    ],
)
def test_it_stops_when_the_starter_loses_what_it_needs(
    people: People, night_shift: Role, loss: str, reason: str
) -> None:
    action = start_for(people.by, roles_change("add", night_shift), members=people.members)
    handle_next_chunk(action.pk)
    if loss == "permission":
        people.by.roles.set([people.roles["ReadOnly"]])
    elif loss == "role":
        # Can still manage users, but no longer grant "Do work".
        people.by.roles.set([people.roles["Clerk"]])
    else:
        people.by.delete()

    finish(action)

    assert (action.state, action.stop_reason, action.done) == (State.STOPPED, reason, 4)


def test_it_stops_when_its_role_is_deleted(people: People, night_shift: Role) -> None:
    action = start_for(people.by, roles_change("add", night_shift), members=people.members)
    night_shift.delete()

    finish(action)

    assert (action.state, action.stop_reason) == (State.STOPPED, FailureReason.ACCESS_DELETED)


def test_nobody_of_another_organization_is_changed(people: People, outsider: User, invite: Invite) -> None:
    foreign = outsider.memberships.get()
    theirs = invite("secret@people.example.com", by=foreign, sites=None)

    for change in (roles_change("add", people.roles["Auditor"]), BulkChange(Kind.DEACTIVATE), BulkChange(Kind.REMOVE)):
        action = finish(start_for(people.by, change, members=[foreign], invitations=[theirs]))
        assert action.counts == {"gone": 2}
        assert not action.rows.exclude(email="").exists(), "The result doesn't name them, either."

    foreign.refresh_from_db()
    assert foreign.deactivated_at is None
    assert foreign.roles.get().name == "Org Admin"


# --- Undo -------------------------------------------------------------------------------------------


UNDOABLE: dict[str, Callable[[People], BulkChange]] = {
    "add a role": lambda people: roles_change("add", people.roles["Auditor"]),
    "remove a role": lambda people: roles_change("remove", people.roles["Auditor"]),
    "replace roles": lambda people: roles_change("replace", people.roles["ReadOnly"], people.roles["Auditor"]),
    "add a site": lambda people: sites_change("add", people.sites[0]),
    "add all sites": lambda _: sites_change("add", all_sites=True),
    "remove a site": lambda people: sites_change("remove", people.sites[0]),
    "replace sites": lambda people: sites_change("replace", people.sites[0]),
    "deactivate": lambda _: BulkChange(Kind.DEACTIVATE),
    "reactivate": lambda _: BulkChange(Kind.REACTIVATE),
}


@pytest.mark.servers
def test_an_undo_restores_everybody(people: People) -> None:
    before, since = everybody(people), [member.deactivated_at for member in people.members]
    for name, change in UNDOABLE.items():
        with undone():
            action = run(people, change(people))
            assert everybody(people) != before, name

            undo = finish(start_undo(people.by, action))

            assert (undo.state, undo.counts) == (State.DONE, {"changed": action.changed}), name
            assert everybody(people) == before, name
            assert [member.deactivated_at for member in people.members] == since, name


def test_an_undo_replaces_the_banner_of_what_it_undoes(people: People) -> None:
    action = run(people, roles_change("add", people.roles["Auditor"]))
    assert [view.action for view in actions_to_show(people.by)] == [action]

    undo = finish(start_undo(people.by, action))

    assert [view.action for view in actions_to_show(people.by)] == [undo]


@pytest.mark.servers
def test_an_undo_skips_who_was_changed_since(people: People) -> None:
    action = run(people, roles_change("add", people.roles["Auditor"]))
    reader, bare = people.member("reader@example.com"), people.member("bare@example.com")
    change_membership(people.by, reader, AccessSelection.of([people.roles["Clerk"]], people.sites[:1]))
    # Sites aren't what the action changed.
    change_membership(people.by, bare, AccessSelection.of([people.roles["Auditor"]], people.sites[:1]))
    new, late = (Invitation.objects.get(email=f"{name}@people.example.com") for name in ("new", "late"))
    change_invitation(people.by, new, AccessSelection.of([people.roles["Clerk"]], people.sites[:1]))
    late.delete()

    undo = finish(start_undo(people.by, action))

    assert undo.counts == {"changed": 5, "changed_since": 2, "gone": 1}
    assert outcomes(undo)["reader@example.com"] == outcomes(undo)["new@people.example.com"] == "changed_since"
    assert set(reader.roles.all()) == {people.roles["Clerk"]}
    assert not bare.roles.exists()
    assert list(bare.sites.all()) == people.sites[:1]


def test_an_undo_checks_permissions_again(people: People, limited: Membership, lesser: Membership) -> None:
    action = run(people, roles_change("add", people.roles["Auditor"]))
    before = everybody(people)

    undo = finish(start_undo(limited, action))

    assert set(undo.counts) == {"changed", "beyond"}
    assert {email for email, each in everybody(people).items() if each != before[email]} == {
        email for email, outcome in outcomes(undo).items() if outcome == "changed"
    }
    with domain_error("no_undo"):
        start_undo(people.by, action)


def test_an_undo_that_could_change_nobody_leaves_it_to_others(people: People, lesser: Membership) -> None:
    action = run(
        people,
        roles_change("add", people.roles["Auditor"]),
    )
    assert finish(start_undo(lesser, action)).changed == 0

    assert finish(start_undo(people.by, action)).changed == action.changed


def test_all_sites_cannot_be_removed_by_the_service(people: People) -> None:
    with domain_error("no_site"):
        run(people, sites_change("remove", all_sites=True))


def test_an_undo_keeps_the_last_manager(people: People) -> None:
    """The reader became Org Admin, and is now the only one."""
    run(people, sites_change("add", all_sites=True))
    action = run(people, roles_change("add", people.roles["Org Admin"]))
    reader = people.member("reader@example.com")
    Membership.objects.filter(organization=people.by.organization).exclude(pk=reader.pk).delete()

    undo = finish(start_undo(reader, action))

    assert outcomes(undo)["reader@example.com"] == "last_manager"
    assert people.roles["Org Admin"] in reader.roles.all()


def test_an_undo_skips_who_had_a_role_that_was_deleted(people: People, night_shift: Role) -> None:
    people.member("reader@example.com").roles.add(night_shift)
    action = run(people, roles_change("replace", people.roles["Auditor"]))
    night_shift.delete()

    undo = finish(start_undo(people.by, action))

    assert outcomes(undo)["reader@example.com"] == "access_deleted"
    assert undo.counts["changed"] == action.changed - 1


@pytest.mark.parametrize("kind", [Kind.RESEND, Kind.REVOKE, Kind.REMOVE])
def test_what_cannot_be_undone(people: People, kind: Kind) -> None:
    Invitation.objects.update(mail_state="sent", mail_finished_at=None)
    action = run(people, BulkChange(kind))
    assert action.changed

    with domain_error("no_undo"):
        start_undo(people.by, action)


def test_an_undo_needs_the_permission(people: People, lesser: Membership) -> None:
    action = run(people, BulkChange(Kind.DEACTIVATE))

    with domain_error("not_allowed"):
        start_undo(lesser, action)


# --- Many -------------------------------------------------------------------------------------------


def test_a_chunk_takes_the_same_queries_for_any_number_of_people(
    people: People, acme: Organization, join: Callable[..., User], invite: Invite
) -> None:
    for number in range(12):
        join(acme, f"member{number}@example.com", "ReadOnly", "Auditor", sites=people.sites[:2])
        invite(f"guest{number}@people.example.com", roles=["ReadOnly", "Auditor"], sites=people.sites[:2])
    Invitation.objects.update(mail_state="sent", mail_finished_at=None)
    for name in (*UNDOABLE, "remove", "resend", "revoke"):
        with undone():
            few, many = queries_of_chunks(people, name)
        assert few == many, name


def queries_of_chunks(people: People, name: str) -> list[int]:
    """How many queries it takes to change three members and three invitations, and then all that come later."""
    if name == "reactivate":
        Membership.objects.exclude(pk=people.by.pk).update(deactivated_at=people.by.joined_at)
    change = UNDOABLE[name](people) if name in UNDOABLE else BulkChange(Kind(name))
    members, invitations = people.members, people.invitations
    actions = [
        start_for(people.by, change, members=members[some], invitations=invitations[others], chunk=1_000)
        for some, others in ((slice(8, 11), slice(5, 8)), (slice(11, None), slice(8, None)))
    ]
    counts = []
    for action in actions:
        with CaptureQueriesContext(connection) as queries:
            finish(action)
        counts.append(len(queries))
    return counts


# --- At the same time -------------------------------------------------------------------------------


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [Kind.DEACTIVATE, Kind.REMOVE])
def test_two_actions_never_take_the_last_manager_away(people: People, kind: Kind) -> None:
    """Each admin selects the other."""
    other = people.member("colleague@example.com")
    first = start_for(people.by, BulkChange(kind), members=[other])
    second = start_for(other, BulkChange(kind), members=[people.by])

    results = at_once(lambda: finish(first), lambda: finish(second))

    assert unexpected(results) == []
    assert Membership.objects.active().filter(pk__in=[people.by.pk, other.pk]).count() == 1


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_an_action_and_a_change_of_one_member_never_take_the_last_manager_away(people: People) -> None:
    other = people.member("colleague@example.com")
    action = start_for(people.by, roles_change("replace", people.roles["ReadOnly"]), members=[other])
    less = AccessSelection.of([people.roles["ReadOnly"]], all_sites=True)

    results = at_once(lambda: finish(action), lambda: change_membership(other, people.by, less))

    assert unexpected(results) == []
    admins = Membership.objects.active().filter(roles=people.roles["Org Admin"], all_sites=True)
    assert admins.filter(organization=people.by.organization).count() == 1
