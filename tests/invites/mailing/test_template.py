"""The invitation email: its words, and that no name can change what it says or does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from anymail.message import AnymailMessage
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.timezone import localtime

from accounts.models import Membership, Organization, Role, Site, User
from invites.invitations.actions import resend
from invites.mailing import template
from invites.mailing.content import content_of
from invites.mailing.template import InvitationTemplate
from invites.models import Batch, Invitation
from tests.files import csv_of
from tests.invites.invitations.helpers import Invite, deliver, link_of
from tests.marked import MARKED, marked_language
from tests.pages import text_of

LINK = "https://rollcall.example.org/i/token/"
INVISIBLE = "\u2060"


def html_of(message: EmailMultiAlternatives) -> str:
    return str(message.alternatives[0].content)  # type: ignore[attr-defined]


def message_to(invitation: Invitation) -> AnymailMessage:
    invitation.refresh_from_db()
    return InvitationTemplate(content_of(invitation)).build(invitation, link=LINK, opt_out="12-opt")


@pytest.mark.parametrize(("zone", "day"), [("Pacific/Kiritimati", "Jan 2, 2027"), ("America/New_York", "Jan 1, 2027")])
def test_the_last_day_is_one_of_the_organization(invite: Invite, acme: Organization, zone: str, day: str) -> None:
    invitation = invite(mailed=False)
    Organization.objects.filter(pk=acme.pk).update(time_zone=zone)
    Invitation.objects.update(expires_at=datetime(2027, 1, 1, 12, tzinfo=UTC))

    message = message_to(Invitation.objects.select_related("organization").get(pk=invitation.pk))

    assert f"The link works until {day}." in message.body


def test_says_who_invites_to_what_and_what_to_do(
    invite: Invite, acme: Organization, sites: list[Site], settings: Any
) -> None:
    invitation = invite(mailed=False, sites=sites)

    (message,) = deliver(acme)

    assert message.subject == "Ines Martin invited you to Acme"
    assert message.to == ["chiara.rossi@people.example.com"]
    assert message.reply_to == ["admin@example.com"]
    until = date_format(localtime(invitation.expires_at))
    said = (
        "Ines Martin invited you to Acme",
        "Hi Chiara, Ines Martin has invited you to join Acme as ReadOnly for Ghent, Lyon depot and Turin. "
        "Choose a password to get started.",
        "Accept the invitation",
        f"{settings.BASE_URL}{link_of(invitation)}",
        f"The link works until {until}.",
        "This email was sent to chiara.rossi@people.example.com because admin@example.com invited you.",
        "If you don’t know Ines, ignore this email or decline the invitation.",
    )
    html = re.sub(r" (?=[.,])", "", text_of(re.sub(r"</?bdi>", "", html_of(message))))
    for words in said:
        assert words in message.body
        assert words in html
    assert "If the button doesn’t work, paste this link into your browser:" in html


def test_shortens_a_long_list_of_sites_and_says_all_sites(invite: Invite, acme: Organization, admin: User) -> None:
    many = [Site.objects.create(organization=acme, name=f"Site {letter}") for letter in "ABCDEFGH"]

    cut = message_to(invite("a@people.example.com", sites=many))
    everywhere = message_to(invite("b@people.example.com", sites=None, roles=["ReadOnly", "Project manager"]))

    assert "as ReadOnly for Site A, Site B, Site C and 5 more sites." in cut.body
    assert "as Project manager and ReadOnly for all sites." in everywhere.body


def test_each_message_has_one_recipient_and_their_own_link(invite: Invite, acme: Organization) -> None:
    people = [invite(f"person{number}@people.example.com", first_name=f"P{number}x", mailed=False) for number in "123"]

    messages = deliver(acme)

    for person, message in zip(people, messages, strict=True):
        assert (message.to, message.cc, message.bcc) == ([person.email], [], [])
        assert link_of(person) in message.body
        assert f"Hi {person.first_name}," in message.body
        for other in set(people) - {person}:
            assert link_of(other) not in message.body + html_of(message)
            assert other.email not in message.body + html_of(message)


def test_the_same_link_has_the_same_message_id(invite: Invite) -> None:
    invitation = invite()

    first, second = message_to(invitation), message_to(invitation)

    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert invitation.token_seed not in first.message().as_string()


def test_escapes_markup_in_names(
    invite: Invite, acme: Organization, admin: User, sites: list[Site], settings: Any
) -> None:
    evil = '<img src="x" onerror="alert(1)"><a href="//evil">&'
    Organization.objects.filter(pk=acme.pk).update(name=evil)
    Role.objects.filter(organization=acme, name="ReadOnly").update(name=evil[:80])
    Membership.objects.filter(user=admin).update(first_name=evil, last_name="</title><style>")
    invitation = invite(roles=[evil[:80]])
    Invitation.objects.filter(pk=invitation.pk).update(first_name=evil)

    html = html_of(message_to(invitation))

    assert "<img" not in html
    assert "</title><style>" not in html
    opt_outs = [f"{settings.BASE_URL}/i/{what}/12-opt/" for what in ("decline", "report")]
    assert re.findall(r'href="([^"]*)"', html) == [LINK, LINK, *opt_outs]


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\u2028", "\x0b"])
def test_a_line_break_in_a_name_adds_no_header(invite: Invite, acme: Organization, admin: User, line_end: str) -> None:
    evil = f"Ines{line_end}Bcc: all@evil.example.com{line_end}{line_end}Body"
    Organization.objects.filter(pk=acme.pk).update(name=evil)
    Membership.objects.filter(user=admin).update(first_name=evil)
    invitation = invite()
    Invitation.objects.filter(pk=invitation.pk).update(first_name=evil)

    built = message_to(invitation)
    message = message_from_bytes(built.message().as_bytes(), policy=policy.default)

    assert message["Bcc"] is None
    assert message["To"] == invitation.email
    subject = str(message["Subject"]).replace(INVISIBLE, "").strip()
    assert subject.startswith("Ines Bcc: all@evil.example.com")
    assert "\n" not in built.subject
    assert "Body" in str(message["From"])


def test_refuses_an_address_that_no_header_can_hold(invite: Invite) -> None:
    invitation = invite()
    invitation.email = "a@people.example.com\nBcc: b@people.example.com"

    with pytest.raises(ValueError, match="line break"):
        InvitationTemplate(content_of(invitation)).build(invitation, link=LINK, opt_out="12-opt")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.com/x",
        "www.evil.example",
        "evil.com",
        "a@evil.example",
        "evil．com",
        "evil。com",
        "evil․com",
        "evil.madeup",
        "1.2.3.4",
    ],
)
def test_no_name_becomes_a_link_in_a_mail_program(invite: Invite, acme: Organization, admin: User, link: str) -> None:
    Organization.objects.filter(pk=acme.pk).update(name=link)
    Membership.objects.filter(user=admin).update(first_name=link)
    invitation = invite()
    Invitation.objects.filter(pk=invitation.pk).update(first_name=link)

    message = message_to(invitation)

    for part in (message.body, re.sub(r"<title>.*?</title>", "", html_of(message), flags=re.DOTALL)):
        assert link not in part
        assert link in part.replace(INVISIBLE, "")
    for header in (message.subject, str(message.from_email)):
        assert link not in header
        assert link in header.replace(INVISIBLE, ""), "nothing but that"


def test_a_subject_without_links_is_unchanged(invite: Invite, acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(name="A.B. Clark & St. Gallen")

    assert message_to(invite()).subject == "Ines Martin invited you to A.B. Clark & St. Gallen"


def test_template_syntax_in_a_name_is_not_evaluated(invite: Invite) -> None:
    invitation = invite()
    Invitation.objects.filter(pk=invitation.pk).update(first_name="{{ link }} {% now %}")

    assert "Hi {{ link }} {% now %}," in message_to(invitation).body


def test_does_not_send_closed_invitations(invite: Invite, acme: Organization) -> None:
    for number, state in enumerate(("revoked", "accepted", "replaced")):
        invitation = invite(f"person{number}@people.example.com", mailed=False)
        Invitation.objects.filter(pk=invitation.pk).update(state=state)

    assert deliver(acme) == []


def test_sends_only_the_invitations_of_the_organization(
    invite: Invite, acme: Organization, globex: Organization, outsider: User
) -> None:
    invite("ours@people.example.com", mailed=False)
    invite("theirs@people.example.com", by=Membership.objects.get(user=outsider), sites=None, mailed=False)

    deliver(acme)

    assert [message.to for message in mail.outbox] == [["ours@people.example.com"]]


def test_links_work_after_the_secret_key_changed(invite: Invite, acme: Organization, settings: Any) -> None:
    from django.test import Client

    invite(mailed=False)
    settings.SECRET_KEY = "another-key-altogether"

    (message,) = deliver(acme)

    path = re.search(r"/i/\S+", str(message.body))
    assert path is not None
    assert Client().get(path.group(), follow=True).status_code == 200


# --- Messages and the settings of the organization ------------------------------------------------------


def quoted(html: str) -> list[str]:
    """The messages in the HTML, each with who wrote it."""
    return [" ".join(text_of(each).split()) for each in re.findall(r'class="well".*?</td>', html, re.DOTALL)]


def test_has_the_personal_message_first_and_names_who_wrote_each(invite: Invite, acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(email_message="Questions?\nCall 4100.")
    invite(mailed=False, message="Hi Chiara,\nsee you on <b>Tuesday</b>.")

    (message,) = deliver(acme)

    text, html = (part.replace(INVISIBLE, "") for part in (str(message.body), html_of(message)))
    assert "From Ines Martin:\n  Hi Chiara,\n  see you on <b>Tuesday</b>.\n" in text
    assert "From Acme:\n  Questions?\n  Call 4100.\n" in text
    assert text.index("From Ines") < text.index("From Acme:") < text.index("Accept the invitation:")
    assert "Hi Chiara,<br>\nsee you on &lt;b&gt;Tuesday&lt;/b&gt;." in html
    assert html.index("Call 4100.") < html.index("Accept the invitation</a>")
    assert [each.split(">")[-1].strip() for each in quoted(html)] == [
        "From Ines Martin Hi Chiara, see you on &lt;b&gt;Tuesday&lt;/b&gt;.",
        "From Acme Questions? Call 4100.",
    ]


def test_without_a_message_nothing_is_quoted(invite: Invite, acme: Organization) -> None:
    message = message_to(invite())

    assert quoted(html_of(message)) == []
    assert "From" not in message.body


def test_whoever_resends_keeps_the_message_and_its_author(
    invite: Invite, acme: Organization, join: Callable[..., User], admin_membership: Membership
) -> None:
    invitation = invite(message="See you on Tuesday.")
    other = join(acme, "gustav@example.com", "Org Admin", first_name="Gustav", last_name="Berg")
    Invitation.objects.filter(pk=invitation.pk).update(mail_finished_at=None)

    resend(Membership.objects.get(user=other), invitation)
    (message,) = deliver(acme)

    assert message.subject.startswith("Gustav Berg invited you")
    assert "From Ines Martin:\n  See you on Tuesday." in message.body


def test_everyone_in_a_file_gets_the_message_of_the_import(run: Callable[..., Batch], acme: Organization) -> None:
    run(csv_of("ann@people.example.com", "bob@people.example.com"), message="Welcome to the team.")

    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert "From Ines Martin:\n  Welcome to the team." in message.body


def test_two_invitations_with_one_grant_keep_their_own_messages(invite: Invite, acme: Organization) -> None:
    first, second = (invite(f"{name}@people.example.com", mailed=False, message=f"Hi {name}.") for name in ("a", "b"))
    Invitation.objects.filter(pk=second.pk).update(grant=first.grant)

    bodies = [str(message.body) for message in deliver(acme)]

    assert ["  Hi a." in bodies[0], "  Hi b." in bodies[1]] == [True, True]


@pytest.mark.parametrize("link", ["evil.com", "evil.madeup", "https://evil", "evil。com", "1.2.3.4"])
def test_no_message_becomes_a_link_even_if_a_list_of_endings_lacks_it(
    invite: Invite, acme: Organization, link: str
) -> None:
    invitation = invite()
    Invitation.objects.filter(pk=invitation.pk).update(message=f"Look: {link} now")

    message = message_to(invitation)

    for part in (message.body, html_of(message)):
        assert link not in part
        assert link in part.replace(INVISIBLE, "")


def test_a_message_adds_no_header_and_ends_no_email(invite: Invite, acme: Organization) -> None:
    invitation = invite()
    evil = "a\n.\n-- \nBcc: all@evil\n\x0bFrom x"
    Invitation.objects.filter(pk=invitation.pk).update(message=evil)

    built = message_to(invitation)
    message = message_from_bytes(built.message().as_bytes(), policy=policy.default)

    assert message["Bcc"] is None
    assert "\n-- \nBcc" not in str(built.body)
    assert all(not line.startswith((".", "--  ")) for line in str(built.body).splitlines())


def test_the_sender_name_and_the_reply_to_address_of_the_organization(invite: Invite, acme: Organization) -> None:
    invitation = invite()
    assert message_to(invitation).from_email == "Acme via Rollcall <no-reply@127.0.0.1>"

    Organization.objects.filter(pk=acme.pk).update(
        email_sender_name='Zoë "Z", Sons & Co', email_reply_to="help@example.com"
    )
    message = message_to(Invitation.objects.get(pk=invitation.pk))
    sent = message_from_bytes(message.message().as_bytes(), policy=policy.default)

    assert message.reply_to == ["help@example.com"]
    (sender,) = sent["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ('Zoë "Z", Sons & Co via Rollcall', "no-reply@127.0.0.1")


# --- Languages ------------------------------------------------------------------------------------------


@pytest.fixture
def marked() -> Iterator[None]:
    with marked_language():
        yield


def assert_is_marked(message: EmailMultiAlternatives) -> None:
    """Every text went through gettext, and none of them is a fragment."""
    assert message.subject == "[Ines Martin invited you to Acme]"
    shown = re.sub(r"<style>.*?</style>", "", html_of(message), flags=re.DOTALL)
    for text in (str(message.body), text_of(re.sub(r"</?bdi>", "", shown))):
        rest = text
        while (shorter := re.sub(r"\[[^\[\]]*\]", "", rest)) != rest:
            rest = shorter
        rest = re.sub(r"https?://\S+", "", rest)
        assert set(re.findall(r"\w+", rest)) <= {"Rollcall", "nbsp"}, rest
    assert 'lang="fr"' in html_of(message)


def test_an_invitee_with_an_account_gets_the_email_in_their_language(
    marked: None, invite: Invite, acme: Organization, outsider: User
) -> None:
    User.objects.filter(pk=outsider.pk).update(language=MARKED)
    invite(outsider.email, mailed=False)

    (message,) = deliver(acme)

    assert_is_marked(message)
    assert "[Accept the invitation to get started.]" in message.body, "They have a password."


def test_others_get_it_in_the_language_of_the_organization(marked: None, invite: Invite, acme: Organization) -> None:
    invite("english@people.example.com", mailed=False)
    (english,) = deliver(acme)
    Organization.objects.filter(pk=acme.pk).update(language=MARKED)
    invite("marked@people.example.com", mailed=False)
    (message,) = deliver(acme)

    assert english.subject == "Ines Martin invited you to Acme"
    assert_is_marked(message)
    assert "[Choose a password to get started.]" in message.body


def test_an_import_compiles_the_email_once_per_language(
    marked: None,
    run: Callable[..., Batch],
    join: Callable[..., User],
    globex: Organization,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[str] = []

    def render(name: str, context: dict[str, object]) -> str:
        compiled.append(name)
        return render_to_string(name, context)

    monkeypatch.setattr(template, "render_to_string", render)
    addresses = [f"user{number}@people.example.com" for number in range(4)]
    for address, language in zip(addresses, ["", MARKED, MARKED, ""], strict=True):
        user = join(globex, address, "ReadOnly")
        User.objects.filter(pk=user.pk).update(language=language)

    run(csv_of(*addresses))

    subjects = Counter(message.subject for message in mail.outbox)
    assert subjects == {"Ines Martin invited you to Acme": 2, "[Ines Martin invited you to Acme]": 2}
    assert Counter(compiled) == {"mail/invitation.txt": 2, "mail/invitation.html": 2}
