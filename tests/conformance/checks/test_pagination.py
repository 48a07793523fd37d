# ruff: noqa: ARG002, ARG005 - what is overridden takes what it is given
from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.check import Fine
from conformance.checks.pagination import numbers_agree
from conformance.exchange import Exchange, Response
from conformance.verdict import Failed, Inconclusive, Passed
from tests.conformance.checks.miniature import Call, Miniature, Record, Refused, seeded, verdict_on

CLAUSES = [
    "timedash/page/size",
    "timedash/page/default",
    "timedash/page/bounds",
    "timedash/page/zero-based",
    "timedash/page/walk",
    "moonrope/page/flags",
    "moonrope/page/walk",
    "productive/page/window",
    "productive/page/walk",
]


class Clamping(Miniature):
    def bounded(self, size: int, largest: int) -> int:
        return min(max(size, 1), largest)


class RefusesPastTheEnd(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        if index and index * size >= len(records):
            raise Refused("not_found")
        return super().cut(records, index, size)


class NewestFirst(Miniature):
    def select(self, call: Call, resource: Any, records: list[Record]) -> list[Record]:
        return list(reversed(records))


class Busy(Miniature):
    """Somebody else makes a record now and then."""

    def __call__(self, request: Any) -> Response:
        if len(self.sent) % 9 == 4:
            for resource in self.spec.resources.values():
                key = self.new_key(resource, {})
                self.records[resource.name].append({"name": "x", "title": "x", resource.key: key})
        return super().__call__(request)


@pytest.mark.parametrize("clause", CLAUSES)
def test_right_lists_pass(clause: str) -> None:
    assert isinstance(verdict_on(clause), Passed)


@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize("kind", [Clamping, NewestFirst])
def test_other_right_lists_pass(clause: str, kind: type[Miniature]) -> None:
    assert isinstance(verdict_on(clause, kind), Passed)


@pytest.mark.parametrize("clause", CLAUSES)
def test_changes_under_our_feet_never_fail(clause: str) -> None:
    assert not isinstance(verdict_on(clause, Busy), Failed)


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if not clause.startswith("timedash")])
def test_page_past_the_end_is_open_where_not_documented(clause: str) -> None:
    assert isinstance(verdict_on(clause, RefusesPastTheEnd), Passed)


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause != "moonrope/page/flags"])
def test_one_record_proves_nothing(clause: str) -> None:
    verdict = verdict_on(clause, Clamping, most=1, write=False)
    assert isinstance(verdict, Inconclusive)
    assert verdict.reason
    assert verdict.needs


def test_records_are_made_where_there_are_too_few() -> None:
    assert isinstance(verdict_on("timedash/page/walk", most=1), Passed)
    assert isinstance(verdict_on("timedash/page/default", most=3), Passed)


