"""The dialog that starts an import, and the page that follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_batch
from invites.models import Batch, Invitation, Row, UploadPart
from tests.files import PROBLEMS, REFUSED, csv_of
from tests.pages import HTMX, submit_import, text, triggers, url_of

Run = Callable[..., Batch]
ClientOf = Callable[[User | None], Client]


# --- The sample file -----------------------------------------------------------------------------------


def test_the_sample_is_the_owners_file(ines: Client) -> None:
    response = ines.get(reverse("imports:sample", args=["acme"]))

    assert response.content == (
        b"Email,First name,Last name,Description\r\n"
        b"user1@abc.com,first name 1,last name 1,optional info about user 1\r\n"
        b"user2@abc.com,first name 2,last name 2,optional info about user 2\r\n"
    )
    assert len(response.content) == 174
    assert 'filename="sample_batch_invite.csv"' in response.headers["Content-Disposition"]


def test_the_sample_itself_can_be_imported(ines: Client, grant: dict[str, Any], work: Run) -> None:
    submit_import(
        ines, ines.get(reverse("imports:sample", args=["acme"])).content, name="sample_batch_invite.csv", **grant
    )

    assert summary_of(work(Batch.objects.get())).invited == 2


# --- The form ------------------------------------------------------------------------------------------


def test_the_form_asks_for_roles_sites_and_a_file(ines: Client, grant: dict[str, Any]) -> None:
    html = text(ines.get(reverse("imports:import", args=["acme"])))

    assert "Import users" in html
    assert "CSV file" in html
    assert reverse("imports:sample", args=["acme"]) in html
    for name in ("Org Admin", "ReadOnly", "Lyon depot", "All sites"):
        assert name in html
    assert 'type="file"' in html


def test_the_form_is_a_page_or_a_fragment_for_the_dialog(ines: Client) -> None:
    url = reverse("imports:import", args=["acme"])

    assert "<html" in text(ines.get(url))
    assert "<html" not in text(ines.get(url, headers=HTMX))


def test_a_valid_file_leads_to_the_page_of_its_import(ines: Client, grant: dict[str, Any], work: Run) -> None:
    response = submit_import(ines, csv_of("ann@example.com", "ben@example.com"), **grant)

    batch = Batch.objects.get()
    assert (response.status_code, response.headers["Location"]) == (302, url_of(batch))
    assert batch.state == Batch.State.INVITING
    assert summary_of(work(batch)).invited == 2
    assert len(mail.outbox) == 2


def test_the_dialog_continues_with_the_progress(dialog: Client, grant: dict[str, Any]) -> None:
    response = submit_import(dialog, csv_of("ann@example.com"), **grant)

    assert response.status_code == 200
    assert "shell:changed" in triggers(response)
    for word in ("Uploaded", "Checked", "Inviting", "Stop inviting"):
        assert word in text(response)
    assert url_of(Batch.objects.get(), "shell:batch_dialog_events") in text(response)


def test_everyone_gets_the_chosen_roles_and_sites(
    ines: Client, grant: dict[str, Any], read_only: AccessSelection, work: Run
) -> None:
    submit_import(ines, csv_of("ann@example.com"), **grant)
    work(Batch.objects.get())

    given = Invitation.objects.get().grant
    assert (set(given.roles.all()), set(given.sites.all())) == (set(read_only.roles), set(read_only.sites))


def test_all_sites_can_be_granted(ines: Client, grant: dict[str, Any]) -> None:
    submit_import(ines, csv_of("ann@example.com"), roles=grant["roles"], sites=["all"])

    given = Batch.objects.get().grant
    assert (given.all_sites, given.sites.count()) == (True, 0)


@pytest.mark.parametrize("missing", ["roles", "sites", "file"])
def test_errors_name_what_is_missing_and_keep_what_was_chosen(
    ines: Client, grant: dict[str, Any], read_only: AccessSelection, missing: str
) -> None:
    fields = {name: value for name, value in grant.items() if name != missing}
    response = submit_import(ines, None if missing == "file" else csv_of("ann@example.com"), **fields)

    said = {"roles": "Choose at least one role.", "sites": "Choose at least one site", "file": "Choose a CSV file."}
    assert response.status_code == 422
    assert said[missing] in text(response)
    form = response.context["form"]
    for name, values in fields.items():
        assert [str(value) for value in form[name].value()] == [str(value) for value in values]
    assert Batch.objects.count() == 0


def test_chosen_roles_and_sites_stay_selected_after_an_error(
    ines: Client, grant: dict[str, Any], read_only: AccessSelection
) -> None:
    html = text(submit_import(ines, None, **grant))

    (role,) = read_only.roles
    marked = [line for line in html.split("<input") if f'value="{role.pk}"' in line and 'name="roles"' in line]
    assert len(marked) == 1
    assert "checked" in marked[0].split(">")[0]
    for site in read_only.sites:
        option = html.split(f'<option value="{site.pk}"')[1].split(">")[0]
        assert "selected" in option


def test_an_empty_form_lists_everything_that_is_missing(ines: Client) -> None:
    response = ines.post(reverse("imports:import", args=["acme"]))

    assert response.status_code == 422
    assert "Choose at least one role." in text(response)
    assert "Choose a CSV file." in text(response)


@pytest.mark.parametrize("field", ["roles", "sites"])
def test_forged_roles_and_sites_are_refused(
    ines: Client, grant: dict[str, Any], globex: Organization, field: str
) -> None:
    Site.objects.create(organization=globex, name="Oslo")
    theirs = Role.objects.get(organization=globex, name="ReadOnly") if field == "roles" else globex.sites.get()
    for value in (str(theirs.pk), "999999", "99999999999999999999", "x", "-1", "", "1' OR '1'='1", "\x00"):
        response = submit_import(ines, csv_of("ann@example.com"), **{**grant, field: [value]})

        assert response.status_code == 422, value
        assert (Batch.objects.count(), Row.objects.count(), UploadPart.objects.count()) == (0, 0, 0), value


def test_nobody_can_grant_more_than_they_have(
    client_of: ClientOf, acme: Organization, sites: list[Site], join: Callable[..., User], grant: dict[str, Any]
) -> None:
    inviting = Role.objects.create(organization=acme, name="Inviter", permissions=["users.view", "users.invite"])
    helper = client_of(join(acme, "helper@example.com", inviting.name, sites=sites[:1]))
    org_admin = Role.objects.get(organization=acme, name="Org Admin")

    beyond: list[dict[str, Any]] = [
        {"roles": [org_admin.pk], "sites": [sites[0].pk]},
        {"roles": [inviting.pk], "sites": [sites[1].pk]},
        {"roles": [inviting.pk], "sites": ["all"]},
    ]
    for fields in beyond:
        assert submit_import(helper, csv_of("ann@example.com"), **fields).status_code == 422
    assert Batch.objects.count() == 0

    assert submit_import(helper, csv_of("ann@example.com"), roles=[inviting.pk], sites=[sites[0].pk]).status_code == 302


def test_a_file_over_the_limit_is_rejected_with_its_size(ines: Client, grant: dict[str, Any], settings: Any) -> None:
    settings.MAX_UPLOAD_MB = 1

    response = submit_import(ines, b"x" * (1024 * 1024 + 200_000), **grant)

    assert response.status_code == 422
    assert "This file is 1.2 MB, and the limit is 1 MB." in text(response)
    assert Batch.objects.count() == 0


def test_again_starts_from_the_roles_and_sites_of_an_earlier_batch(
    ines: Client, imported: Run, read_only: AccessSelection
) -> None:
    batch = imported(csv_of("ann@example.com"))

    form = ines.get(f"{reverse('imports:import', args=['acme'])}?again={batch.pk}").context["form"]

    assert form["roles"].value() == [role.pk for role in read_only.roles]
    assert sorted(form["sites"].value()) == sorted(str(site.pk) for site in read_only.sites)


NO_BATCH = ["0", "-1", "x", "", "1.5", "٣", "99999999999999999999", "9223372036854775808", "9" * 5000, "\x00", "1 OR 1"]


@pytest.mark.parametrize("query", ["again", "correct"])
def test_an_unknown_id_is_not_found(ines: Client, query: str) -> None:
    for value in NO_BATCH:
        assert ines.get(reverse("imports:import", args=["acme"]), {query: value}).status_code in {400, 404}, value


@pytest.mark.parametrize("number", ["0", "9223372036854775807", "9223372036854775808", "9" * 30, "9" * 5000])
def test_an_id_beyond_the_range_of_the_database_is_not_found(ines: Client, number: str) -> None:
    for rest in ("", "problems/", "dialog/", "progress/", "report.csv", "stop/"):
        assert ines.get(f"/o/acme/batches/{number}/{rest}").status_code == 404, rest


STRANGE = ["\x00", "a\x00b", "\ud800", "\u202e", "x" * 50_000, "%00", "%ED%A0%80", "'", "<script>"]


def test_invalid_queries_cause_no_server_error(ines: Client, start: Run) -> None:
    batch = start(PROBLEMS)
    sent = [dict.fromkeys(("outcome", "page", "kind"), value.encode("utf-8", "surrogatepass")) for value in STRANGE]

    for query in sent:
        for address in ("imports:batch", "imports:batch_problems", "imports:batch_download"):
            assert ines.get(url_of(batch, address), query).status_code < 500, query
    stop_batch(batch)
    for query in sent:
        assert ines.get(url_of(batch), query).status_code < 500, query


# --- Names of files ------------------------------------------------------------------------------------


def test_the_file_name_is_escaped(ines: Client, grant: dict[str, Any]) -> None:
    submit_import(ines, csv_of("ann@example.com"), name='"><script>alert(1)</script>.csv', **grant)

    html = text(ines.get(url_of(Batch.objects.get())))
    assert "<script>alert" not in html
    assert "alert(1)" in html or "script" in html


NAMES = [
    b'filename="a\x00b.csv"',
    b'filename="\xff\xfe.csv"',
    b'filename="\xed\xa0\x80.csv"',
    b"filename*=utf-7''%2B2AA-.csv",
    b"filename*=UTF-8''%00.csv",
    b"filename*=hex''zz.csv",
    b"filename*=idna''xn--%ff.csv",
    b"filename*=utf-16''abc.csv",
    b"filename*=nothing''abc.csv",
    b'filename=".."',
    b'filename="/"',
    b'filename=""',
    b'filename="' + b"x" * 5000 + b'.csv"',
    b'filename="\xe2\x80\xae.csv"',
]


@pytest.mark.parametrize("disposition", NAMES)
def test_no_file_name_causes_a_server_error(ines: Client, grant: dict[str, Any], disposition: bytes) -> None:
    fields = [("roles", grant["roles"][0]), ("sites", grant["sites"][0])]
    parts = [b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%d\r\n' % (n.encode(), v) for n, v in fields]
    head = b'--cut\r\nContent-Disposition: form-data; name="file"; ' + disposition + b"\r\n\r\n"
    body = b"".join([*parts, head, csv_of("ann@example.com"), b"\r\n--cut--\r\n"])

    response = ines.post(
        reverse("imports:import", args=["acme"]), data=body, content_type="multipart/form-data; boundary=cut"
    )

    assert response.status_code in {302, 400, 422}
    for batch in Batch.objects.all():
        assert batch.file_name.isprintable()
        assert ines.get(url_of(batch)).status_code == 200


# --- Files that are refused or have problems -----------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 60, "PNG"),
        (REFUSED, "Last name"),
        (b"Email,First name,Last name\r\n", "no people"),
        (b'"Email,First name,Last name\r\nann@example.com,Ann,Lee\r\n', "quot"),
    ],
)
def test_the_dialog_says_why_a_file_is_rejected_and_nobody_is_invited(
    dialog: Client, grant: dict[str, Any], content: bytes, said: str
) -> None:
    response = submit_import(dialog, content, **grant)

    html = text(response)
    assert response.status_code == 200
    assert "was not imported" in html
    assert said.lower() in html.lower()
    assert "Nobody has been invited" in html
    assert f"?again={Batch.objects.get().pk}" in html
    assert (Invitation.objects.count(), UploadPart.objects.count()) == (0, 0)


def test_a_rejection_shown_in_the_dialog_has_no_banner(dialog: Client, grant: dict[str, Any]) -> None:
    submit_import(dialog, REFUSED, **grant)

    assert "was not imported" not in text(dialog.get(reverse("shell:banners", args=["acme"])))


def test_a_rejection_that_nobody_has_seen_has_a_banner(ines: Client, start: Run) -> None:
    start(REFUSED)

    assert "team.csv was not imported." in text(ines.get(reverse("shell:banners", args=["acme"])))


def test_without_the_dialog_the_page_of_the_import_shows_the_rejection(ines: Client, grant: dict[str, Any]) -> None:
    html = text(ines.get(submit_import(ines, REFUSED, **grant).headers["Location"]))

    assert "Last name" in html
    assert "Surname" in html
    assert "Choose another file" in html


def test_the_dialog_for_a_file_with_problems_offers_what_to_do(dialog: Client, grant: dict[str, Any]) -> None:
    html = text(submit_import(dialog, PROBLEMS, **grant))

    assert "2 rows need fixing" in html
    assert "Invite the 2 valid users" in html
    assert "Fix the rows" in html
    assert Invitation.objects.count() == 0


def test_without_the_dialog_a_file_with_problems_leads_to_the_grid(ines: Client, grant: dict[str, Any]) -> None:
    assert submit_import(ines, PROBLEMS, **grant).headers["Location"] == url_of(
        Batch.objects.get(), "imports:batch_problems"
    )


def test_the_grid_lists_row_value_and_reason_of_each_problem(ines: Client, start: Run) -> None:
    html = text(ines.get(url_of(start(PROBLEMS), "imports:batch_problems")))

    assert "ben@@example.com" in html
    assert "c@example.com" in html
    assert "ann@example.com" not in html
    for row in Row.objects.filter(outcome=Row.Outcome.PROBLEM):
        assert row.detail.split("“")[0].strip(". ") in html
    assert "Invite the other 2" in html
    assert f"?correct={Batch.objects.get().pk}" in html


def test_problems_can_be_filtered_by_kind(ines: Client, start: Run) -> None:
    batch = start(PROBLEMS)
    kinds = ines.get(url_of(batch, "imports:batch_problems")).context["kinds"]
    assert len(kinds) == 2
    assert all(kind.label != kind.code and kind.rows == 1 for kind in kinds)
    code = next(code for code in batch.rows.get(email="c@example.com").problem_codes.split())

    html = text(ines.get(url_of(batch, "imports:batch_problems"), {"kind": code}))

    assert "c@example.com" in html
    assert "ben@@example.com" not in html


def test_markup_in_a_cell_is_escaped(ines: Client, start: Run) -> None:
    batch = start(csv_of("<img src=x onerror=alert(1)>,Ann,Lee,x", "ann@example.com,<b>Ann</b>,Lee,<i>x</i>"))

    html = text(ines.get(url_of(batch, "imports:batch_problems")))

    assert "<img src=x" not in html
    assert "&lt;img src=x" in html


def test_the_grid_of_an_import_that_moved_on_redirects_to_its_page(ines: Client, imported: Run) -> None:
    batch = imported(csv_of("ann@example.com"))

    assert ines.get(url_of(batch, "imports:batch_problems")).headers["Location"] == url_of(batch)


def test_a_corrected_file_continues_the_same_import(ines: Client, start: Run, work: Run, grant: dict[str, Any]) -> None:
    batch = start(PROBLEMS)

    response = submit_import(
        ines, csv_of("ann@example.com", "ben@example.com"), name="team 2.csv", query=f"?correct={batch.pk}", **grant
    )

    batch.refresh_from_db()
    assert response.headers["Location"] == url_of(batch)
    assert (Batch.objects.count(), batch.file_name) == (1, "team 2.csv")
    assert summary_of(work(batch)).invited == 2


def test_a_corrected_file_with_problems_is_shown_in_the_grid(ines: Client, start: Run, grant: dict[str, Any]) -> None:
    batch = start(PROBLEMS)

    submit_import(ines, csv_of("zoe@example.com", "kim@@example.com"), query=f"?correct={batch.pk}", **grant)

    html = text(ines.get(url_of(batch, "imports:batch_problems")))
    assert "kim@@example.com" in html
    assert "ben@@example.com" not in html


def test_a_corrected_file_for_an_import_that_moved_on_is_refused(
    ines: Client, imported: Run, grant: dict[str, Any]
) -> None:
    batch = imported(csv_of("ann@example.com"))

    response = submit_import(ines, csv_of("ben@example.com"), query=f"?correct={batch.pk}", **grant)

    assert response.status_code == 422
    assert "People of this import have been invited meanwhile" in text(response)
    assert (Batch.objects.count(), Invitation.objects.count(), UploadPart.objects.count()) == (1, 1, 0)


# --- Going on without the problem rows -----------------------------------------------------------------


def test_the_admin_can_invite_the_valid_users(ines: Client, start: Run, work: Run) -> None:
    batch = start(PROBLEMS)

    response = ines.post(url_of(batch, "imports:batch_invite_valid"))

    assert response.headers["Location"] == url_of(batch)
    summary = summary_of(work(batch))
    assert (summary.invited, summary.problems, summary.rows) == (2, 2, 4)


def test_the_dialog_shows_the_progress_of_inviting_the_valid_users(dialog: Client, start: Run) -> None:
    response = dialog.post(url_of(start(PROBLEMS), "imports:batch_invite_valid"))

    assert "Inviting" in text(response)
    assert "shell:changed" in triggers(response)


def test_a_second_click_gets_a_message(ines: Client, start: Run, work: Run) -> None:
    batch = start(PROBLEMS)
    ines.post(url_of(batch, "imports:batch_invite_valid"))

    response = ines.post(url_of(batch, "imports:batch_invite_valid"))

    assert response.status_code == 409
    assert "no longer waiting" in text(response)
    assert summary_of(work(batch)).invited == 2


def test_a_file_without_valid_rows_cannot_be_invited(ines: Client, start: Run) -> None:
    batch = start(csv_of("ben@@example.com"))

    assert "valid user" not in text(ines.get(url_of(batch, "imports:batch_problems"))).replace("0 valid users", "")
    response = ines.post(url_of(batch, "imports:batch_invite_valid"))

    assert response.status_code == 409
    assert "Nobody in this file can be invited yet" in text(response)
