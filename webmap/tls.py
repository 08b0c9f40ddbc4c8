"""Encrypted connections: a certificate that is given, or one of a small authority made here at set-up.

The authority signs nothing but this installation's own certificate. Browsers trust it once its certificate
(``var/tls/authority.crt``) is brought to them; its key never leaves the folder.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geogrid.errors import SetupError
from geogrid.settings import TABLE, Settings

if TYPE_CHECKING:
    from cryptography import x509

AUTHORITY_DAYS, SERVER_DAYS, RENEW_DAYS = 3650, 397, 30  # browsers refuse certificates of more than 398 days
TLS_HELP = "Encrypt: with GEOGRID_TLS_CERT and GEOGRID_TLS_KEY, or a certificate of an authority made under var/tls."
ALWAYS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Tls:
    """A certificate with its key, and the host names it is for."""

    cert: Path
    key: Path
    names: tuple[str, ...]

    def hosts(self) -> tuple[str, ...]:
        """Return the names as they stand in a Host header: an IPv6 address in brackets."""
        return tuple(f"[{name}]" if ":" in name else name for name in self.names)


def tls_of(settings: Settings) -> Tls | None:
    """Return the certificate that the settings name, None where connections are not encrypted.

    Raises
    ------
    SetupError
        where a file is missing or broken, the key does not fit or others can read it, or the certificate has run out
    """
    if not settings.tls_cert and not settings.tls_key:
        return None
    cert, key = Path(settings.tls_cert).expanduser(), Path(settings.tls_key).expanduser()
    both = f"{TABLE['tls_cert'].name} and {TABLE['tls_key'].name}"
    for path in (cert, key):
        if not path.is_file():
            raise SetupError(reason=f"{path} is no file", mend=f"Let {both} name a certificate and its key.")
    if key.stat().st_mode & 0o077:
        raise SetupError(reason=f"others can read the key {key}", mend=f"Run: chmod 600 {key}")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except (ssl.SSLError, OSError) as error:
        raise SetupError(reason=f"{cert} and {key} do not fit together ({error})", mend=f"Mend {both}.") from error
    found = _read(cert)
    if found.not_valid_after_utc < datetime.now(UTC):
        raise SetupError(reason=f"the certificate {cert} has run out", mend="Renew it, or start with --tls.")
    return Tls(cert, key, _names_of(found))


def scheme(settings: Settings) -> str:
    """Return ``https`` where connections are encrypted, else ``http``."""
    return "https" if settings.tls_cert else "http"


def probe_context(settings: Settings) -> ssl.SSLContext | None:
    """Return what trusts this installation's own certificate, for asking it from this machine; None without encryption."""
    if not settings.tls_cert:
        return None
    authority = Path(settings.tls_cert).with_name("authority.crt")
    trusted = authority if authority.is_file() else Path(settings.tls_cert)
    context = ssl.create_default_context()
    context.load_verify_locations(trusted)
    return context


def use_tls(environ: MutableMapping[str, str], settings: Settings, names: Iterable[str]) -> Settings:
    """Return settings with a certificate, given by the environment already or made here; children take it from ``environ``."""
    from dataclasses import replace

    if not settings.tls_cert:
        made = make_local(settings.var_dir / "tls", (*names, settings.host, socket.gethostname()))
        environ[TABLE["tls_cert"].name], environ[TABLE["tls_key"].name] = str(made.cert), str(made.key)
        settings = replace(settings, tls_cert=str(made.cert), tls_key=str(made.key))
    tls_of(settings)
    return settings


# -- the authority ----------------------------------------------------------------------------------------------------


def make_local(folder: Path, names: Iterable[str], *, now: datetime | None = None) -> Tls:
    """Return a certificate for ``names`` signed by the folder's own authority; made, or renewed in time, where needed."""
    wanted = tuple(dict.fromkeys((*ALWAYS, *(name.strip("[]") for name in names if name))))
    at = now or datetime.now(UTC)
    cert, key = folder / "server.crt", folder / "server.key"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if cert.is_file() and key.is_file():
        found = _read(cert)
        lasts = found.not_valid_after_utc - at > timedelta(days=RENEW_DAYS)
        if lasts and set(wanted) <= set(_names_of(found)):
            return Tls(cert, key, _names_of(found))
    _sign(folder, wanted, at)
    return Tls(cert, key, wanted)


def _sign(folder: Path, names: tuple[str, ...], at: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    authority, authority_key = _authority(folder, at)
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    made = (
        _begun("geogrid", authority.subject, key, at, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    _keep(folder / "server.key", _key_bytes(key), 0o600)
    _keep(folder / "server.crt", made.public_bytes(_pem()) + authority.public_bytes(_pem()), 0o644)


def _authority(folder: Path, at: datetime) -> tuple[x509.Certificate, Any]:
    """Return the authority of the folder with its key, made on first use and anew when it has run out."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    cert, key = folder / "authority.crt", folder / "authority.key"
    if cert.is_file() and key.is_file() and (found := _read(cert)).not_valid_after_utc > at + timedelta(days=SERVER_DAYS):
        return found, load_pem_private_key(key.read_bytes(), None)
    own = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"geogrid {socket.gethostname()}"[:64])])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        _begun(None, name, own, at, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .sign(own, hashes.SHA256())
    )
    _keep(key, _key_bytes(own), 0o600)
    _keep(cert, made.public_bytes(_pem()), 0o644)
    return made, own


def _begun(common: str | None, issuer: x509.Name, key: Any, at: datetime, days: int) -> x509.CertificateBuilder:
    from cryptography import x509

    subject = issuer if common is None else x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + timedelta(days=days))
    )


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _read(path: Path) -> x509.Certificate:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise SetupError(reason=f"{path} is no certificate", mend=f"Remove or replace {path}.") from error


def _names_of(found: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return (*named.get_values_for_type(x509.DNSName), *(str(ip) for ip in named.get_values_for_type(x509.IPAddress)))


def _pem() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.PEM


def _key_bytes(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    found: bytes = key.private_bytes(_pem(), PrivateFormat.PKCS8, NoEncryption())
    return found


def _keep(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all, never readable by more than ``mode`` says."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
