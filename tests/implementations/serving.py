"""What the implementations beside this file share: an HTTP/1.1 server in a thread, its requests and its replies."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One request as received: the path and the query decoded, the body whole, `secure` where it came over TLS."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Message
    body: bytes
    secure: bool = False

    def header(self, name: str) -> str:
        """Give a header's value, empty where it is absent."""
        return str(self.headers.get(name) or "")


@dataclass(slots=True)
class Reply:
    """One reply to send: a status, a body and headers (Content-Length is added)."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Request], Reply]


class Served:
    """A running implementation: `url` is where it listens, `plain_url` its plain HTTP door where it speaks TLS."""

    def __init__(self, answer: Answer, port: int = 0, certificate: str = "") -> None:
        self._servers: list[ThreadingHTTPServer] = []
        self.url = self._listen(answer, port, certificate)
        self.plain_url = self._listen(answer, 0, "") if certificate else ""

    def _listen(self, answer: Answer, port: int, certificate: str) -> str:
        server = _Server(("127.0.0.1", port), _handler(answer, secure=bool(certificate)))
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self._servers.append(server)
        return f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"

    def close(self) -> None:
        """Stop listening; open connections end with their threads."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that clients broke off."""


def _handler(answer: Answer, *, secure: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        timeout = 30

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline:
                self.close_connection = True
                return
            if self.parse_request():
                self._exchange()
            self.wfile.flush()

        def _exchange(self) -> None:
            parts = urlsplit("//host" + self.path if self.path.startswith("/") else self.path)
            query = parse_qsl(parts.query, keep_blank_values=True)
            request = Request(self.command, unquote(parts.path), query, self.headers, self._read_body(), secure)
            try:
                reply = answer(request)
            except Exception:  # noqa: BLE001  what a handler did not expect becomes the naked page of a server error
                reply = Reply(500, b"<h1>Internal Server Error</h1>", {"Content-Type": "text/html"})
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204 and reply.status >= 200:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD" and reply.status not in (204, 304):
                self.wfile.write(reply.body)

        def _read_body(self) -> bytes:
            if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
                return self._read_chunks()
            length = self.headers.get("Content-Length") or "0"
            return self.rfile.read(int(length)) if length.isdigit() else b""

        def _read_chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return body

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is that of the standard library
            """Keep the terminal quiet."""

    return Handler
