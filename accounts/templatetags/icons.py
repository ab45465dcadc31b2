"""`{% lucide "mail" size=16 %}`: the library's icons, each rendered once. A page of users has more than a hundred."""

from __future__ import annotations

from functools import lru_cache

from django import template
from lucide.templatetags.lucide import lucide

register = template.Library()
register.simple_tag(lru_cache(maxsize=512)(lucide), name="lucide")
