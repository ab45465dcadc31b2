"""The roles and sites that invitations give."""

from __future__ import annotations

from django.db import models

from accounts.models import Organization, Role, Site


class AccessGrant(models.Model):
    """One set of roles and sites, shared by all the invitations of a batch."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    roles = models.ManyToManyField(Role, related_name="+", blank=True)
    sites = models.ManyToManyField(Site, related_name="+", blank=True)
    all_sites = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"Grant {self.pk}"
