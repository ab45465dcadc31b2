"""A body that is too large is refused while it streams in, with or without Content-Length."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import reverse

from config.limits import limit_of

UPLOAD = "/o/acme/import/"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("path", "is_upload"),
    [
        (reverse("imports:import", args=["acme"]), True),
        (reverse("imports:sample", args=["acme"]), False),
        ("/o/acme/batches/1/problems/", False),
        ("/o/acme/batches/1/resend/", False),
        ("/accounts/login/", False),
    ],
)
def test_only_uploads_may_have_the_size_of_a_file(path: str, is_upload: bool) -> None:
    assert (limit_of(path) > settings.MAX_BODY_BYTES) is is_upload


@pytest.mark.parametrize("path", [UPLOAD, "/o/acme/batches/1/problems/", "/accounts/login/"])
@pytest.mark.parametrize("kind", [FORM, "Application/X-WWW-Form-Urlencoded ; charset=utf-8"])
def test_the_limit_of_encoded_forms_is_small(path: str, kind: str) -> None:
    assert limit_of(path, content_type=kind.encode()) == settings.MAX_FORM_BYTES


def test_a_report_of_the_mail_provider_may_be_larger_than_a_form() -> None:
    assert limit_of("/webhooks/mandrill/tracking/", content_type=FORM.encode()) == settings.MAX_BODY_BYTES
