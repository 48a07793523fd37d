# ruff: noqa: ARG005 - the methods override others, and a test may look at nothing

"""A tiny implementation whose lists are filtered, sorted and summed up, and which may do each of that in one wrong way, or in an odd right one."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

import specs
from conformance.binding import bind
from conformance.checks import CHECKS
from conformance.exchange import Response
from conformance.verdict import Verdict
from specs.model import Resource, Spec
from tests.conformance.checks.miniature import Call, Miniature, Record, Refused, exam_of, examine

COMPANY, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"

TIMEDASH: dict[str, list[Record]] = {
    "contacts": [
        {"id": "c1", "name": "Bea Holm", "email": "bea@holm.example", "phone": "123"},
        {"id": "c2", "name": "Bea Holmes", "email": "holmes@bea.example", "phone": None},
        {"id": "c3", "name": "Cy Adler", "email": "cy@adler.example", "phone": "123"},
    ],
    "assignments": [
        {"id": "a1", "title": "Roof work", "timestamp": 300, "duration": 90, "invoiced": True, "note": None},
        {"id": "a2", "title": "Roof works", "timestamp": 100, "duration": 120, "invoiced": False, "note": "x"},
        {"id": "a3", "title": "Fence", "timestamp": 200, "duration": 9, "invoiced": True, "note": "y"},
        {"id": "a4", "title": "Gutter", "timestamp": 50, "duration": 90, "invoiced": False, "note": "x"},
        {"id": "a5", "title": "Lamp post", "timestamp": 400, "duration": 90, "invoiced": False, "note": "x"},
    ],
    "agreements": [
        {"id": "g1", "title": "Upkeep one", "rate": 60.5, "active": True},
        {"id": "g2", "title": "Rush", "rate": 9, "active": False},
        {"id": "g3", "title": "Pool care", "rate": 60.5, "active": True},
    ],
}

PRODUCTIVE: dict[str, list[Record]] = {
    "companies": [
        {"id": "1", "name": "Quill and Sons", "billing_name": "Quill", "default_currency": "EUR", "due_days": 9, "archived": False},
        {"id": "2", "name": "Amber Sons", "billing_name": None, "default_currency": "EUR", "due_days": 10, "archived": True},
        {"id": "3", "name": "Nordlicht", "billing_name": "Nord Sons Ltd", "default_currency": "USD", "due_days": 30, "archived": False},
    ],
    "people": [
        {"id": "1", "first_name": "Alma", "hourly_cost": 100, "active": True, "company_id": "1"},
        {"id": "2", "first_name": "Boris", "hourly_cost": 9, "active": False, "company_id": "2"},
        {"id": "3", "first_name": "Chidi", "hourly_cost": 20, "active": True, "company_id": "1"},
        {"id": "4", "first_name": "Alba", "hourly_cost": None, "active": True, "company_id": "3"},
    ],
    "projects": [
        {"id": "1", "name": "Harbor wall", "budget": 900, "started_on": "2024-02-01", "archived": False, "company_id": "1"},
        {"id": "2", "name": "Almanac", "budget": 1200, "started_on": "2023-10-15", "archived": True, "company_id": "1"},
        {"id": "3", "name": "Lantern", "budget": 50, "started_on": "2024-06-30", "archived": False, "company_id": "2"},
    ],
    "time_entries": [
        {"id": "1", "date": "2024-07-01", "time": 90, "note": "Survey of walls", "person_id": "1", "project_id": "1"},
        {"id": "2", "date": "2024-07-02", "time": 480, "note": "Walls", "person_id": "2", "project_id": "1"},
        {"id": "3", "date": "2024-07-03", "time": 15, "note": None, "person_id": "1", "project_id": "2"},
    ],
}

MILES: dict[str, list[Record]] = {
    "companies": [{"uuid": COMPANY, "name": "Fenwick"}, {"uuid": OTHER, "name": "Harbour"}],
    "projects": [
        {"uuid": f"33333333-3333-4333-8333-33333333333{number}", "name": name, "company_uuid": company, "active": "true", "grand_total": 0}
        for number, (name, company) in enumerate(
            [("Ledger cleanup", COMPANY), ("Spring catalogue", COMPANY), ("Ledger", COMPANY), ("Apron order", OTHER), ("Buoy survey", COMPANY)]
        )
    ],
}

RECORDS = {"timedash": TIMEDASH, "productive": PRODUCTIVE, "88miles": MILES}

OPERATORS = ("eq", "not_eq", "contains", "not_contain", "gt", "gt_eq", "lt", "lt_eq")

Holds = Callable[[Record], bool]


class Listed(Miniature):
    """Filters, sorts and sums up; `bug` names the way in which it is wrong or odd."""

    bug = ""

    # Filters

    def select(self, call: Call, resource: Resource, records: list[Record]) -> list[Record]:
        if self.bug == "one_list_ignores" and resource.name in ("agreements", "companies"):
            return list(records)
        if self.bug == "nested_ignores" and call.values:
            return list(records)
        if self.bug == "where_of_all_companies" and "where" in call.query:
            records = self.records[resource.name]
        return self.ordered(call, resource, self.narrowed(call, resource, records))

    def narrowed(self, call: Call, resource: Resource, records: list[Record]) -> list[Record]:
        group = next(group.parameters for group in self.spec.groups.values() if group.kind == "filtering" and call.operation.id in group.operations)
        if group.style == "expression":
            text = call.query.get(group.parameter)
            if self.bug == "where_or_order" and "order" in call.query:
                return records
            return [record for record in records if text is None or self.expressed(text)(record)]
        tests = self.brackets(call, resource) if group.style == "brackets" else self.equalities(call, resource)
        if self.bug == "last_only":
            tests = tests[-1:]
        join = any if self.bug == "or" and tests else all
        found = [record for record in records if join(test(record) for test in tests)]
        return records if self.bug == "everything_if_none" and not found else found

    def equalities(self, call: Call, resource: Resource) -> list[Holds]:
        return [self.test(name, "eq", text) for name, text in call.query.items() if name in self.properties(resource) and name != "metadata"]

    def brackets(self, call: Call, resource: Resource) -> list[Holds]:
        found = []
        for name, text in call.query.items():
            match = re.fullmatch(r"filter\[(\w+)\](?:\[(\w+)\])?", name)
            if match is None:
                continue
            if match[1] not in {*self.properties(resource), *_members(self.records[resource.name])}:
                if self.bug != "unknown_ignored" and not (self.bug == "unknown_behind_another" and found):
                    raise Refused("unsupported_filter:" + ("undefined" if self.bug == "undefined" else match[1]))
                continue
            unknown = match[2] not in (None, *OPERATORS) and self.bug != "any_operator"
            if unknown or (match[2] is not None and self.bug == "no_operators"):
                raise Refused("unsupported_filter:" + match[1])
            found.append(self.test(match[1], match[2] or "eq", text))
        return found

    def test(self, name: str, operator: str, text: str) -> Holds:
        values = [record.get(name) for table in self.records.values() for record in table if record.get(name) is not None]
        wanted: Any = text
        if any(isinstance(value, bool) for value in values):
            if text not in ("true", "false") and self.bug != "any_value":
                raise Refused("unsupported_filter_value")
            wanted = text == "true" or self.bug == "always_true"
        elif any(isinstance(value, int | float) for value in values):
            try:
                wanted = float(text)
            except ValueError:
                if self.bug == "any_value":
                    return lambda record: False
                raise Refused("unsupported_filter_value") from None
        if self.bug == f"{operator}_ignored" or (self.bug == "false_ignored" and wanted is False):
            return lambda record: True
        return lambda record: self.compared(record.get(name), operator, wanted)

    def compared(self, value: Any, operator: str, wanted: Any) -> bool:
        if value is None:
            return operator in ("not_eq", "not_contain") and self.bug != "nulls_out"
        text = isinstance(value, str)
        operator = {"gt_equal": {"gt": "gt_eq"}, "lt_eq_strict": {"lt_eq": "lt"}, "swapped": {"not_eq": "eq"}}.get(self.bug, {}).get(operator, operator)
        if self.bug == "as_text" and not isinstance(value, bool):
            value, wanted = str(value), f"{wanted:g}" if isinstance(wanted, float) else wanted
        if text and self.bug == "any_case":
            value, wanted = value.lower(), wanted.lower()
        match operator:
            case "eq":
                nearly = {"prefix": str.startswith, "inside": str.__contains__, "like": _like}.get(self.bug)
                return bool(value == wanted or (text and nearly is not None and nearly(value, wanted)))
            case "not_eq":
                return bool(value != wanted)
            case "contains" | "not_contain":
                inside = value.lower().startswith(wanted.lower()) if self.bug == "beginning" else wanted.lower() in value.lower()
                if self.bug == "wildcards":
                    inside = re.search(re.escape(wanted).replace("%", ".*").replace("_", "."), value) is not None
                return bool(inside) is (operator == "contains")
            case "gt":
                return bool(value > wanted)
            case "gt_eq":
                return bool(value >= wanted)
            case "lt":
                return bool(value < wanted)
        return bool(value <= wanted)

    # Expressions

    def expressed(self, text: str) -> Holds:
        """Comparisons joined by && and ||, the latter binding less."""
        if self.bug == "decoded_twice":
            text = unquote_plus(text)
        if self.bug == "plus_kept":
            text = text.replace(" ", "+")
        if self.bug == "ampersand_ends":
            text = re.split("(?<!&)&(?!&)", text)[0]
        if self.bug == "parentheses_ignored":
            text = text.replace("(", "").replace(")", "")
        if self.bug == "quotes_refused" and "'" in text:
            raise Refused("invalid_query", 400)
        if self.bug == "escape_500" and '\\"' in text:
            raise Refused("invalid_query", 500)
        if self.bug == "latin":
            text = text.encode().decode("latin-1")
        joint = " or " if self.bug == "words" else " || "
        either = [[self.comparison(part) for part in one.split(" and " if self.bug == "words" else " && ")] for one in text.split(joint)]
        if self.bug == "first_alternative":
            either = either[:1]
        join = any if self.bug == "and_is_or" else all
        return lambda record: any(join(test(record) for test in tests) for tests in either)

    def comparison(self, text: str) -> Holds:
        found = re.fullmatch(r'(\w+) ?(=|!=|~=|>=|>|<=|<) ?"([^"]*)"', text.replace('"+', '" ').replace("+=+", " = ") if self.bug == "plus_kept" else text)
        if found is None or (self.bug == "equality_only" and found[2] != "="):
            if self.bug == "invalid_ignored":
                return lambda record: True
            raise Refused("invalid_query", 500 if self.bug == "invalid_500" else 400)
        name, operator, wanted = found.groups()
        tests: dict[str, Callable[[str], bool]] = {
            "=": lambda value: self.same(value, wanted),
            "!=": lambda value: value != wanted or self.bug == "unequal_ignored",
            "~=": lambda value: self.similar(value, wanted),
            ">=": lambda value: value > wanted or (value == wanted and self.bug != "at_least_is_more"),
            ">": lambda value: value > wanted,
            "<=": lambda value: value <= wanted,
            "<": lambda value: value < wanted,
        }
        return lambda record: tests[operator](str(record[name]))

    def same(self, value: str, wanted: str) -> bool:
        ways: dict[str, Callable[[str], Any]] = {"any_case": str.lower, "first_word": lambda text: text.split()[0]}
        way = ways.get(self.bug, str)
        return bool(way(value) == way(wanted))

    def similar(self, value: str, wanted: str) -> bool:
        if self.bug == "similar_everything":
            return True
        if self.bug == "similar_beginnings":
            return value.startswith(wanted) and value != wanted
        return value == wanted if self.bug == "similar_exact" else wanted.lower() in value.lower()

    # Order

    def ordered(self, call: Call, resource: Resource, records: list[Record]) -> list[Record]:
        group = next(group.parameters for group in self.spec.groups.values() if group.kind == "sorting" and call.operation.id in group.operations)
        text = call.query.get(group.parameter)
        if text is None:
            return records
        text, _, direction = text.partition("," if "," in text else " ")
        name, down = text.removeprefix("-"), text.startswith("-") or direction == "desc"
        if not any(name in record for record in self.records[resource.name]):
            if self.bug == "unknown_sort_ignored":
                return records
            raise Refused("unsupported_sort:" + name)
        if self.bug == "minus_refused" and down:
            raise Refused("unsupported_sort:" + name)
        if self.bug == "unsorted_beside_where" and "where" in call.query:
            return records
        if self.bug == "unsorted_if_filtered" and any(other.startswith("filter") or other in self.properties(resource) for other in call.query):
            return records
        if self.bug == "sort_ignored" or (self.bug == "one_list_unsorted" and resource.name in ("contacts", "people")):
            return records
        if self.bug == "down_is_up":
            down = False
        filled = [record for record in records if record.get(name) is not None]
        empty = [record for record in records if record.get(name) is None]
        filled.sort(key=lambda record: self.rank(record[name]), reverse=down)
        found = [*empty, *filled] if self.bug == "nulls_first" else [*filled, *empty]
        if self.bug == "drops_first":
            return found[1:]
        return [*found[1:], found[0]] if self.bug == "first_is_last" and len(found) > 2 else found

    def rank(self, value: Any) -> Any:
        if self.bug == "numbers_as_text":
            return str(value)
        return (value.casefold() if self.bug == "casefold" else value) if isinstance(value, str) else value

    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        index, size = super().window(call, pagination)
        return index, max(size, 30) if self.bug == "size_ignored_if_filtered" and any(name.startswith("filter") for name in call.query) else size

    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        if self.bug == "loses_last" and index and len(records) <= (index + 1) * size:
            return []
        return super().cut(records, index, size)

    # Pages that are cut first, aggregates

    def list_document(self, call: Call, resource: Resource) -> Any:
        if self.bug in ("cut_first", "sorts_page"):
            pagination = next(g.parameters for g in self.spec.groups.values() if g.kind == "pagination" and call.operation.id in g.operations)
            index, size = self.window(call, pagination)
            whole = self.visible(call, resource)
            page = self.select(call, resource, self.cut(whole if self.bug == "cut_first" else self.narrowed(call, resource, whole), index, size))
            return self.many(resource, page, {})
        document = super().list_document(call, resource)
        return self.summed(call, resource, document)

    def summed(self, call: Call, resource: Resource, document: Any) -> Any:
        group = self.spec.group_of_kind("aggregation")
        if group is None:
            return document
        if "group" in call.query and self.bug != "group_ignored":
            raise Refused("unsupported_group")
        if group.parameters.parameter not in call.query:
            return document
        name = call.query[group.parameters.parameter]
        known = group.parameters.aggregates[resource.name].get(name)
        if known is None or self.bug == "no_aggregates":
            if self.bug == "unknown_null":
                return {**document, "meta": {"aggregates": {name: None}}}
            raise Refused("unsupported_aggregate:" + name)
        records = self.records[resource.name] if self.bug == "sums_unfiltered" else self.narrowed(call, resource, self.records[resource.name])
        if self.bug == "nothing_of_nothing" and not records:
            return document
        if self.bug in ("null_of_nothing", "list_of_nothing") and not records:
            return {**document, "meta": {"aggregates": None if self.bug == "null_of_nothing" else []}}
        if self.bug == "sums_page":
            records = records[:2]
        values = [record.get(known.member) for record in records if known.member is None or record.get(known.member) is not None]
        functions = {"count": len, "sum": sum, "average": lambda values: sum(values) / len(values) if values else None, "minimum": min, "maximum": max}
        value: Any = functions[known.function](values)
        value = f"{value:.2f}" if self.bug == "money_as_text" and isinstance(value, int | float) and known.function != "count" else value
        return {**document, "meta": {name: value} if self.bug == "flat" else {"aggregates": {name: value}}}

    # Errors name what is wrong

    def refuse(self, call: Call | None, refusal: Refused) -> Response:
        cause, _, name = refusal.cause.partition(":")
        found = super().refuse(call, Refused(cause, refusal.status))
        if self.bug == "other_title" and cause.startswith("unsupported"):
            return self.respond(call, found.status, {"errors": [{"status": found.status, "title": "Bad Request", "detail": name}]})
        if not name or self.envelope.style != "jsonapi":
            return found
        return self.respond(call, found.status, {"errors": [{**found.json()["errors"][0], "detail": f"'{name}' is not supported on this endpoint"}]})


def _like(value: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace("%", ".*"), value) is not None


def _members(records: list[Record]) -> set[str]:
    return {name for record in records for name in record}


class Changing(Listed):
    """A list that others write to: with each request there is one more record, which matches what was asked for before."""

    def select(self, call: Call, resource: Resource, records: list[Record]) -> list[Record]:
        self.count += 1
        table = self.records[resource.name]
        table.append({**table[self.count % 3], resource.key: f"new{self.count}"})
        return super().select(call, resource, [*records, table[-1]])


class Growing(Listed):
    """A list to which others add a record after each look at it, the newest first."""

    def select(self, call: Call, resource: Resource, records: list[Record]) -> list[Record]:
        found = super().select(call, resource, records)
        self.count += 1
        table = self.records[resource.name]
        table.insert(0, {**table[-1 - self.count % 3], resource.key: f"new{self.count}"})
        return found


def verdict(
    clause: str,
    bug: str = "",
    *,
    kind: type[Listed] = Listed,
    records: Mapping[str, list[Record]] | None = None,
    write: bool = False,
    parameters: Mapping[str, Any] | None = None,
) -> Verdict:
    """What the check of a clause says of the implementation with a bug or quirk."""
    api, chosen = clause.partition("/")[0], parameters or {}
    spec = _spec(api)
    exam = exam_of(api, write=write, spec=bind(spec, exam_of(api, spec=spec, parameters=chosen).target), parameters=chosen)
    mini = kind(exam.spec, records if records is not None else RECORDS[api])
    mini.bug = bug
    known = exam.spec.clauses[clause]
    return examine(exam, CHECKS[known.kind][known.rule], known, mini)


@functools.cache
def _spec(api: str) -> Spec:
    return specs.load(api)
