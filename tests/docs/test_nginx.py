"""The nginx configuration in docs/deploy.md in front of the web process: slow uploads, large uploads, live pages.

Only addresses, paths and the number of web workers differ. No Celery worker runs, so an import stays in progress for
as long as a test needs.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.conf import settings
from gunicorn.config import Timeout
from requests.adapters import HTTPAdapter

from config.harness.deployment import Machine, documented
from config.harness.prepared import ROOT, demo_password
from config.harness.running import FAST_PASSWORDS, copy_prepared_data, free_port, wait_for
from config.harness.visitor import Visitor
from invites.live.streams import KEEP_ALIVE_SECONDS
from tests.files import many

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
HOST = "rollcall.example.org"
SILENCE_SECONDS = 3

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="no nginx: apt install nginx"),
    pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning"),
]


def written() -> str:
    """The configuration in the guide."""
    found = re.search(r"^```nginx\n(.*?)^```$", (ROOT / "docs" / "deploy.md").read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def setting(name: str) -> str:
    found = re.search(rf"^ *{name} (.*);$", written(), re.MULTILINE)
    assert found, name
    return found[1]


def seconds(name: str) -> int:
    return int(setting(name).removesuffix("s"))


def test_the_limits_match_those_of_the_product() -> None:
    assert int(setting("client_max_body_size").removesuffix("m")) * 1024 * 1024 > settings.MAX_UPLOAD_BODY_BYTES
    assert seconds("client_body_timeout") == Timeout.default
    assert seconds("proxy_read_timeout") > 2 * KEEP_ALIVE_SECONDS


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Machine(tmp_path_factory.mktemp("machine")) as machine:
        yield Site(machine)


class Site:
    """The product behind nginx."""

    def __init__(self, machine: Machine) -> None:
        web, plain, tls = free_port(), free_port(), free_port()
        place = machine.directory
        copy_prepared_data(place / "var", demo=True)
        given = {
            "BASE_URL": f"https://{HOST}",
            "SECRET_KEY": "a-key-for-this-test-and-for-nothing-else-0123456789",
            "DATA_DIR": str(place / "var"),
            "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
            "EMAIL_URL": "smtp://127.0.0.1:1025",
            "TRUST_PROXY": "1",
            **FAST_PASSWORDS,
        }
        machine.run([sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"], given)
        gunicorn = next(each for each in documented("The processes") if "gunicorn" in each)
        for ours, theirs in {
            ".venv/bin/python": sys.executable,
            "127.0.0.1:8000": f"127.0.0.1:{web}",
            "--workers 2": "--workers 1",
        }.items():
            gunicorn = gunicorn.replace(ours, theirs)
        machine.start("web", f"exec {gunicorn} --timeout {SILENCE_SECONDS}", given)
        differs = {
            # So that the test needn't be silent for 30 seconds.
            "client_body_timeout 30s": f"client_body_timeout {SILENCE_SECONDS}s",
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl": f"listen 127.0.0.1:{tls} ssl",
            "/etc/ssl/rollcall": f"{place}/rollcall",
            "127.0.0.1:8000": f"127.0.0.1:{web}",
        }
        block = written()
        for ours, theirs in differs.items():
            assert ours in block
            block = block.replace(ours, theirs)
        temporary = "".join(
            f"{name}_temp_path {place}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;\n" if os.getuid() == 0 else ""
        path = place / "nginx.conf"
        path.write_text(
            f"{user}daemon off;\npid {place}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{temporary}{block}}}\n"
        )
        key = ["-keyout", f"{place}/rollcall.key", "-out", f"{place}/rollcall.pem"]
        machine.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={HOST}", *key])
        assert NGINX
        machine.run([NGINX, "-t", "-e", "stderr", "-c", str(path)])
        machine.start("nginx", [NGINX, "-e", "stderr", "-c", str(path)])
        self.url = f"https://127.0.0.1:{tls}"
        nobody = Visitor(self.url, base_url=f"https://{HOST}", adapter=HTTPAdapter())
        wait_for(lambda: nobody.is_answered("/healthz"), what="running product")

    def visitor(self, adapter: HTTPAdapter) -> Visitor:
        """The admin of the demo, signed in through nginx."""
        visitor = Visitor(self.url, base_url=f"https://{HOST}", adapter=adapter)
        visitor.sign_in("admin@example.com", demo_password())
        return visitor


class Slowly(HTTPAdapter):
    """Sends the body of a request in so many pieces, with a pause before each."""

    def __init__(self, *, pieces: int, pause: float) -> None:
        super().__init__()
        self._pieces, self._pause = pieces, pause

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if isinstance(request.body, bytes):
            request.body = self._trickle(request.body)
        return super().send(request, *args, **kwargs)

    def _trickle(self, body: bytes) -> Iterator[bytes]:
        size = -(-len(body) // self._pieces)
        for start in range(0, len(body), size):
            time.sleep(self._pause)
            yield body[start : start + size]


def test_a_slow_upload_succeeds_and_progress_is_not_buffered(site: Site) -> None:
    slow = site.visitor(Slowly(pieces=6, pause=SILENCE_SECONDS / 3))
    began = time.monotonic()

    batch = slow.import_file(many(20), organization="acme")

    assert time.monotonic() - began > 2 * SILENCE_SECONDS - 1, "It took longer than any allowed pause."
    began = time.monotonic()
    with slow.open_stream(f"/o/acme/batches/{batch}/progress/events/") as events:
        assert next(events.iter_content(None))
    assert time.monotonic() - began < KEEP_ALIVE_SECONDS / 2, "Nothing buffered the response."


def test_a_silent_client_is_disconnected(site: Site) -> None:
    stalled = site.visitor(Slowly(pieces=2, pause=2.5 * SILENCE_SECONDS))

    with pytest.raises(requests.RequestException):
        stalled.import_file(many(20), organization="acme")


def test_the_product_itself_rejects_a_file_that_is_too_large(site: Site) -> None:
    visitor = site.visitor(Slowly(pieces=1, pause=0))

    with pytest.raises(requests.HTTPError) as refused:
        visitor.import_file(b"x" * (settings.MAX_UPLOAD_BODY_BYTES + 100_000), organization="acme")

    answer = refused.value.response
    assert answer is not None
    assert answer.status_code == 413
    assert f"and the limit is {settings.MAX_UPLOAD_MB} MB." in answer.text
