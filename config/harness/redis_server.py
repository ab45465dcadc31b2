"""A Redis server for tests that break it, configured as docs/deploy.md says."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from redis import Redis
from redis.exceptions import RedisError

from config.harness.running import free_port, wait_for


def program() -> str | None:
    return shutil.which("redis-server")


class RedisServer:
    """Listens at `url` while it runs. Its data is on disk, so that it survives a restart."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client: Redis = Redis.from_url(self.url)
        self._directory = Path(tempfile.mkdtemp(prefix="rollcall-redis-"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def version(self) -> str:
        return str(self.client.info("server")["redis_version"])

    def start(self) -> None:
        """Start it if necessary, and wait until it answers."""
        if self._process is not None:
            return
        where = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._directory))
        how = ("--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", "")
        command = ["redis-server", *where, *how]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        wait_for(self._answers, what="Redis")

    def stop(self) -> None:
        """Kill it, as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def lose_everything(self) -> None:
        """Delete all data, also on disk. It must not be running."""
        shutil.rmtree(self._directory)
        self._directory.mkdir()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False
