"""Every setting, read once into one frozen object; a bad value stops the start with a sentence.

Each is an environment variable `YINXIN_<NAME>`; a secret may also be given as `YINXIN_<NAME>_FILE`, the path of a file that
holds it. `docs/settings.md` lists them all.
"""

import os
import re
from pathlib import Path
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hub.problems import Problem

PREFIX = "YINXIN_"
LONGEST_NAME = 30  # characters of an installation's name: it stands in the header of a small phone
HOST_AND_PORT = r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?"
RESERVED = (".example", ".test", ".invalid", "localhost")  # RFC 2606, RFC 6761: never real


class BadSetting(Problem):
    """A setting has a value with which this installation must not start."""

    status = 500
    title = "A setting is wrong"
    advice = "Correct the environment variable that is named here and start again."


class Settings(BaseSettings):
    """The settings of one installation. Frozen; `Settings()` reads the environment."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    profile: Literal["production", "demo"] = Field("production", description="`demo` marks all output as test edition")
    data: Path = Field(Path("data"), description="the folder that holds everything an embedded installation keeps")
    database_url: str = Field(
        "", description="empty: SQLite in the data folder; else `postgresql://user:password@host/name`"
    )
    redis_url: str = Field("", description="empty: an embedded Redis-speaking server; else `redis://…` or `rediss://…`")
    queue_url: str = Field("", description="the Redis of the job queue, when it is another one")
    blobs_url: str = Field("", description="empty: a folder; else `s3://bucket/prefix`")

    site_name: str = Field(
        "印信", description="what this installation calls itself in Chinese, on every page and in messages"
    )
    site_name_en: str = Field("Yinxin", description="the same in English")

    issuer_url: str = Field("http://localhost:8000", description="where people log in; frozen at `yinxin init`")
    verify_url: str = Field(
        "http://localhost:8001", description="where licenses are checked; printed in each code; frozen"
    )
    pki_url: str = Field(
        "http://pki.yinxin.example.com", description="where CA, CRL and OCSP are found; printed in certificates; frozen"
    )
    hub_url: str = Field("", description="where portal, wallet and console are; empty: the issuer's address")
    register_url: str = Field("http://localhost:8002", description="the authoritative register of names and numbers")
    register_key: str = Field(
        "", description="the register's public key (JWK); empty in the demo: fetched at `yinxin init`"
    )
    network_id_url: str = Field(
        "", description="the national network identity service; empty: not offered (in the demo the register plays it)"
    )
    network_id_key: str = Field("", description="its public key (JWK)")
    bank_url: str = Field("", description="the banks' check of name, number, card and phone; empty: as above")
    bank_key: str = Field("", description="its public key (JWK)")
    telecom_url: str = Field("", description="the phone companies' check of name, number and phone; empty: as above")
    telecom_key: str = Field("", description="its public key (JWK)")

    sms_url: str = Field(
        "", description="the HTTP gateway for text messages; empty: none, in the demo the sandbox register's phone"
    )
    sms_token: SecretStr | None = Field(None, description="the bearer token that the gateway wants, if any")
    smtp_url: SecretStr | None = Field(
        None, description="the mail server, `smtps://user:password@host` or `smtp://host:587` (STARTTLS); none: no mail"
    )
    mail_from: str = Field("", description="the sender of mails; empty: no-reply at the issuer's host")

    live_check_years: int = Field(
        5, ge=0, le=20, description="a live check, or a network identity, proves a level for so long; 0: for ever"
    )
    counter_years: int = Field(10, ge=0, le=20, description="as long proves what an officer saw at a counter")

    passphrase: SecretStr | None = Field(None, description="opens the private keys; else `yinxin` asks at start")
    pkcs11_module: Path | None = Field(
        None, description="the module of a PKCS#11 token; without it all keys are encrypted files"
    )
    pkcs11_token: str = Field("", description="the label of that token")
    pkcs11_pin: SecretStr | None = Field(None, description="its user PIN")
    pkcs11_purposes: str = Field(
        "seal", description="purposes whose new keys are made in the token, commas between; `*` for all"
    )
    sealer_url: str = Field(
        "", description="https address of the sealing process; without it the keys of seals are in this one's custody"
    )
    sealer_certificate: Path | None = Field(
        None, description="our certificate towards it, or its own there (PEM, with the CA under the root)"
    )
    sealer_key: Path | None = Field(None, description="the PEM key of that certificate")
    sealer_ca: Path | None = Field(None, description="PEM file of the root above the other one's certificate")
    sealer_clients: str = Field(
        "", description="in the sealing process: host names in the certificates of those who may have it sign"
    )
    sealer_port: int = Field(8443, ge=0, le=65535, description="in the sealing process: its port; 0: any that is free")
    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="the port of the hub")
    verify_port: int = Field(8001, ge=1, le=65535, description="the port of the verification pages")
    tls_certificate: Path | None = Field(None, description="PEM chain; with it `yinxin serve` speaks TLS itself")
    tls_key: Path | None = Field(None, description="PKCS#8 PEM key that belongs to it")
    tls_minimum: Literal["1.2", "1.3"] = Field(
        "1.3",
        description="the oldest TLS of our own listener; with 1.2 it takes a cipher that BCP 195 does not recommend",
    )
    behind_proxy: bool = Field(False, description="a proxy of ours ends TLS in front and sets X-Forwarded-For")
    mtls_url: str = Field(
        "",
        description="where a proxy of ours asks programs for TLS certificates and passes them on; empty: none are taken",
    )
    mtls_proxies: str = Field(
        "127.0.0.1,::1",
        description="addresses of that proxy, commas between; Client-Cert from others is dropped (RFC 9440)",
    )
    mtls_ca: Path | None = Field(
        None, description="PEM file of the CAs whose certificates prove a program (RFC 8705 2.1)"
    )
    dpop_nonces: bool = Field(
        False, description="demand our nonces in every proof of possession (RFC 9449 8); of `fapi2` services always"
    )

    workers: int = Field(2, ge=1, le=64, description="web processes")
    threads: int = Field(1, ge=1, le=64, description="threads in each")
    log_json: bool = Field(True, description="one JSON object per line; else text for people")
    allowed_hosts: str = Field(
        "",
        description="hosts, separated by commas, that outgoing calls may reach besides our own; internal ones not for"
        " services that registered themselves",
    )
    development_calls: bool = Field(
        False,
        description="for development alone: services may stand on this machine and sign their TLS certificates themselves",
    )
    open_registration: bool = Field(
        False, description="for demos alone: services register themselves without a token and without approval"
    )
    clients_file: Path | None = Field(
        None, description="a TOML file of services (docs/identity/services.md), registered at each start"
    )
    secret_overlap_hours: int = Field(
        24, ge=0, le=720, description="how long a service's old secret still works after a new one was made"
    )
    code_seconds: int = Field(
        60, ge=10, le=600, description="life of an authorization code (RFC 6749 4.1.2 allows 600)"
    )
    access_seconds: int = Field(600, ge=60, le=3600, description="life of an access token")
    jwks_seconds: int = Field(
        300,
        ge=1,
        le=86_400,
        description="how long others may keep our token keys; a new key is shown so long before it signs",
    )
    token_key_days: int = Field(
        90,
        ge=0,
        le=3650,
        description="after so many days a new key signs tokens; 0: only when told (`yinxin keys rotate`)",
    )
    session_hours: int = Field(12, ge=1, le=24, description="a login ends after this time, active or not")
    time_sources: str = Field(
        "",
        description="SNTP servers that check the clock, `host` or `host:port`, commas between; without them time-stamps"
        " are given by an unchecked clock",
    )
    ocsp_nonce: bool = Field(
        False, description="sign each OCSP answer with the asker's nonce (RFC 9654); else all are signed beforehand"
    )
    archive_kinds: str = Field(
        "*",
        description="kinds of license that get an archive edition (B-LTA) besides the holder's file, commas between; `*`:"
        " all; empty: none",
    )
    upload_bytes: int = Field(20_000_000, ge=100_000, description="largest file that a verifier may upload")

    @field_validator(
        "issuer_url", "verify_url", "pki_url", "hub_url", "register_url", "network_id_url", "bank_url", "telecom_url",
        "mtls_url",
    )  # fmt: skip
    @classmethod
    def _is_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (
            parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query
        ):
            raise ValueError(f"is {url!r}, give scheme and host only, such as https://id.gov.example")
        return url.rstrip("/")

    @field_validator("site_name", "site_name_en")
    @classmethod
    def _is_name(cls, name: str) -> str:
        if not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
            raise ValueError(f"is {name!r}, give 1 to {LONGEST_NAME} printable characters")
        return name.strip()

    @field_validator("time_sources")
    @classmethod
    def _is_list_of_hosts(cls, sources: str) -> str:
        if sources and any(not re.fullmatch(HOST_AND_PORT, each.strip()) for each in sources.split(",")):
            raise ValueError(f"is {sources!r}, give hosts, such as ntp1.gov.example,ntp2.gov.example:123")
        return sources

    @field_validator("sms_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
            raise ValueError(f"is {url!r}, give the whole address, such as https://sms.gov.example/send")
        return url

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, url: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(url.get_secret_value()) if url else None
        if parts and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname):
            raise ValueError("give scheme and host, such as smtps://user:password@mail.gov.example")
        return url

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.profile == "production":
            for name in ("issuer_url", "verify_url"):
                host = urlsplit(getattr(self, name)).hostname or ""
                if urlsplit(getattr(self, name)).scheme != "https" and not host.endswith("localhost"):
                    raise ValueError(f"{name} must be https in production, or set PROFILE=demo")
            for name in ("development_calls", "open_registration"):
                if getattr(self, name):
                    raise ValueError(f"{name} is for development and demos, and never on in production")
        if ("site_name" in self.model_fields_set) != ("site_name_en" in self.model_fields_set):
            raise ValueError("site_name and site_name_en go together: a page is read in both languages")
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("tls_certificate and tls_key go together")
        if urlsplit(self.issuer_url).netloc == urlsplit(self.verify_url).netloc:
            raise ValueError(
                "verify_url must be another origin than issuer_url: its service worker must not see logins"
            )
        return self

    def called(self, language: str) -> str:
        """What this installation calls itself in a language."""
        return self.site_name if language == "zh-Hans" else self.site_name_en

    @property
    def test_edition(self) -> bool:
        """Whether licenses carry the red test band and the test arc 2.999."""
        return self.profile == "demo"

    @property
    def sms(self) -> str:
        """Where text messages are handed over, or nothing."""
        return self.sms_url or (f"{self.register_url}/phone" if self.test_edition else "")

    @property
    def home_url(self) -> str:
        """Where portal, wallet and console stand."""
        return self.hub_url or self.issuer_url

    @property
    def program_urls(self) -> tuple[str, ...]:
        """The names by which programs reach the provider: with and without a TLS certificate of theirs."""
        return (self.issuer_url, self.mtls_url) if self.mtls_url else (self.issuer_url,)

    @property
    def database(self) -> str:
        """The database URL that is in force."""
        return self.database_url or f"sqlite:///{self.data / 'yinxin.db'}"

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by TLS: then cookies are `__Host-` and `Secure`."""
        return self.issuer_url.startswith("https://")

    def cookie(self, name: str) -> str:
        """The name of a cookie of ours: `__Host-` wherever browsers accept it (RFC 6265bis 4.1.3.2).

        It carries the port, if there is one: browsers send a cookie to every port of a host (RFC 6265 8.5), so two
        installations on one would end each other's logins.
        """
        port = self.issuer_url.rpartition(":")[2]
        own = f"yinxin-{port}-{name}" if port.isdigit() else f"yinxin-{name}"
        return f"__Host-{own}" if self.secure else own


def read(**given: Any) -> Settings:
    """Read the environment (and `given`, which wins). Raises BadSetting with a sentence that names the variable."""
    for name in Settings.model_fields:
        path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
        if path and name not in given:
            try:
                given[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise BadSetting(f"{PREFIX}{name.upper()}_FILE: {error.strerror}: {path}") from error
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else PREFIX.rstrip("_")
        raise BadSetting(f"{name}: {first['msg']}") from error
