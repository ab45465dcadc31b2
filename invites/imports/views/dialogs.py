"""What all dialogs that ask about an import have in common."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from invites.imports.presentation.names import import_name
from invites.models import Batch


def import_question(batch: Batch, question: str) -> dict[str, Any]:
    """The context of dialog_question.html for an import, which leads back to its page."""
    page = reverse("imports:batch", args=[batch.organization.slug, batch.pk])
    return {"batch": batch, "question": question, "lead": import_name(batch), "back_url": page}
