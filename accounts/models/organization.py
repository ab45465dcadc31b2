"""Organizations, and the roles and sites of a user in an organization."""

from __future__ import annotations

from typing import Any, Self
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User
from accounts.names import PersonKeyField
from accounts.permissions import Permission, all_permissions
from accounts.time_zones import UTC_NAME, find_zone, validate_time_zone


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Filters for organizations."""

    def active(self) -> Self:
        """Those in which anything can change and that send email: neither suspended nor being deleted."""
        return self.existing().filter(suspended_at=None)

    def inactive(self) -> Self:
        """All others. There are few."""
        return self.filter(models.Q(suspended_at__isnull=False) | models.Q(deletion_started_at__isnull=False))

    def existing(self) -> Self:
        """Those that people can see. Workers are deleting the others."""
        return self.filter(deletion_started_at=None)


class Organization(models.Model):
    """The tenant. Everything except users belongs to exactly one."""

    class OtherDomains(models.TextChoices):
        """Whether people with another email domain can be invited."""

        REJECTED = "rejected", _("Can’t be invited")
        WARNED = "warned", _("Can be invited after a warning")

    name = models.CharField(max_length=150)
    slug = models.SlugField(max_length=60, unique=True)
    language = models.CharField(
        max_length=10, default="en", help_text="Of emails to people who haven't chosen a language."
    )
    time_zone = models.CharField(
        max_length=64,
        default=UTC_NAME,
        validators=[validate_time_zone],
        help_text="Of its pages and emails, such as Europe/Paris.",
    )
    email_domains: models.JSONField[list[str], list[str]] = models.JSONField(
        default=list, help_text="Domains of the addresses to invite, in their normal form. Empty for all."
    )
    other_domains = models.CharField(
        max_length=10,
        choices=OtherDomains,
        default=OtherDomains.REJECTED,
        help_text="What happens to other addresses, if there are domains.",
    )
    email_sender_name = models.CharField(
        max_length=80, blank=True, help_text="Who invitation emails are from. Empty for the name of the organization."
    )
    email_reply_to = models.CharField(
        max_length=320, blank=True, help_text="Confirmed by its owner. Empty: replies go to the inviter."
    )
    email_message = models.TextField(blank=True, help_text="Plain text for everyone who is invited.")
    reminder_days_after = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days without a response after which people get a reminder. Empty for none."
    )
    reminder_days_before = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days before the link expires, for another reminder. Empty for none."
    )
    created_at = models.DateTimeField(default=timezone.now)
    suspended_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since then, its members can look at everything but change nothing, and nothing is sent.",
    )
    deletion_started_at = models.DateTimeField(
        null=True, blank=True, help_text="Since then nobody can see it, and workers delete everything in it."
    )
    expiry_email_at = models.DateTimeField(
        default=timezone.now, db_index=True, help_text="When to tell inviters by email which invitations expire."
    )

    objects = OrganizationQuerySet.as_manager()

    members: models.ManyToManyField[User, Membership] = models.ManyToManyField(
        User, through="Membership", related_name="organizations"
    )

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone, for `astimezone` and `timezone.override`."""
        return find_zone(self.time_zone)

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None

    @property
    def is_active(self) -> bool:
        """The same as `OrganizationQuerySet.active`."""
        return self.suspended_at is None and self.deletion_started_at is None


class Role(models.Model):
    """A named set of permissions in one organization."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="roles")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=200, blank=True)
    permissions = models.JSONField(
        default=list,
        help_text="Values of accounts.permissions.Permission. Read `allowed`: Org Admin stores none.",
    )
    is_org_admin = models.BooleanField(default=False, help_text="Allows everything, permissions added later included.")
    is_default = models.BooleanField(default=False, help_text="One of the three that every organization starts with.")
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ("position", "name")
        constraints = (
            models.UniqueConstraint("organization", Lower("name"), name="one_role_per_organization_and_name"),
            models.UniqueConstraint(
                fields=["organization"], condition=models.Q(is_org_admin=True), name="one_org_admin_per_organization"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def allowed(self) -> frozenset[str]:
        """The permissions that the role grants."""
        return all_permissions() if self.is_org_admin else frozenset(self.permissions)


class Site(models.Model):
    """A place in an organization to which users can have access."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="sites")
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint("organization", Lower("name"), name="one_site_per_organization_and_name"),
        )

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Filters for memberships."""

    def active(self) -> Self:
        """Those who can enter: neither deactivated here, nor a deactivated account. A suspended organization counts."""
        return self.not_deactivated().filter(user__is_active=True, organization__deletion_started_at=None)

    def not_deactivated(self) -> Self:
        """Those who aren't deactivated here. Their accounts may be."""
        return self.filter(deactivated_at=None)

    def deactivated(self) -> Self:
        """Those who are deactivated here, and keep their roles and sites."""
        return self.filter(deactivated_at__isnull=False)


class Membership(models.Model):
    """A user in an organization, with roles and sites.

    Names and description belong to the organization, not to the account: each organization may use others. A new
    membership without names takes those of the account.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    roles = models.ManyToManyField(Role, related_name="memberships", blank=True)
    sites = models.ManyToManyField(Site, related_name="memberships", blank=True)
    all_sites = models.BooleanField(default=False, help_text="Every site, those added later included.")
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    person_key = PersonKeyField()
    description = models.TextField(blank=True)
    joined_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    deactivated_at = models.DateTimeField(
        null=True, blank=True, help_text="Since then the member has had no access. Roles and sites are kept."
    )

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint("user", "organization", name="one_membership_per_user_and_organization"),
        )
        indexes = (
            # Has all columns that the users page needs to skip members.
            models.Index(
                fields=["organization", "person_key", "id", "deactivated_at", "all_sites"], name="membership_by_name"
            ),
            # Most members are active. SQLite reads the last column again, even though the condition says enough.
            models.Index(
                fields=["organization", "person_key", "id", "deactivated_at"],
                condition=models.Q(deactivated_at__isnull=False),
                name="deactivated_by_name",
            ),
            # Few members have all sites. They are counted with those of each single site, from this index alone.
            models.Index(
                fields=["organization", "all_sites", "id"], condition=models.Q(all_sites=True), name="all_sites_member"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_full_name()} in {self.organization}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding and not (self.first_name or self.last_name):
            self.first_name, self.last_name = self.user.first_name, self.user.last_name
        super().save(*args, **kwargs)

    @property
    def email(self) -> str:
        """The address of the account."""
        return self.user.email

    def get_full_name(self) -> str:
        """First and last name in this organization, or the address if there is no name."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def is_active(self) -> bool:
        """Whether the member can enter. The same as `MembershipQuerySet.active`."""
        return self.deactivated_at is None and self.user.is_active

    def permissions(self) -> frozenset[str]:
        """The union of the permissions of all roles. Cached on the instance, because every request needs it."""
        if not hasattr(self, "_permissions"):
            self._permissions = frozenset[str]().union(*(role.allowed for role in self.roles.all()))
        return self._permissions

    def has_permission(self, permission: Permission) -> bool:
        return permission.value in self.permissions()
