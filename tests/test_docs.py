"""The documents say what the code says: generated parts are compared, lists are complete."""

import re
from pathlib import Path

from bot.__main__ import main
from bot.core.lifecycle import diagram
from bot.operations import OPERATIONS
from bot.settings import settings_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SANDBOX = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def between(text: str, mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n(.*?)<!-- /{mark} -->", text, re.DOTALL)
    assert found, f"no part {mark}"
    return found.group(1)


def test_the_settings_in_the_readme_are_the_settings_of_the_bot() -> None:
    assert between(README, "settings").strip() == settings_table().strip()


def test_the_lifecycle_in_the_docs_is_the_table_in_the_code() -> None:
    assert between(ARCHITECTURE, "lifecycle").strip() == f"```mermaid\n{diagram()}\n```"


def test_the_readme_names_every_command_with_its_chargebee_call() -> None:
    commands = re.findall(r"^\| `(/[a-z-]+)` \|", README, re.MULTILINE)
    assert commands == [*(operation.command for operation in OPERATIONS), "/billing"]


def test_every_file_the_documents_point_to_exists() -> None:
    for document in (README, ARCHITECTURE, SANDBOX.replace("](images/", "](docs/images/")):
        for name in re.findall(r"`((?:bot|docs)/[\w./-]+)`", document) + re.findall(
            r"\]\(([\w./-]+)\)", document
        ):
            assert (ROOT / name).exists(), name


def test_every_picture_is_shown_exists_and_is_small() -> None:
    shown = set()
    for path in (ROOT / "README.md", ROOT / "docs" / "sandbox.md", ROOT / "docs" / "architecture.md"):
        for words, name in re.findall(r"!\[(.*?)\]\((.+?)\)", path.read_text(encoding="utf-8")):
            assert words, f"{name} has no description"
            shown.add((path.parent / name).resolve())
    assert shown == set((ROOT / "docs" / "images").resolve().iterdir())
    for picture in shown:
        content = picture.read_bytes()
        assert content.startswith(b"\x89PNG"), picture
        assert len(content) <= 150_000, picture
        assert int.from_bytes(content[16:20]) <= 1200, f"{picture} is too wide"


def test_ci_runs_the_commands_of_the_readme() -> None:
    for name in ("demo", "tests"):
        assert re.search(rf"<!-- command: {name} -->\n```sh\n(python3 -m venv .+)\n```", README), name
        assert f"readme_command {name}" in CI
    assert '"$(readme_command demo) --story"' in CI, "the page would never end"


def test_every_option_of_the_demo_in_the_documents_exists() -> None:
    options = {name for one in main.commands["demo"].params for name in one.opts}
    for name in (
        *re.findall(r"`(--[a-z]+)` at the end", README),
        *re.findall(r"demo (--[a-z]+)", README + SANDBOX),
    ):
        assert name in options, name
