"""Builds requests from a bound spec: path, parameters, record, credential. No I/O."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from conformance.addressing import MISSING, base_paths, dig, fill, fill_path, plant, query_string, whole_url
from conformance.exchange import Request, Response, Unreadable
from conformance.target import Target
from specs.conventions.authentication import Authentication
from specs.conventions.content_negotiation import ContentNegotiation
from specs.conventions.envelope import Envelope, Input
from specs.conventions.pagination import Pagination
from specs.conventions.rule import Carrier
from specs.model import Operation, Resource, Spec

__all__ = ["READS", "Asking"]

READS = frozenset({"list", "read", "singleton"})
"""Effects that change nothing."""

_UNSET: Any = object()


class Asking:
    """Builds every request of an examination.

    `parameters` of a request travel where the operation takes them: in the query, or for operations that take their parameters as
    JSON (no query parameter of that name is declared and the method has a body) as members of the body.
    """

    def __init__(self, spec: Spec, target: Target) -> None:
        self.spec = spec
        self.target = target
        self.base_path = base_paths(spec.base_path, target.url)[0] if target.base_path is None else target.base_path.rstrip("/")
        group = spec.group_of_kind("authentication")
        self.authentication: Authentication | None = group.parameters if group else None
        group = spec.group_of_kind("content_negotiation")
        self.media: ContentNegotiation = group.parameters if group else ContentNegotiation()
        self.text_keys: set[str] = set()  # resources whose ids were seen to be text, whatever the spec says

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that a credential has."""
        return tuple(self.authentication.fields) if self.authentication else ()

    def envelope(self) -> Envelope | None:
        """The spec's envelope, or None."""
        group = self.spec.group_of_kind("envelope")
        return group.parameters if group else None

    def operation(
        self,
        operation: Operation,
        *,
        key: Any = None,
        parents: Mapping[str, Any] | None = None,
        query: Iterable[tuple[str, Any]] = (),
        parameters: Mapping[str, Any] | None = None,
        members: Mapping[str, Any] | None = None,
        document: Any = _UNSET,
        body: bytes | None = None,
        content_type: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        as_: str | None = "full",
        credential: Mapping[str, str] | None = None,
        carriers: Mapping[str, Carrier] | None = None,
        path: str | None = None,
        method: str | None = None,
        url: str | None = None,
        absent: bool = False,
        fresh: bool = False,
        timeout: float | None = None,
    ) -> Request:
        """One request to an operation.

        `key` names the record (path or key parameter), `parents` the path's other parameters, `members` a record to write,
        `document` a JSON body in its stead, `body` raw bytes. `as_` names the credential (None: none); `credential` replaces its
        values (then nobody known is calling), `carriers` the places where they travel; `path`, `method` and `url` (scheme and host) replace the operation's.
        `absent` says that no record of that key exists.
        """
        template, query_pairs, payload = path or operation.path, list(query), dict(parameters or {})
        values = dict(parents or {})
        if key is not None:
            self._name_record(operation, key, values, payload)
        in_body: dict[str, Any] = {}
        for name, value in payload.items():
            if self._goes_into_body(operation, name):
                in_body[name] = value
            else:
                query_pairs.append((name, value))
        sent, kind = self._body(operation, key, in_body, members, query_pairs) if body is None and document is _UNSET else (None, None)
        if document is not _UNSET:
            sent, kind = json.dumps(document).encode(), self._media(operation)
        if body is not None:
            sent, kind = body, self._media(operation)
        head = [("Accept", self.media.response), *self.target.headers.items()]
        used = credential if credential is not None else self.target.credentials.get(as_ or "", {})
        if as_ is not None and self.authentication is not None:
            sent, kind = self._authenticate(used, carriers or self.authentication.fields, query_pairs, head, sent, kind)
        if sent is not None and (content_type or kind):
            head.append(("Content-Type", content_type if content_type is not None else str(kind)))
        head = _replaced(head, headers)
        effect = operation.effect
        method = method or operation.method
        return Request(
            method=method,
            url=whole_url(url or self.target.url, self.base_path, fill_path(template, values), query_string(query_pairs)),
            headers=tuple(head),
            body=sent,
            operation=operation.id,
            resource=operation.resource,
            effect=effect,
            as_=as_ if credential is None else None,
            safe=effect in READS or method in ("GET", "HEAD", "OPTIONS"),
            touches=str(key) if key is not None and effect not in READS else None,
            absent=absent,
            fresh=fresh,
            timeout=timeout,
        )

    def page(self, operation: Operation, index: int, *, size: int | None = None, parameters: Mapping[str, Any] | None = None, **how: Any) -> Request:
        """One page of a list: the page of that index (or offset), counted from 0 whatever the API counts from; 0 sends no number."""
        pagination = self._pagination(operation)
        asked = dict(parameters or {})
        if pagination is not None:
            if index and pagination.style in ("page_number", "offset"):
                asked[pagination.page] = index + pagination.first
            if size is not None and pagination.size:
                asked[pagination.size] = size
        return self.operation(operation, parameters=asked, **how)

    def following(
        self,
        operation: Operation,
        request: Request,
        response: Response,
        pagination: Pagination,
        *,
        size: int | None = None,
        parameters: Mapping[str, Any] | None = None,
        **how: Any,
    ) -> Request | None:
        """The next page by the cursor or link that a page gave; None at the end. A link to another host is not followed."""
        try:
            document = response.json()
        except Unreadable:
            return None
        if pagination.style == "cursor":
            cursor = dig(document, pagination.next_cursor or "/next_cursor")
            if cursor in (MISSING, None, ""):
                return None
            asked = {**(parameters or {}), pagination.page: cursor}
            if size is not None and pagination.size:
                asked[pagination.size] = size
            return self.operation(operation, parameters=asked, **how)
        link = dig(document, pagination.links.get("next", "/links/next")) if not pagination.link_header else _link_header(response)
        if not isinstance(link, str) or not link:
            return None
        url = urljoin(request.url, link)
        if urlsplit(url)[:2] != urlsplit(request.url)[:2]:
            return None
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        carried = {carrier.name for carrier in (self.authentication.fields.values() if self.authentication else ()) if carrier.place == "query"}
        return self.operation(operation, query=[pair for pair in pairs if pair[0] not in carried], **how)

    def wrong_credential(self, name: str = "full") -> dict[str, str]:
        """A credential of the same form whose secrets are wrong."""
        known = self.target.credentials.get(name, {})
        public = set(self.authentication.public) if self.authentication else set()
        return {field: known.get(field, "") if field in public else _scrambled(known.get(field, "proctor")) for field in self.fields}

    # Parts of a request

    def _pagination(self, operation: Operation) -> Pagination | None:
        group = self.spec.group_for("pagination", operation)
        return group.parameters if group else None

    def key_parameter(self, operation: Operation) -> str | None:
        """The path parameter that names the operation's own record, or None where the path has none."""
        if operation.resource is None:
            return None
        resource = self.spec.resources[operation.resource]
        others = {parameter for parent in resource.parents for parameter in parent.parameters}
        return next((name for name in reversed(operation.path_parameters) if name not in others), None)

    def _name_record(self, operation: Operation, key: Any, values: dict[str, Any], payload: dict[str, Any]) -> None:
        parameter = self.key_parameter(operation)
        if parameter is not None:
            values[parameter] = key
        elif operation.resource is not None:
            resource = self.spec.resources[operation.resource]
            payload[resource.key_parameter] = key if resource.name in self.text_keys else _typed(key, resource.key_schema)

    def _goes_into_body(self, operation: Operation, name: str) -> bool:
        declared = any(parameter.place == "query" and parameter.name == name for parameter in operation.parameters)
        return not declared and operation.body is not None and operation.method not in ("GET", "HEAD", "DELETE")

    def _body(
        self, operation: Operation, key: Any, in_body: dict[str, Any], members: Mapping[str, Any] | None, query: list[tuple[str, Any]]
    ) -> tuple[bytes | None, str | None]:
        resource = self.spec.resources.get(operation.resource or "")
        envelope = self.envelope()
        how = envelope.input if envelope else Input()
        if members is not None and how.place == "query":
            query.extend(members.items())
            members = None
        if members is not None and how.place == "form":
            return query_string([*in_body.items(), *members.items()]).encode(), "application/x-www-form-urlencoded"
        if members is None and not in_body and (operation.body is None or resource is None or self._rpc(operation) is False):
            return None, None
        document = dict(in_body)
        if members is not None and resource is not None:
            self._wrap(document, resource, members, how, None if operation.effect == "create" else key)
        return json.dumps(document).encode(), self._media(operation)

    def _rpc(self, operation: Operation) -> bool:
        """Whether the operation reads with a body: then even a request without parameters sends an empty object."""
        return operation.body is not None and operation.effect in READS

    def _wrap(self, document: dict[str, Any], resource: Resource, members: Mapping[str, Any], how: Input, key: Any) -> None:
        names = {"singular": resource.singular, "plural": resource.plural, "type": resource.type, "id": "" if key is None else str(key)}
        for pointer, value in how.constant.items():
            if value != "{id}" or key is not None:
                plant(document, pointer, fill(value, names) if isinstance(value, str) else value)
        if key is not None and resource.type and self._is_jsonapi():
            plant(document, "/data/id", str(key))
        own, related = self._relationships(resource, members)
        root = fill(how.root, names)
        if root:
            plant(document, root, own)
        else:
            document.update(own)
        for name, value in related.items():
            plant(document, f"/data/relationships/{name}", value)

    def _is_jsonapi(self) -> bool:
        envelope = self.envelope()
        return envelope is not None and envelope.style == "jsonapi"

    def _relationships(self, resource: Resource, members: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        if not self._is_jsonapi():
            return dict(members), {}
        parents = {parent.member: parent for parent in resource.parents}
        own = {name: value for name, value in members.items() if name not in parents and name != resource.key}
        related = {}
        for name, parent in parents.items():
            if name in members:
                value = members[name]
                linked = None if value is None else {"type": self.spec.resources[parent.resource].type, "id": str(value)}
                related[name.removesuffix("_id")] = {"data": linked}
        return own, related

    def _media(self, operation: Operation) -> str:
        if operation.body is not None and operation.body.media:
            return operation.body.media[0].type
        return self.media.request[0]

    def _authenticate(
        self,
        credential: Mapping[str, str],
        carriers: Mapping[str, Carrier],
        query: list[tuple[str, Any]],
        head: list[tuple[str, str]],
        body: bytes | None,
        kind: str | None,
    ) -> tuple[bytes | None, str | None]:
        user = password = None
        for name, value in credential.items():
            carrier = carriers.get(name)
            if carrier is None:
                continue
            text = carrier.prefix + value
            if carrier.place == "query":
                query.append((carrier.name, text))
            elif carrier.place == "header":
                head.append((carrier.name, text))
            elif carrier.place == "cookie":
                head.append(("Cookie", f"{carrier.name}={text}"))
            elif carrier.place == "bearer":
                head.append(("Authorization", f"Bearer {text}"))
            elif carrier.place == "basic_user":
                user = text
            elif carrier.place == "basic_password":
                password = text
            else:
                body, kind = _into_body(carrier, text, body, kind)
        if user is not None or password is not None:
            pair = f"{user or ''}:{password or ''}".encode()
            head.append(("Authorization", "Basic " + base64.b64encode(pair).decode()))
        return body, kind


def _into_body(carrier: Carrier, text: str, body: bytes | None, kind: str | None) -> tuple[bytes, str]:
    if carrier.place == "form":
        joined = "&".join(part for part in ((body or b"").decode(), query_string([(carrier.name, text)])) if part)
        return joined.encode(), "application/x-www-form-urlencoded"
    document = json.loads(body or b"{}")
    plant(document, carrier.name if carrier.name.startswith("/") else f"/{carrier.name}", text)
    return json.dumps(document).encode(), kind or "application/json"


def _replaced(head: list[tuple[str, str]], headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers with those of the same name replaced; an empty value takes one away."""
    new = list(headers)
    names = {name.lower() for name, _ in new}
    return [pair for pair in head if pair[0].lower() not in names] + [pair for pair in new if pair[1] != ""]


def _typed(key: Any, schema: Mapping[str, Any]) -> Any:
    types = schema.get("type")
    if types in ("integer", ["integer"]) and isinstance(key, str) and key.lstrip("-").isdigit():
        return int(key)
    return key


def _scrambled(secret: str) -> str:
    """A text of the same length and kind that is not the secret."""
    turned = "".join(chr((ord(c) - 97 + 11) % 26 + 97) if c.islower() else chr((ord(c) - 65 + 11) % 26 + 65) if c.isupper() else c for c in secret)
    turned = "".join(str((int(c) + 7) % 10) if c in "0123456789" else c for c in turned)
    return turned if turned != secret and turned else secret + "-wrong"


def _link_header(response: Response) -> str | None:
    for value in (value for name, value in response.headers if name == "link"):
        for part in value.split(","):
            target, _, attributes = part.partition(";")
            if 'rel="next"' in attributes or "rel=next" in attributes:
                return target.strip().strip("<>")
    return None
