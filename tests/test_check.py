"""`check` finds what is wrong with a set-up and says what to do, asking both simulators over sockets."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.check import Finding, check
from bot.sandbox.chargebee.server import ChargebeeServer
from bot.sandbox.chargebee.site import FULL_ACCESS_KEY, READ_ONLY_KEY, Site
from bot.sandbox.clock import Clock
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import APP_TOKEN, BOT_TOKEN, App, Workspace
from bot.settings import Settings
from bot.slack.manifest import SCOPES, manifest
from bot.store.sqlite import Store

POLICY = (Path(__file__).parents[1] / "bot/demo/policy.toml").read_text(encoding="utf-8")
READS_CHANNELS = frozenset({"channels:read", "groups:read"})


class SetUp:
    """A workspace, a site and settings that fit them. Findings come by name."""

    def __init__(self, slack: SlackServer, chargebee: ChargebeeServer, folder: Path) -> None:
        self.slack, self.chargebee = slack, chargebee
        self.policy = folder / "policy.toml"
        self.policy.write_text(POLICY, encoding="utf-8")
        self.database = folder / "bot.db"

    async def findings(self, **changed: Any) -> dict[str, Finding]:
        values: dict[str, Any] = {
            "slack_bot_token": SecretStr(BOT_TOKEN),
            "slack_app_token": SecretStr(APP_TOKEN),
            "slack_api_url": self.slack.api_url,
            "chargebee_url": self.chargebee.url,
            "chargebee_api_key": SecretStr(FULL_ACCESS_KEY),
            "policy_file": self.policy,
            "database": self.database,
        }
        found = await check(Settings(**values | changed))
        assert all("\n" not in finding.line() for finding in found)
        return {finding.name: finding for finding in found}

    async def wrong(self, **changed: Any) -> dict[str, str]:
        """What is wrong, as it is told: name -> sentences."""
        found = await self.findings(**changed)
        return {name: f"{finding.says} {finding.do}" for name, finding in found.items() if not finding.ok}


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    server = await SlackServer.start(Workspace(clock=Clock(), app=App.from_manifest(manifest())))
    yield server
    await server.stop()


@pytest.fixture
async def classic() -> AsyncIterator[ChargebeeServer]:
    server = await ChargebeeServer.start(Site(profile="classic", clock=Clock()))
    yield server
    await server.stop()


@pytest.fixture
async def world() -> AsyncIterator[ChargebeeServer]:
    server = await ChargebeeServer.start(Site(profile="world", clock=Clock()))
    yield server
    await server.stop()


@pytest.fixture
def setup(slack: SlackServer, classic: ChargebeeServer, tmp_path: Path) -> SetUp:
    return SetUp(slack, classic, tmp_path)


async def test_a_set_up_that_fits_has_nothing_wrong(setup: SetUp) -> None:
    found = await setup.findings()

    assert [finding.line() for finding in found.values() if not finding.ok] == []
    assert list(found) == [
        *("configuration", "policy", "database", "manifest"),
        *("slack token", "scopes", "app token", "channels"),
        *("chargebee key", "catalog", "currencies"),
    ]


async def test_looking_changes_nothing(setup: SetUp) -> None:
    await setup.findings(chargebee_read_key=SecretStr(READ_ONLY_KEY))

    assert {call["method"] for call in setup.chargebee.site.calls()} == {"GET"}
    assert not setup.database.exists()


# Read here


async def test_a_policy_that_cannot_be_used_is_told_with_every_problem(setup: SetUp) -> None:
    setup.policy.write_text(POLICY.replace('roles = ["agent"]', 'roles = ["agnet"]'), encoding="utf-8")

    assert "agnet" in (await setup.wrong())["policy"]


async def test_a_policy_that_is_not_there_does_not_stop_the_other_checks(setup: SetUp) -> None:
    setup.policy.unlink()

    found = await setup.findings()

    assert not found["policy"].ok
    assert found["slack token"].ok
    assert "channels" not in found


async def test_the_database_is_opened_and_its_audit_followed(setup: SetUp) -> None:
    await (await Store.open(str(setup.database))).close()

    assert "0 audit rows hold" in (await setup.findings())["database"].says


async def test_an_audit_that_was_cut_short_is_found(setup: SetUp) -> None:
    await (await Store.open(str(setup.database))).close()
    with sqlite3.connect(setup.database) as connection:
        connection.execute("UPDATE meta SET value = 3 WHERE key = 'audit_head_seq'")
    connection.close()

    assert "The audit does not hold" in (await setup.wrong())["database"]


async def test_a_file_that_is_no_database_is_found(setup: SetUp) -> None:
    setup.database.write_text("not a database, but long enough to be looked at as one" * 40)

    assert list(await setup.wrong()) == ["database"]


async def test_a_database_in_a_directory_that_is_not_there_is_found(setup: SetUp, tmp_path: Path) -> None:
    assert "DATABASE" in (await setup.wrong(database=tmp_path / "none" / "bot.db"))["database"]


# Asked of Slack


async def test_a_wrong_bot_token_is_found(setup: SetUp) -> None:
    assert "invalid_auth" in (await setup.wrong(slack_bot_token=SecretStr("xoxb-wrong")))["slack token"]


async def test_a_wrong_app_token_is_found(setup: SetUp) -> None:
    assert list(await setup.wrong(slack_app_token=SecretStr("xapp-wrong"))) == ["app token"]


async def test_http_mode_needs_no_app_token(setup: SetUp) -> None:
    found = await setup.findings(slack_mode="http", slack_signing_secret=SecretStr("s"))

    assert "app token" not in found


async def test_a_token_of_another_workspace_is_found(setup: SetUp) -> None:
    setup.policy.write_text(POLICY.replace('"T0BOT"', '"T0OTHERS"'), encoding="utf-8")

    told = (await setup.wrong())["slack token"]

    assert "T0BOT" in told
    assert "T0OTHERS" in told


async def test_a_missing_scope_is_named_and_a_spare_one_only_mentioned(setup: SetUp) -> None:
    setup.slack.workspace.app = App(scopes=frozenset(SCOPES) - {"im:write"} | {"links:read"})
    assert "im:write" in (await setup.wrong())["scopes"]

    setup.slack.workspace.app = App(scopes=frozenset(SCOPES) | {"links:read", "assistant:write"})
    scopes = (await setup.findings())["scopes"]
    assert (scopes.ok, scopes.says.split(". ")[1]) == (True, "Not needed: links:read.")


async def test_channels_are_said_to_be_unchecked_where_the_bot_may_not_look(setup: SetUp) -> None:
    assert (await setup.findings())["channels"].says.startswith("Not checked")


@pytest.mark.parametrize(
    ("channel", "why"),
    [("C0NOBOT", "the bot is not in it"), ("C0OLD", "archived"), ("C0NOWHERE", "channel_not_found")],
)
async def test_a_channel_the_bot_cannot_write_to_is_found(setup: SetUp, channel: str, why: str) -> None:
    setup.slack.workspace.app = App(scopes=frozenset(SCOPES) | READS_CHANNELS)
    assert (await setup.findings())["channels"].ok

    setup.policy.write_text(POLICY.replace('"C0NOTICES"', f'"{channel}"'), encoding="utf-8")

    assert f"{channel} ({why})" in (await setup.wrong())["channels"]


async def test_slack_out_of_reach_is_a_finding(setup: SetUp) -> None:
    await setup.slack.stop()

    assert set(await setup.wrong()) == {"slack token", "app token", "channels"}


# Asked of Chargebee


async def test_a_wrong_key_is_found_and_each_key_has_its_own_finding(setup: SetUp) -> None:
    wrong = await setup.wrong(
        chargebee_api_key=SecretStr("wrong"), chargebee_read_key=SecretStr(READ_ONLY_KEY)
    )
    assert list(wrong) == ["chargebee key"]

    wrong = await setup.wrong(chargebee_read_key=SecretStr("wrong"))
    assert "CHARGEBEE_READ_KEY" in wrong["read key"]


async def test_a_site_that_v1_charges_cannot_serve_is_told_to_use_v2(
    slack: SlackServer, world: ChargebeeServer, tmp_path: Path
) -> None:
    setup = SetUp(slack, world, tmp_path)

    wrong = await setup.wrong()

    assert set(wrong) == {"catalog", "currencies"}
    assert all("Set BILLING_BOT_CHARGE_API=v2." in told for told in wrong.values())
    assert await setup.wrong(charge_api="v2") == {}


async def test_a_site_that_v2_charges_cannot_serve_is_told_to_use_v1(setup: SetUp) -> None:
    assert "Set BILLING_BOT_CHARGE_API=v1." in (await setup.wrong(charge_api="v2"))["catalog"]


async def test_a_base_currency_that_the_site_does_not_use_is_found(setup: SetUp) -> None:
    assert await setup.wrong(base_currency="EUR") == {}
    assert list(await setup.wrong(base_currency="USD")) == ["currencies"]


async def test_chargebee_out_of_reach_is_a_finding(setup: SetUp) -> None:
    await setup.chargebee.stop()

    assert list(await setup.wrong()) == ["chargebee key"]
