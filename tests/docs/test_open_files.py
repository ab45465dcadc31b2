"""docs/deploy.md says how many files a web process opens for what, so that operators can set a limit."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from config.harness.deployment import compose
from config.harness.running import ROOT, Stack, wait_for
from config.harness.visitor import Visitor
from tests.files import many
from tests.web_server import web_server

# The first requests start threads, which keep a few files open.
THREADS = 6
STREAMS = 25  # Of one user; at most 30 are served.
UPLOADS = 10
MEGABYTES = 4  # More than what is kept in memory.
ROW = re.compile(r"^\| (when it starts|for each [^|]+) \| (\d+) \|$", re.MULTILINE)


def documented() -> list[int]:
    rows = ROW.findall((ROOT / "docs" / "deploy.md").read_text())
    assert [what.split(",")[0] for what, _ in rows] == [
        "when it starts",
        "for each page that shows progress",
        "for each upload that is coming in",
        "for each other request",
    ]
    return [int(count) for _, count in rows]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Stack]:
    """A web server with an import that does not end, because there is no worker."""
    with web_server(tmp_path / "var") as stack:
        yield stack


def open_files(web: Stack) -> int:
    assert web.process is not None
    return len(list(Path(f"/proc/{web.process.pid}/fd").iterdir()))


def test_a_web_process_opens_no_more_than_is_documented(web: Stack) -> None:
    itself, page, upload, _request = documented()
    visitor = Visitor(web.url)
    visitor.sign_in("admin@example.com", web.password)
    batch = visitor.import_file(many(20), organization="acme")
    wait_for(lambda: open_files(web) <= itself, what="rest")
    rest = open_files(web) + THREADS

    with ExitStack() as streams:
        for _ in range(STREAMS):
            answer = streams.enter_context(visitor.open_stream(f"/o/acme/batches/{batch}/progress/events/"))
            assert answer.status_code == 200
        # Each polls once a second, which takes one or two more files.
        wait_for(lambda: open_files(web) <= rest + STREAMS * page, what="rest with streams")
        assert open_files(web) >= STREAMS

    wait_for(lambda: open_files(web) <= itself, what="rest")
    with ExitStack() as uploads:
        for _ in range(UPLOADS):
            uploads.enter_context(unfinished_upload(web, visitor))
        wait_for(lambda: open_files(web) >= UPLOADS * upload, what="temporary files")
        assert open_files(web) <= rest + UPLOADS * upload


def unfinished_upload(web: Stack, visitor: Visitor) -> socket.socket:
    """A connection that has sent some megabytes of a file, and says that there is more."""
    connection = socket.create_connection(("127.0.0.1", web.port), timeout=60)
    connection.sendall(
        f"POST /o/acme/import/ HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nCookie: {visitor.cookies}\r\n"
        "Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: 20000000\r\n\r\n"
        '--edge\r\nContent-Disposition: form-data; name="file"; filename="team.csv"\r\n\r\n'.encode()
    )
    connection.sendall(b"x" * MEGABYTES * 1024 * 1024)
    return connection


def test_compose_gives_the_web_process_what_the_guide_recommends() -> None:
    recommended = re.search(r"`LimitNOFILE=(\d+)`", (ROOT / "docs" / "deploy.md").read_text())

    assert recommended
    assert compose()["services"]["web"]["ulimits"] == {"nofile": int(recommended[1])}
