"""The form field for the address of an account."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from email_validator import EmailNotValidError, validate_email

LONGEST = 320

_is_plain = EmailValidator()


class AddressField(forms.CharField):
    """An address in lower case. Its domain is in Unicode, although browsers send it in the `xn--` form.

    The local part may have letters of every alphabet, because people can be invited to such addresses.
    """

    def __init__(self, **kwargs: object) -> None:
        super().__init__(max_length=LONGEST, **kwargs)  # type: ignore[arg-type]

    def clean(self, value: object) -> str:
        text: str = super().clean(value)
        if not text:
            return text
        try:
            return validate_email(text, check_deliverability=False).normalized.lower()
        except EmailNotValidError:
            # An operator may have created an account with an address that is valid only on their own network.
            _check_plain(text, self.error_messages.get("invalid"))
            return text.lower()


def _check_plain(text: str, message: object) -> None:
    try:
        _is_plain(text)
    except ValidationError as error:
        raise ValidationError(str(message or error.message), code="invalid") from error
