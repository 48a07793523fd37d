"""The documented examples of an operation, ready to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from mockserver.pipeline import EMPTY
from specs.model import Media, Operation, Response

__all__ = ["body_of", "example_of", "headers_of", "response_for", "success_of"]


def success_of(operation: Operation) -> Response | None:
    """The operation's documented success: its first 2xx, else its `default`."""
    for status in sorted(operation.responses):
        if status.startswith("2"):
            return operation.responses[status]
    return operation.responses.get("default")


def response_for(operation: Operation, status: int) -> Response | None:
    """The documented response of a status: its own, that of its class (`4XX`), or the default."""
    for name in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
        if name in operation.responses:
            return operation.responses[name]
    return None


def status_of(response: Response) -> int:
    """The status that a documented response is sent with."""
    if response.status.isdigit():
        return int(response.status)
    return int(response.status[0]) * 100 if response.status[0].isdigit() else 200


def body_of(media: Media, *, name: str | None = None, dynamic: bool = False, seed: int = 0) -> Any:
    """The body of a media type: its first example, the named one, or one made from the schema; `EMPTY` where there is no such."""
    if name is not None:
        return media.examples.get(name, EMPTY)
    if media.examples and not dynamic:
        return next(iter(media.examples.values()))
    from specs.samples import sample

    return sample(media.schema, seed=seed)


def headers_of(response: Response) -> dict[str, str]:
    """The headers that a documented response gives examples of, by name in lower case; those of the body itself are not among them."""
    return {name.lower(): _header(next(iter(header["examples"].values()))) for name, header in response.headers.items() if _is_shown(name, header)}


def _is_shown(name: str, header: Mapping[str, Any]) -> bool:
    return bool(header.get("examples")) and name.lower() not in ("content-type", "content-length")


def _header(value: Any) -> str:
    """An example as a header says it, in OpenAPI's style `simple`: elements joined by commas."""
    if isinstance(value, list | tuple):
        return ",".join(_header(item) for item in value)
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def example_of(operation: Operation) -> tuple[int, str | None, Any]:
    """Status, media type and document of the operation's documented success."""
    response = success_of(operation)
    if response is None:
        return 200, None, EMPTY
    if not response.media:
        return status_of(response), None, EMPTY
    media = response.media[0]
    return status_of(response), media.type, orjson.Fragment(orjson.dumps(body_of(media)))
