"""Data directories and databases that take seconds to make. All tests of the same code share them.

They are kept in .pytest_cache/prepared, which may be removed at any time when no test runs.
"""

from __future__ import annotations

import fcntl
import hashlib
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / ".pytest_cache" / "prepared"
# What a database and the demo in it depend on.
SOURCES = ("accounts", "config", "invites")
KEPT_SECONDS = 24 * 3600


@cache
def fingerprint() -> str:
    """Differs for other code and other packages. All versions of Python share what they make."""
    digest = hashlib.sha256()
    paths = [path for source in SOURCES for path in (ROOT / source).rglob("*.py")]
    for path in sorted([*paths, ROOT / "tests" / "settings.py", ROOT / "requirements.txt"]):
        digest.update(f"{path}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def prepared(name: str, make: Callable[[Path], None]) -> Path:
    """The directory of that name. The first process that asks for it makes it, and the others wait."""
    kept = DIRECTORY / fingerprint()
    directory = kept / name
    if directory.exists():
        return directory
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (kept / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            _remove_old()
            unfinished = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=kept))
            try:
                make(unfinished)
                unfinished.rename(directory)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
    return directory


def demo_password() -> str:
    """The password of the demo's admins. Hashing it takes a third of a second, so all stacks share it."""
    directory = prepared("password", lambda made: _write_password(made / "password"))
    return (directory / "password").read_text()


def _write_password(path: Path) -> None:
    path.write_text(secrets.token_urlsafe(12))


def _remove_old() -> None:
    for path in DIRECTORY.iterdir():
        if path.stat().st_mtime < time.time() - KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
