"""Many functions that do something at one moment, each with a client of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from shared.table.client import TableClient
from tests.support.aws import TABLE
from tests.support.server import WAIT_SECONDS

T = TypeVar("T")


@cache
def environment(number: int) -> TableClient:  # noqa: ARG001 - told apart by the cache
    """The table as one of the functions has it that run side by side."""
    return TableClient(TABLE)


def at_once(number: int, act: Callable[[int], T]) -> list[T]:
    together = threading.Barrier(number)

    def run(each: int) -> T:
        environment(each)
        together.wait(WAIT_SECONDS)
        return act(each)

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(run, range(number)))
