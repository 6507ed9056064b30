"""Files by digest: written once, checked when read, on disk when named."""

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.blobs import BlobDamaged, BlobMissing, Blobs, BlobsDown


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(str(tmp_path / "blobs"))


@pytest.fixture(params=["folder", "s3"] if os.environ.get("YINXIN_TEST_S3") else ["folder"])
def any_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """A folder; and a real S3 bucket where the environment names one (YINXIN_TEST_S3=s3://bucket and AWS_ variables)."""
    return Blobs(os.environ["YINXIN_TEST_S3"] if request.param == "s3" else str(tmp_path / "blobs"))


def test_what_is_put_comes_back_by_its_digest(any_blobs: Blobs) -> None:
    digest = any_blobs.put(b"a license")
    assert digest == hashlib.sha256(b"a license").hexdigest()
    assert any_blobs.exists(digest)
    assert any_blobs.get(digest) == b"a license"
    assert digest in set(any_blobs.digests())


def test_putting_twice_changes_nothing(any_blobs: Blobs) -> None:
    assert any_blobs.put(b"a license") == any_blobs.put(b"a license")


def test_what_was_never_put_is_missing(any_blobs: Blobs) -> None:
    digest = hashlib.sha256(b"never").hexdigest()
    assert not any_blobs.exists(digest)
    with pytest.raises(BlobMissing):
        any_blobs.get(digest)


def test_many_writers_of_one_file_agree(blobs: Blobs) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(blobs.put, [b"x" * 200_000] * 16))) == 1


@given(name=st.text())
def test_a_name_that_is_no_digest_reaches_no_file(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    blobs = Blobs(str(tmp_path_factory.getbasetemp() / "none"))
    if len(name) != 64:
        with pytest.raises(BlobMissing):
            blobs.get(name)


@pytest.mark.parametrize("name", ["../" * 20 + "etc", "A" * 64, "g" * 64, "/" * 64, "", "." * 64])
def test_a_path_is_no_digest(blobs: Blobs, name: str) -> None:
    with pytest.raises(BlobMissing):
        blobs.get(name)
    with pytest.raises(BlobMissing):
        blobs.exists(name)


def test_a_flipped_bit_is_never_given_out(blobs: Blobs, tmp_path: Path) -> None:
    digest = blobs.put(b"a license")
    (tmp_path / "blobs" / digest[:2] / digest).write_bytes(b"b license")
    with pytest.raises(BlobDamaged):
        blobs.get(digest)


def test_a_torn_file_is_healed_by_putting_it_again(blobs: Blobs, tmp_path: Path) -> None:
    digest = blobs.put(b"a license")
    (tmp_path / "blobs" / digest[:2] / digest).write_bytes(b"")
    blobs.put(b"a license")
    assert blobs.get(digest) == b"a license"


def test_what_a_killed_writer_left_is_removed_and_nothing_else(blobs: Blobs, tmp_path: Path) -> None:
    digest = blobs.put(b"a license")
    folder = tmp_path / "blobs" / digest[:2]
    old, new = folder / f"{digest}#1", folder / f"{digest}#2"
    for path in (old, new):
        path.write_bytes(b"a lic")
    os.utime(old, (0, 0))
    assert set(blobs.digests()) == {digest}
    assert blobs.tidy(datetime(2026, 1, 1, tzinfo=UTC)) == 1
    assert (old.exists(), new.exists(), blobs.get(digest)) == (False, True, b"a license")


def test_file_and_folders_are_on_disk_before_put_returns(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def watched(fd: int) -> None:
        synced.append(Path(f"/proc/self/fd/{fd}").readlink().name)
        real(fd)

    monkeypatch.setattr(os, "fsync", watched)
    digest = blobs.put(b"a license")
    assert synced == [digest, digest[:2], "blobs"]


def test_a_disk_that_cannot_write_is_never_success(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(BlobsDown):
        blobs.put(b"a license")


def test_a_bucket_that_does_not_answer_is_one_problem() -> None:
    blobs = Blobs("s3://bucket/prefix")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        environment.setenv("AWS_ACCESS_KEY_ID", "a")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "b")
        began = time.monotonic()
        with pytest.raises(BlobsDown):
            blobs.get("0" * 64)
        assert time.monotonic() - began < 20
