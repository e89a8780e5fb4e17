"""The tables, as numbered migrations, and how a database file is opened.

    requests           one row for each billing request: the record as JSON, and the columns that are searched
    request_counts     how many requests stand in each state, kept by triggers
    request_documents  Chargebee document -> requests that touch it or made it
    audit              append-only; `entry` is canonical JSON, and the other columns are derived from it
    errands            the outbox; one row is one delivery owed until `closed_at` is set
    messages           what the bot has posted about a request, to be redrawn
    drafts             forms that are being filled in
    deliveries         keys of Slack deliveries that were seen, to drop repeats
    meta               the last ref given, the head of the audit chain, the probe of the health check

`PRAGMA user_version` counts the migrations a file has had. A released migration is never edited: a new
one is added.
"""

import os
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from sqlite_utils import Database

from bot.store.transactions import transaction, trouble_named
from bot.store.values import StoreError

#: Slack waits 3 s for an answer; a write that waits longer than this for its turn had better say so.
BUSY_TIMEOUT_S = 2

MIGRATIONS = (
    """
    CREATE TABLE requests (
        id INTEGER PRIMARY KEY,  -- in order of creation
        ref TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL,
        state TEXT NOT NULL,
        open INTEGER NOT NULL,  -- 1 until the state is an ended one
        operation TEXT NOT NULL,
        requester_id TEXT NOT NULL,
        team_id TEXT NOT NULL,
        customer_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        submitted_at INTEGER,
        expires_at INTEGER NOT NULL,
        remind_at INTEGER,
        next_at INTEGER,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX requests_by_state ON requests (state);
    CREATE INDEX requests_by_requester ON requests (requester_id);
    CREATE INDEX requests_open ON requests (open) WHERE open = 1;
    CREATE INDEX requests_next ON requests (open, next_at) WHERE open = 1;
    CREATE INDEX requests_expiring ON requests (open, expires_at) WHERE open = 1;
    CREATE INDEX requests_reminding ON requests (open, remind_at) WHERE open = 1;

    CREATE TABLE request_counts (state TEXT PRIMARY KEY, requests INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TRIGGER requests_counted AFTER INSERT ON requests BEGIN
        INSERT INTO request_counts VALUES (NEW.state, 1) ON CONFLICT DO UPDATE SET requests = requests + 1;
    END;
    CREATE TRIGGER requests_recounted AFTER UPDATE OF state ON requests WHEN NEW.state <> OLD.state BEGIN
        UPDATE request_counts SET requests = requests - 1 WHERE state = OLD.state;
        INSERT INTO request_counts VALUES (NEW.state, 1) ON CONFLICT DO UPDATE SET requests = requests + 1;
    END;

    CREATE TABLE request_documents (
        document_id TEXT NOT NULL,
        request_id INTEGER NOT NULL REFERENCES requests (id),
        operation TEXT NOT NULL,
        open INTEGER NOT NULL,  -- both as in `requests`
        PRIMARY KEY (document_id, request_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX request_documents_open ON request_documents (document_id, operation, request_id) WHERE open = 1;

    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY,
        entry TEXT NOT NULL,
        hash TEXT NOT NULL,
        at INTEGER GENERATED ALWAYS AS (json_extract(entry, '$.at')) VIRTUAL,
        ref TEXT GENERATED ALWAYS AS (json_extract(entry, '$.ref')) VIRTUAL,
        user_id TEXT GENERATED ALWAYS AS (json_extract(entry, '$.user_id')) VIRTUAL
    ) STRICT;
    CREATE INDEX audit_by_ref ON audit (ref);
    CREATE INDEX audit_by_user ON audit (user_id);
    CREATE INDEX audit_by_time ON audit (at);
    CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit is append-only');
    END;
    CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit is append-only');
    END;
    CREATE TRIGGER audit_replaces_nothing BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) BEGIN
        SELECT RAISE(ABORT, 'the audit is append-only');
    END;

    CREATE TABLE errands (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        ref TEXT NOT NULL REFERENCES requests (ref),
        kind TEXT NOT NULL,
        topic TEXT NOT NULL,
        recipient TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        due_at INTEGER NOT NULL DEFAULT 0,  -- 0: at once
        attempts INTEGER NOT NULL DEFAULT 0,
        leased_until INTEGER,  -- somebody is delivering it until then
        closed_at INTEGER,
        given_up INTEGER NOT NULL DEFAULT 0,
        last_error TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX errands_owed ON errands (ref, id) WHERE closed_at IS NULL;
    CREATE INDEX errands_due ON errands (due_at, created_at) WHERE closed_at IS NULL;

    CREATE TABLE messages (
        ref TEXT NOT NULL REFERENCES requests (ref),
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        channel TEXT NOT NULL,
        ts TEXT NOT NULL,
        drawn TEXT NOT NULL,
        PRIMARY KEY (ref, kind, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX messages_by_place ON messages (channel, ts);

    CREATE TABLE drafts (
        id TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        draft TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX drafts_expiring ON drafts (expires_at);

    CREATE TABLE deliveries (key TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX deliveries_by_time ON deliveries (at);

    CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta VALUES
        ('last_ref', 1000), ('probe', 0), ('audit_head_seq', 0), ('audit_head_hash', printf('%064d', 0));
    """,
)

_creating = threading.Lock()


def connect(path: str) -> Database:
    """Open the database at `path` (or ":memory:"), create it where there is none, and bring it up to date.

    The file, and the `-wal` and `-shm` files beside it, are their owner's alone. The connection belongs
    to the calling thread. Raises StoreError when there is no way to use the file.
    """
    with trouble_named():
        if path != ":memory:":
            _make_private(Path(path))
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            db = Database(connection)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            migrate(db)
        except BaseException:
            connection.close()
            raise
        return db


def migrate(db: Database) -> None:
    """Apply the migrations this file has not had, all in one transaction.

    Raises StoreError when the file is newer than this code, or belongs to somebody else.
    """
    with transaction(db, "BEGIN IMMEDIATE"):
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise StoreError(
                f"The database has version {version}; this program knows none above {len(MIGRATIONS)}.",
                hint="Run the newer program that wrote it, or restore the backup made before the upgrade.",
            )
        if version == 0 and db.table_names():
            raise StoreError("The database holds tables of another program.", hint="Choose another file.")
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            db.executescript(script)
            db.execute(f"PRAGMA user_version = {number}")


def _make_private(path: Path) -> None:
    """Make the file where there is none; give it, and those beside it, mode 0600 whatever the umask.

    SQLite gives `-wal` and `-shm` the mode of the database file. An existing database is never opened here:
    closing any descriptor of a file drops the locks that this process holds on it
    (https://www.sqlite.org/howtocorrupt.html, 2.2). For the same reason two threads do not create at once.
    """
    try:
        with _creating, suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        path.chmod(0o600)
        for beside in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + beside).chmod(0o600)
    except OSError as error:
        raise StoreError(
            f"The database file cannot be made private: {error.strerror}.",
            hint="Choose a file in a directory that belongs to the bot.",
        ) from error
