"""What a program does with postal-py: the outcome of each step, printed as JSON."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from typing import Any

from postal_py import PostalPyAPI
from postal_py.api.exceptions import PostalPyAPIError
from postal_py.api.schemas import MessageExpansion, RequestMessageDetailsSchema, RequestMessageSchema, RequestRawMessageSchema

URL, KEY = os.environ["STUB_URL"], os.environ["STUB_KEY"]


def outcome(call: Callable[[], Any]) -> Any:
    """The answer's data, or the name of the error."""
    try:
        answer = call()
    except PostalPyAPIError as problem:
        return type(problem).__name__
    data = answer.data
    return [one.model_dump() for one in data] if isinstance(data, list) else data.model_dump(exclude_none=True)


def main() -> None:
    """Sends, asks what became of it, and makes every mistake that the stub knows."""
    api, stranger = PostalPyAPI(URL, KEY), PostalPyAPI(URL, "nobody")
    message = RequestMessageSchema(to=["Ada <ada@example.com>"], bcc=["bea@example.com"], from_="me@example.com", subject="Hello", plain_body="Hello Ada")
    raw = RequestRawMessageSchema(mail_from="me@example.com", rcpt_to=["ada@example.com"], data=base64.b64encode(b"Subject: Hello\r\n\r\nHello").decode())
    done = {"sent": outcome(lambda: api.send_message(message)), "raw": outcome(lambda: api.send_raw_message(raw))}
    key = done["sent"]["messages"]["ada@example.com"]["id"]
    done["details"] = outcome(lambda: api.get_message_details(RequestMessageDetailsSchema(id=key, expansions={MessageExpansion.all})))
    done["deliveries"] = outcome(lambda: api.get_message_deliveries(1))
    done["unknown"] = outcome(lambda: api.get_message_details(RequestMessageDetailsSchema(id=10**9, expansions={MessageExpansion.status})))
    done["foreign"] = outcome(lambda: api.get_message_deliveries(2))
    done["no_recipients"] = outcome(lambda: api.send_message(message.model_copy(update={"to": None, "bcc": []})))
    done["no_content"] = outcome(lambda: api.send_message(message.model_copy(update={"plain_body": None})))
    done["no_sender"] = outcome(lambda: api.send_message(message.model_copy(update={"from_": None})))
    done["stranger"] = outcome(lambda: stranger.send_message(message))
    print(json.dumps(done))


main()
