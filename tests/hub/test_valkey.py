"""The embedded server: ours alone, on disk, and gone when we go."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from hub import valkey


def test_its_socket_is_for_its_owner_alone(tmp_path: Path) -> None:
    with valkey.embedded(tmp_path / "valkey") as url:
        path = Path(url.removeprefix("unix://"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        config = redis.Redis.from_url(url).config_get("port", "maxmemory-policy", "appendonly", "appendfsync")
    assert config == {"port": "0", "maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec"}


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    with valkey.embedded(folder) as url:
        assert len(url) < valkey.LONGEST_SOCKET_PATH
        assert redis.Redis.from_url(url).ping()


def test_a_folder_that_somebody_else_prepared_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "valkey").symlink_to(tmp_path / "theirs")
    with pytest.raises(valkey.ValkeyDown):
        valkey.start(tmp_path / "valkey")


def test_a_killed_server_comes_back_with_what_was_on_disk(tmp_path: Path) -> None:
    process = valkey.start(tmp_path)
    server = redis.Redis.from_url(valkey.url(tmp_path))
    server.set("kept", "x")
    server.waitaof(1, 0, 2000)
    process.kill()
    process.wait()
    with valkey.embedded(tmp_path):
        assert server.get("kept") == b"x"


def test_a_left_over_server_is_replaced(tmp_path: Path) -> None:
    left_over = valkey.start(tmp_path)
    with valkey.embedded(tmp_path) as url:
        assert redis.Redis.from_url(url).info("server")["process_id"] != left_over.pid
    assert left_over.wait(5) is not None


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help exists on Linux only")
def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = f"from pathlib import Path; from hub import valkey; import time; valkey.start(Path({str(tmp_path)!r})); "
    parent = subprocess.Popen([sys.executable, "-c", program + "print(1, flush=True); time.sleep(60)"], stdout=-1)
    assert parent.stdout
    parent.stdout.readline()
    pid = redis.Redis.from_url(valkey.url(tmp_path)).info("server")["process_id"]
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert valkey.wait(lambda: not valkey.alive(tmp_path), 10)
    assert pid


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("not a folder")
    with pytest.raises(valkey.ValkeyDown, match="appendonlydir"):
        valkey.start(tmp_path)
