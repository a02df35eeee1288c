"""How many invocations run, and how many environments start, side by side; and when there is no room for another.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncGenerator, Generator

from sandbox.functions.environment import Environment
from sandbox.functions.errors import TooManyRequests
from sandbox.functions.limits import Limits
from sandbox.world import Function, World

Place = asyncio.Future[Environment | None]
"""Where an invocation waits for an environment: a warm one becomes the result, or None when it may start one."""


class Concurrency:
    """The room of one account and of one machine."""

    def __init__(self, world: World, limits: Limits) -> None:
        self._world = world
        self._limits = limits
        self._running: Counter[str] = Counter()
        self._starting = 0
        self._queue: deque[Place] = deque()

    @contextlib.contextmanager
    def one_more(self, function: Function) -> Generator[None]:
        """Count an invocation while it runs. Raises `TooManyRequests`."""
        # What is reserved is the function's, whatever version runs.
        reserved = self._world.functions.get(function.name, function).reserved_concurrency
        if reserved is not None:
            if self._running[function.name] >= reserved:
                raise TooManyRequests("ReservedFunctionConcurrentInvocationLimitExceeded")
        elif self._unreserved_running() >= self._unreserved():
            raise TooManyRequests("ConcurrentInvocationLimitExceeded")
        self._running[function.name] += 1
        try:
            yield
        finally:
            self._running[function.name] -= 1

    def runs(self, function_name: str) -> bool:
        """Whether an invocation of this function runs."""
        return self._running[function_name] > 0

    def queue(self, place: Place) -> None:
        """Give this place its turn to start an environment when it comes, unless it has got a warm one by then.

        Turns come in the order of the calls. Whoever got one says `started`.
        """
        self._queue.append(place)
        self._next()

    def started(self) -> None:
        """A turn is over, however the start went."""
        self._starting -= 1
        self._next()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for a turn to start an environment, and have it for the block."""
        place: Place = asyncio.get_running_loop().create_future()
        self.queue(place)
        try:
            await place
            yield
        finally:
            if not place.cancelled():  # a cancellation may come with the turn
                self.started()

    def _next(self) -> None:
        while self._queue and self._starting < self._limits.starts:
            place = self._queue.popleft()
            if not place.done():
                self._starting += 1
                place.set_result(None)

    def _unreserved(self) -> int:
        reserved = (function.reserved_concurrency or 0 for function in tuple(self._world.functions.values()))
        return self._limits.concurrency - sum(reserved)

    def _unreserved_running(self) -> int:
        functions = tuple(self._world.functions.values())
        return sum(self._running[function.name] for function in functions if function.reserved_concurrency is None)
