"""Takes secrets out of exchanges: what the specs' callers prove themselves with, and whatever travels where a secret would."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote

import orjson

from mockserver.reading import decode, media_type

if TYPE_CHECKING:
    from mockserver.api import Api
    from mockserver.journal import Entry
    from specs.conventions.authentication import Authentication
    from specs.conventions.rule import Carrier

__all__ = ["REDACTED", "Message", "Redactor", "Told"]

REDACTED = "REDACTED"

_HEADERS = frozenset({"authorization", "proxyauthorization", "cookie", "setcookie"})
"""Headers that hold nothing but secrets, written as names are compared."""

_ANYWHERE = frozenset({"accesstoken", "apikey", "authtoken", "clientsecret", "idtoken", "passwd", "password", "refreshtoken"})
"""Names under which secrets travel, whatever a spec says of them: a client may be set up for another API, and have a real key."""

_HEADERS_ANYWHERE = frozenset({"apikey", "authtoken", "privatetoken", "xaccesstoken", "xapikey", "xauthkey", "xauthtoken"})
_SCHEME = re.compile(r"(basic|bearer|digest|token) ", re.IGNORECASE)
_PART = re.compile(r"[\[\].]+")
_USER_INFO = re.compile(r"(://)[^/?#@\s\"'<>]{1,200}@")
_WITHOUT_DASHES = str.maketrans("", "", "-_")
_SHORTEST = 6
"""The length from which a known secret is looked for in any text; a shorter one, such as `1`, would be found everywhere."""


@dataclass(frozen=True, slots=True)
class Message:
    """One side of an exchange without secrets; `encoding` is `text` or `base64`, `size` that of the body as it travelled."""

    headers: dict[str, str]
    body: str
    encoding: str
    size: int


@dataclass(frozen=True, slots=True)
class Told:
    """An exchange without secrets, and what it was."""

    number: int
    at: float
    seconds: float
    space: str
    api: str | None
    operation: str | None
    method: str
    url: str
    status: int
    request: Message
    response: Message


class Redactor:
    """Knows the secrets of some APIs: their callers' credentials, and the headers, parameters and members that carry such.

    A field of a credential that the spec calls public is no secret.
    """

    def __init__(self, apis: Iterable[Api], token: str | None = None) -> None:
        self._apis = {api.name: api for api in apis}
        public = {_plain(name) for api in self._apis.values() for name in _public(api)}
        self._headers, self._names = set(_HEADERS | (_HEADERS_ANYWHERE - public)), set(_ANYWHERE - public)
        values = {token} if token else set()
        for api in self._apis.values():
            values |= self._learned(api)
        self._known = _alternatives({form for value in values if len(value) >= _SHORTEST for form in _forms(value)})
        self._places = _places(self._names)

    def _learned(self, api: Api) -> set[str]:
        """Takes down where an API's secrets travel, and gives those of its callers."""
        group = api.spec.group_of_kind("authentication")
        public: Iterable[str] = ()
        if group is not None:
            parameters: Authentication = group.parameters
            public = parameters.public
            for field, carrier in parameters.fields.items():
                for one in (carrier, *parameters.also.get(field, ())) if field not in public else ():
                    self._carried(one)
        for scheme in (api.spec.openapi.get("components") or {}).get("securitySchemes", {}).values():
            if scheme.get("type") == "apiKey" and scheme.get("name", "").lower() not in _public(api):
                (self._headers if scheme.get("in") == "header" else self._names).add(_plain(scheme["name"]))
        return {value for principal in api.principals for field, value in principal.credential.items() if field not in public and value}

    def _carried(self, carrier: Carrier) -> None:
        if carrier.place == "header":
            self._headers.add(_plain(carrier.name))
        elif carrier.place in ("query", "form", "body", "path"):
            self._names.add(_plain(carrier.name.rpartition("/")[2].replace("~1", "/").replace("~0", "~")))

    def _carries(self, name: str) -> bool:
        """Whether what has this name is a secret; of `client[api_key]` and `client.api_key`, each part counts."""
        return _plain(name) in self._names or (("[" in name or "." in name) and any(_plain(part) in self._names for part in _PART.split(name)))

    def told(self, entry: Entry, api: str | None, operation: str | None) -> Told:
        """An exchange without its secrets."""
        request, response = entry.request, entry.response
        query = f"?{self._form(request.query)}" if request.query else ""
        url = _written(f"{self.text(request.origin)}{request.mount}{self._path(request.path, api, operation)}{query}")
        said = self._message(request.headers, request.body), self._message(response.headers, response.body)
        return Told(entry.number, entry.at, entry.seconds, entry.space, api, operation, request.method, url, response.status, *said)

    def without_known(self, value: Any) -> Any:
        """A document without the secrets that are known, wherever they stand."""
        if isinstance(value, str):
            return self._known.sub(REDACTED, value)
        if isinstance(value, Mapping):
            return {self.without_known(name): self.without_known(part) for name, part in value.items()}
        return [self.without_known(part) for part in value] if isinstance(value, list | tuple) else value

    def _path(self, path: str, api: str | None, operation: str | None) -> str:
        """The path, without secrets among its segments."""
        hidden: set[str] = set()
        if api is not None and operation is not None:
            compiled = self._apis[api]
            found = compiled.routes.find(path.removeprefix(compiled.mount))
            hidden = {value for name, value in found[1].items() if self._carries(name)} if found is not None else set()
        return "/".join(
            REDACTED if (part := decode(raw)) is not None and part and (part in hidden or self._known.search(part)) else raw for raw in path.split("/")
        )

    def _form(self, text: str) -> str:
        """A query or form, the secret values of its parameters replaced, the rest as it came."""
        return "&".join(self._pair(pair) for pair in text.split("&"))

    def _pair(self, pair: str) -> str:
        name, equals, _ = pair.partition("=")
        read, whole = decode(name, plus=True), decode(pair, plus=True)
        if equals and read is not None and self._carries(read):
            return f"{name}={REDACTED}"
        if whole is not None and whole != pair and self._hides(whole):
            return f"{name}={REDACTED}" if equals else REDACTED
        return self.text(pair)

    def text(self, text: str) -> str:
        """Any text, without the secrets that are known and what stands where one would; one that hides a secret in its encoding is gone whole."""
        found = self._without(text)
        if "%" in found and self._hides(unquote(found)):
            return REDACTED
        if "\0" in found and self._hides(found.replace("\0", "")):  # as UTF-16 reads
            return REDACTED
        return found

    def _hides(self, text: str) -> bool:
        return self._without(text) != text

    def _without(self, text: str) -> str:
        """A text without secrets as it stands; what can't be in it is not looked for, since most texts are long and harmless."""
        found = self._known.sub(REDACTED, text)
        if "@" in found and "://" in found:
            found = _USER_INFO.sub(rf"\g<1>{REDACTED}@", found)
        if ("=" in found or ":" in found or ">" in found) and self._mentions(found):
            found = self._places.sub(rf"\g<1>{REDACTED}", found)
        return found

    def _mentions(self, text: str) -> bool:
        said = text.lower().replace("-", "").replace("_", "")
        return any(name in said for name in self._names)

    def _message(self, headers: Mapping[str, str], body: bytes) -> Message:
        shown = {name: _written(self._header(name, value)) for name, value in headers.items()}
        coding = headers.get("content-encoding", "identity").strip().lower()
        if body and coding not in ("", "identity"):
            return Message(shown, f"{REDACTED}: encoded as {_written(self.text(coding))}", "text", len(body))
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            hidden = self.text(body.decode("latin-1")).encode("latin-1", "replace")
            return Message(shown, base64.b64encode(hidden).decode(), "base64", len(body))
        return Message(shown, self._body(text, headers.get("content-type", "")), "text", len(body))

    def _header(self, name: str, value: str) -> str:
        plain = _plain(name)
        if plain in self._headers:
            scheme = _SCHEME.match(value) if plain in ("authorization", "proxyauthorization") else None
            return f"{scheme[0]}{REDACTED}" if scheme else REDACTED
        return self.text(value)

    def _body(self, text: str, media: str) -> str:
        if media_type(media)[0] == "application/x-www-form-urlencoded":
            return self._form(text)
        try:
            document = orjson.loads(text)
            hidden = self._document(document)
        except orjson.JSONDecodeError:
            return self.text(text)
        except RecursionError:
            return f"{REDACTED}: nested too deeply"
        return text if hidden == document else orjson.dumps(hidden).decode()

    def _document(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): REDACTED if self._carries(name) and part is not None else self._document(part) for name, part in value.items()}
        return [self._document(part) for part in value] if isinstance(value, list) else value


