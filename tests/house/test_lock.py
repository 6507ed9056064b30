"""Dependencies are pinned with hashes, and come from no address of their own."""

import re
import tomllib

from tests.house import source

LOCK = (source.ROOT / "requirements.txt").read_text()
PROJECT = tomllib.loads((source.ROOT / "pyproject.toml").read_text())


def test_every_package_is_pinned_with_a_hash() -> None:
    packages = re.split(r"\n(?=[a-z0-9])", LOCK.strip(), flags=re.IGNORECASE)
    assert len(packages) > 50
    assert not [package for package in packages if not re.match(r"[\w.-]+(\[\w+\])?==", package)]
    assert not [package for package in packages if "--hash=sha256:" not in package]


def test_the_lock_names_no_address() -> None:
    assert "://" not in LOCK
    assert "--index" not in LOCK
    assert "--find-links" not in LOCK


def test_every_dependency_of_the_project_is_locked() -> None:
    locked = {name.lower().replace("_", "-") for name in re.findall(r"^([\w.-]+)(?:\[\w+\])?==", LOCK, re.MULTILINE)}
    wanted = [
        *PROJECT["project"]["dependencies"],
        *(one for extra in ("server",) for one in PROJECT["project"]["optional-dependencies"][extra]),
        *(one for group in PROJECT["dependency-groups"].values() for one in group),
    ]
    names = [re.match(r"[\w.-]+", one).group().lower().replace("_", "-") for one in wanted]  # type: ignore[union-attr]
    assert not sorted(set(names) - locked)
