"""Wraps a document in a call, for script elements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mockserver.pipeline import EMPTY, Answer, Call, Fault, Refusal, Stage, Step
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


FAULTS: dict[str, dict[str, Fault]] = {}  # faults author 2 writes these now; leave them
