"""What a program does with jsonapi-requests: the outcome of each step, printed as JSON."""

from __future__ import annotations

import json
import os
from typing import Any

import jsonapi_requests
from jsonapi_requests.data import Dictionary, JsonApiObject, Relationship, ResourceIdentifier
from jsonapi_requests.request_factory import ApiClientError
from requests import PreparedRequest


class Token:
    """Puts the credentials into each request."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """The request with its credentials."""
        request.headers.update({"X-Auth-Token": os.environ["STUB_TOKEN"], "X-Organization-Id": os.environ["STUB_ORGANIZATION"]})
        return request


def main() -> None:
    """Lists, creates, reads, changes and deletes people."""
    api = jsonapi_requests.Api.config({"API_ROOT": os.environ["STUB_URL"], "AUTH": Token(), "TIMEOUT": 5, "RETRIES": 1})
    people = api.endpoint("people")
    done: dict[str, Any] = {}
    listed = people.get(params={"filter[role]": "contractor", "sort": "-last_name", "page[number]": 1, "page[size]": 4})
    done["list"] = [record.id for record in listed.data]
    company = Relationship(data=ResourceIdentifier(id="1", type="companies"))
    given = {"first_name": "Katherine", "last_name": "Johnson", "role": "employee"}
    new = JsonApiObject(type="people", attributes=Dictionary(given), relationships=Dictionary(company=company))
    made = people.post(object=new).data
    done["created"] = made.attributes
    one = api.endpoint(f"people/{made.id}")
    change = JsonApiObject(type="people", id=made.id, attributes=Dictionary(title="Mathematician"))
    done["updated"] = one.patch(object=change).data.attributes
    done["read"] = one.get().data.attributes
    done["deleted"] = one.delete().status_code
    try:
        one.get()
    except ApiClientError as problem:
        done["gone"] = problem.status_code
    print(json.dumps(done, default=dict))


main()
