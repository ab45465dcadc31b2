"""Run several jobs at the same time, or one between the statements of another."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from django.db import connection

from accounts.errors import ServiceError


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """What the jobs returned or raised, each in a thread of its own."""
    results: list[Any] = [None] * len(jobs)
    gate = threading.Barrier(len(jobs))

    def run(number: int, job: Callable[[], Any]) -> None:
        try:
            gate.wait(10)
            results[number] = job()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def crossing(*jobs: tuple[str, Callable[[], Any]]) -> list[Any]:
    """As `at_once`, for jobs each of which waits after its statement until all others have come to theirs.

    Where one needs what another one holds, it does not come so far, and the others go on after a moment.
    """
    gate = threading.Barrier(len(jobs))

    def wait() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(1)

    def stopping(statement: str, job: Callable[[], Any]) -> Any:
        with once_after(statement, wait):
            return job()

    return at_once(*(partial(stopping, *job) for job in jobs))


@contextlib.contextmanager
def once_after(statement: str, do: Callable[[], object]) -> Iterator[None]:
    """Does what somebody else may do after the first statement that has these words, and before the next one."""
    is_done = False

    def notice(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        nonlocal is_done
        found = execute(sql, *more)
        if statement in sql and not is_done:
            is_done = True
            do()
        return found

    with connection.execute_wrapper(notice):
        yield


def unexpected(results: Sequence[Any]) -> list[Any]:
    return [result for result in results if isinstance(result, Exception) and not isinstance(result, ServiceError)]
