"""Users, and emails about their accounts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.utils import timezone

from accounts.names import PersonKeyField


class UserManager(BaseUserManager["User"]):
    """Creates users by email address. There are no user names."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in.

    The address is in lower case, so that an invitation, a row of a file and a user can be matched by it.
    """

    email = models.EmailField("email address", max_length=320, unique=True)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    person_key = PersonKeyField(db_index=True)
    language = models.CharField(max_length=10, blank=True, help_text="Empty for the language of the browser.")
    # Set by Django's `set_password` until the user is saved.
    _password: str | None
    is_staff = models.BooleanField("operator", default=False, help_text="May use the operators' site.")
    is_active = models.BooleanField(default=True)
    wants_expiry_emails = models.BooleanField(
        default=True, db_default=True, help_text="Whether they want emails about invitations that expire."
    )
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.get_full_name()

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "person_key"}
        # Not when Django only renews a hash.
        has_new_password = self._password is not None and not self._state.adding
        super().save(*args, **kwargs)
        if has_new_password:
            # Here, so that the owner is notified no matter whether a page, a command or a shell changed it.
            AccountEmail.objects.create(user=self, kind=AccountEmail.Kind.PASSWORD_CHANGED)

    def get_full_name(self) -> str:
        """First and last name, or the address if there is no name."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def get_short_name(self) -> str:
        return self.first_name or self.email


class AccountEmail(models.Model):
    """An email about an account that a worker is to send. The worker deletes the row afterwards."""

    class Kind(models.TextChoices):
        PASSWORD_CHANGED = "changed", "The password was changed"
        PASSWORD_RESET = "reset", "A link to a new password"

    user = models.ForeignKey(
        User,
        null=True,
        on_delete=models.CASCADE,
        related_name="account_emails",
        help_text="Nobody, if the address has no account: a request takes the same time either way.",
    )
    kind = models.CharField(max_length=10, choices=Kind)
    created_at = models.DateTimeField(default=timezone.now)
    retry_at = models.DateTimeField(default=timezone.now, help_text="When to send it; moved on by each attempt.")
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=["retry_at"], name="account_email_due"),)

    def __str__(self) -> str:
        return self.get_kind_display()
