"""What the look needs in templates: initials, the summary of what is wrong in a form, and the file input."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@dataclass(frozen=True)
class FormError:
    """One error of a form, and the id of the control that fixes it; none for an error of the whole form."""

    message: str
    target: str


@register.filter
def initials(name: object) -> str:
    """The first letters of the first and the last word: `IM` for Ines Martin, `?` for nobody."""
    words = [word for word in str(name or "").split() if word[0].isalnum()]
    if not words:
        return "?"
    ends = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in ends).upper()


@register.filter
def error_list(form: forms.BaseForm | None) -> list[FormError]:
    """What the summary over a form lists, in the order of the page.

    A single error that stands under its own field needs no summary; an error of the whole form has no
    other place.
    """
    if form is None or not form.is_bound:
        return []
    whole = [FormError(str(message), "") for message in form.non_field_errors()]
    fields = [FormError(str(message), target_of(field)) for field in _in_order(form) for message in field.errors]
    return [*whole, *fields] if whole or len(fields) > 1 else []


@register.filter
def target_of(field: BoundField) -> str:
    """The id of the control to move to: of a group of checkboxes, the first."""
    if field.field.widget.use_fieldset:
        first = next(iter(field.subwidgets), None)
        return str(first.id_for_label) if first else str(field.auto_id)
    return str(field.id_for_label)


@register.filter
def file_input(field: BoundField) -> SafeString:
    """The field's file input as it lies in a drop zone."""
    return field.as_widget(attrs={"class": "rc-drop-input"})


def _in_order(form: forms.BaseForm) -> list[BoundField]:
    """The fields as the page shows them: a crispy layout may have its own order."""
    helper = getattr(form, "helper", None)
    names = [pointer.name for pointer in helper.layout.get_field_names()] if helper and helper.layout else []
    rest = [name for name in form.fields if name not in names]
    return [form[name] for name in [*names, *rest] if name in form.fields]
