"""The forms for inviting one person, and for changing a pending invitation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crispy_forms.helper import FormHelper
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from accounts.labels import MessageField
from accounts.models import Membership
from accounts.organizations.forms import GrantForm
from invites.checking import (
    ANY_DOMAIN,
    COLUMNS,
    Cells,
)
from invites.invitations.allowed_domains import allowed_domains
from invites.invitations.authorization import selection_of
from invites.invitations.forms.person import DetailsMixin, initial_cells
from invites.invitations.forms.send_time import SendTimeMixin
from invites.invitations.typos import domain_of, intended_address
from invites.models import Invitation

PERSONAL_MESSAGE = _("Added to the email, above the button. Plain text, no links.")


class InviteForm(SendTimeMixin, DetailsMixin, GrantForm):
    """Asks for one person, with roles and sites of their own.

    After `clean`, `asks` says whether the admin has to confirm the address, because it looks like a typo or isn't at a
    domain of the organization. The hidden field `as_typed` confirms it: the admin has seen the question. In the same
    way, the hidden field `declined` confirms an address that declined an earlier invitation.
    """

    message = MessageField(label=_("Personal message"), help_text=PERSONAL_MESSAGE)

    asks: bool = False
    button = _("Send invitation")

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, membership=membership, **kwargs)
        self._allowed = allowed_domains(membership.organization)
        self.add_cells(COLUMNS)
        # The last one.
        self.fields["message"] = self.fields.pop("message")
        self.add_send_time(membership.organization, may_be_now=True)

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = self.layout("email")
        if "message" in self.fields:
            helper.layout.append("message")
        return helper

    def keeps_address(self, typed: str) -> bool:
        """Whether this is the address that the person has already, so that nobody has to ask about it."""
        return False

    def clean(self) -> dict[str, Any]:
        super().clean()
        typed = self.cleaned_data.get("email") or ""
        is_kept = self.keeps_address(typed)
        email = self.check(self.cells(), ANY_DOMAIN if is_kept else self._allowed).values.email
        if typed and email and not is_kept and typed != self.data.get("as_typed"):
            self._ask_about(email, typed)
        self.clean_send_time_fields()
        return self.cleaned_data

    @property
    def despite_decline(self) -> bool:
        """Whether the admin has read that this address declined."""
        email = self.cleaned_data.get("email")
        return bool(email) and email == self.data.get("declined")

    def ask_despite_decline(self, sentence: str) -> None:
        """Say below the address that it declined, and let the admin confirm it by sending the form again."""
        typed = self.cleaned_data["email"]
        context = {"sentence": sentence, "typed": typed, "as_typed": typed == self.data.get("as_typed")}
        self["email"].help_text = render_to_string("invitations/_declined.html", context)

    def _ask_about(self, email: str, typed: str) -> None:
        meant = intended_address(email) or ""
        self.asks = bool(meant or self._allowed.doubt(email))
        if self.asks:
            context = {"meant": meant, "domain": domain_of(meant or email), "typed": typed, "button": self.button}
            self["email"].help_text = render_to_string("invitations/_doubt.html", context)


class InvitationForm(InviteForm):
    """Changes a pending invitation. Asks about a typo only if the address was changed.

    Hidden fields say what the form has `shown` at first, also after an error.
    """

    button = _("Save changes")

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        held = self.initial_for(selection_of(invitation.grant))
        cells = initial_cells(invitation)
        super().__init__(*args, initial={**held, **cells, "message": invitation.message_source.message}, **kwargs)
        for name in ("send", "send_date", "send_time"):
            del self.fields[name]
        if not invitation.is_scheduled:
            # The email has been sent.
            del self.fields["message"]
            self.fields["email"].help_text = _("If you change it, saving resends the invitation to the new address.")
        self.shown = Cells(**{name: self.data.get(f"shown_{name}", value) for name, value in cells.items()})

    def keeps_address(self, typed: str) -> bool:
        return typed in (self.initial["email"], self.shown.email)

    def new_message(self) -> str | None:
        """The message, once the form is valid; None if it wasn't changed."""
        return self.cleaned_data["message"] if "message" in self.changed_data else None

    def shown_fields(self) -> Mapping[str, str]:
        """The hidden fields, by their names."""
        return {f"shown_{name}": value for name, value in self.shown._asdict().items()}
