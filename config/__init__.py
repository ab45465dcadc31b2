"""The project's configuration; importing it makes the Celery application known to `shared_task`."""

import gc

# Importing modules and answering requests make many objects and little garbage. With Python's usual thresholds, garbage
# collection takes a tenth of the time.
gc.set_threshold(50_000, 20, 50)

from config.celery import app as celery_app  # noqa: E402 - it imports most of what there is

__all__ = ("celery_app",)
