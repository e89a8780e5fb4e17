"""`python -m bot audit`: everything that was written down, and whether it is still what was written."""

import asyncio
import hashlib
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.audit_trail import PAGE
from bot.core.record import AuditEntry
from bot.store.sqlite import Store

MANY = PAGE + 3
ENVIRONMENT = {
    "BILLING_BOT_SLACK_BOT_TOKEN": "xoxb-1",
    "BILLING_BOT_SLACK_APP_TOKEN": "xapp-1",
    "BILLING_BOT_CHARGEBEE_SITE": "acme-test",
    "BILLING_BOT_CHARGEBEE_API_KEY": "key",
}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """One request's two rows among many others."""
    path = tmp_path / "bot.db"

    async def written() -> None:
        store = await Store.open(str(path))
        other = [AuditEntry(at=number, event="other") for number in range(MANY - 2)]
        own = [AuditEntry(at=MANY, event=event, ref="BR-1001") for event in ("preview", "submit")]
        await store.note((*other, *own))
        await store.close()

    asyncio.run(written())
    return path


def audit(database: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        main, ["audit", *arguments], env=ENVIRONMENT | {"BILLING_BOT_DATABASE": str(database)}
    )


def rewritten(database: Path, entry: str) -> None:
    """Somebody with the file in their hands changes row 2."""
    with sqlite3.connect(database) as db:
        db.execute("DROP TRIGGER audit_keeps_values")
        db.execute("UPDATE audit SET entry = ? WHERE seq = 2", (entry,))
    db.close()


def test_all_of_it_is_told_oldest_first_and_can_be_followed_with_the_lines_alone(database: Path) -> None:
    result = audit(database)
    assert result.exit_code == 0
    assert "Every row follows from the one before" in result.stderr
    previous = "0" * 64
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    for seq, line in enumerate(lines, start=1):
        said = {"seq": seq, "entry": line["entry"], "previous": previous}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        previous = hashlib.sha256(text.encode()).hexdigest()
        assert line == said | {"hash": previous}
    assert len(lines) == MANY


def test_one_request_is_told_alone(database: Path) -> None:
    result = audit(database, "BR-1001")
    assert [json.loads(line)["entry"]["event"] for line in result.stdout.splitlines()] == [
        "preview",
        "submit",
    ]
    assert result.exit_code == 0


@pytest.mark.parametrize("entry", ['{"at":1,"event":"another"}', '{"at":1,"event":"another","more":1}'])
def test_a_changed_row_is_named_and_ends_with_1(database: Path, entry: str) -> None:
    rewritten(database, entry)
    result = audit(database)
    assert result.exit_code == 1
    assert "Row 2 does not follow" in result.stderr


def test_what_is_not_there_is_said_and_not_made(tmp_path: Path, database: Path) -> None:
    assert "There is no request BR-7." in audit(database, "BR-7").output
    nowhere = audit(tmp_path / "nowhere.db")
    assert nowhere.exit_code == 1
    assert "There is no database" in nowhere.output
    assert not (tmp_path / "nowhere.db").exists()
