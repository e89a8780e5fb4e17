"""The image installs what the package declares: pins, Dockerfile and pyproject.toml agree."""

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins() -> dict[str, Version]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {
        canonicalize_name(name): Version(version)
        for name, _, version in (line.partition("==") for line in lines if line and not line.startswith("#"))
    }


def test_every_dependency_is_pinned_to_a_version_that_fits() -> None:
    pinned = pins()
    for declared in map(Requirement, PROJECT["dependencies"]):
        assert pinned[canonicalize_name(declared.name)] in declared.specifier, declared


def test_what_the_dependencies_need_is_pinned_too() -> None:
    """The image resolves nothing. Only the versions installed here can be asked what they need.

    `pip` is declared by sqlite-utils for a command of its own, which nobody runs.
    """
    pinned = pins()
    installed = {canonicalize_name(one.name): one for one in distributions()}
    here = [one for name, one in installed.items() if name in pinned and Version(one.version) == pinned[name]]
    for name, needs in ((one.name, one.requires or ()) for one in here):
        for needed in map(Requirement, needs):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in pinned.keys() | {"pip"}, (name, needed)


def test_every_pin_is_one_exact_version_and_names_no_place() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"#.*|[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line), line


def test_the_image_uses_a_python_the_package_supports_and_runs_without_root() -> None:
    text = (ROOT / "Dockerfile").read_text()

    for version in re.findall(r"^FROM python:([\d.]+)-slim", text, re.MULTILINE):
        assert Version(version) in Requirement(f"python{PROJECT['requires-python']}").specifier
    (user,) = re.findall(r"^USER (\d+):(\d+)$", text, re.MULTILINE)
    assert all(int(part) >= 1000 for part in user)


def test_everything_the_image_copies_is_let_through_and_exists() -> None:
    let_through = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    copied: set[str] = set()
    for sources in re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        copied |= set(sources.split())

    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)
