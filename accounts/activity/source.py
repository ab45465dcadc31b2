"""Where a change comes from: the page, command or worker that is running, and the address of its client.

Every entry of the activity log has a source. It is set once, where a request or a command begins, so that services
needn't pass it on. A worker that finishes what an admin began sets the stored source of that admin's request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Any

from allauth.account.adapter import get_adapter
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.activity.actions import Channel

LONGEST_USER_AGENT = 300


@dataclass(frozen=True)
class Source:
    """`ip` and `user_agent` are those of a browser, and `command` is the name of a command. Empty if there is none."""

    channel: str = Channel.AUTOMATIC.value
    ip: str = ""
    user_agent: str = ""
    command: str = ""

    def as_json(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, values: dict[str, str]) -> Source:
        return cls(**values)


# The source of a worker's own work, such as the recovery task.
AUTOMATIC = Source()
_current: ContextVar[Source] = ContextVar("activity_source", default=AUTOMATIC)


def current_source() -> Source:
    return _current.get()


@contextmanager
def coming_from(source: Source) -> Iterator[None]:
    """For a `with` block: entries that are recorded in it have this source."""
    token = _current.set(source)
    try:
        yield
    finally:
        _current.reset(token)


def source_of_command(name: str) -> Source:
    return Source(Channel.COMMAND.value, command=name)


def source_of_request(request: HttpRequest) -> Source:
    return Source(
        Channel.PAGE.value, ip=_ip_of(request), user_agent=request.headers.get("User-Agent", "")[:LONGEST_USER_AGENT]
    )


def _ip_of(request: HttpRequest) -> str:
    """The address of the client. With TRUST_PROXY, the last entry of X-Forwarded-For. Empty if it isn't an address."""
    try:
        # Without the zone of a link-local address, which no database stores.
        return str(ip_address(get_adapter().get_client_ip(request))).partition("%")[0]
    except (PermissionDenied, ValueError):
        # Behind a Unix socket, or a proxy that adds a port.
        return ""


class SourceMiddleware:
    """Sets the source of everything that a request records."""

    # Async views stay async, because the middleware itself waits for nothing.
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self):
            return self._answer_later(request)
        with coming_from(source_of_request(request)):
            return self.get_response(request)

    async def _answer_later(self, request: HttpRequest) -> Any:
        with coming_from(source_of_request(request)):
            return await self.get_response(request)
