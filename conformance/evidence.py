"""What is shown of an exchange: secrets as variables, bodies as bounded excerpts, requests as curl lines.

A secret never leaves here, in whatever form it stands: raw, percent-encoded, escaped in JSON or HTML, or in base64.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, quote_plus

from conformance.exchange import Exchange, Request, Response
from conformance.target import Target
from conformance.verdict import Failed
from specs.model import Spec

__all__ = ["EXCERPT", "Secrets", "curl", "printable", "told", "trimmed"]

EXCERPT = 4096
"""Characters of a body that a report shows."""

KEPT = 64 * 1024
"""Bytes of a body that are kept as evidence."""

_SHORT = 6
"""Characters below which a secret is looked for only where it stands alone, so that `a` does not disappear from every word."""

_OBEYED = ((0, 0x1F), (0x7F, 0x9F), (0xD800, 0xDFFF), (0x200E, 0x200F), (0x2028, 0x202E), (0x2066, 0x2069))
"""Control characters, lone surrogates, and those that change lines or the direction of writing."""


@dataclass(frozen=True, slots=True)
class _Form:
    """One way a secret may be written, and the variable that stands for it."""

    text: str
    variable: str


class Secrets:
    """The secrets of a target: finds them in any text and puts variables such as `$PROCTOR_FULL_KEY` in their place.

    A form that is not the secret itself has a suffix: `_URLENCODED`, `_JSON`, `_HTML`, `_BASE64` or, for the two of a Basic
    credential together, `_BASIC`.
    """

    def __init__(self, credentials: Mapping[str, Mapping[str, str]], public: Iterable[str] = ()) -> None:
        hidden = frozenset(public)
        forms: dict[str, str] = {}
        for name, fields in credentials.items():
            secret = {field: value for field, value in fields.items() if field not in hidden and value}
            for form in (*_alone(name, secret), *_pairs(name, fields, secret)):
                forms.setdefault(form.text, form.variable)
        self._forms = dict(sorted(forms.items(), key=lambda pair: -len(pair[0])))
        self._pattern = re.compile("|".join(map(_findable, self._forms))) if forms else None
        self.longest = max(map(len, forms), default=0)

    @classmethod
    def of(cls, spec: Spec, target: Target) -> Secrets:
        """The secrets of a target's credentials; fields that the spec calls public are none."""
        group = spec.group_of_kind("authentication")
        return cls(target.credentials, group.parameters.public if group else ())

    def redact(self, text: str) -> str:
        """The text with a variable in the place of every secret."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: "$" + self._variable(found.group()), text)

    def pieces(self, text: str) -> Iterator[tuple[bool, str]]:
        """The text in parts: `(False, literal)` and `(True, name of a variable)`."""
        end = 0
        for found in self._pattern.finditer(text) if self._pattern else ():
            if found.start() > end:
                yield False, text[end : found.start()]
            yield True, self._variable(found.group())
            end = found.end()
        if end < len(text):
            yield False, text[end:]

    def header(self, name: str, value: str) -> str:
        """A header's value with its secrets removed, also those within a Basic credential; of a cookie set, only its name is kept."""
        if name.lower() == "set-cookie":
            return self.redact(value.partition("=")[0]) + "=…"
        decoded = _basic(value)
        if decoded is not None and self.redact(decoded) != decoded:
            return f"Basic base64({self.redact(decoded)})"
        return self.redact(value)

    def excerpt(self, body: bytes, length: int = EXCERPT) -> tuple[str, bool]:
        """The beginning of a body as text without secrets, and whether something was cut off."""
        window = max(length * 4, length + 4 * self.longest)
        text = self.redact(body[:window].decode("utf-8", "backslashreplace"))
        if len(body) > window:
            text = text[: max(0, len(text) - self.longest)]
        return text[:length], len(body) > window or len(text) > length

    def _variable(self, found: str) -> str:
        known = self._forms.get(found)
        return known or next(variable for text, variable in self._forms.items() if text.lower() == found.lower())


def printable(text: str, *, lines: bool = True) -> str:
    """The text with everything that a terminal might obey written out: control and format characters, lone surrogates."""
    kept = "\n\t" if lines else ""
    return "".join(char if char in kept or not _obeyed(char) else _written_out(char) for char in text)


def trimmed(exchange: Exchange) -> Exchange:
    """The exchange with a body no longer than what is kept as evidence."""
    response, request = exchange.response, exchange.request
    if response is not None and len(response.body) > KEPT:
        response = Response(response.status, response.headers, response.body[:KEPT], response.elapsed)
    if request.body is not None and len(request.body) > KEPT:
        request = replace(request, body=request.body[:KEPT])
    return replace(exchange, request=request, response=response)


def deciding(failed: Failed) -> Exchange | None:
    """The exchange that a failure speaks of: the last of its operation whose status it tells, or else the last of its operation."""
    own = [one for one in failed.exchanges if one.request.operation == failed.operation] or list(failed.exchanges)
    told_of = [one for one in own if one.response is not None and str(one.response.status) in re.findall(r"\d+", failed.observed)]
    return next(reversed(told_of or own), None)


def showing(failed: Failed) -> tuple[Exchange, ...]:
    """The exchanges that show a failure, each once: those with the deciding one's resource, in the order in which they were sent."""
    core = deciding(failed)
    resource = core.request.resource if core else None
    chosen = {one.number: one for one in failed.exchanges if one is core or one.request.resource in (resource, None)}
    return tuple(chosen[number] for number in sorted(chosen))


