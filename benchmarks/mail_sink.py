"""A mail server that accepts everything. It runs in its own process."""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
from types import TracebackType

GREETING = b"220 sink\r\n"
EXTENSIONS = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"


class MailSink:
    """A context manager that listens on `port` of the loopback interface.

    It replies after the delay, in seconds, like a server that is as far away: commands that arrive together are
    answered together.
    """

    def __init__(self, delay: float = 0.0) -> None:
        self._delay = delay

    def __enter__(self) -> MailSink:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = int(self._socket.getsockname()[1])
        self._process = multiprocessing.get_context("fork").Process(
            target=_serve, args=(self._socket, self._delay), daemon=True
        )
        self._process.start()
        self._socket.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.join()


def _serve(listening: socket.socket, delay: float) -> None:
    while True:
        line, _ = listening.accept()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_talk, args=(line, delay), daemon=True).start()


def _talk(line: socket.socket, delay: float) -> None:
    line.sendall(GREETING)
    pending, in_mail = b"", False
    while received := line.recv(1 << 16):
        pending += received
        answers = b""
        while True:
            if in_mail:
                end = pending.find(b"\r\n.\r\n")
                if end < 0:
                    break
                pending, in_mail = pending[end + 5 :], False
                answers += b"250 Taken\r\n"
                continue
            command, found, rest = pending.partition(b"\r\n")
            if not found:
                break
            pending = rest
            word = command[:4].upper()
            if word == b"EHLO":
                answers += EXTENSIONS
            elif word == b"DATA":
                in_mail = True
                answers += b"354 Go on\r\n"
            elif word == b"QUIT":
                line.sendall(answers + b"221 Bye\r\n")
                line.close()
                return
            else:
                answers += b"250 OK\r\n"
        if answers:
            if delay:
                time.sleep(delay)
            line.sendall(answers)
