"""Template filters: initials, the error summary of a form, and the file input."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_BREAK_AFTER = re.compile("@|::?(?=[0-9a-f]{1,4}(?::|$))")


@dataclass(frozen=True)
class FormError:
    """An error of a form, and the id of its control; empty for an error of the whole form."""

    message: str
    target: str


@register.filter
def initials(name: object) -> str:
    """The first letters of the first and the last word: `IM` for Ines Martin, `?` for an empty name."""
    words = [word for word in str(name or "").split() if word[0].isalnum()]
    if not words:
        return "?"
    ends = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in ends).upper()


@register.filter
def error_list(form: forms.BaseForm | None) -> list[FormError]:
    """The errors for the summary above a form, in the order of the page.

    A single error below its own field needs no summary. Errors of the whole form are shown only here.
    """
    if form is None or not form.is_bound:
        return []
    whole = [FormError(str(message), "") for message in form.non_field_errors()]
    fields = [FormError(str(message), target_of(field)) for field in _in_order(form) for message in field.errors]
    return [*whole, *fields] if whole or len(fields) > 1 else []


@register.filter
def target_of(field: BoundField) -> str:
    """The id of the control to focus: the first one in a group of checkboxes."""
    if field.field.widget.use_fieldset:
        first = next(iter(field.subwidgets), None)
        return str(first.id_for_label) if first else str(field.auto_id)
    return str(field.id_for_label)


@register.filter
def breakable(text: str) -> SafeString:
    """The text with places for line breaks: after the "@" of an email address, and each ":" of an IPv6 address."""
    return mark_safe(_BREAK_AFTER.sub(r"\g<0><wbr>", escape(text)))  # noqa: S308 - escaped


@register.filter
def file_input(field: BoundField) -> SafeString:
    """The file input of the field, for a drop zone."""
    return field.as_widget(attrs={"class": "rc-drop-input"})


def _in_order(form: forms.BaseForm) -> list[BoundField]:
    """The fields in the order of the page. A crispy layout may change the order."""
    helper = getattr(form, "helper", None)
    names = [pointer.name for pointer in helper.layout.get_field_names()] if helper and helper.layout else []
    rest = [name for name in form.fields if name not in names]
    return [form[name] for name in [*names, *rest] if name in form.fields]
