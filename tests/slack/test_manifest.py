"""The manifest asks Slack for exactly what the code uses, within Slack's rules, and the committed file is that one."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.core.errors import InvalidInput
from bot.operations import OPERATIONS
from bot.slack.manifest import EVENTS, SCOPES, Mode, manifest, manifest_yaml, usage

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "tests/data/slack-manifest.schema.2.0.0.json").read_text())
URL = "https://bot.example.com/slack/events"
MODES: list[tuple[Mode, str]] = [("socket", ""), ("http", URL)]


def test_the_committed_file_is_the_generated_one() -> None:
    committed = (ROOT / "app-manifest.yml").read_text(encoding="utf-8")
    assert committed == manifest_yaml(), "run `billing-bot manifest`"


@pytest.mark.parametrize(("mode", "url"), MODES)
def test_the_yaml_says_what_the_manifest_says(mode: Mode, url: str) -> None:
    assert yaml.safe_load(manifest_yaml(mode, url)) == manifest(mode, url)


@pytest.mark.parametrize(("mode", "url"), MODES)
def test_slacks_schema_accepts_it(mode: Mode, url: str) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(manifest(mode, url))


@pytest.mark.parametrize("broken", [{"surprise": 1}, {"display_information": {"name": "x" * 36}}])
def test_slacks_schema_refuses_what_is_wrong(broken: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SCHEMA).validate(manifest() | broken)


# What the schema does not catch


def test_every_event_has_its_scope_and_every_email_its_user() -> None:
    assert set(EVENTS.values()) - {""} <= SCOPES.keys()
    assert "users:read.email" not in SCOPES or "users:read" in SCOPES


def test_every_scope_has_its_reason_beside_it() -> None:
    text = manifest_yaml()
    for scope in SCOPES:
        assert re.search(rf'- "{re.escape(scope)}"  # \w{{2,}}', text)


def test_the_bots_name_uses_the_characters_slack_allows() -> None:
    assert re.fullmatch(r"[a-z0-9._-]{1,80}", manifest()["features"]["bot_user"]["display_name"])


def test_there_is_one_command_for_each_operation_and_one_for_the_rest() -> None:
    commands = manifest()["features"]["slash_commands"]

    assert [c["command"] for c in commands] == [op.command for op in OPERATIONS] + ["/billing"]
    assert all(c["should_escape"] for c in commands)
    for command in commands:
        assert re.fullmatch(r"/[a-z][a-z0-9-]{0,30}", command["command"])
        assert 0 < len(command["description"]) <= 2000
        assert 0 < len(command["usage_hint"]) <= 1000


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: op.name)
def test_a_hint_names_what_may_follow_the_command_in_order(operation: Any) -> None:
    assert re.fullmatch(r"[A-Z]\S*( [A-Z]\S*)*", usage(operation))


def test_agent_view_replaces_assistant_view() -> None:
    features = manifest()["features"]

    assert "assistant_view" not in features
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert 1 <= len(features["agent_view"]["suggested_prompts"]) <= 4


def test_people_can_write_to_the_bot() -> None:
    home = manifest()["features"]["app_home"]
    assert home["home_tab_enabled"]
    assert home["messages_tab_enabled"]
    assert not home["messages_tab_read_only_enabled"]


def test_tokens_do_not_rotate_and_one_workspace_installs_it() -> None:
    settings = manifest()["settings"]
    assert not settings["token_rotation_enabled"]
    assert not settings["org_deploy_enabled"]


def test_http_mode_names_its_address_everywhere_and_socket_mode_nowhere() -> None:
    told = manifest("http", URL)

    assert "https://" not in json.dumps(manifest())
    assert {command["url"] for command in told["features"]["slash_commands"]} == {URL}
    assert told["settings"]["event_subscriptions"]["request_url"] == URL
    assert told["settings"]["interactivity"]["request_url"] == URL
    assert told["settings"]["interactivity"]["message_menu_options_url"] == URL
    assert (told["settings"]["socket_mode_enabled"], manifest()["settings"]["socket_mode_enabled"]) == (
        False,
        True,
    )


@pytest.mark.parametrize("url", ["", "http://bot.example.com/slack/events", "bot.example.com", "https://"])
def test_http_mode_needs_a_public_https_address(url: str) -> None:
    with pytest.raises(InvalidInput, match="public address"):
        manifest("http", url)
