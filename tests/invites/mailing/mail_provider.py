"""A real HTTP server that acts like an email provider."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Call:
    """One request: where to, and its fields, which are lists in a form and whatever they are in JSON."""

    path: str
    fields: dict[str, Any]


class MailProvider:
    """Listens on `url` while it is entered. `answer(call)` gives the status and the JSON of each answer."""

    def __init__(self, answer: Callable[[Call], tuple[int, object]]) -> None:
        self.answer = answer
        self.calls: list[Call] = []

    def __enter__(self) -> MailProvider:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                is_form = "form" in self.headers.get("Content-Type", "")
                call = Call(self.path, parse_qs(body) if is_form else json.loads(body))
                provider.calls.append(call)
                status, answer = provider.answer(call)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing goes to the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
