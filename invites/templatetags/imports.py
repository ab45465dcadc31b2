"""Template filters: what imports are called."""

from __future__ import annotations

from django import template

from invites.imports.presentation.names import import_name

register = template.Library()
register.filter(import_name)
