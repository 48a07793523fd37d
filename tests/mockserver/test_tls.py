"""HTTPS with a certificate that is made or given, and the plain listener beside it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from mockserver import Live, live
from mockserver.server import Patience, bind_port
from mockserver.tls import LOOPBACK, TlsError, given_identity, made_identity
from tests.mockserver.conftest import SIXTH, Caller, spec_of
from tests.mockserver.sockets import connected, told

ROOT = Path(__file__).parent.parent.parent
KEY = "api_key=paydirt-full-7d1f"


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """Two APIs over TLS, and over plain HTTP beside it."""
    with live(spec_of("paydirt"), spec_of("productive"), tls=True, plain=True) as running:
        yield running


def asked(url: str, ca: Path | None, path: str, **headers: str) -> tuple[int, dict[str, str], Any]:
    parts = urlsplit(url)
    if parts.scheme == "https":
        link = http.client.HTTPSConnection(parts.netloc, timeout=5, context=ssl.create_default_context(cafile=ca))
    else:
        link = http.client.HTTPConnection(parts.netloc, timeout=5)  # type: ignore[assignment]
    link.request("GET", parts.path + path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = link.getresponse()
    body = response.read()
    link.close()
    return response.status, dict(response.getheaders()), json.loads(body) if body else None


def test_made_certificate_is_trusted_by_its_authority(server: Live) -> None:
    assert asked(server.of("paydirt"), server.ca_file, f"/clients/123?{KEY}")[0] == 200


def test_made_certificate_is_not_trusted_without_it(server: Live) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        asked(server.of("paydirt"), None, f"/clients/123?{KEY}")


@pytest.mark.parametrize("name", LOOPBACK)
def test_made_certificate_is_for_each_name_of_this_machine(server: Live, name: str) -> None:
    context = ssl.create_default_context(cafile=server.ca_file)
    with connected(server.url) as link, context.wrap_socket(link, server_hostname=name) as secured:
        assert secured.version() in ("TLSv1.2", "TLSv1.3")


def test_tls_1_2_is_spoken(server: Live) -> None:
    context = ssl.create_default_context(cafile=server.ca_file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with connected(server.url) as link, context.wrap_socket(link, server_hostname="localhost") as secured:
        assert secured.version() == "TLSv1.2"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells since when nothing was sent")
@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01"])
def test_handshake_that_never_ends_is_cut_off(sent: bytes) -> None:
    with live(spec_of("paydirt"), tls=True, patience=Patience(head=0.6, body=0.6)) as running, connected(running.url, timeout=5) as link:
        running.engine.set_transport_faults(["latency=1.5s"])
        link.sendall(sent)
        with connected(running.url, str(running.ca_file), timeout=5) as waiting:
            waiting.sendall(f"GET /api/v1/clients/123?{KEY} HTTP/1.1\r\nhost: a\r\n\r\n".encode())
            assert told(link)[1] in ("closed", "reset")
            assert waiting.recv(12) == b"HTTP/1.1 200"


def test_links_carry_https_and_the_port(server: Live) -> None:
    credential = spec_of("productive").seed.principals[0].credential
    answer = asked(server.of("productive"), server.ca_file, "/people", x_auth_token=credential["token"], x_organization_id=credential["organization"])
    assert answer[2]["links"]["next"].startswith(f"{server.url}/productive/api/v2/people?")
    assert server.url.startswith("https://127.0.0.1:")


@pytest.mark.parametrize("api", ["timedash", "moonrope"])
def test_plain_listener_is_refused_by_apis_that_say_so(api: str) -> None:
    spec = spec_of(api)
    operation = next(one for one in spec.operations.values() if one.effect in ("list", "read") and not one.path_parameters)
    clause = next(clause.id for clause in spec.clauses.values() if clause.rule == "plain_http_fails")
    with live(spec, tls=True, plain=True) as running:
        caller = Caller(running.engine)
        path = f"{operation.path}?{'&'.join(caller.query)}"
        plain = running.plain_of(api) or ""
        assert plain.startswith("http://127.0.0.1:")
        assert asked(running.of(api), running.ca_file, path, **caller.headers)[0] < 400
        assert asked(plain, None, path, **caller.headers)[0] >= 400
        running.engine.set_faults([clause])
        assert asked(plain, None, path, **caller.headers)[0] < 400


def test_plain_listener_answers_for_apis_that_say_nothing(server: Live) -> None:
    assert asked(server.plain_of("paydirt") or "", None, f"/clients/123?{KEY}")[0] == 200


def test_redirect_leads_to_the_port_of_tls(tmp_path: Path) -> None:
    spec = tmp_path / "moved.yaml"
    text = (
        "openapi: 3.1.0\ninfo: {title: Moved, version: '1'}\npaths:\n  /things:\n    get:\n      operationId: listThings\n      responses: "
        "{'200': {description: All, content: {application/json: {schema: {type: array, items: {type: object}}}}}}\n"
        "x-documents: {moved: {sha256: '" + "0" * 64 + "'}}\n"
        "x-conventions:\n  secure:\n    kind: transport\n    parameters: {plain: redirect}\n"
        "    clauses:\n      only:\n        rule: plain_http_fails\n        level: must\n        requires: HTTPS.\n"
        "        source: {document: moved, lines: [1], sha256: '" + "0" * 64 + "'}\n"
    )
    spec.write_text(text)
    with live(spec_of(spec), tls=True, plain=True) as running:
        status, headers, _ = asked(running.plain_url or "", None, "/things?a=1")
    assert (status, headers["location"]) == (308, f"{running.url}/things?a=1")


def test_files_are_private_and_gone_in_the_end() -> None:
    with made_identity("stub.example", "0.0.0.0") as identity:
        assert identity.ca is not None
        folder = identity.ca.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(identity.key.stat().st_mode) == 0o600
        assert b"PRIVATE" not in identity.ca.read_bytes()
        given_identity(identity.certificate, identity.key)
    assert not folder.exists()


def test_host_that_no_certificate_can_name_is_told() -> None:
    with pytest.raises(TlsError, match="no certificate can be made for"), made_identity("a b\n"):
        pass


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate, its key, a key of another, an encrypted key, what is neither, and what OpenSSL knows and rustls does not."""
    folder = tmp_path_factory.mktemp("pems")
    authority = trustme.CA()
    one, other = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    one.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    one.private_key_pem.write_to_path(str(folder / "key.pem"))
    other.private_key_pem.write_to_path(str(folder / "other.pem"))
    (folder / "nonsense.pem").write_text("no PEM\n")
    key = serialization.load_pem_private_key(one.private_key_pem.bytes(), None)
    encryption = serialization.BestAvailableEncryption(b"secret")
    (folder / "encrypted.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    signed = (folder / "cert.pem").read_bytes()
    (folder / "marked.pem").write_bytes(b"\xef\xbb\xbf" + signed)
    keys = {"p521": ec.generate_private_key(ec.SECP521R1()), "rsa": rsa.generate_private_key(65537, 2048), "odd": rsa.generate_private_key(3, 2048)}
    for name, made in keys.items():
        (folder / f"{name}.key").write_bytes(made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        (folder / f"{name}.pem").write_bytes(signed_by(made).public_bytes(serialization.Encoding.PEM))
    (folder / "first.pem").write_text(ssl.DER_cert_to_PEM_cert(without_version(ssl.PEM_cert_to_DER_cert((folder / "rsa.pem").read_text()))))
    return folder


def without_version(certificate: bytes) -> bytes:
    """A certificate as DER without its first member, which is that it is of version 3: one without it is of version 1."""
    outer, inner = (int.from_bytes(certificate[place : place + 2], "big") - 5 for place in (2, 6))
    return b"0\x82" + outer.to_bytes(2, "big") + b"0\x82" + inner.to_bytes(2, "big") + certificate[13:]


def signed_by(key: Any) -> x509.Certificate:
    """A certificate of a key that is signed by that key."""
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    return made.sign(key, hashes.SHA256())


@pytest.mark.parametrize(
    ("certificate", "key", "told"),
    [
        ("none.pem", "key.pem", "--tls-cert .*none.pem: can't be read .No such file"),
        ("cert.pem", "none.pem", "--tls-key .*none.pem: can't be read .No such file"),
        ("cert.pem", "other.pem", "--tls-key .*other.pem: the key is not that of the certificate"),
        ("cert.pem", "encrypted.pem", "--tls-key .*encrypted.pem: the key is encrypted; decrypt it first"),
        ("nonsense.pem", "key.pem", "--tls-cert .*nonsense.pem: holds no certificate in PEM form"),
        ("cert.pem", "nonsense.pem", "--tls-key .*nonsense.pem: holds no private key in PEM form"),
        ("cert.pem", "rsa.key", "--tls-key .*rsa.key: the key is not that of the certificate"),
        ("marked.pem", "key.pem", "--tls-cert .*marked.pem: holds no certificate in PEM form"),
        ("first.pem", "rsa.key", "--tls-cert .*first.pem: is of version 1 of X.509"),
        ("p521.pem", "p521.key", "--tls-key .*p521.key: a key of this kind can't be served"),
        ("odd.pem", "odd.key", "--tls-key .*odd.key: a key of this kind can't be served"),
    ],
)
def test_unusable_files_are_told(pems: Path, certificate: str, key: str, told: str) -> None:
    with pytest.raises(TlsError, match=told):
        given_identity(pems / certificate, pems / key)


def proctor(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "proctor", "serve", "paydirt", "--port", "0", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_all_of_it_cleanly(number: signal.Signals) -> None:
    with proctor("--tls", "--plain-port", "0", "--watch", "--transport-fault", "latency=30s") as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ready on"):
            lines.append(process.stdout.readline())
            assert lines[-1], process.communicate()
        ca = Path(next(line for line in lines if line.startswith("Trust")).split()[-1])
        plain = next(line for line in lines if line.startswith("Plain")).split()[-1]
        url = lines[-1].split()[2].rstrip(".")
        request = f"GET /api/v1/clients?{KEY} HTTP/1.1\r\nhost: a\r\n\r\n".encode()
        with connected(url, str(ca)) as link, connected(plain) as other:
            link.sendall(request)
            other.sendall(request)
            time.sleep(0.1)
            process.send_signal(number)
            _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, "")
        assert not ca.parent.exists()


def test_given_certificate_is_served(pems: Path) -> None:
    with proctor("--tls-cert", str(pems / "cert.pem"), "--tls-key", str(pems / "key.pem")) as process:
        assert process.stdout is not None
        while not (line := process.stdout.readline()).startswith("Ready on https://"):
            assert line, process.communicate()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--tls-cert", "nowhere.pem", "--tls-key", "nowhere.key"), "--tls-cert nowhere.pem: can't be read"),
        (("--tls-cert", ".", "--tls-key", "."), "--tls-cert .: is no file; name a PEM file"),
        (("--tls-cert", "/dev/zero", "--tls-key", "/dev/zero"), "--tls-cert /dev/zero: "),
        (("--tls-cert", "nowhere.pem"), "both together"),
        (("--tls", "--tls-cert", "a", "--tls-key", "b"), "give the one or the others"),
        (("--transport-fault", "lateness"), "'lateness' is no transport fault. There is latency=200ms"),
        (("--transport-fault", "reset@nothing"), "'nothing' is neither an operation nor an API"),
    ],
)
def test_what_cannot_be_served_is_told(arguments: tuple[str, ...], told: str) -> None:
    with proctor(*arguments) as process:
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 2
    assert told in errors
    assert "Traceback" not in errors


def test_taken_plain_port_is_told() -> None:
    with live(spec_of(SIXTH)) as running:
        port = urlsplit(running.url).port
        with pytest.raises(OSError, match="in use"):
            bind_port("127.0.0.1", port or 0)
        with proctor("--plain-port", str(port)) as process:
            _, errors = process.communicate(timeout=10)
    assert process.returncode == 2
    assert f"127.0.0.1:{port}: can't be listened on" in errors
    assert "--plain-port" in errors
