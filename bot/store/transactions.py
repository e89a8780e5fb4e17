"""One public method = one transaction, on the one thread that owns the connection.

`@reads` and `@writes` turn a plain method body into such a coroutine. A body that raises is rolled back and
raises to its caller. A caller that is cancelled while it waits does not know whether the transaction was
committed: it has to read again.

A write begins IMMEDIATE: it waits for its turn before it reads, so that nothing changes between the two.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from bot.store.values import StoreError

#: Result codes of SQLite (https://www.sqlite.org/rescode.html) that speak of the file, not of our SQL.
TROUBLE = {
    sqlite3.SQLITE_BUSY: "The database is busy.",
    sqlite3.SQLITE_LOCKED: "The database is busy.",
    sqlite3.SQLITE_FULL: "The disk that holds the database is full.",
    sqlite3.SQLITE_IOERR: "The disk that holds the database cannot be read or written.",
    sqlite3.SQLITE_READONLY: "The database cannot be written.",
    sqlite3.SQLITE_CANTOPEN: "The database cannot be opened.",
    sqlite3.SQLITE_PERM: "The database may not be opened.",
    sqlite3.SQLITE_CORRUPT: "The database is damaged.",
    sqlite3.SQLITE_NOTADB: "The file is not a database.",
}


@contextmanager
def trouble_named() -> Iterator[None]:
    """Raise StoreError where SQLite speaks of the file. Its other errors are ours, and pass as they are."""
    try:
        yield
    except sqlite3.Error as error:
        sentence = TROUBLE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if sentence is None:
            raise
        raise StoreError(sentence, hint="Nothing was saved. Try again, and tell an administrator.") from error


@contextmanager
def transaction(db: Database, begin: str) -> Iterator[None]:
    """Everything inside, or nothing of it."""
    db.execute(begin)
    try:
        yield
        db.commit()
    except BaseException:
        db.rollback()
        raise


class Connected:
    """A database and the thread that owns it; nothing else touches the connection."""

    def __init__(self, db: Database, thread: ThreadPoolExecutor) -> None:
        self._db = db
        self._thread = thread
        self._closed = False


T = TypeVar("T")
C = TypeVar("C", bound=Connected)
P = ParamSpec("P")

Body = Callable[Concatenate[C, P], T]
Method = Callable[Concatenate[C, P], Coroutine[Any, Any, T]]


def reads(body: Body[C, P, T]) -> Method[C, P, T]:
    """One consistent look."""
    return _method(body, "BEGIN")


def writes(body: Body[C, P, T]) -> Method[C, P, T]:
    """All of the change, or none of it."""
    return _method(body, "BEGIN IMMEDIATE")


def _method(body: Body[C, P, T], begin: str) -> Method[C, P, T]:
    @wraps(body)
    async def method(self: C, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._closed:
            raise StoreError(
                "The database is closed.", hint="The bot is stopping; try again when it is back."
            )

        def work() -> T:
            with trouble_named(), transaction(self._db, begin):
                return body(self, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    return method
