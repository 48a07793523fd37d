"""Wraps a document in a call, for script elements."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.breaking import Change, after, thaw
from mockserver.pipeline import EMPTY, Answer, Call, Fault, Refusal, Site, Stage, Step
from mockserver.pointer import ABSENT, fetch, tokens
from specs.conventions.jsonp import Jsonp

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]

_NAME = re.compile(r"[A-Za-z_$][\w$]{0,99}(\.[A-Za-z_$][\w$]{0,99}){0,9}", re.ASCII)


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Wraps the answer to a GET that names a callback; a name that is none is refused."""
    parameters: Jsonp = group.parameters
    name = parameters.parameter
    if served.method != "GET":
        return {}

    def check(call: Call) -> Answer:
        callback = call.query.get(name)
        return None if callback is None or _NAME.fullmatch(callback) else Refusal("invalid_parameter", {"name": name, "param": name})

    def wrap(call: Call) -> Answer:
        callback = call.query.get(name)
        if callback is not None and _NAME.fullmatch(callback) and call.document is not EMPTY:
            # The comment keeps content sniffers from taking the answer for something else than a script; U+2028 and U+2029 end a line in old scripts.
            safe = call.content.replace("\u2028".encode(), b"\\u2028").replace("\u2029".encode(), b"\\u2029")
            call.content = b"/**/" + callback.encode() + b"(" + safe + b");"
            call.headers["content-type"] = parameters.media
            call.headers["x-content-type-options"] = "nosniff"
        return None

    return {Stage.VALIDATION: check, Stage.ENCODING: wrap}


def _unwrapped(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Sends the plain document."""
    return lambda call: None  # noqa: ARG005


def _called_json(call: Call, site: Site) -> None:  # noqa: ARG001
    if call.content.startswith(b"/**/"):
        call.headers["content-type"] = "application/json"


def _called_html(call: Call, site: Site) -> None:  # noqa: ARG001
    if call.content.startswith(b"/**/"):
        call.headers["content-type"] = "text/html"


def _other_argument(argument: Callable[[Any, Site], Any]) -> Change:
    """Calls with something else than the document."""

    def change(call: Call, site: Site) -> None:
        if call.content.startswith(b"/**/"):
            name = call.query.get(site.parameters.parameter, "")
            call.content = b"/**/" + name.encode() + b"(" + orjson.dumps(argument(thaw(call), site)) + b");"

    return change


def _data(document: Any, site: Site) -> Any:
    """The records alone, without what is around them."""
    envelope = site.api.parameters("envelope", site.served)
    data = fetch(document, tokens(envelope.items if site.served.effect == "list" else envelope.item, site.served.resource))
    return document if data is ABSENT else data


def _in_text(document: Any, site: Site) -> str:  # noqa: ARG001
    return orjson.dumps(document).decode()


def _fixed_name(call: Call, site: Site) -> None:
    name = call.query.get(site.parameters.parameter)
    if name is not None and call.content.startswith(b"/**/"):
        call.content = b"/**/" + b"jsonp_callback" + call.content[4 + len(name) :]


FAULTS = {
    "callback_wraps_the_document": {
        "ignored": Fault("The callback is not looked at.", Stage.ENCODING, _unwrapped),
        "called_json": Fault("The script is called JSON.", Stage.ENCODING, after(_called_json)),
        "called_html": Fault("The script is called HTML.", Stage.ENCODING, after(_called_html)),
        "data_only": Fault("The call has the data without what is around them.", Stage.ENCODING, after(_other_argument(_data))),
        "in_text": Fault("The call has the document as JSON within text.", Stage.ENCODING, after(_other_argument(_in_text))),
        "fixed_name": Fault("The call is always of the same name.", Stage.ENCODING, after(_fixed_name)),
    },
}
