"""The connection to the broker: one that was given up says so, and no worker ends with it."""

from __future__ import annotations

from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as BrokerIsAway


class Channel(redis.Channel):
    """Kombu's, which in 5.7 asks a lost connection for its address once more, when the task that was under way ends.

    There is none any more. Told as what it is, it is the trouble with the broker that everybody who asks expects.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection.client is None:
            raise BrokerIsAway("The connection to the broker was given up.")
        found: dict[str, Any] = super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]
        return found


class Transport(redis.Transport):
    Channel = Channel
