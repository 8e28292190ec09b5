"""Planning in a process of its own, which can be ended: a search that takes too long stops, the caller goes on.

The process stays for the next problem, because starting one and loading the compiled search takes seconds.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

from runtime.scheduling.planning import Effort, Planned, Progress, plan
from workorder_core.scheduling.problem import Plan, Problem

ASK_S = 0.1
"""How often the caller is asked whether to stop."""


class PlanningEnded(Exception):
    """The process was ended before it had a plan: its time was over, it was stopped, or it died."""

    def __init__(self, why: str) -> None:
        super().__init__(f"planning ended without a plan: {why}")
        self.why = why


class Planner:
    """Plans in a child process. A context manager; not for several threads at once."""

    def __init__(self) -> None:
        self._context = get_context("spawn")
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def plan(
        self,
        problem: Problem,
        *,
        seed: int,
        effort: Effort,
        limit_s: float,
        start: Plan | None = None,
        progress: Progress = lambda _share, _cost: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Planned:
        """Plan as `planning.plan` does, and end the process after ``limit_s`` seconds of wall time, or when
        ``stopped``.

        Raises ``PlanningEnded`` then; ``progress`` is called in the caller's process.
        """
        pipe = self._ready()
        pipe.send((problem, seed, effort, start))
        ends = time.monotonic() + limit_s
        while True:
            try:
                if pipe.poll(ASK_S):
                    kind, content = pipe.recv()
                    if kind == "planned":
                        assert isinstance(content, Planned)
                        return content
                    if kind == "failed":
                        raise PlanningEnded(content)
                    progress(*content)
            except (EOFError, OSError) as error:
                self.end()
                raise PlanningEnded("the process died") from error
            if time.monotonic() > ends:
                self.end()
                raise PlanningEnded(f"it took longer than {limit_s:g} s")
            if stopped():
                self.end()
                raise PlanningEnded("it was stopped")

    def end(self) -> None:
        """End the process, whatever it does; the next plan starts another."""
        process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.join()
            process.close()

    def _ready(self) -> Connection:
        if self._process is not None and self._pipe is not None and self._process.is_alive():
            return self._pipe
        self.end()
        ours, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe = ours
        return ours


def _work(pipe: Connection) -> None:
    """Plan what comes through the pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller ends this process

    def progress(share: float, money: float) -> None:
        _send(pipe, "progress", (share, money))

    while True:
        try:
            problem, seed, effort, start = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            planned = plan(problem, seed=seed, effort=effort, start=start, progress=progress)
        except Exception as error:  # noqa: BLE001 the caller gets it, and the process stays for the next problem
            _send(pipe, "failed", f"{type(error).__name__}: {error}")
        else:
            _send(pipe, "planned", planned)


def _send(pipe: Connection, kind: str, content: Any) -> None:
    pipe.send((kind, content))