def told(exchange: Exchange, secrets: Secrets) -> dict[str, Any]:
    """The exchange as plain data for a report, without secrets."""
    request, response = exchange.request, exchange.response
    shown: dict[str, Any] = {
        "number": exchange.number,
        "request": {
            "method": request.method,
            "url": secrets.redact(request.url),
            "headers": [[name, secrets.header(name, value)] for name, value in request.headers],
            "body": None if request.body is None else secrets.excerpt(request.body)[0],
            "operation": request.operation,
            "credential": request.as_,
        },
        "response": None if response is None else _answer(response, secrets),
        "curl": curl(request, secrets),
    }
    if exchange.failure:
        shown["failure"] = secrets.redact(exchange.failure)
    return shown


def curl(request: Request, secrets: Secrets) -> str:
    """A POSIX shell line that sends the request, with secrets as variables."""
    before, words = "", ["curl", "-sS", "-i"]
    if re.search(r"[\[\]{}]", request.url):
        words.append("--globoff")
    if re.search(r"/\.{1,2}(/|$|\?)", request.url):
        words.append("--path-as-is")
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != ("GET" if request.body is None else "POST"):
        words += ["-X", _quoted(request.method, secrets)]
    words.append(_quoted(request.url, secrets))
    for name, value in request.headers:
        words += _header_words(name, value, secrets)
    names = {name.lower() for name, _ in request.headers}
    if request.body is not None and "content-type" not in names:
        words += ["-H", "'Content-Type:'"]
    if request.body is not None:
        before, data = _data_words(request.body, secrets)
        words += data
    return before + " ".join(words)


def _alone(name: str, secret: Mapping[str, str]) -> Iterator[_Form]:
    for field, value in secret.items():
        variable = _variable_name(name, field)
        yield _Form(value, variable)
        for text in {quote(value, safe=""), quote_plus(value), quote(value), quote(value, safe="~()*!'")}:
            yield _Form(text, variable + "_URLENCODED")
        for text in (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(value)[1:-1].replace("/", "\\/")):
            yield _Form(text, variable + "_JSON")
        for text in (html.escape(value), html.escape(value, quote=False)):
            yield _Form(text, variable + "_HTML")
        for text in _base64(value):
            yield _Form(text, variable + "_BASE64")


def _pairs(name: str, fields: Mapping[str, str], secret: Mapping[str, str]) -> Iterator[_Form]:
    """The base64 of `user:password` for every pair of fields that holds a secret, and for a secret with nothing beside it."""
    for field, value in secret.items():
        for text in (*_base64(f"{value}:"), *_base64(f":{value}")):
            yield _Form(text, _variable_name(name, field) + "_BASIC")
        for other, beside in fields.items():
            if other != field:
                for text in (*_base64(f"{value}:{beside}"), *_base64(f"{beside}:{value}")):
                    yield _Form(text, _variable_name(name, field) + "_BASIC")


def _base64(text: str) -> tuple[str, ...]:
    raw = text.encode("utf-8", "surrogatepass")
    return tuple(dict.fromkeys(encoded(raw).decode().rstrip("=") for encoded in (base64.b64encode, base64.urlsafe_b64encode)))


def _variable_name(credential: str, field: str) -> str:
    return "PROCTOR_" + re.sub(r"[^A-Z0-9]+", "_", f"{credential}_{field}".upper())


def _findable(text: str) -> str:
    """A pattern for the text; percent escapes in either case, and a very short secret only where it stands alone."""
    pattern = re.sub(r"%([0-9A-Fa-f]{2})", lambda found: f"(?i:%{found.group(1)})", re.escape(text).replace(r"\%", "%"))
    return pattern if len(text) >= _SHORT else rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])"


def _basic(value: str) -> str | None:
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded.strip() + "=" * (-len(encoded.strip()) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _answer(response: Response, secrets: Secrets) -> dict[str, Any]:
    body, cut = secrets.excerpt(response.body)
    return {
        "status": response.status,
        "headers": [[name, secrets.header(name, value)[:1000]] for name, value in response.headers[:100]],
        "body": body,
        "truncated": cut,
        "size": len(response.body),
        "seconds": round(response.elapsed, 4),
    }


def _obeyed(char: str) -> bool:
    code = ord(char)
    return any(first <= code <= last for first, last in _OBEYED)


def _written_out(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _quoted(text: str, secrets: Secrets) -> str:
    """One word of a shell line: literals in single quotes, variables in double ones."""
    parts = [f'"${value}"' if is_secret else "'" + value.replace("'", "'\\''") + "'" for is_secret, value in secrets.pieces(text)]
    return "".join(parts) or "''"


def _header_words(name: str, value: str, secrets: Secrets) -> list[str]:
    decoded = _basic(value) if name.lower() == "authorization" else None
    if decoded is not None and secrets.redact(decoded) != decoded:
        return ["-u", _quoted(decoded, secrets)]
    return ["-H", _quoted(f"{name}: {value}" if value else f"{name};", secrets)]


def _data_words(body: bytes, secrets: Secrets) -> tuple[str, list[str]]:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is not None and not any(_obeyed(char) and char not in "\n\t" for char in text):
        return "", ["--data-raw", _quoted(text, secrets)]
    return _printf(body, secrets) + " | ", ["--data-binary", "@-"]


def _printf(body: bytes, secrets: Secrets) -> str:
    """A printf that writes the bytes: everything but plain ASCII as an octal escape, each secret as an argument."""
    form, arguments = "", ""
    for is_secret, piece in secrets.pieces(body.decode("latin-1")):
        if is_secret:
            form, arguments = form + "%s", arguments + f' "${piece}"'
        else:
            form += "".join(_printf_escape(char) for char in piece)
    return f"printf '{form}'{arguments}"


def _printf_escape(char: str) -> str:
    if char == "%":
        return "%%"
    return char if " " <= char <= "~" and char not in "\\'" else f"\\{ord(char):03o}"
