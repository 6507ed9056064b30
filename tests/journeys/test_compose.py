"""deploy/compose.yaml as a file: it names real settings, keeps what must be kept, and holds no secret. It is not run here."""

import re
from typing import Any

import pytest
import yaml

from hub.settings import PREFIX, Settings
from tests.house.source import ROOT

FOLDER = ROOT / "deploy"
FILE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS: dict[str, str] = SERVICES["yinxin"]["environment"]


def test_every_variable_is_a_setting() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert {name.removesuffix("_FILE") for name in OURS} <= known


def test_the_settings_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OURS.items():
        if not name.endswith("_FILE"):
            monkeypatch.setenv(name, re.sub(r"\$\{\w+(?::-([^}]*)|:\?[^}]*)\}", r"\1", value))
    read = Settings()  # type: ignore[call-arg]  # from the environment
    assert read.profile == "production"
    assert read.database.startswith("postgresql")
    assert read.redis_url.startswith("redis://cache")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_keeps_its_data_says_how_it_is_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(FILE["volumes"])
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    assert set(service.get("depends_on", ())) <= set(SERVICES)


def test_only_a_proxy_on_the_machine_reaches_it() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_no_secret_stands_in_it() -> None:
    assert SERVICES["db"]["environment"]["POSTGRES_PASSWORD"].startswith("${DB_PASSWORD:?")
    assert "://yinxin:${DB_PASSWORD:?" in OURS["YINXIN_DATABASE_URL"]
    assert OURS["YINXIN_PASSPHRASE_FILE"] == "/run/secrets/passphrase"
    assert SERVICES["yinxin"]["secrets"] == list(FILE["secrets"]) == ["passphrase"]


def test_the_sealing_process_apart_uses_real_settings_and_publishes_nothing() -> None:
    services: dict[str, Any] = yaml.safe_load((FOLDER / "compose.sealing.yaml").read_text("utf-8"))["services"]
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    named = {name.removesuffix("_FILE") for service in services.values() for name in service["environment"]}
    assert named <= known
    assert not any("ports" in service for service in services.values())
    assert "YINXIN_PASSPHRASE" not in services["sealing"]["environment"]


def test_the_image_takes_the_product_and_nothing_else() -> None:
    taken = {line[1:] for line in (FOLDER / "Dockerfile.dockerignore").read_text().splitlines() if line[0] == "!"}
    assert all((ROOT / name).exists() for name in taken)
    assert {"app.py", "yinxin", "requirements.txt", "pyproject.toml"} <= taken
    assert not taken & {"data", "tests", ".git", ".venv", "deploy"}
