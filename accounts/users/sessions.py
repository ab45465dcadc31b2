"""Sessions in the database. Keys of another form are never looked up."""

from __future__ import annotations

import re

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

_KEY = re.compile(r"[0-9a-z]{8,40}")


class SessionStore(DatabaseSessionStore):
    """Treats invalid keys as missing. A cookie can contain characters that databases reject, such as NUL."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and _KEY.fullmatch(str(key)) is not None
