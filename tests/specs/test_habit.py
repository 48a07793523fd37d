from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import specs
from specs import habit

PETS = """
openapi: 3.0.3
info: {title: Pets, version: "1"}
paths:
  /owners/{ownerId}/pets:
    get: {responses: {"200": {description: d, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Pet'}}}}}}}
    post: {responses: {"201": {description: d}}}
  /pets:
    get: {operationId: listPets, responses: {"200": {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Pets'}}}}}}
    post: {operationId: addPet, requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}, responses: {}}
  /pets/{petId}:
    get: {operationId: readPet, responses: {"200": {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}}}
    put: {operationId: replacePet, responses: {}}
    patch: {operationId: changePet, responses: {}}
    delete: {operationId: removePet, responses: {}}
  /pets/{petId}/feed:
    post: {operationId: feedPet, responses: {}}
  /owners: {post: {operationId: addOwner, responses: {}}}
  /owners/{ownerId}: {get: {operationId: readOwner, responses: {}}}
  /me:
    get: {operationId: readMe, responses: {"200": {description: d, content: {application/json: {schema: {type: object}}}}}}
    patch: {operationId: changeMe, responses: {}}
  /tags: {get: {operationId: listTags, responses: {"200": {description: d, content: {application/json: {schema: {type: array, items: {type: string}}}}}}}}
components:
  schemas:
    Pet: {type: object, properties: {id: {type: integer}, ownerId: {type: string}}}
    Pets: {type: object, properties: {pets: {type: array, items: {$ref: '#/components/schemas/Pet'}}, total: {type: integer}}}
"""


@pytest.fixture
def pets(written: Callable[..., Path]) -> specs.Spec:
    return specs.load(written(PETS, "pets.yaml"))


def test_collection_and_item_make_a_resource(pets: specs.Spec) -> None:
    assert dict(pets.resources["pets"].operations) == {
        "list": ("listPets", "get_owners_ownerId_pets"),
        "create": ("addPet", "post_owners_ownerId_pets"),
        "read": ("readPet",),
        "replace": ("replacePet",),
        "update": ("changePet",),
        "delete": ("removePet",),
    }


def test_record_has_schema_and_key(pets: specs.Spec) -> None:
    resource = pets.resources["pets"]
    assert set(resource.schema["properties"]) == {"id", "ownerId"}
    assert (resource.key, resource.key_schema, resource.singular) == ("id", {"type": "integer"}, "pet")


def test_nested_collection_has_a_parent(pets: specs.Spec) -> None:
    assert [(one.resource, one.member, one.parameters) for one in pets.resources["pets"].parents] == [("owners", "ownerId", ("ownerId",))]


def test_path_without_items_is_a_singleton(pets: specs.Spec) -> None:
    assert dict(pets.resources["me"].operations) == {"singleton": ("readMe",), "update": ("changeMe",)}


def test_list_without_items_is_a_list(pets: specs.Spec) -> None:
    assert dict(pets.resources["tags"].operations) == {"list": ("listTags",)}


def test_other_operations_have_no_effect(pets: specs.Spec) -> None:
    assert (pets.operations["feedPet"].resource, pets.operations["feedPet"].effect) == (None, None)
    assert (pets.operations["readPet"].resource, pets.operations["readPet"].effect) == ("pets", "read")


def test_plain_file_has_no_clauses(pets: specs.Spec) -> None:
    assert (dict(pets.groups), dict(pets.clauses), pets.seed.principals) == ({}, {}, ())


def test_same_name_under_other_paths_is_another_resource(written: Callable[..., Path]) -> None:
    path = written("openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {'/a/x/{id}': {get: {}}, '/b/x/{id}': {get: {}}}")
    assert list(specs.load(path).resources) == ["x", "b_x"]


@pytest.mark.parametrize(
    ("name", "one"), [("clients", "client"), ("companies", "company"), ("address", "address"), ("series", "sery"), ("s", "s"), ("staff", "staff")]
)
def test_singular_is_the_name_less_its_s(name: str, one: str) -> None:
    assert habit.singular(name) == one
