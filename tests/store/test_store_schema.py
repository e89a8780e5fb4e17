"""The file: how it is made, who may read it, what it refuses, and that history stays quick."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from bot.core.lifecycle import State
from bot.store.schema import MIGRATIONS
from bot.store.sqlite import Store
from bot.store.values import Draft, MessageRef, StoreError
from tests.store.examples import NOW, a_card, a_request, an_entry, changed


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids="umask {0:04o}".format)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def beside(path: Path) -> list[Path]:
    return [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]


async def test_only_the_owner_can_read_the_files(path: Path, umask: int) -> None:
    store = await Store.open(str(path))
    await store.note((an_entry(),))
    assert [mode(file) for file in beside(path)] == [0o600] * 3
    await store.close()


async def test_files_that_others_could_read_are_made_private(path: Path) -> None:
    first = await Store.open(str(path))
    for file in beside(path):
        file.chmod(0o644)
    second = await Store.open(str(path))
    assert [mode(file) for file in beside(path)] == [0o600] * 3
    await first.close()
    await second.close()


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as raw:
        return [*raw.iterdump(), str(raw.execute("PRAGMA user_version").fetchone())]


async def test_opening_again_changes_nothing(path: Path) -> None:
    store = await Store.open(str(path))
    await store.create(a_request(), (an_entry(),), (a_card(),))
    await store.close()
    before = dump(path)
    again = await Store.open(str(path))
    await again.close()
    assert dump(path) == before
    assert before[-1] == f"({len(MIGRATIONS)},)"


async def test_a_newer_database_is_refused_and_left_alone(path: Path) -> None:
    await (await Store.open(str(path))).close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = dump(path)
    with pytest.raises(StoreError, match=rf"^The database has version {len(MIGRATIONS) + 1}; .*above \d+\.$"):
        await Store.open(str(path))
    assert dump(path) == before


async def test_a_database_of_another_program_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(StoreError, match="another program"):
        await Store.open(str(path))


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"not a database at all, but long enough to be looked at" * 40)
    with pytest.raises(StoreError, match="not a database"):
        await Store.open(str(path))


async def test_a_path_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        await Store.open(str(tmp_path / "missing" / "billing.db"))


async def test_every_connection_has_the_safe_settings(path: Path) -> None:
    store = await Store.open(str(path))

    def settings() -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [store._db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    found = await asyncio.get_running_loop().run_in_executor(store._thread, settings)
    assert found == ["wal", 2, 1, 2_000]
    await store.close()


async def test_every_table_is_strict(path: Path) -> None:
    await (await Store.open(str(path))).close()
    with closing(sqlite3.connect(path)) as raw:
        tables = raw.execute(
            "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        loose = [name for name, strict in tables if not strict]
    assert loose == []


def open_and_write(path: str) -> bool:
    async def work() -> bool:
        store = await Store.open(path)
        await store.note((an_entry(),))
        await store.close()
        return True

    return asyncio.run(work())


async def test_processes_may_open_a_new_file_at_the_same_time(path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(open_and_write, [str(path)] * 12)) == [True] * 12
    store = await Store.open(str(path))
    assert (await store.verify()).rows == 12
    await store.close()


async def test_threads_may_open_a_new_file_at_the_same_time(path: Path) -> None:
    stores = await asyncio.gather(*(Store.open(str(path)) for _ in range(6)))
    await asyncio.gather(*(store.note((an_entry(),)) for store in stores))
    assert (await stores[0].verify()).rows == 6
    for store in stores:
        await store.close()


async def test_a_database_that_somebody_else_holds_is_said_to_be_busy(path: Path) -> None:
    store = await Store.open(str(path))
    await asyncio.get_running_loop().run_in_executor(
        store._thread, store._db.execute, "PRAGMA busy_timeout = 0"
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="busy"):
            await store.note((an_entry(),))
        assert not await store.healthy()
        assert await store.get("BR-1001") is None
        other.execute("ROLLBACK")
    assert await store.healthy()
    assert (await store.head()).seq == 0
    await store.close()


#: What may be read whole: a row for each state, and the errands that are owed now.
SMALL = ("SCAN request_counts", "SCAN errands USING INDEX errands_due", "SCAN CONSTANT ROW")


async def test_no_query_reads_a_whole_table_of_history(path: Path) -> None:
    """Every statement that the store's methods run is explained by SQLite, on tables without statistics."""
    store = await Store.open(str(path))
    statements: dict[str, Any] = {}

    def traced(sql: str, parameters: Any) -> None:
        statements[sql] = parameters

    with store._db.tracer(traced):
        record = await store.create(a_request(), (an_entry(),), (a_card(),))
        await store.apply(changed(record, a_card(), state=State.PENDING))
        await store.get("BR-1001")
        await store.in_state(State.PENDING, 10)
        await store.due_work(NOW, 10)
        await store.expired(NOW, 10)
        await store.to_remind(NOW, 10)
        await store.waiting(10)
        await store.by_requester("U_ALICE", 10)
        await store.by_requester("U_ALICE", 10, unfinished=True)
        await store.by_document("INV-1042", 10, 20)
        await store.find_open("write_off", "INV-1042")
        await store.audit("BR-1001")
        await store.audit_page(5, 10)
        await store.verify()
        [owed] = await store.claim_errands(NOW, 10, 60)
        await store.postponed(owed, NOW, "x")
        await store.given_up(owed, NOW, "x")
        await store.delivered(owed, NOW, MessageRef(channel="C", ts="1"))
        await store.message("BR-1001", "card")
        await store.ref_of_message("C", "1")
        await store.save_draft(
            Draft(id="d", user_id="U", team_id="T", operation="o", created_at=NOW, expires_at=NOW)
        )
        await store.draft("d")
        await store.drop_draft("d")
        await store.drop_drafts_before(NOW)
        await store.seen_before("k", NOW)
        await store.statistics(NOW)
        await store.healthy()
    await store.close()
    explained, slow = 0, []
    with closing(sqlite3.connect(path)) as raw:
        for sql, parameters in statements.items():
            if (
                sql.lstrip().split()[0].upper() not in {"SELECT", "UPDATE", "DELETE", "INSERT"}
                or "sqlite_master" in sql
            ):
                continue
            steps = raw.execute(f"EXPLAIN QUERY PLAN {sql}", parameters or ()).fetchall()
            explained += 1
            slow += [
                f"{step} in {sql}"
                for *_, step in steps
                if "TEMP B-TREE" in step or (step.startswith("SCAN") and not step.startswith(SMALL))
            ]
    assert slow == []
    assert explained > 30
