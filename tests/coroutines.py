"""Coroutines that a test runs to their end."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a thread of its own.

    The browser leaves a running event loop in the thread of the tests, in which ``asyncio.run`` refuses to start
    another; whether a test shares its process with the browser's depends on how they are spread.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
