"""How forms are rendered, and how names and errors are shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from crispy_forms.templatetags.crispy_forms_filters import as_crispy_field
from crispy_forms.utils import render_crispy_form
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from accounts.models import User
from accounts.organizations.forms import GrantForm, LinesWidget, PlainForm
from accounts.templatetags.look import error_list, initials
from config.harness.running import ROOT
from invites.imports.forms.import_form import ImportForm


class PasswordForm(PlainForm):
    """A field of each kind that has a template of its own."""

    email = forms.EmailField(error_messages={"required": "Enter an address such as name@company.com."})
    note = forms.CharField(required=False)
    password = forms.CharField(widget=forms.PasswordInput(), help_text="A few words are fine.")
    terms = forms.BooleanField(error_messages={"required": "Tick this."})
    colors = forms.MultipleChoiceField(choices=[("r", "Red"), ("g", "Green")], widget=LinesWidget())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widget = self.fields["colors"].widget
        assert isinstance(widget, LinesWidget)
        widget.descriptions = {"r": "As in <roses>."}


def test_no_button_has_a_gap_between_its_words() -> None:
    """A button is a flexbox: an element after its text is an item of its own, with a gap before it."""
    # Text of the button and then a visible tag. The gap after an icon is intended.
    gap = re.compile(r'class="btn [^"]*"[^>]*>[^<]*?[^<\s][^<]*<(?!/|span class="visually-hidden")\w+[^>]*>')
    assert gap.search('<a class="btn rc-filled" href="x">Go to <bdi>Acme</bdi></a>')
    found = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = re.sub(r"\{%.*?%\}", "", path.read_text())
        found += [f"{path.name}: {match[0]}" for match in gap.finditer(text)]

    assert found == []


def test_templates_have_at_most_120_columns() -> None:
    found = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        lines = enumerate(path.read_text().splitlines(), start=1)
        found += [f"{path.relative_to(ROOT)}:{number}" for number, line in lines if len(line) > 120]

    assert found == []


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ines Martin", "IM"),
        ("Nguyễn Thị Mai", "NM"),
        ("łukasz", "Ł"),
        ("ines.martin@example.com", "I"),
        ("(Otto) Weiss", "W"),
        ("", "?"),
        (None, "?"),
    ],
)
def test_initials_are_the_first_and_the_last_letter(name: str | None, letters: str) -> None:
    assert initials(name) == letters


def test_optional_fields_say_so_and_required_fields_have_no_star() -> None:
    html = render_crispy_form(PasswordForm())
    assert html.count('<span class="rc-label-note">optional</span>') == 1
    assert "*" not in html


def test_a_password_can_be_shown() -> None:
    html = render_crispy_form(PasswordForm())
    assert 'data-password-toggle="id_password"' in html
    assert 'id="id_password_helptext"' in html
    assert 'aria-describedby="id_password_helptext"' in html


def test_each_choice_is_a_label_with_its_description() -> None:
    html = render_crispy_form(PasswordForm({"colors": ["g"]}))
    assert "As in &lt;roses&gt;." in html
    lines = html.split('class="rc-line"')[1:]
    assert len(lines) == 2
    assert "checked" not in lines[0]
    assert "checked" in lines[1]


def test_an_error_is_below_its_field_and_describes_it() -> None:
    html = render_crispy_form(PasswordForm({"email": "", "password": "x", "terms": "on", "colors": ["r"]}))
    assert 'id="id_email_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_email_error"' in html
    assert "There is a problem" not in html


def test_the_summary_links_to_each_error_in_the_same_words() -> None:
    html = render_crispy_form(PasswordForm({"password": "x"}))
    assert "There is a problem" in html
    assert '<a href="#id_email">Enter an address such as name@company.com.</a>' in html
    assert '<a href="#id_colors_0">' in html


def test_the_summary_follows_the_order_of_the_page() -> None:
    form = PasswordForm({})
    assert [error.target for error in error_list(form)] == ["id_email", "id_password", "id_terms", "id_colors_0"]


def test_a_single_error_of_the_whole_form_is_in_the_summary() -> None:
    form = PasswordForm({"email": "a@b.example", "password": "x", "terms": "on", "colors": ["r"]})
    assert not error_list(form)
    form.add_error(None, "Nobody is left who could manage users.")
    assert [(error.message, error.target) for error in error_list(form)] == [
        ("Nobody is left who could manage users.", "")
    ]


def test_site_options_have_their_country_for_the_search(admin: User) -> None:
    html = render_crispy_form(GrantForm(membership=admin.memberships.get()))
    assert 'data-country="France"' in html
    assert html.index("All sites") < html.index("Ghent")


def test_the_csv_field_is_a_real_file_input_in_a_drop_zone(admin: User) -> None:
    html = as_crispy_field(ImportForm(membership=admin.memberships.get())["file"])
    assert 'type="file"' in html
    assert 'class="rc-drop-input"' in html
    assert 'for="id_file"' in html
    assert 'data-max-mb="25"' in html
    assert 'data-state="idle"' in html


def test_the_drop_zone_shows_why_a_file_was_rejected(admin: User) -> None:
    html = as_crispy_field(ImportForm({}, {}, membership=admin.memberships.get())["file"])
    assert 'data-state="error"' in html
    assert "Choose a CSV file." in html
    assert html.count('id="id_file_error"') == 1


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "429", "500", "503"])
def test_error_pages_need_no_context(name: str) -> None:
    html = render_to_string(f"{name}.html")
    assert html.count("<h1") == 1
    assert "Rollcall" in html


def test_no_template_has_inline_styles_or_scripts(admin: User, rf: RequestFactory) -> None:
    page = Template('{% extends "shell.html" %}').render(Context({"request": rf.get("/"), "user": admin}))
    assert " style=" not in page
    assert "<script>" not in page
    assert " onclick" not in page
