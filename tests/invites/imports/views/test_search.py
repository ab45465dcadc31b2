"""The search in imports: by name, address and file, in the imports that a member may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Organization, Role, User
from invites.imports.corrections import Edit, edit_cells
from invites.imports.presentation import banners
from invites.imports.selectors.search import SHOWN, find_people, read_search
from invites.models import Batch, Invitation
from tests.files import csv_of, many
from tests.pages import words_of

Run = Callable[..., Batch]

HERE = "/o/acme/batches/"


def found(by: Membership, text: str) -> list[tuple[str, int]]:
    """The files and the numbers of the rows."""
    return [(row.batch.file_name, row.number) for row in find_people(by, read_search(text)).rows]


def search(client: Client, text: str) -> str:
    response = client.get(HERE, {"q": text})
    assert response.status_code == 200
    return words_of(response)


def test_finds_who_was_invited_by_parts_of_the_name_and_address(imported: Run, by: Membership) -> None:
    imported(csv_of("ann@other.example.com", "zoe@people.example.com,Zoë,Łukasiewicz,"))

    for text in ("zoë", "ZOE", "Łuk", "zoe lukas", "lukas zoe", "zoe@people", "people.example.com zoe", "  Zoe  "):
        assert found(by, text) == [("team.csv", 3)], text


def test_finds_them_whatever_became_of_the_invitation(imported: Run, by: Membership) -> None:
    batch = imported(csv_of("zoe@people.example.com,Zoe,Fox,"))

    for state in Invitation.State.values:
        batch.invitations.update(state=state, is_unlisted=True)
        assert found(by, "zoe fox") == [("team.csv", 2)], state


def test_finds_rows_that_invited_nobody(ines: Client, run: Run, by: Membership, member: User) -> None:
    run(csv_of(f"{member.email},Mara,Conti,", "zoe@@example.com,Zoe,Fox,", "ann@example.com"), only_valid=True)

    assert found(by, "mara conti") == [("team.csv", 2)]
    assert found(by, "MEMBER@") == [("team.csv", 2)]
    assert found(by, "zoe fox") == found(by, "zoe@@example.com") == found(by, "fox zoe@") == [("team.csv", 3)]
    page = search(ines, "zoe")
    assert "Zoe Fox zoe@@example.com team.csv Row 3 Problem" in page
    assert "Already a member" in search(ines, "mara")


@pytest.mark.parametrize("address", ["søren@example.com", "søren@@example.com", "member@example.com"])
def test_accents_do_not_matter_whatever_became_of_the_row(run: Run, by: Membership, member: User, address: str) -> None:
    """A person who was invited, a row with a problem, and one that was skipped."""
    run(csv_of(f"{address},Zoë Søren,Łukasiewicz-Straße,", "ann@example.com"), only_valid=True)

    of_address = "member@" if "member" in address else "SØREN@"
    for text in ("zoe", "ZOË", "lukasiewicz", "Łuk", "strasse", "straße", "soren zoe", of_address):
        assert found(by, text) == [("team.csv", 2)], text


def test_accents_do_not_matter_while_a_row_waits_and_after_it_is_edited(
    start: Callable[..., Batch], by: Membership
) -> None:
    batch = start(csv_of("zoe@example.com,Zoë,Łukasz,", "bad@,Ann,Lee,"))
    assert found(by, "zoe lukasz") == [("team.csv", 2)]
    assert found(by, "bad ann") == [("team.csv", 3)]

    edit_cells(batch, [Edit(3, 1, "Jürgen", 0)], by=by)
    assert found(by, "jurgen") == [("team.csv", 3)]
    assert found(by, "ann") == []
    edit_cells(batch, [Edit(3, 0, "joerg@example.com", 1)], by=by)
    assert found(by, "jurgen joerg@") == [("team.csv", 3)]


def test_finds_people_in_imports_that_have_not_ended_or_were_stopped(
    start: Callable[..., Batch], by: Membership, team: Batch
) -> None:
    assert found(by, "ann lee") == [("team.csv", 2)], "Waits, because other rows need fixing."
    Batch.objects.filter(pk=team.pk).update(state=Batch.State.STOPPED)
    assert found(by, "ann lee") == [("team.csv", 2)]


def test_finds_a_row_that_was_fixed_after_the_import_had_ended(imported: Run, by: Membership) -> None:
    batch = imported(csv_of("bad,Zoe,Fox,", "ann@example.com"))

    edit_cells(batch, [Edit(2, 0, "zoe@example.com", batch.rows.get(number=2).version)], by=by)

    assert found(by, "zoe@example.com") == found(by, "fox") == [("team.csv", 2)]


def test_finds_letters_beyond_ascii_in_a_cell_with_a_problem(imported: Run, by: Membership) -> None:
    imported(csv_of("zoë ø@@example.com,Zoe,Fox,", "ann@example.com"))

    assert found(by, "zoë") == [("team.csv", 2)]


def test_rows_of_a_rejected_file_are_not_found(by: Membership, team: Batch) -> None:
    Batch.objects.filter(pk=team.pk).update(state=Batch.State.REJECTED)

    assert found(by, "ann lee") == []


def test_lists_the_newest_import_first(run: Run, by: Membership) -> None:
    first = run(csv_of("zoe@example.com,Zoe,Fox,", "zac@example.com,Zac,Fox,"), name="one.csv")
    Batch.objects.filter(pk=first.pk).update(created_at=first.created_at - timedelta(days=1))
    run(csv_of("zoe@example.com,Zoe,Fox,"), name="two.csv")

    assert found(by, "fox") == [("two.csv", 2), ("one.csv", 2), ("one.csv", 3)]


def test_finds_imports_by_the_name_of_their_file(ines: Client, imported: Run) -> None:
    imported(csv_of("ann@example.com"), name="Night-shift.csv")
    imported(csv_of("ben@example.com"), name="day.csv")
    Batch.objects.update(banner_closed_at=timezone.now())

    page = search(ines, "night-SHIFT")

    assert "Night-shift.csv" in page
    assert "day.csv" not in page


def test_a_result_leads_to_its_row(ines: Client, imported: Run) -> None:
    batch = imported(many(120))
    email = batch.rows.get(number=105).email

    response = ines.get(HERE, {"q": email})
    assert f'href="{HERE}{batch.pk}/?row=105#row-105"' in response.content.decode()

    page = ines.get(f"{HERE}{batch.pk}/?row=105").content.decode()
    assert 'id="row-105"' in page
    assert "101–120 of 120" in page


def test_shows_a_corrected_name(ines: Client, imported: Run) -> None:
    batch = imported(csv_of("zoe@example.com,Zeo,Fox,"))
    invitation = batch.invitations.get()
    invitation.first_name = "Zoe"
    invitation.save()

    assert "Zoe Fox" in search(ines, "zoe fox")


def test_says_when_nothing_was_found(ines: Client, imported: Run) -> None:
    imported(many(1))

    page = search(ines, "nobody-has-this")

    assert "No matching people or files" in page
    assert "0 people found. 0 files found." in page


def test_says_when_there_are_more(ines: Client, imported: Run, by: Membership) -> None:
    imported(many(SHOWN + 5))

    assert len(find_people(by, "example").rows) == SHOWN
    assert f"These are the first {SHOWN}, newest import first." in search(ines, "example")
    assert f"More than {SHOWN} people found." in search(ines, "example")


def test_the_first_ones_are_those_of_the_newest_imports(run: Run, imported: Run, by: Membership) -> None:
    imported(many(SHOWN + 5), name="old.csv")
    run(csv_of(*(f"older{number}@@people.example.com" for number in range(5))), name="older problems.csv")
    run(csv_of(*(f"bad{number}@@people.example.com" for number in range(SHOWN))), name="problems.csv")
    imported(many(3, domain="sub.people.example.com"), name="newest.csv")

    shown = found(by, "people.example")

    assert len(shown) == SHOWN
    assert shown[:5] == [*(("newest.csv", number) for number in (2, 3, 4)), ("problems.csv", 2), ("problems.csv", 3)]
    assert {name for name, _number in shown} == {"newest.csv", "problems.csv"}


def test_punctuation_is_not_in_every_row_with_a_problem(run: Run, by: Membership) -> None:
    run(csv_of("ann@@example.com,Ann,Lee,", "ben@@example.com,Ben,Fox,"), only_valid=True)

    for text in (",", '"', "[", "]", '",', '["'):
        assert found(by, text) == [], text
    run(csv_of('"zoe@@example.com","Zoe","Fox, jr.",'), name="comma.csv", only_valid=True)
    assert found(by, "fox, jr.") == [("comma.csv", 2)]


def test_any_text_can_be_searched(ines: Client, imported: Run, by: Membership) -> None:
    imported(many(2))

    for text in ("%", "_", "\\", "'", "\x00", "a" * 300, "🙂", "( [", "&amp;<b>"):
        assert found(by, text) == [], text
        search(ines, text)


def test_there_is_no_search_before_the_first_import(ines: Client) -> None:
    assert 'type="search"' not in ines.get(HERE).content.decode()


def test_members_without_see_users_find_only_people_of_their_own_imports(
    acme: Organization, join: Callable[..., User], client_of: Callable[[User], Client], imported: Run
) -> None:
    allowed = Role.objects.get(organization=acme, name="ReadOnly").permissions
    Role.objects.create(organization=acme, name="Blind inviter", permissions=[*allowed, "users.invite"])
    blind = join(acme, "blind@example.com", "Blind inviter").memberships.get()
    imported(csv_of("zoe@example.com,Zoe,Fox,", "yan@@example.com,Yan,Fox,"), name="fox-theirs.csv")
    imported(csv_of("zac@example.com,Zac,Fox,", "xen@@example.com,Xen,Fox,"), name="own.csv", by=blind)

    assert found(blind, "fox") == [("own.csv", 2), ("own.csv", 3)]
    page = search(client_of(blind.user), "fox")
    assert "Zac Fox" in page
    assert "Zoe Fox" not in page
    assert "fox-theirs.csv" not in page


def test_other_organizations_find_nobody(imported: Run, outsider: User, client_of: Callable[[User], Client]) -> None:
    imported(csv_of("zoe@example.com,Zoe,Fox,", "yan@@example.com,Yan,Fox,"))

    assert found(outsider.memberships.get(), "fox") == []
    assert client_of(outsider).get(HERE, {"q": "fox"}).status_code == 404


def test_takes_as_many_queries_for_any_number_of_imports(ines: Client, imported: Run, by: Membership) -> None:
    def queries() -> int:
        ines.get(HERE, {"q": "fox"})
        with CaptureQueriesContext(connection) as captured:
            search(ines, "fox")
        return len(captured)

    # More than have a banner.
    for number in range(banners.SHOWN + 1):
        imported(csv_of(f"z{number}@example.com,Zoe,Fox,", "yan@@example.com,Yan,Fox,"))
    before = queries()
    for number in range(4):
        imported(csv_of(f"zoe{number}@example.com,Zoe,Fox,", "yan@@example.com,Yan,Fox,"))

    assert queries() == before


def test_each_query_reads_an_index(imported: Run, by: Membership) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL reads small tables without their indexes.")
    imported(many(3))
    with CaptureQueriesContext(connection) as captured:
        find_people(by, "fox")
    plans = []
    for query in captured:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plans.append(" ".join(row[-1] for row in cursor.fetchall()))

    assert any("COVERING INDEX pending_invitation_by_name" in plan for plan in plans)
    assert any("COVERING INDEX closed_invitation_by_name" in plan for plan in plans)
    assert any("COVERING INDEX left_row_by_name" in plan for plan in plans)
    assert not any("SCAN" in plan for plan in plans)