class SizeIgnored(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return super().cut(records, index, 20)


class OneTooFew(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return records[index * size : (index + 1) * size - (size > 1)]


class SmallSecondPage(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return super().cut(records, index, size if not index else 1)


class CappedAtFifty(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return records[index * size : index * size + min(size, 50)]


class DefaultTen(Miniature):
    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        index, size = super().window(call, pagination)
        return index, size if pagination.size in call.query else 10


class DefaultGrows(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return records[size:] if index == 1 and size == 20 else super().cut(records, index, size)


class Honouring(Miniature):
    def bounded(self, size: int, largest: int) -> int:
        return max(size, 1)


class NegativeCut(Miniature):
    def bounded(self, size: int, largest: int) -> int:
        return size if size < 0 else super().bounded(size, largest)

    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return records[:size] if size < 0 else super().cut(records, index, size)


class FallsOverText(Miniature):
    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        if call.query.get(pagination.size) == "abc":
            raise Refused("server_error", 500)
        return super().window(call, pagination)


class CountsFromOne(Miniature):
    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        index, size = super().window(call, pagination)
        return max(index - 1, 0), size


class Overlapping(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return records[max(index * size - bool(index), 0) : (index + 1) * size - bool(index)]


class Gapped(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return records[index * (size + 1) : index * (size + 1) + size]


class LastLost(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return super().cut(records[:-1], index, size)


class EndlessLast(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        last = (len(records) - 1) // size
        return super().cut(records, min(index, last), size)


class StartsOver(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return super().cut(records, index % -(-len(records) // size), size)


class Shuffling(Miniature):
    turns = itertools.count()

    def select(self, call: Call, resource: Any, records: list[Record]) -> list[Record]:
        turn = next(self.turns) % max(len(records), 1)
        return records[turn:] + records[:turn]


class ShortMiddle(Miniature):
    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return [record for number, record in enumerate(super().cut(records, index, size)) if index != 1 or number]


@pytest.mark.parametrize(
    ("clause", "kind"),
    [
        ("timedash/page/size", SizeIgnored),
        ("timedash/page/size", OneTooFew),
        ("timedash/page/size", SmallSecondPage),
        ("timedash/page/size", CappedAtFifty),
        ("timedash/page/default", DefaultTen),
        ("timedash/page/default", DefaultGrows),
        ("timedash/page/bounds", Honouring),
        ("timedash/page/bounds", NegativeCut),
        ("timedash/page/bounds", FallsOverText),
        ("timedash/page/zero-based", CountsFromOne),
        ("timedash/page/zero-based", Overlapping),
        ("timedash/page/walk", RefusesPastTheEnd),
        ("timedash/page/walk", EndlessLast),
        ("timedash/page/walk", StartsOver),
        *(
            (clause, kind)
            for clause in ("timedash/page/walk", "moonrope/page/walk", "productive/page/walk")
            for kind in (Overlapping, Gapped, LastLost, Shuffling, ShortMiddle)
        ),
        ("productive/page/window", SizeIgnored),
        ("productive/page/window", OneTooFew),
        ("productive/page/window", CountsFromOne),
        ("productive/page/window", Overlapping),
        ("productive/page/window", Gapped),
    ],
)
def test_broken_lists_fail(clause: str, kind: type[Miniature]) -> None:
    verdict = verdict_on(clause, kind)
    assert isinstance(verdict, Failed)
    assert verdict.operation
    assert verdict.expected
    assert verdict.observed


class Telling(Miniature):
    """Tells its numbers, one of them as `wrong` says."""

    member = ""
    wrong: Any = None

    def tell(self, document: Any, pagination: Any, total: int, index: int, size: int) -> None:
        super().tell(document, pagination, total, index, size)
        told = document["flags"]["paginated"]
        told[self.member] = self.wrong(told)


@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        ("total_records", lambda told: min(told["total_records"], told["per_page"])),
        ("total_records", lambda told: told["total_records"] + 1),
        ("total_pages", lambda told: told["total_records"] // told["per_page"]),
        ("page", lambda told: 1),
        ("page", lambda told: str(told["page"])),
        ("per_page", lambda told: 1),
        ("total_pages", lambda told: float(told["total_pages"]) + 0.5),
    ],
)
def test_wrong_numbers_fail(member: str, wrong: Any) -> None:
    kind = type("Wrong", (Telling,), {"member": member, "wrong": staticmethod(wrong)})
    assert isinstance(verdict_on("moonrope/page/flags", kind), Failed)


class Capped(Clamping):
    """Gives ten records at most, and tells the size that was asked for."""

    asked = 0

    def bounded(self, size: int, largest: int) -> int:
        self.asked = size
        return min(size, 10)

    def tell(self, document: Any, pagination: Any, total: int, index: int, size: int) -> None:
        super().tell(document, pagination, total, index, size)
        document["flags"]["paginated"]["per_page"] = self.asked


class NoneAtOnce(Miniature):
    """Gives an empty page where one record is asked for."""

    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return super().cut(records, index, size) if size > 1 else []


class OneByItself(Miniature):
    """Gives a single record without an array around it."""

    def many(self, resource: Any, records: list[Record], document: Any) -> Any:
        found = super().many(resource, records, document)
        return {**found, "data": found["data"][0]} if len(records) == 1 else found


@pytest.mark.parametrize("kind", [Capped, NoneAtOnce, OneByItself])
def test_smallest_and_largest_pages_agree_with_their_numbers(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("moonrope/page/flags", kind, most=40), Failed)


class GrowsAtTheHead(Miniature):
    """A list at whose head others put a record after each look at it, so that what ends a page begins the next one."""

    def select(self, call: Call, resource: Any, records: list[Record]) -> list[Record]:
        found = super().select(call, resource, records)
        table = self.records[resource.name]
        table.insert(0, {**table[0], resource.key: type(table[0][resource.key])(5000 + len(table))})
        return found


@pytest.mark.parametrize("clause", ["productive/page/walk", "moonrope/page/walk", "timedash/page/walk"])
def test_list_that_grows_at_its_head_does_not_fail(clause: str) -> None:
    assert not isinstance(verdict_on(clause, GrowsAtTheHead, most=12), Failed)


class RefusesLargePages(Miniature):
    """Refuses more records at once than it gives, and tells of the pages that it has all the same."""

    def bounded(self, size: int, largest: int) -> int:
        if size > 60:
            raise Refused("invalid_parameter")
        return size

    def wrap(self, document: Any) -> Any:
        wrapped = super().wrap(document)
        if wrapped["status"] != "success":
            wrapped["flags"] = {"paginated": {"page": 1, "per_page": 30, "total_pages": 2, "total_records": 40}}
        return wrapped


def test_refused_page_may_tell_of_others() -> None:
    assert isinstance(verdict_on("moonrope/page/flags", RefusesLargePages, most=40), Passed)


class RoundsWhatIsLarge(Miniature):
    """Tells the page that was asked for, as a program without integers of that size does; a size of nothing leaves it without a number of pages."""

    def list_document(self, call: Call, resource: Any) -> Any:
        document = super().list_document(call, resource)
        page, size = call.body.get("page", 1), call.body.get("per_page", 30)
        return {**document, "flags": {"paginated": {"page": page if page < 2**53 else float(page), "per_page": size, "total_pages": 2 if size else None}}}

    def bounded(self, size: int, largest: int) -> int:
        return max(size, 1)


@pytest.mark.parametrize(("asked", "judged"), [({}, Fine), ({"page": 10**20}, None), ({"per_page": 0}, None), ({"per_page": 30, "page": 2}, Fine)])
def test_page_that_no_list_has_tells_nothing(asked: dict[str, int], judged: type[Fine] | None) -> None:
    exam, answer = seeded("moonrope", RoundsWhatIsLarge, most=40)
    request = exam.ask.operation(exam.spec.operations["listContacts"], parameters=asked)
    seen = numbers_agree(exam, exam.spec.clauses["moonrope/page/flags"], Exchange(request, answer(request)))
    assert seen is None if judged is None else isinstance(seen, judged)


class BusyAfterAWhile(Miniature):
    """Gives the first page of each list, and can't answer for any other."""

    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        if index:
            raise Refused("unavailable")
        return super().cut(records, index, size)


class BusyForSome(Miniature):
    """Has no pages, and can't answer where a size is asked for, now and then."""

    def list_document(self, call: Call, resource: Any) -> Any:
        if "per_page" in call.body and len(self.sent) % 3 == 0:
            raise Refused("unavailable")
        call.body = {}
        return super().list_document(call, resource)

    def bounded(self, size: int, largest: int) -> int:
        return largest


@pytest.mark.parametrize("kind", [BusyAfterAWhile, BusyForSome])
@pytest.mark.parametrize("clause", ["moonrope/page/flags", "moonrope/page/walk"])
def test_server_that_can_not_answer_ends_no_walk(clause: str, kind: type[Miniature]) -> None:
    assert not isinstance(verdict_on(clause, kind), Failed)


class Silent(Miniature):
    def tell(self, document: Any, pagination: Any, total: int, index: int, size: int) -> None:
        pass


def test_numbers_need_not_be_told() -> None:
    assert isinstance(verdict_on("moonrope/page/flags", Silent), Inconclusive)
    assert isinstance(verdict_on("moonrope/page/walk", Silent), Passed)


class Whole(Silent):
    """Takes no parameters of paging at all, which an API may whose document names none."""

    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return records


def test_list_without_pages_is_no_failure_where_parameters_are_choices() -> None:
    assert isinstance(verdict_on("moonrope/page/walk", Whole, most=7), Inconclusive)
    assert isinstance(verdict_on("timedash/page/walk", Whole, most=7), Failed)


class Linking(Miniature):
    """Gives JSON:API's links, built by `target`."""

    def list_document(self, call: Call, resource: Any) -> Any:
        document = super().list_document(call, resource)
        meta = document["meta"]
        document["links"] = self.links(meta["current_page"], meta["total_pages"], meta["page_size"])
        return document

    def links(self, page: int, pages: int, size: int) -> dict[str, str | None]:
        known = {"first": 1, "last": pages, "prev": page - 1 or None, "next": page + 1 if page < pages else None}
        return {name: None if number is None else f"/api/v2/x?page%5Bnumber%5D={number}&page%5Bsize%5D={size}" for name, number in known.items()}


class NextSkips(Linking):
    def links(self, page: int, pages: int, size: int) -> dict[str, str | None]:
        return super().links(page, pages, size) | {"next": f"?page[number]={page + 2}&page[size]={size}"}


class NextForever(Linking):
    def links(self, page: int, pages: int, size: int) -> dict[str, str | None]:
        return super().links(page, pages, size) | {"next": f"?page[number]={page + 1}&page[size]={size}"}


class LastIsFirst(Linking):
    def links(self, page: int, pages: int, size: int) -> dict[str, str | None]:
        return super().links(page, pages, size) | {"last": f"?page[number]=1&page[size]={size}"}


class ElsewhereLinks(Linking):
    def links(self, page: int, pages: int, size: int) -> dict[str, str | None]:
        return {name: link and f"https://cdn.test{link}" for name, link in super().links(page, pages, size).items()}


@pytest.mark.parametrize("kind", [Linking, ElsewhereLinks])
def test_right_links_pass(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("productive/page/walk", kind), Passed)


@pytest.mark.parametrize("kind", [NextSkips, NextForever, LastIsFirst])
def test_wrong_links_fail(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("productive/page/walk", kind), Failed)


class Filtering(Linking):
    """Filters by equality; its links may forget the filters, and its total may count more than the filtered records."""

    filters: Mapping[str, str]
    forgets, counts_all = False, False

    def list_document(self, call: Call, resource: Any) -> Any:
        self.filters = {name[7:-1]: text for name, text in call.query.items() if name.startswith("filter[")}
        document = super().list_document(call, resource)
        carried = "" if self.forgets else "".join(f"&filter[{name}]={text}" for name, text in self.filters.items())
        document["links"] = {name: link and link + carried for name, link in document["links"].items()}
        return document

    def select(self, call: Call, resource: Any, records: list[Record]) -> list[Record]:
        return [record for record in records if all(str(record.get(name)).lower() == text.lower() for name, text in self.filters.items())]

    def tell(self, document: Any, pagination: Any, total: int, index: int, size: int) -> None:
        super().tell(document, pagination, total + 1 if self.counts_all and self.filters else total, index, size)


class ForgetsFilters(Filtering):
    forgets = True


class CountsAll(Filtering):
    counts_all = True


def test_filtered_pages_that_tell_of_themselves_pass() -> None:
    assert isinstance(verdict_on("productive/page/walk", Filtering), Passed)


@pytest.mark.parametrize("kind", [ForgetsFilters, CountsAll])
def test_filtered_pages_that_tell_of_the_whole_list_fail(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on("productive/page/walk", kind), Failed)


class SmallPages(Miniature):
    """Gives thirty records at most, whatever is asked for, where no largest size is documented."""

    def bounded(self, size: int, largest: int) -> int:
        return min(max(size, 1), 30)


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if not clause.startswith("timedash")])
def test_largest_size_is_open_where_not_documented(clause: str) -> None:
    assert isinstance(verdict_on(clause, SmallPages), Passed)


class NumbersAsText(Miniature):
    def tell(self, document: Any, pagination: Any, total: int, index: int, size: int) -> None:
        super().tell(document, pagination, total, index, size)
        document["meta"] = {name: str(value) for name, value in document["meta"].items()}


def test_members_of_meta_that_no_document_names_may_be_texts() -> None:
    assert isinstance(verdict_on("productive/page/walk", NumbersAsText), Passed)
