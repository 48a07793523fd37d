"""Holds what the stub answers against the document that the stub serves, with openapi-core: a status or what is wrong by call, printed as JSON."""

from __future__ import annotations

import json
import os
from typing import Any

import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse


def outcome(described: OpenAPI, server: str, call: dict[str, Any]) -> Any:
    """The status of a call, or what is wrong with it or its answer."""
    session = requests.Session()
    request = requests.Request(call["method"], server + call["path"], headers=call["headers"], json=call["body"])
    sent = session.prepare_request(request)
    answer = session.send(sent)
    try:
        described.validate_response(RequestsOpenAPIRequest(sent), RequestsOpenAPIResponse(answer))
    except Exception as problem:  # noqa: BLE001
        return f"{answer.status_code}: {problem!r} {problem.__cause__!r}"
    return answer.status_code


def main() -> None:
    """Makes every call of each API, at the server that its document names."""
    done = {}
    for api, (place, calls) in json.loads(os.environ["STUB_CALLS"]).items():
        document = requests.get(place).json()
        described = OpenAPI.from_dict(document)
        done[api] = {name: outcome(described, document["servers"][0]["url"], call) for name, call in calls.items()}
    print(json.dumps(done))


main()
