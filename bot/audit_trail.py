"""The audit for whoever has to prove something: JSON lines, oldest first, and whether their chain holds.

A line is {"seq", "entry", "previous", "hash"}; how the hash is made stands in `bot/store/audit.py`, so that anybody can
follow the chain with nothing but the lines. Reading changes nothing, also while the bot runs on the same database.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from bot.core.errors import BotError
from bot.store.audit import ChainReport
from bot.store.sqlite import Store

#: Lines read in one transaction.
PAGE = 1_000


class AuditError(BotError):
    """The audit cannot be read."""

    code = "audit"


def told(database: Path, ref: str, tell: Callable[[str], object]) -> ChainReport:
    """Tells each line, of one request or (`ref` empty) all of them, then reports on the whole chain.

    Raises AuditError when there is nothing to read, StoreError.
    """
    if not database.exists():
        raise AuditError(f"There is no database {database}.", hint="Set BILLING_BOT_DATABASE.")
    return asyncio.run(_told(database, ref, tell))


async def _told(database: Path, ref: str, tell: Callable[[str], object]) -> ChainReport:
    store = await Store.open(str(database))
    try:
        report = await store.verify()
        try:
            await _lines(store, ref, tell)
        except ValidationError:
            if report.ok:
                raise AuditError("A line was written by a newer program.", hint="Use that program.") from None
            # Otherwise somebody has written into the file, and the report says where the chain breaks.
        return report
    finally:
        await store.close()


async def _lines(store: Store, ref: str, tell: Callable[[str], object]) -> None:
    page = await store.audit(ref) if ref else await store.audit_page(0, PAGE)
    if ref and not page:
        raise AuditError(f"There is no request {ref}.", hint="A request is written like BR-1042.")
    while page:
        for row in page:
            tell(row.model_dump_json())
        page = [] if ref else await store.audit_page(page[-1].seq, PAGE)
