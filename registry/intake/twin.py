"""A second process that does the same work: what is handed to it is done while this one does the next."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Any, BinaryIO, NoReturn

from registry.intake.relay import PIPE_BYTES, ReaderFailed, follow, receive, send, wide_pipe

_DONE, _MEMORY, _FAILED = range(3)

Work = Callable[[tuple[Any, ...]], tuple[Any, ...]]


class Twin:
    """``hand`` a task, do something else, ``take`` the result; one at a time. Tasks and results are plain values.

    The process begins with the first task and knows what this one knew then. It is gone when the twin is closed, and
    when this process ends; where it is killed, so is this one, by the same signal.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._process = 0
        self._tasks = -1
        self._results: BinaryIO | None = None

    def __enter__(self) -> Twin:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        if self._results is not None:
            self._results.close()
            os.close(self._tasks)

    def hand(self, task: tuple[Any, ...]) -> None:
        if not self._process:
            self._begin()
        try:
            send(self._tasks, task)
        except BrokenPipeError:
            self._end_like_it()

    def take(self) -> tuple[Any, ...]:
        """Raises MemoryError where the other process ran out of it, ReaderFailed for any other error of its own."""
        assert self._results is not None
        try:
            what, *told = receive(self._results.read)
        except EOFError:
            self._end_like_it()
        if what == _DONE:
            return tuple(told)
        raise MemoryError if what == _MEMORY else ReaderFailed(told[0])

    def _end_like_it(self) -> NoReturn:
        gone, self._process = self._process, 0
        follow(gone)

    def _begin(self) -> None:
        tasks, self._tasks = wide_pipe()
        results, answers = wide_pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(self._tasks)
            os.close(results)
            self._serve(tasks, answers)
        os.close(tasks)
        os.close(answers)
        self._results = os.fdopen(results, "rb", buffering=PIPE_BYTES)

    def _serve(self, tasks: int, answers: int) -> NoReturn:
        """What the other process does until nobody hands it anything any more; it tidies nothing up."""
        try:
            with os.fdopen(tasks, "rb", buffering=PIPE_BYTES) as pipe:
                while True:
                    send(answers, (_DONE, *self._work(receive(pipe.read))))
        except (EOFError, BrokenPipeError):
            pass
        except MemoryError:
            send(answers, (_MEMORY,))
        except BaseException as error:
            send(answers, (_FAILED, type(error).__name__))
        finally:
            os._exit(0)
