"""A listener speaks TLS with the certificate it is given, and has as many workers as it is told."""

from pathlib import Path
from typing import Any

import pytest

from hub import listener


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in (("PROFILE", "demo"), ("DATA", str(tmp_path)), ("WORKERS", "3"), ("THREADS", "2")):
        monkeypatch.setenv(f"YINXIN_{name}", value)
    return monkeypatch


def made(name: str) -> Any:
    return listener.server(name, "app")


def test_the_hub_gets_the_workers_and_verification_half_of_them(environment: pytest.MonkeyPatch) -> None:
    assert made("hub").workers == 3
    assert (made("verification").workers, made("verification").bind_port) == (1, 8001)
    environment.setenv("YINXIN_WORKERS", "1")
    assert made("verification").workers == 1


def test_a_slow_caller_is_cut_off_and_a_dead_worker_replaced(environment: pytest.MonkeyPatch) -> None:
    server = made("hub")
    assert server.http1_settings is not None
    assert server.http1_settings.header_read_timeout == 10_000
    assert server.respawn_failed_workers
    assert not server.log_access  # addresses of people; what is needed is counted
