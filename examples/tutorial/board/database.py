"""A pool of SQLite connections, open from startup to shutdown."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio import to_thread

SCHEMA = "CREATE TABLE IF NOT EXISTS notices (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"


class Pool:
    """A few connections to one file; each statement borrows one and runs in a thread.

    Args:
        file: the database.
        size: how many statements run at the same time; the others wait.
    """

    def __init__(self, file: str, size: int = 4) -> None:
        self._free = anyio.Semaphore(size)
        self._idle = [_connect(file) for _ in range(size)]

    async def execute(self, statement: str, *parameters: Any) -> list[Any]:
        """Run one statement, and return its rows."""
        async with self._free:
            connection = self._idle.pop()
            try:
                return await to_thread.run_sync(_execute, connection, statement, parameters)
            finally:
                self._idle.append(connection)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._idle:
            connection.close()


def _connect(file: str) -> sqlite3.Connection:
    # A statement may run in another thread than the one before it, but never beside it.
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def _execute(
    connection: sqlite3.Connection, statement: str, parameters: tuple[Any, ...]
) -> list[Any]:
    return connection.execute(statement, parameters).fetchall()


@asynccontextmanager
async def open_pool(router: Any) -> AsyncIterator[dict[str, Pool]]:
    """Open the pool before the first request, and close it after the last one."""
    pool = Pool(os.environ.get("BOARD_DATABASE", "board.sqlite3"))
    try:
        await pool.execute(SCHEMA)
        yield {"pool": pool}
    finally:
        pool.close()
