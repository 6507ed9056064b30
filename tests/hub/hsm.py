"""A real PKCS#11 token (SoftHSM) of one's own, and ways to make it fail where the real ones do: inside the module."""

import ctypes
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pkcs11

from hub.token import Token

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
LABEL, PIN = "yinxin", "1234"
C_SIGN = 43  # the place of C_Sign in CK_FUNCTION_LIST (PKCS #11 2.40, 6.5)
DEVICE_REMOVED = 0x32
SIGN = ctypes.CFUNCTYPE(
    ctypes.c_ulong, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_void_p
)


class Hsm:
    """A token in a folder. `SOFTHSM2_CONF` names the folder, so one process sees one at a time."""

    def __init__(self, folder: Path) -> None:
        self.tokens = folder / "tokens"
        self.tokens.mkdir(parents=True)
        (folder / "conf").write_text(f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\n")
        self.conf = folder / "conf"
        os.environ["SOFTHSM2_CONF"] = str(self.conf)
        command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "5678"]
        subprocess.run(command, check=True, capture_output=True)
        pkcs11.lib(str(MODULE)).reinitialize()  # it reads its settings when it begins
        self.token = Token(MODULE, LABEL, PIN)

    @property
    def settings(self) -> dict[str, object]:
        """Settings of an installation that uses it."""
        return {"pkcs11_module": MODULE, "pkcs11_token": LABEL, "pkcs11_pin": PIN}

    @contextmanager
    def away(self) -> Iterator[None]:
        """Taken out, and put back afterwards."""
        aside = self.tokens.with_name("away")
        self.tokens.rename(aside)
        try:
            yield
        finally:
            aside.rename(self.tokens)

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Every signature takes so long."""

        def sign(real: Callable[..., int], *given: Any) -> int:
            time.sleep(seconds)
            return real(*given)

        with self._signing(sign):
            yield

    @contextmanager
    def removed_in_signing(self) -> Iterator[None]:
        """It goes while it signs."""

        def sign(_real: Callable[..., int], *_given: Any) -> int:
            return DEVICE_REMOVED

        with self._signing(sign):
            yield

    @contextmanager
    def wrong(self) -> Iterator[None]:
        """One bit of each signature is another."""

        def sign(real: Callable[..., int], session: int, data: int, size: int, out: int, length: int) -> int:
            answer = real(session, data, size, out, length)
            if answer == 0 and out:
                first = ctypes.cast(out, ctypes.POINTER(ctypes.c_ubyte))
                first[9] ^= 1
            return answer

        with self._signing(sign):
            yield

    @contextmanager
    def _signing(self, instead: Callable[..., int]) -> Iterator[None]:
        """Put another C_Sign into the module's list of functions, as a fault of the hardware would show itself."""
        module = ctypes.CDLL(str(MODULE))
        functions = ctypes.c_void_p()
        module.C_GetFunctionList(ctypes.byref(functions))
        assert functions.value
        place = ctypes.cast(functions.value + 8 + 8 * C_SIGN, ctypes.POINTER(ctypes.c_void_p))
        before = place[0]
        assert before
        real = SIGN(before)
        made = SIGN(lambda *given: instead(real, *given))
        place[0] = ctypes.cast(made, ctypes.c_void_p).value or 0
        KEPT.append(made)  # a thread that hangs in it may come back later
        try:
            yield
        finally:
            place[0] = before


KEPT: list[Any] = []
