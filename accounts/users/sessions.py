"""Sessions in the database, looked up only by keys that this product could have made."""

from __future__ import annotations

import re

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

_KEY = re.compile(r"[0-9a-z]{8,40}")


class SessionStore(DatabaseSessionStore):
    """Takes any other key for none. A cookie can hold what no database takes, such as a NUL."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and _KEY.fullmatch(str(key)) is not None
