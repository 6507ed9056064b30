"""Files by the digest of their bytes: written once, never changed, checked whenever they are read.

A folder, or an S3 bucket (`s3://bucket/prefix`; its keys from the usual AWS_ variables). A row may name a blob only after
`put` has returned: then it is on disk, also after a power cut.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
import structlog
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, S3Store

from hub.problems import NotFound, Unavailable

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

log = structlog.get_logger("blobs")
S3_PATIENCE: "ClientConfig" = {"timeout": "10s", "connect_timeout": "2s"}
# By itself it would try for 3 minutes, while a person waits.
S3_RETRIES: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=15)}


class BlobMissing(NotFound):
    """No file has this digest."""

    title = "The file is missing"


class BlobDamaged(Unavailable):
    """The stored bytes are not those that were put there."""

    title = "The stored file is damaged"
    advice = "The operator must bring it back from a backup; nothing was given out."


class BlobsDown(Unavailable):
    """The store of files cannot be read or written."""

    title = "The store of files cannot be reached"


class Blobs:
    """The files of one installation."""

    def __init__(self, place: str) -> None:
        self.folder = None if "://" in place else Path(place).absolute()
        self._place = place
        self._opened: LocalStore | S3Store | None = None

    def put(self, data: bytes) -> str:
        """Keep these bytes and give their SHA-256 (hex). On disk when this returns; a second time changes nothing."""
        digest = hashlib.sha256(data).hexdigest()
        try:
            obstore.put(self._store, _path(digest), data, mode="create")
        except AlreadyExistsError:
            self._heal(digest, data)
        except (BaseError, OSError) as error:
            raise _down(error) from error
        try:
            self._sync(digest)
        except OSError as error:  # the bytes may be lost (fsync says so once only): this is never a success
            raise BlobsDown("The file could not be brought to disk") from error
        return digest

    def get(self, digest: str) -> bytes:
        """Give the bytes, checked against their digest. Raises BlobMissing, BlobDamaged."""
        try:
            data = bytes(obstore.get(self._store, _path(digest)).bytes())
        except FileNotFoundError as error:
            raise BlobMissing("There is no file %(digest)s", digest=digest) from error
        except (BaseError, OSError) as error:
            raise _down(error) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise BlobDamaged("The file %(digest)s is not what was stored", digest=digest)
        return data

    def exists(self, digest: str) -> bool:
        """Say whether a file of this digest is there. It does not read it."""
        try:
            obstore.head(self._store, _path(digest))
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as error:
            raise _down(error) from error
        return True

    def digests(self) -> Iterator[str]:
        """Name every stored file, in no order."""
        for some in obstore.list(self._store):
            for item in some:
                name = item["path"].rsplit("/", 1)[-1]
                if len(name) == 64:
                    yield name

    def tidy(self, before: datetime) -> int:
        """Remove what writers left that died half-way before a moment, and tell how many. Nobody was given any of it."""
        if self.folder is None:
            return 0  # S3 shows nothing before it is whole
        pieces = [path for path in self.folder.glob("??/*#*") if path.stat().st_mtime < before.timestamp()]
        for path in pieces:
            path.unlink(missing_ok=True)
        return len(pieces)

    @property
    def _store(self) -> LocalStore | S3Store:
        """The store, opened at first use: after a worker was spawned, never before."""
        if self._opened is None:
            if self.folder is not None:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._opened = LocalStore(self.folder)
            else:
                # An address of one's own without TLS is a choice; the store would refuse it without another word.
                plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
                patience: ClientConfig = {**S3_PATIENCE, "allow_http": plain}
                self._opened = S3Store.from_url(self._place, client_options=patience, retry_config=S3_RETRIES)
        return self._opened

    def _heal(self, digest: str, data: bytes) -> None:
        """Write again what a power cut left torn: the name was there before its bytes were on disk."""
        try:
            self.get(digest)
        except BlobDamaged:
            obstore.put(self._store, _path(digest), data)

    def _sync(self, digest: str) -> None:
        """Bring file, its folder and the folder's name to disk; the store itself does not (S3 does)."""
        if self.folder is None:
            return
        path = self.folder / _path(digest)
        for each in (path, path.parent, self.folder):
            fd = os.open(each, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)


def _path(digest: str) -> str:
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise BlobMissing("%(digest)s is not a digest", digest=digest[:80])
    return f"{digest[:2]}/{digest}"


def _down(error: Exception) -> BlobsDown:
    """The cause is for the log: it may name an address."""
    log.error("blobs.down", error=str(error).partition("\n")[0])
    return BlobsDown(type(error).__name__)
