"""An HTTP client without JavaScript that signs in, reads pages and uploads a file."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

HIDDEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
READ_ONLY = re.compile(r'name="roles"\s+value="(\d+)"[^>]*>\s*<[^>]+><bdi>ReadOnly<')
SECONDS = 30


class Visitor:
    """Asks the server at `url`. With `base_url` as the proxy does that ends TLS for that address.

    `adapter` is how requests are sent over TLS, by whatever certificate. `session` is the key of one of the product.
    """

    def __init__(self, url: str, *, base_url: str = "", adapter: HTTPAdapter | None = None, session: str = "") -> None:
        self._url = url
        self._session = requests.Session()
        if session:
            self._session.cookies.set("sessionid", session)
        if adapter:
            self._session.mount("https://", adapter)
            self._session.verify = False
            self._session.trust_env = False  # A bundle of certificates in the environment would be asked all the same.
        if base_url:
            base = urlsplit(base_url)
            self._session.headers["Host"] = base.netloc
            self._session.headers["Referer"] = f"{base_url}/"
            self._session.headers["X-Forwarded-Proto"] = base.scheme

    @property
    def cookies(self) -> str:
        """The Cookie header of the session."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._session.cookies)

    def get(self, path: str) -> requests.Response:
        """The response after redirects. Raises HTTPError if it isn't a success."""
        return self._looked_at(self._session.get(urljoin(self._url, path), timeout=SECONDS))

    def is_answered(self, path: str) -> bool:
        """Whether the server responds with success at that path."""
        try:
            return self._session.get(urljoin(self._url, path), timeout=SECONDS).ok
        except requests.ConnectionError:
            return False

    def sign_in(self, email: str, password: str) -> None:
        self.post("/accounts/login/", {"login": email, "password": password})
        assert "sessionid" in self._session.cookies, "Not signed in."

    def import_file(self, content: bytes, *, organization: str) -> int:
        """Sends the import form, for everybody ReadOnly on all sites; the id of the batch."""
        answer = self.post(f"/o/{organization}/import/", self.import_fields(organization), file=content)
        batch = re.search(r"/batches/(\d+)/", answer.url)
        assert batch, answer.text
        return int(batch[1])

    def import_fields(self, organization: str) -> dict[str, str]:
        """What the import form says beside the file: everybody gets ReadOnly on all sites."""
        form = self.get(f"/o/{organization}/import/").text
        role, token = READ_ONLY.search(form), HIDDEN.search(form)
        assert role, "The form has no such role."
        assert token, "The form has no token."
        return {"roles": role[1], "sites": "all", "csrfmiddlewaretoken": token[1]}

    def open_stream(self, path: str) -> requests.Response:
        """The response before its body is read. The caller closes it."""
        return self._session.get(urljoin(self._url, path), stream=True, timeout=SECONDS)

    def post(self, path: str, fields: dict[str, str], *, file: bytes | None = None) -> requests.Response:
        """Submit the form at that path, with its CSRF token."""
        token = HIDDEN.search(self.get(path).text)
        assert token, "There is no form."
        answer = self._session.post(
            urljoin(self._url, path),
            data={**fields, "csrfmiddlewaretoken": token[1]},
            files=None if file is None else {"file": ("team.csv", file, "text/csv")},
            timeout=SECONDS,
        )
        return self._looked_at(answer)

    def _looked_at(self, answer: requests.Response) -> requests.Response:
        # Cookies are for those who speak HTTPS to the proxy, and the proxy speaks HTTP to the server.
        for cookie in self._session.cookies:
            cookie.secure = False
        answer.raise_for_status()
        return answer
