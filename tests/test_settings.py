"""Settings: where they come from, what is refused, and what a person is told about it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import OAUTH_SWITCHES, PREFIX, Settings, SettingsError, load_settings, settings_table

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-marked-secret",
    "SLACK_APP_TOKEN": "xapp-marked-secret",
    "CHARGEBEE_SITE": "acme-test",
    "CHARGEBEE_API_KEY": "marked-secret-key",
}

#: Sets the variables of `GOOD` with the changes given (None leaves one out) and loads.
Load = Callable[..., Settings]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    for name in [name for name in os.environ if name.upper().startswith(PREFIX) or name in OAUTH_SWITCHES]:
        monkeypatch.delenv(name)

    def with_variables(**changed: str | None) -> Settings:
        for name, value in {**GOOD, **changed}.items():
            if value is not None:
                monkeypatch.setenv(PREFIX + name, value)
        return load_settings()

    return with_variables


def problems(load: Load, **changed: str | None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(**changed)
    return list(caught.value.problems)


def test_four_variables_are_enough_for_socket_mode(load: Load) -> None:
    settings = load()

    assert settings.slack_mode == "socket"
    assert settings.chargebee_base_url == "https://acme-test.chargebee.com"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert not settings.chargebee_read_key


def test_socket_mode_needs_the_app_token(load: Load) -> None:
    (problem,) = problems(load, SLACK_APP_TOKEN=None)
    assert problem.startswith("BILLING_BOT_SLACK_APP_TOKEN is missing: it takes the app-level token")


def test_http_mode_needs_a_signing_secret_that_is_not_empty_and_no_app_token(load: Load) -> None:
    (problem,) = problems(load, SLACK_MODE="http", SLACK_APP_TOKEN=None, SLACK_SIGNING_SECRET="")
    assert problem.startswith("BILLING_BOT_SLACK_SIGNING_SECRET is missing")

    assert load(SLACK_MODE="http", SLACK_APP_TOKEN=None, SLACK_SIGNING_SECRET="s").slack_mode == "http"


def test_swapped_tokens_are_noticed(load: Load) -> None:
    found = problems(load, SLACK_BOT_TOKEN=GOOD["SLACK_APP_TOKEN"], SLACK_APP_TOKEN=GOOD["SLACK_BOT_TOKEN"])
    assert [problem.split()[0] for problem in found] == [
        "BILLING_BOT_SLACK_BOT_TOKEN",
        "BILLING_BOT_SLACK_APP_TOKEN",
    ]


def test_every_problem_is_told_at_once(load: Load) -> None:
    found = problems(
        load,
        SLACK_MODE="htp",
        SLACK_BOT_TOKEN=None,
        CHARGEBEE_SITE="Acme Test",
        PORT="many",
        PREVIEW_BUDGET_S="3",
        REASON_CODE_REQUIRED="yes",
        LOOKUPS_PER_MINTE="3",
    )

    assert sorted(problem.split()[0].removeprefix(PREFIX) for problem in found) == [
        "CHARGEBEE_SITE",
        "LOOKUPS_PER_MINTE",
        "PORT",
        "PREVIEW_BUDGET_S",
        "REASON_CODE_REQUIRED",
        "SLACK_BOT_TOKEN",
        "SLACK_MODE",
    ]


def test_an_unknown_variable_is_refused_and_the_nearest_name_offered(load: Load) -> None:
    assert problems(load, LOOKUPS_PER_MINTE="3") == [
        "BILLING_BOT_LOOKUPS_PER_MINTE is not a setting of the bot. Is BILLING_BOT_LOOKUPS_PER_MINUTE meant?"
    ]


@pytest.mark.parametrize("name", OAUTH_SWITCHES)
def test_variables_that_switch_slacks_library_to_oauth_are_refused(
    load: Load, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "anything")

    (problem,) = problems(load)

    assert problem.startswith(f"{name} is set")


@pytest.mark.parametrize(
    "url",
    [
        "http://slack.example/api/",  # unprotected
        "https://slack.example/",  # another path
        "https://user:password@slack.example/api/",
        "slack.example/api/",
        "http://127.0.0.1.evil.example/api/",
        "http://localhost.evil.example/api/",
    ],
)
def test_the_slack_address_must_be_a_safe_api_address(load: Load, url: str) -> None:
    assert len(problems(load, SLACK_API_URL=url)) == 1


@pytest.mark.parametrize("host", ["127.0.0.1:8100", "localhost:8100", "[::1]:8100"])
def test_plain_http_is_allowed_to_this_machine(load: Load, host: str) -> None:
    settings = load(SLACK_API_URL=f"http://{host}/api/", CHARGEBEE_SITE=None, CHARGEBEE_URL=f"http://{host}/")

    assert settings.chargebee_base_url == f"http://{host}"


@pytest.mark.parametrize(
    "url", ["http://chargebee.example", "https://chargebee.example/api/v2", "ftp://127.0.0.1"]
)
def test_a_chargebee_address_is_https_and_has_no_path(load: Load, url: str) -> None:
    assert len(problems(load, CHARGEBEE_SITE=None, CHARGEBEE_URL=url)) == 1


def test_a_site_name_and_an_address_together_are_refused(load: Load) -> None:
    (problem,) = problems(load, CHARGEBEE_URL="https://elsewhere.example")
    assert "both set" in problem


def test_neither_a_site_name_nor_an_address_is_refused(load: Load) -> None:
    (problem,) = problems(load, CHARGEBEE_SITE=None)
    assert "set one of them" in problem


def test_lists_are_separated_by_commas_or_written_as_json(load: Load) -> None:
    settings = load(ZERO_DECIMAL="JPY, KRW", REASON_CODES='["Goodwill", "Wrong price, ours"]')

    assert settings.zero_decimal == ("JPY", "KRW")
    assert settings.reason_codes == ("Goodwill", "Wrong price, ours")


def test_a_broken_json_list_and_a_wrong_currency_are_refused(load: Load) -> None:
    assert len(problems(load, REASON_CODES='["a', ZERO_DECIMAL="yen")) == 2


def test_a_person_may_not_have_more_lookups_than_everybody(load: Load) -> None:
    (problem,) = problems(load, LOOKUPS_PER_MINUTE="10", LOOKUPS_PER_PERSON="11")
    assert "LOOKUPS_PER_PERSON" in problem


def test_an_empty_variable_counts_as_not_set(load: Load) -> None:
    assert load(PORT="", ORIGIN_IP="").origin_ip is None


def test_secrets_come_from_files_and_the_environment_wins(load: Load, tmp_path: Path) -> None:
    (tmp_path / "billing_bot_chargebee_api_key").write_text("key-from-file\n")
    (tmp_path / "billing_bot_slack_bot_token").write_text("xoxb-from-file")

    settings = load(SECRETS_DIR=str(tmp_path), CHARGEBEE_API_KEY=None)

    assert settings.chargebee_api_key.get_secret_value() == "key-from-file"
    assert settings.slack_bot_token.get_secret_value() == GOOD["SLACK_BOT_TOKEN"]


def test_a_misnamed_secret_file_is_refused(load: Load, tmp_path: Path) -> None:
    (tmp_path / "billing_bot_chargebee_key").write_text("k")
    (tmp_path / "unrelated").write_text("x")

    (problem,) = problems(load, SECRETS_DIR=str(tmp_path))

    assert "BILLING_BOT_CHARGEBEE_KEY is not a setting" in problem


def test_a_secrets_directory_that_is_not_there_is_refused(load: Load, tmp_path: Path) -> None:
    assert problems(load, SECRETS_DIR=str(tmp_path / "none")) == [
        "BILLING_BOT_SECRETS_DIR is not a directory."
    ]


def test_no_env_file_is_read(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("BILLING_BOT_PORT=9\n")

    assert load().port == 8080


def test_secrets_show_in_no_print_and_no_error(load: Load) -> None:
    settings = load(SLACK_SIGNING_SECRET="marked-secret-signing")
    assert (
        "marked-secret" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    )
    assert set(settings.secret_values()) == {
        "xoxb-marked-secret",
        "xapp-marked-secret",
        "marked-secret-key",
        "marked-secret-signing",
    }

    with pytest.raises(SettingsError) as caught:
        load(SLACK_BOT_TOKEN="marked-secret-without-prefix", PORT="x")
    assert "marked-secret" not in f"{caught.value!r} {caught.value}"


def test_the_table_has_a_described_row_for_every_variable() -> None:
    rows = [row.strip("| ").split(" | ") for row in settings_table().splitlines()[2:]]

    assert [row[0] for row in rows] == [f"`{PREFIX}{name.upper()}`" for name in Settings.model_fields]
    assert all(len(row) == 3 and row[2].endswith(".") for row in rows)
