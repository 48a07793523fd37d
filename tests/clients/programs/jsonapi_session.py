"""What a program does with jsonapi-client: the outcome of each step, printed as JSON."""

from __future__ import annotations

import json
import os
from typing import Any

from jsonapi_client import Modifier, Session
from jsonapi_client.exceptions import DocumentError

STRING = {"type": ["null", "string"]}
SCHEMA = {
    "people": {
        "properties": {"first_name": STRING, "last_name": STRING, "title": STRING, "role": STRING, "company": {"relation": "to-one", "resource": ["companies"]}}
    }
}
HEADERS = {"X-Auth-Token": os.environ["STUB_TOKEN"], "X-Organization-Id": os.environ["STUB_ORGANIZATION"]}


def main() -> None:
    """Lists across pages, creates, reads and changes people. It has no delete: the client can't read an answer without a body."""
    session = Session(os.environ["STUB_URL"], schema=SCHEMA, request_kwargs={"headers": HEADERS})
    done: dict[str, Any] = {}
    done["list"] = [person.id for person in session.get("people", Modifier("filter[role]=contractor&sort=-last_name&page[size]=4")).resources]
    done["all"] = [person.id for person in session.iterate("people", Modifier("page[size]=10"))]
    made = session.create_and_commit("people", fields={"first_name": "Katherine", "last_name": "Johnson", "role": "employee"})
    done["created"] = [made.id, made["last_name"]]
    made.title = "Mathematician"
    made.commit()
    done["read"] = session.get("people", made.id).resource.title
    try:
        session.get("people", "none")
    except DocumentError as problem:
        done["gone"] = problem.errors["status_code"]
    print(json.dumps(done))


main()
