"""Kombu's Redis transport, with a fix for lost connections that would end a worker."""

from __future__ import annotations

from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as BrokerIsAway


class Channel(redis.Channel):
    """Raises the error that Kombu handles when a connection was lost.

    When a task ends after its connection was lost, Kombu 5.7 asks the connection for its parameters, and fails with an
    AttributeError that nothing handles.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection.client is None:
            raise BrokerIsAway("The connection to the broker was given up.")
        found: dict[str, Any] = super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]
        return found


class Transport(redis.Transport):
    Channel = Channel
