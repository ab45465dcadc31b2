"""Password rules with the product's own messages, and the tokens of reset links."""

from __future__ import annotations

from django.contrib.auth import password_validation
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError

from accounts.models import User

MIN_LENGTH = 12
PASSWORD_HINT = f"At least {MIN_LENGTH} characters. A few words are fine."


class LongEnough(password_validation.MinimumLengthValidator):
    """Only the length counts. There are no rules about digits or symbols."""

    def __init__(self) -> None:
        super().__init__(MIN_LENGTH)

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) < self.min_length:
            raise ValidationError(f"Use at least {self.min_length} characters.", code="password_too_short")

    def get_help_text(self) -> str:
        return PASSWORD_HINT


class NotCommon(password_validation.CommonPasswordValidator):
    """Rejects common passwords, and passwords of digits only."""

    def validate(self, password: str, user: User | None = None) -> None:
        if password.isdigit():
            raise ValidationError("Digits alone are guessed quickly. Use a few words.", code="password_too_common")
        if password.lower().strip() in self.passwords:
            raise ValidationError("Many people use this password. Choose another one.", code="password_too_common")


class NotAboutYou(password_validation.UserAttributeSimilarityValidator):
    """Rejects passwords that resemble the user's name or address."""

    DEFAULT_USER_ATTRIBUTES = ("first_name", "last_name", "email")

    def validate(self, password: str, user: User | None = None) -> None:
        try:
            super().validate(password, user)
        except ValidationError as error:
            raise ValidationError(
                "This is too close to your name or address. Choose another one.", code="password_too_similar"
            ) from error


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
