"""The stored file of a batch."""

from __future__ import annotations

from django.db import models

from invites.models.batch import Batch


class UploadPart(models.Model):
    """A piece of an uploaded file, kept until its batch has ended.

    Files are in the database so that they are stored in one transaction with their batch, and every worker machine can
    read them.
    """

    SIZE = 1024 * 1024

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="parts", db_index=False)
    is_correction = models.BooleanField(
        default=False, db_default=False, help_text="Part of a corrected file that isn't used yet."
    )
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=["batch", "is_correction", "number"], name="one_upload_part_per_number"),
        )

    def __str__(self) -> str:
        return f"Part {self.number} of batch {self.batch_id}"
