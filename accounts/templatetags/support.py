"""Template tags: whom people ask for help."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.support import ask_for_invitations, ask_if_repeated
from accounts.texts import StrOrPromise

register = template.Library()
register.simple_tag(ask_for_invitations)
register.simple_tag(ask_if_repeated)


@register.filter
def support_link(text: StrOrPromise) -> SafeString:
    """The sentences, with the address of the support as a link."""
    escaped = conditional_escape(text)
    if not settings.SUPPORT_EMAIL:
        return escaped
    link = format_html('<a href="mailto:{0}">{0}</a>', settings.SUPPORT_EMAIL)
    return mark_safe(escaped.replace(conditional_escape(settings.SUPPORT_EMAIL), link))  # noqa: S308 - escaped
