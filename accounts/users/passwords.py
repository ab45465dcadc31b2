"""Password rules with the product's own messages, and the tokens of reset links."""

from __future__ import annotations

from django.contrib.auth import password_validation
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User

MIN_LENGTH = 12
PASSWORD_HINT = format_lazy(gettext_lazy("At least {length} characters. A few words are fine."), length=MIN_LENGTH)


class LongEnough(password_validation.MinimumLengthValidator):
    """Only the length counts. There are no rules about digits or symbols."""

    def __init__(self) -> None:
        super().__init__(MIN_LENGTH)

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) < self.min_length:
            message = _("Use at least {length} characters.").format(length=self.min_length)
            raise ValidationError(message, code="password_too_short")

    def get_help_text(self) -> str:
        return str(PASSWORD_HINT)


class NotCommon(password_validation.CommonPasswordValidator):
    """Rejects common passwords, and passwords of digits only."""

    def validate(self, password: str, user: User | None = None) -> None:
        if password.isdigit():
            message = _("A password can’t be only numbers. Use a few words.")
            raise ValidationError(message, code="password_too_common")
        if password.lower().strip() in self.passwords:
            message = _("Many people use this password. Choose another one.")
            raise ValidationError(message, code="password_too_common")


class NotAboutYou(password_validation.UserAttributeSimilarityValidator):
    """Rejects passwords that resemble the user's name or address."""

    DEFAULT_USER_ATTRIBUTES = ("first_name", "last_name", "email")

    def validate(self, password: str, user: User | None = None) -> None:
        try:
            super().validate(password, user)
        except ValidationError as error:
            message = _("This password is too similar to your name or email address. Choose another one.")
            raise ValidationError(message, code="password_too_similar") from error


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """The token of a reset link: valid until the password changes, and for PASSWORD_RESET_TIMEOUT at most.

    Django's own token also ends at the next sign-in. Then somebody could use up the daily resets of an address, and an
    owner who had signed in since would have no valid link.
    """

    key_salt = "accounts.users.passwords.ResetTokenGenerator"

    def check_token(self, user: User | None, token: str | None) -> bool:
        """Links of accounts that have been deactivated since are invalid."""
        return user is not None and user.is_active and super().check_token(user, token)

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}{user.password}{timestamp}{user.email}"
