"""The server of the technician's app as a process of its own, so that a test can kill it."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[3]
LONGEST = 300.0
"""Seconds that a busy machine may take to start it."""
_SERVE = """
import sys
import uvicorn
from psycopg_pool import ConnectionPool
from api.app import create
url, port, first = sys.argv[1:]
exec(first)
with ConnectionPool(url, min_size=1, max_size=6, open=True) as pool:
    uvicorn.run(create(pool, keys={}), host="127.0.0.1", port=int(port), log_level="warning")
"""


class ServerProcess:
    """The board and the app on one port, which can be killed and started again."""

    def __init__(self, database: str) -> None:
        self._database = database
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, first: str = "") -> None:
        """Start it; ``first``: what this server differs in, as Python that it runs before anything else."""
        command = [sys.executable, "-c", _SERVE, self._database, str(self.port), first]
        self._process = subprocess.Popen(command, cwd=ROOT)
        deadline = time.monotonic() + LONGEST
        while True:
            try:
                httpx.get(f"{self.address}/health/live")
                return
            except httpx.TransportError:
                assert self._process.poll() is None, "the server ended by itself"
                if time.monotonic() > deadline:
                    self.kill()
                    raise
                time.sleep(0.05)

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
