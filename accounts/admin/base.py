"""What all pages of the operators' site have in common."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

# The suffixes that Django's own filters add to field names in the query string.
_FILTER_ENDINGS = re.compile(r"(__id|__pk)?(__exact|__in|__isnull|__year|__month|__day)?")
_DATE_PARTS = ("__year", "__month", "__day")
# Characters of a search or a filter.
LONGEST_VALUE = 300


class OperatorsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Allows only the filters that the page of a list offers.

    Django allows every field and every lookup in the query string. With ?password__startswith= an operator could find
    out a hash letter by letter, and an invalid ?state__regex= caused a server error.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Django answers 400 if this returns False."""
        longest = 4 if lookup.endswith(_DATE_PARTS) else 18
        # Databases and dates can't hold larger numbers, and PostgreSQL no NUL. __in has values with commas.
        too_large = any(len(part) > longest and part.lstrip("-").isdecimal() for part in value.split(","))
        if too_large or len(value) > LONGEST_VALUE or "\0" in value:
            return False
        offered = [field for field in (*self.list_filter, self.date_hierarchy) if isinstance(field, str)]
        return any(
            lookup.startswith(field) and _FILTER_ENDINGS.fullmatch(lookup, len(field)) is not None for field in offered
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Django adds a condition for each word, and SQLite allows a thousand."""
        return super().get_search_results(request, queryset, search_term[:LONGEST_VALUE])


class ReadOnlyAdmin(OperatorsAdmin):
    """Can be viewed, searched and filtered, but not changed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
