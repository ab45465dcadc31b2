"""What an import is called: the name of its file, or when its rows were pasted."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from invites.models import Batch, RememberedReading
from invites.wording import moment


def import_name(batch: Batch | RememberedReading) -> str:
    """ "team.csv", or "Pasted Nov 24, 2:14 PM"."""
    return pasted_name(batch.pasted_at) if batch.pasted_at else batch.file_name


def pasted_name(at: datetime) -> str:
    """ "Pasted Nov 24, 2:14 PM"."""
    return _("Pasted {time}").format(time=moment(at))


def name_for_download(batch: Batch) -> str:
    """What downloads about an import begin with: its name without an ending, and what a file may not have."""
    if batch.pasted_at:
        return import_name(batch).replace(":", ".").replace("/", "-")
    return batch.file_name.rpartition(".")[0] or batch.file_name
