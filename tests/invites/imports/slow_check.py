"""The product's settings with a slow check of some files, for tests that run the product in separate processes."""

import os
import time
from collections.abc import Iterator
from typing import Any

from config.settings import *  # noqa: F403
from invites import checking

SECONDS = 2.0
# The last row of a slow file.
SLOW = b"slow@example.com,Slow,File,\n"
_blocks = checking.Check.blocks


def _blocks_of_slow_files(check: checking.Check, *_: Any) -> Iterator[checking.Block]:
    if check._stream.read().endswith(SLOW):
        time.sleep(SECONDS)
    return _blocks(check)


if os.environ["DJANGO_SETTINGS_MODULE"] == __name__:  # Tests also import the names above.
    checking.Check.blocks = _blocks_of_slow_files  # type: ignore[method-assign, assignment]
