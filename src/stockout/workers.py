"""Independent parts of a work, shared out to processes where there are enough of them.

A process loads the packages before it is of use, so few parts are done sooner without it. This one
works too. What a part gives does not depend on who does it.
"""

from __future__ import annotations

import sys
from collections import deque
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from stockout.memory import keep_freed_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future
    from typing import TypeVar

    Key = TypeVar("Key")
    Result = TypeVar("Result")

LEAST_PARTS = 16
"""Parts from which on processes are started: they have to load the packages first, and with half as
many, blocks of items were fitted no sooner (`benchmarks/forecast_speed.py`)."""

_MOST = 4  # processes: this one has to hand all of them their parts


class Workers(NamedTuple):
    """Processes beside this one, or none."""

    executor: Executor | None
    processes: int

    @classmethod
    def start(cls, parts: int, module: str) -> Workers:
        """Has a process for every other core load the packages, while this one goes on.

        Those of an earlier work are taken again. After some seconds without work they end.

        Args:
            parts: Number of parts of the work to come.
            module: Name of the module that does it.
        """
        if parts < LEAST_PARTS:
            return cls(None, 0)
        import multiprocessing  # noqa: PLC0415 - only large works need it

        import loky  # noqa: PLC0415

        count = min(loky.cpu_count() - 1, _MOST)
        if count < 1 or multiprocessing.current_process().daemon:  # that may start none
            return cls(None, 0)
        try:
            executor = loky.get_reusable_executor(max_workers=count)
            for _ in range(count):
                executor.submit(_prepare, module)
        except OSError:  # a sandbox without semaphores, or too many processes
            return cls(None, 0)
        return cls(executor, count)

    def share_out(
        self, work: Callable[..., Result], tasks: Iterable[tuple[Key, tuple[Any, ...]]]
    ) -> Iterator[tuple[Key, Result]]:
        """Does all tasks, here and in the processes.

        Args:
            work: A function of a module, which changes nothing but what it returns.
            tasks: A name and the arguments of each; made when it is their turn.

        Returns:
            The name and the result of each, in the order in which they are there.

        >>> sorted(Workers(None, 0).share_out(pow, [("a", (2, 3)), ("b", (3, 2))]))
        [('a', 8), ('b', 9)]
        """
        executor = self.executor
        given: deque[tuple[Key, tuple[Any, ...], Future[Result]]] = deque()
        for key, arguments in tasks:
            busy = sum(not future.done() for *_, future in given)
            if executor is not None and busy <= self.processes:  # one waits for who is ready first
                try:
                    given.append((key, arguments, executor.submit(work, *arguments)))
                    continue
                except (BrokenExecutor, OSError):
                    executor = None
            yield key, work(*arguments)
            while given and given[0][-1].done():
                yield _taken(work, *given.popleft())
        while given:
            yield _taken(work, *given.popleft())

    def aside(self, work: Callable[..., Result], *arguments: Any) -> Callable[[], Result]:  # noqa: ANN401 - of any work
        """Has a process do something while this one goes on.

        Args:
            work: A function of a module, which changes nothing but what it returns.
            arguments: Of it.

        Returns:
            What waits for the result and gives it; without a process it is made then.

        >>> Workers(None, 0).aside(pow, 2, 3)()
        8
        """
        if self.executor is not None:
            with suppress(BrokenExecutor, OSError):
                future = self.executor.submit(work, *arguments)
                return lambda: _taken(work, None, arguments, future)[1]
        return lambda: work(*arguments)


def stop() -> None:
    """Ends all processes at once, whatever they are doing, before this one is ended."""
    loky = sys.modules.get("loky")
    if loky is not None:
        with suppress(OSError):  # where none can be started there is none to end
            again = loky.get_reusable_executor(max_workers=1, reuse=False, kill_workers=True)
            again.shutdown()


def _prepare(module: str) -> None:
    """What a process does first."""
    keep_freed_memory()
    import_module(module)


def _taken(
    work: Callable[..., Result], key: Key, arguments: tuple[Any, ...], future: Future[Result]
) -> tuple[Key, Result]:
    """What a process gave; where it was killed, as for lack of memory, the part is done here."""
    try:
        return key, future.result()
    except BrokenExecutor:
        return key, work(*arguments)
