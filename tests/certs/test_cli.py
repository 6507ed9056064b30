from datetime import datetime

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from app import main
from certs import store
from certs.model import Certificate, Reason
from hub.house import House
from hub.settings import Settings


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> "Run":
    """The `yinxin` command in the installation of the test."""
    assert settings.passphrase is not None
    for name, value in {
        "PROFILE": settings.profile,
        "DATA": str(settings.data),
        "REDIS_URL": settings.redis_url,
        "PASSPHRASE": settings.passphrase.get_secret_value(),
    }.items():
        monkeypatch.setenv(f"YINXIN_{name}", value)
    return Run()


class Run:
    def __call__(self, *arguments: str, code: int = 0) -> str:
        done: Result = CliRunner().invoke(main, ["pki", *arguments])
        assert done.exit_code == code, done.output
        return done.output


def test_show_lists_every_certificate_with_its_state(house: House, seal: Certificate, run: Run) -> None:
    lines = run("show").splitlines()
    assert len(lines) == 8
    assert sum("[valid]" in line for line in lines) == 8
    assert any(line.startswith(seal.serial) and "栖云市市场监管局" in line for line in lines)


def test_show_prints_one_as_pem(seal: Certificate, run: Run) -> None:
    printed = x509.load_pem_x509_certificate(run("show", seal.serial.upper()).encode())
    assert printed.serial_number == int(seal.serial, 16)


def test_show_tells_of_numbers_that_were_never_signed(house: House, now: datetime, run: Run) -> None:
    from certs import authority
    from tests.certs.conftest import MARKET
    from tests.certs.test_authority import public

    draft = authority.prepare(house, "e-seal", MARKET, public(house), now)
    assert f"{draft.serial}  intended, never signed" in run("show")


def test_revoke_ends_a_certificate(house: House, seal: Certificate, run: Run) -> None:
    said = run("revoke", seal.serial, "--reason", "key-compromise", "--invalid-from", "2026-01-01T00:00:00Z")
    assert "is revoked: key-compromise" in said
    with house.database.read() as db:
        end = store.certificate(db, seal.serial).revocation
    assert end is not None
    assert end.reason is Reason.key_compromise
    assert end.invalid_from is not None
    assert end.invalid_from.isoformat() == "2026-01-01T00:00:00+00:00"
    assert "revoked" in run("show")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("revoke", "4" * 40, "--reason", "superseded"), 1, "There is no such certificate"),
        (("revoke", "x", "--reason", "superseded"), 1, "is not a serial number"),
        (("revoke", "4" * 40), 2, "--reason"),
        (("revoke", "4" * 40, "--reason", "hold"), 2, "hold"),
        (("show", "4" * 40), 1, "There is no such certificate"),
    ],
    ids=["unknown", "no-number", "no-reason", "no-such-reason", "show-unknown"],
)
def test_refusals_have_words_and_a_code(
    house: House, run: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    assert words in run(*arguments, code=code)


def test_lint_finds_nothing_in_all_that_we_made(seal: Certificate, run: Run) -> None:
    assert "8 certificates, 0 findings" in run("lint")
