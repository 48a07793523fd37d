"""Certificates for the stub's TLS: one made for the occasion, or one that is given."""

from __future__ import annotations

import os
import re
import socket
import ssl
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Identity", "TlsError", "given_identity", "made_identity"]

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""The names by which this machine reaches itself."""

_LARGEST = 1024 * 1024
"""The largest file of certificates that is read, in bytes."""

_ANY = ("0.0.0.0", "::", "")

_CERTIFICATE = re.compile(rb"^-----BEGIN CERTIFICATE-----.*?^-----END CERTIFICATE-----", re.DOTALL | re.MULTILINE)
_KEY = re.compile(rb"^-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----(.*?)^-----END \1-----", re.DOTALL | re.MULTILINE)

_CURVES = {"secp256r1": bytes.fromhex("06082a8648ce3d030107"), "secp384r1": bytes.fromhex("06052b81040022")}
"""The curves of which a key may be, P-256 and P-384, each with what names it in the key (its object identifier as DER)."""

_MISMATCHES = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})
"""What OpenSSL calls a key that belongs to another certificate, and one of another kind than the certificate's."""

_PSS = bytes.fromhex("06092a864886f70d01010a")
"""What names RSA-PSS in a key."""


class TlsError(ValueError):
    """A certificate or key that can't be used: what was found, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The files of a certificate and its key; `ca` is that of the authority to be trusted, where it was made here."""

    certificate: Path
    key: Path
    ca: Path | None = None


class _EncryptedError(Exception):
    pass


@contextmanager
def made_identity(*hosts: str) -> Iterator[Identity]:
    """A certificate for these hosts and for this machine's own names, in a folder that is gone when the `with` block ends.

    The authority's key is never written down; the certificate's key can be read by this user alone.
    """
    import shutil
    import tempfile

    import trustme  # with a library of cryptography, which nobody should wait for who does without TLS

    authority = trustme.CA(organization_name="proctor", organization_unit_name="made for one run of the stub")
    named = dict.fromkeys((*LOOPBACK, *(host if host not in _ANY else socket.gethostname() for host in hosts)))
    try:
        issued = authority.issue_cert(*named)
    except (ValueError, UnicodeError) as error:
        raise TlsError(f"no certificate can be made for {', '.join(named)}: {error}") from None
    folder = Path(tempfile.mkdtemp(prefix="proctor-tls-"))
    try:
        identity = Identity(folder / "server.pem", folder / "server.key", folder / "ca.pem")
        assert identity.ca is not None
        _write(identity.key, issued.private_key_pem.bytes(), 0o600)
        _write(identity.certificate, b"".join(pem.bytes() for pem in issued.cert_chain_pems), 0o644)
        _write(identity.ca, authority.cert_pem.bytes(), 0o644)
        yield identity
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, content: bytes, mode: int) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)


def given_identity(certificate: str | Path, key: str | Path) -> Identity:
    """The certificate and key in these PEM files; raises `TlsError` where they can't be read, don't match, or are encrypted."""
    for option, path in (("--tls-cert", certificate), ("--tls-key", key)):
        _check_file(option, Path(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except _EncryptedError:
        raise TlsError(f"--tls-key {key}: the key is encrypted; decrypt it first (openssl pkey -in {key} -out plain.key)") from None
    except ssl.SSLError as error:
        if error.reason in _MISMATCHES:
            raise TlsError(f"--tls-key {key}: the key is not that of the certificate {certificate}") from None
        raise TlsError(_unusable(certificate, key)) from None
    _check_served(certificate, key)
    return Identity(Path(certificate), Path(key))


def _check_served(certificate: str | Path, key: str | Path) -> None:
    """Raises `TlsError` where OpenSSL knows the files, but granian's TLS, which is rustls, does not: it would end the process."""
    from cryptography import x509

    found, secret = _CERTIFICATE.search(Path(certificate).read_bytes()), _KEY.search(Path(key).read_bytes())
    if found is None or secret is None:
        raise TlsError(_unusable(certificate, key))
    try:
        version, known = x509.load_pem_x509_certificate(found[0]).version, _is_served(secret[0], b64decode(secret[2]))
    except ValueError:
        raise TlsError(_unusable(certificate, key)) from None
    if version is not x509.Version.v3:
        raise TlsError(f"--tls-cert {certificate}: is of version 1 of X.509, which clients don't take; make one of version 3 (openssl req -x509, or -extfile)")
    if not known:
        raise TlsError(f"--tls-key {key}: a key of this kind can't be served; take RSA with 2048 to 4096 bits, Ed25519, or ECDSA on P-256 or P-384")


def _is_served(key: bytes, der: bytes) -> bool:
    """Whether rustls can use a key, given as PEM and as DER."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    loaded = load_pem_private_key(key, None)
    if isinstance(loaded, RSAPrivateKey):
        return 2048 <= loaded.key_size <= 4096 and loaded.public_key().public_numbers().e >= 65537 and _PSS not in der
    if isinstance(loaded, EllipticCurvePrivateKey):
        return loaded.curve.name in _CURVES and _CURVES[loaded.curve.name] in der
    return isinstance(loaded, Ed25519PrivateKey)


def _check_file(option: str, path: Path) -> None:
    """Raises `TlsError` where there is no file that can be read whole: a device may have no end, and a pipe nobody who writes."""
    try:
        if not path.is_file() and path.exists():
            raise TlsError(f"{option} {path}: is no file; name a PEM file")
        if path.stat().st_size > _LARGEST:
            raise TlsError(f"{option} {path}: is larger than {_LARGEST // 1024} KiB; name a PEM file")
        path.read_bytes()
    except OSError as error:
        raise TlsError(f"{option} {path}: can't be read ({error.strerror or error}); name a PEM file") from None


def _no_password() -> str:
    raise _EncryptedError


def _unusable(certificate: str | Path, key: str | Path) -> str:
    """Which of the two files is not what it has to be."""
    for option, path, wanted, what in (("--tls-cert", certificate, _CERTIFICATE, "certificate"), ("--tls-key", key, _KEY, "private key")):
        if wanted.search(Path(path).read_bytes()) is None:
            return f"{option} {path}: holds no {what} in PEM form, from a line -----BEGIN {'' if what == 'certificate' else '… '}{what.upper()}----- on"
    return f"--tls-cert {certificate}, --tls-key {key}: can't be used; both are PEM files, the certificate first in its file, those of its authorities after it"