def _forms(value: str) -> set[str]:
    """The ways in which a secret may be written: plain, percent-encoded, in JSON, as user name or password of Basic."""
    encoded = {base64.b64encode(pair.encode()).decode() for pair in (f"{value}:", f":{value}")}
    return {value, quote(value, safe=""), quote_plus(value), orjson.dumps(value)[1:-1].decode(), *encoded}


def _alternatives(texts: set[str]) -> re.Pattern[str]:
    """What finds any of the texts, a longer one first; nothing, where there is none."""
    return re.compile("|".join(re.escape(text) for text in sorted(texts, key=lambda text: (-len(text), text))) or r"(?!)")


def _public(api: Api) -> frozenset[str]:
    """The names, in lower case, of what carries those fields of an API's credentials that are no secrets."""
    group = api.spec.group_of_kind("authentication")
    return frozenset() if group is None else frozenset(group.parameters.fields[field].name.lower() for field in group.parameters.public)


def _plain(name: str) -> str:
    """A name as it is compared: `api_key`, `Api-Key` and `apiKey` are one."""
    return name.lower().translate(_WITHOUT_DASHES)


def _places(names: set[str]) -> re.Pattern[str]:
    """What finds a value by the name of what carries it, in queries, and in JSON, XML or multipart that can't be read."""
    name = "(?:" + "|".join("[-_]?".join(map(re.escape, one)) for one in sorted(names)) + ")"
    pair = rf"(?:^|[?&;\s])(?:[\w.%-]{{0,64}}(?:\[|%5B))?{name}(?:\[\]|\]|%5B%5D|%5D)?="
    member = rf"""["']{name}["']\s{{0,9}}:\s{{0,9}}(?:\[\s{{0,9}}(?=["']))?"""
    element = rf"<{name}(?:\s[^<>]{{0,200}})?>"
    part = rf'name="{name}"[^\r\n]{{0,200}}\r?\n(?:[^\r\n]{{1,200}}\r?\n){{0,5}}\r?\n'
    value = r'(?:"(?:[^"\\]|\\.)*"?|[^"&;,\s}\[\]<][^&;,\s}<]*)'
    return re.compile(f"({pair}|{member}|{element}|{part}){value}", re.IGNORECASE | re.ASCII)


def _written(text: str) -> str:
    """The text as UTF-8 can say it."""
    return text.encode("utf-8", "replace").decode()
