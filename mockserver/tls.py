"""Certificates for the stub's TLS: one made for the occasion, or one that is given."""

from __future__ import annotations

import os
import socket
import ssl
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
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsError(f"--tls-key {key}: the key is not that of the certificate {certificate}") from None
        raise TlsError(_unusable(certificate, key)) from None
    return Identity(Path(certificate), Path(key))


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
    for option, path, wanted in (("--tls-cert", certificate, b" CERTIFICATE-----"), ("--tls-key", key, b"PRIVATE KEY-----")):
        if wanted not in Path(path).read_bytes():
            return f"{option} {path}: holds no {'certificate' if option == '--tls-cert' else 'private key'} in PEM form"
    return f"--tls-cert {certificate}, --tls-key {key}: can't be used; both are PEM files, the certificate first in its file, those of its authorities after it"
