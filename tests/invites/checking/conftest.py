"""A faster way to read many workbooks."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import IO, Any, Self

import pytest

from invites.checking.reading.workbooks import workbook

_FORKS = """
import os, socket, sys
sys.path.insert(0, sys.argv[1])
from child.main import main
requests = socket.socket(fileno=0)
while True:
    limits, files, _, _ = socket.recv_fds(requests, 1 << 12, 4)
    if not limits:
        break
    child = os.fork()
    if not child:
        for place, file in enumerate(files[:3]):
            os.dup2(file, place)
        sys.stdin = open(0)
        main(limits.decode(), str(files[3]))
        os._exit(0)
    for file in files:
        os.close(file)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    requests.send(status.to_bytes(2, "big", signed=True))
"""


@pytest.fixture(scope="module")
def forked_children() -> Iterator[None]:
    """One process forks the children that read workbooks. To start a Python for each takes ten times as long.

    The program and its limits are those of the product. test_workbook_child.py is about the processes.
    """
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-I", "-c", _FORKS, workbook.CHILD[-1]]
    with ours, theirs, subprocess.Popen(command, stdin=theirs.fileno()) as forks, pytest.MonkeyPatch.context() as patch:

        class Child:
            """What the product uses of a process."""

            def __init__(
                self, command: list[str], *, stdin: IO[bytes], stdout: IO[bytes], stderr: IO[bytes], **_: Any
            ) -> None:
                limits, answers = command[-2:]
                files = [stdin.fileno(), stdout.fileno(), stderr.fileno(), int(answers)]
                socket.send_fds(ours, [limits.encode()], files)

            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None:
                pass

            def wait(self, timeout: float) -> int:
                return int.from_bytes(ours.recv(2), "big", signed=True)

            def kill(self) -> None:
                """It has ended, because it limits its own time."""

        patch.setattr(workbook, "subprocess", SimpleNamespace(Popen=Child, TimeoutExpired=subprocess.TimeoutExpired))
        theirs.close()
        yield
        ours.close()
        forks.wait()
