from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from conformance import (
    Completed,
    CouldNotExamine,
    Errored,
    Examination,
    Failed,
    Inconclusive,
    Interrupted,
    Options,
    Passed,
    Permit,
    Skipped,
    Target,
    TargetError,
    Verdict,
    bind,
    examine,
    exit_code,
)
from conformance.binding import without
from conformance.check import Check, Flow
from conformance.exam import Exam
from conformance.exchange import NoAnswer, NotPermitted, Request, Response
from conformance.target import ResourceBinding
from conformance.verdict import Errored as ErroredVerdict
from specs import load
from specs.model import Clause
from tests.conformance.notes_target import CHECKS, Notes, Ticking, answer, notes_spec, notes_target, only

SPEC = notes_spec()
QUIET = Options(generated=0)


def examined(notes: Notes, target: Target | None = None, **how: Any) -> Examination:
    target = target or notes_target()
    settings = {"options": QUIET, "checks": CHECKS, "clock": notes.ticking.clock, **how}
    return examine(bind(SPEC, target), target, notes, **settings)


def verdict(examination: Examination, name: str) -> Verdict:
    return next(result.verdict for result in examination.results if result.clause.id == f"notes/{name}")


def test_clean_target_is_conformant() -> None:
    examination = examined(Notes(limit=60))
    assert [result.verdict for result in examination.results if isinstance(result.verdict, Failed | ErroredVerdict)] == []
    assert isinstance(verdict(examination, "rate/limit"), Passed)
    assert exit_code(examination) == 0


def test_results_stand_in_the_order_of_the_spec() -> None:
    assert [result.clause.id for result in examined(Notes()).results] == list(SPEC.clauses)


def test_clause_without_check_is_not_yet_examined() -> None:
    examination = examined(Notes())
    result = next(result for result in examination.results if result.clause.id == "notes/error/unknown")
    assert (result.examined, result.verdict) == (False, Skipped("not yet examined"))
    assert examination.counts["not yet examined"] == 1


def test_failure_bears_the_exchanges_that_show_it() -> None:
    failed = verdict(examined(Notes(wrong="overlap")), "page/walk")
    assert isinstance(failed, Failed)
    assert [exchange.request.url.rpartition("/")[2] for exchange in failed.exchanges] == ["notes", "notes?page=2", "notes?page=3", "notes?page=4"]
    assert failed.operation == "listNotes"
    assert all(exchange.number > 0 for exchange in failed.exchanges)


def test_failed_must_clause_exits_with_1() -> None:
    assert exit_code(examined(Notes(wrong="overlap"))) == 1


def test_failed_should_clause_counts_only_when_strict() -> None:
    assert exit_code(examined(Notes(wrong="size", limit=60))) == 0
    assert exit_code(examined(Notes(wrong="size", limit=60), options=replace(QUIET, strict=True))) == 1


def test_failure_that_does_not_recur_is_flaky() -> None:
    flaky = verdict(examined(Notes(wrong="once")), "page/walk")
    assert isinstance(flaky, Inconclusive)
    assert flaky.reason.startswith("flaky: one came twice")


def test_refusal_that_stays_is_confirmed_where_the_check_can_not_be_run_again() -> None:
    class ShutsOut(Notes):
        def send(self, request: Request) -> Response:
            before = [one.as_ for one in self.sent]
            response = super().send(request)
            return answer(401, {"message": "too late"}) if request.as_ == "full" and "other" in before else response

    def flow(exam: Exam, _clause: Clause) -> Flow:
        operation = exam.spec.operations["listNotes"]
        for as_ in ("full", "other"):
            response = yield exam.ask.operation(operation, as_=as_, fresh=True)
            if response.status != 200:
                return Inconclusive("the keys do not work")
        response = yield exam.ask.operation(operation, as_="full", fresh=True)
        return Passed("both work") if response.status == 200 else Failed("both work", "the first is shut out")

    assert isinstance(verdict(examined(ShutsOut(), checks=only(flow)), "page/walk"), Failed)


def test_drawn_failure_is_shrunk() -> None:
    failed = verdict(examined(Notes(wrong="size")), "page/size")
    assert isinstance(failed, Failed)
    assert (failed.expected, failed.observed) == ("8 notes", "9 notes")


def test_shrinking_keeps_to_its_budget() -> None:
    notes = Notes(wrong="size")
    examined(notes, clauses=["page/size"], options=replace(QUIET, shrinking=5))
    assert len(notes.sent) < 30


def test_same_seed_sends_the_same_requests() -> None:
    runs = [Notes(), Notes()]
    for notes in runs:
        examined(notes, clauses=["page"], options=replace(QUIET, seed=7))
    assert [request.url for request in runs[0].sent] == [request.url for request in runs[1].sent]


def test_answers_are_shared_until_a_write() -> None:
    notes = Notes()
    examined(notes, clauses=["page/walk"])
    assert [request.url for request in notes.sent if "page" not in request.url] == ["http://notes.test/api/notes", "http://notes.test/api/tags"]


def test_own_records_are_deleted_at_the_end() -> None:
    notes = Notes(count=3)
    examination = examined(notes)
    assert sorted(notes.notes) == [1, 2, 3]
    assert examination.leftovers == ()


def test_record_that_stays_is_listed() -> None:
    examination = examined(Notes(count=3, wrong="undeletable"))
    assert [(one.resource, one.key, one.reason) for one in examination.leftovers] == [("notes", "4", "answered with 409")]


def test_create_without_an_id_is_listed() -> None:
    examination = examined(Notes(count=3, wrong="nameless"))
    assert any("does not tell its id" in one.reason for one in examination.leftovers)


def test_create_that_says_it_made_none_is_not_listed() -> None:
    examination = examined(Notes(count=3, wrong="none"))
    assert not any("does not tell its id" in one.reason for one in examination.leftovers)


def test_observer_passes_on_what_the_others_ask() -> None:
    passed = verdict(examined(Notes()), "content/json")
    assert isinstance(passed, Passed)
    assert passed.reason.endswith("answers kept it")


def test_observer_fails_on_what_the_others_ask() -> None:
    failed = verdict(examined(Notes(wrong="html")), "content/json")
    assert isinstance(failed, Failed)
    assert (failed.observed, len(failed.exchanges)) == ("text/html", 1)


def test_observer_alone_is_given_something_to_see() -> None:
    failed = verdict(examined(Notes(wrong="create as html"), clauses=["content/json"]), "content/json")
    assert isinstance(failed, Failed)
    assert failed.operation == "createNote"


def test_delete_that_was_refused_is_confirmed_by_a_second() -> None:
    class Silent(Notes):
        def send(self, request: Request) -> Response:
            return Response(409, (("content-type", "text/html"),), b"no") if request.method == "DELETE" else super().send(request)

    def flow(exam: Exam, _clause: Clause) -> Flow:
        made = yield from exam.make(exam.spec.resources["notes"])
        response = yield exam.ask.operation(exam.spec.operations["deleteNote"], key=made.key)
        return Passed(str(response.status))

    checks = {**only(flow), "content_negotiation": CHECKS["content_negotiation"]}
    failed = verdict(examined(Silent(), checks=checks, clauses=["page/walk", "content/json"]), "content/json")
    assert isinstance(failed, Failed)
    assert failed.operation == "deleteNote"


def test_observer_hears_generated_requests() -> None:
    notes = Notes(wrong="html of 3")
    examined(notes, clauses=["content/json"], options=Options(generated=6))
    assert any(request.operation == "listNotes" and "size=" in request.url for request in notes.sent)


def test_nothing_foreign_is_written_to() -> None:
    notes = Notes(count=5)
    before = {key: dict(record) for key, record in notes.notes.items()}
    examined(notes, options=Options(generated=20))
    assert notes.notes == before


def test_write_without_permission_is_skipped() -> None:
    notes = Notes()
    skipped = verdict(examined(notes, notes_target(permit=Permit())), "write/create")
    assert skipped == Skipped("writing is not permitted", "write = true under [permit]")
    assert {request.method for request in notes.sent} == {"GET"}


def test_read_only_writes_nothing() -> None:
    notes = Notes()
    examination = examined(notes, options=Options(read_only=True))
    assert isinstance(verdict(examination, "write/create"), Skipped)
    assert {request.method for request in notes.sent} == {"GET"}


def test_checks_know_that_writing_is_ruled_out() -> None:
    def flow(exam: Exam, _clause: Clause) -> Flow:
        yield exam.ask.operation(exam.spec.operations["listNotes"])
        if exam.target.permit.write:
            yield exam.ask.operation(exam.spec.operations["createNote"], body=b"{}")
        return Passed("judged by what was read")

    found = verdict(examined(Notes(), options=replace(QUIET, read_only=True), checks=only(flow)), "page/walk")
    assert found == Passed("judged by what was read")


def test_write_to_a_foreign_record_is_refused() -> None:
    def flow(exam: Exam, _clause: Clause) -> Flow:
        yield exam.ask.operation(exam.spec.operations["deleteNote"], key="1")
        return Passed("deleted")

    notes = Notes()
    refused = verdict(examined(notes, checks=only(flow)), "page/walk")
    assert isinstance(refused, Skipped)
    assert "is not a record that this examination made" in refused.reason
    assert 1 in notes.notes


def test_request_to_another_host_is_refused() -> None:
    def flow(exam: Exam, _clause: Clause) -> Flow:
        try:
            yield replace(exam.ask.operation(exam.spec.operations["listNotes"]), url="http://evil.test/notes")
        except NotPermitted as fact:
            return Passed(str(fact))
        return Failed("a refusal", "an answer")

    notes = Notes()
    assert isinstance(verdict(examined(notes, checks=only(flow)), "page/walk"), Passed)
    assert all(request.url.startswith("http://notes.test/") for request in notes.sent)


def test_reading_checks_come_before_writing_ones() -> None:
    notes = Notes()
    examined(notes)
    writes = [index for index, request in enumerate(notes.sent) if request.method == "POST"]
    walks = [index for index, request in enumerate(notes.sent) if "page=3" in request.url]
    assert max(walks) < min(writes)


def test_rate_limit_check_comes_last_and_alone() -> None:
    notes = Notes(limit=60)
    examined(notes)
    assert [request.url for request in notes.sent[-62:-1]] == ["http://notes.test/api/notes"] * 61


def test_rate_limit_check_needs_permission() -> None:
    skipped = verdict(examined(Notes(), notes_target(permit=Permit(write=True))), "rate/limit")
    assert isinstance(skipped, Skipped)
    assert skipped.add == "exhaust_rate_limit = true under [permit]"


def test_pace_stays_under_the_declared_limit() -> None:
    def flow(exam: Exam, _clause: Clause) -> Flow:
        for _ in range(150):
            response = yield exam.ask.page(exam.spec.operations["listNotes"], 0).anew()
            if response.status == 429:
                return Failed("no refusal", "a refusal")
        return Passed("never refused")

    notes = Notes(limit=60)
    assert isinstance(verdict(examined(notes, checks=only(flow)), "page/walk"), Passed)
    assert sum(notes.ticking.slept) > 100


def test_refusal_for_too_many_requests_is_waited_out() -> None:
    notes = Notes(limit=12)
    assert isinstance(verdict(examined(notes, clauses=["page"]), "page/walk"), Passed)
    assert notes.ticking.slept


def test_second_refusal_for_too_many_requests_is_inconclusive() -> None:
    class Strict(Notes):
        def send(self, request: Request) -> Response:
            return answer(429, {}) if "page=2" in request.url else super().send(request)

    found = verdict(examined(Strict()), "page/walk")
    assert isinstance(found, Inconclusive)
    assert "429" in found.reason


def test_most_requests_are_kept_to() -> None:
    notes = Notes()
    examination = examined(notes, options=replace(QUIET, max_requests=4))
    assert len(notes.sent) == 4
    assert any(isinstance(result.verdict, Skipped) and "--max-requests" in result.verdict.add for result in examination.results)


def test_longest_time_is_kept_to() -> None:
    notes = Notes(limit=12)
    examined(notes, options=replace(QUIET, max_time=30))
    assert sum(notes.ticking.slept) <= 30


def test_defect_of_a_check_is_told_in_words() -> None:
    def flow(exam: Exam, _clause: Clause) -> Flow:
        yield exam.ask.operation(exam.spec.operations["listNotes"])
        raise KeyError("id")

    errored = verdict(examined(Notes(), checks=only(flow)), "page/walk")
    assert isinstance(errored, Errored)
    assert errored.reason.startswith("a defect of the examination: KeyError: 'id' (")
    assert "\n" not in errored.reason


def test_check_that_never_ends_is_ended() -> None:
    def flow(exam: Exam, _clause: Clause) -> Flow:
        while True:
            yield exam.ask.operation(exam.spec.operations["listNotes"], fresh=True)

    found = verdict(examined(Notes(), checks=only(flow), options=replace(QUIET, per_check=50)), "page/walk")
    assert found == Inconclusive("no end after 50 requests")


def test_missing_answer_is_thrown_into_the_check() -> None:
    def flow(exam: Exam, _clause: Clause) -> Flow:
        try:
            yield exam.ask.operation(exam.spec.operations["readNote"], key="1")
        except NoAnswer as fact:
            return Passed(str(fact))
        return Failed("silence", "an answer")

    assert verdict(examined(Deaf(), checks=only(flow)), "page/walk") == Passed("closed")


class Deaf(Notes):
    """Answers lists, and nothing else."""

    def send(self, request: Request) -> Response:
        if request.operation == "readNote":
            self.sent.append(request)
            raise NoAnswer("closed")
        return super().send(request)


def reads(exam: Exam, _clause: Clause) -> Flow:
    yield exam.ask.operation(exam.spec.operations["readNote"], key="1")
    return Passed("answered")


def test_missing_answer_that_nobody_expects_is_an_error() -> None:
    errored = verdict(examined(Deaf(), checks=only(reads)), "page/walk")
    assert isinstance(errored, Errored)
    assert errored.reason == "no answer: closed"
    assert [exchange.failure for exchange in errored.exchanges] == ["closed"]


def test_missing_answer_that_comes_when_asked_again_is_flaky() -> None:
    class Once(Notes):
        def send(self, request: Request) -> Response:
            if request.operation == "readNote" and not any(one.operation == "readNote" for one in self.sent):
                self.sent.append(request)
                raise NoAnswer("closed")
            return super().send(request)

    found = verdict(examined(Once(), checks=only(reads)), "page/walk")
    assert isinstance(found, Inconclusive)
    assert found.reason.startswith("flaky: no answer once")


def test_dead_target_is_given_up() -> None:
    class Dying(Notes):
        def send(self, request: Request) -> Response:
            if len(self.sent) >= 4:
                self.wrong = "silent"
            return super().send(request)

    notes = Dying()
    examination = examined(notes)
    assert len(notes.sent) < 20
    assert exit_code(examination) in (0, 2)
    assert any(isinstance(result.verdict, Errored) for result in examination.results)


def test_silent_target_can_not_be_examined() -> None:
    notes = Notes(wrong="silent")
    examination = examined(notes)
    assert examination.outcome == CouldNotExamine("nobody is there", "see that the target runs at this URL and can be reached from here")
    assert (exit_code(examination), len(notes.sent)) == (2, 2)


def test_wrong_credential_can_not_be_examined() -> None:
    examination = examined(Notes(), notes_target(credentials={"full": {"key": "wrong"}}))
    assert isinstance(examination.outcome, CouldNotExamine)
    assert "`full` was refused with 401" in examination.outcome.reason
    assert exit_code(examination) == 2


def test_base_path_of_the_spec_is_tried_first() -> None:
    assert examined(Notes(base="/api")).target.base_path == "/api"


def test_base_path_of_the_url_is_tried_next() -> None:
    notes = Notes(base="/v7")
    examination = examined(notes, notes_target(url="http://notes.test/v7"))
    assert examination.target.base_path == "/v7"
    assert isinstance(verdict(examination, "page/walk"), Passed)


def test_unknown_base_path_can_not_be_examined() -> None:
    examination = examined(Notes(base="/elsewhere"))
    assert isinstance(examination.outcome, CouldNotExamine)
    assert "base_path" in examination.outcome.todo


def test_url_at_which_nothing_is_known_can_not_be_examined() -> None:
    examination = examined(Notes(base="/elsewhere"), notes_target(url="http://notes.test/api"))
    assert isinstance(examination.outcome, CouldNotExamine)


def test_base_path_that_the_target_names_is_taken_as_it_is() -> None:
    examination = examined(Notes(base="/elsewhere"), notes_target(base_path="/v9"), clauses=["auth"])
    assert examination.outcome == Completed()
    assert isinstance(verdict(examination, "auth/required"), Failed)


def test_representative_resource_that_is_unknown_is_skipped() -> None:
    skipped = verdict(examined(Notes(wrong="no tags")), "envelope/tags")
    assert isinstance(skipped, Skipped)
    assert "the target has no tags: GET http://notes.test/api/tags was answered with 404" in skipped.reason
    assert skipped.add == 'its path: [resources.tags] path = "…"'


def test_bound_resource_that_is_unknown_is_examined() -> None:
    target = notes_target(resources={"tags": ResourceBinding()})
    assert not isinstance(verdict(examined(Notes(wrong="no tags"), target), "envelope/tags"), Skipped)


def test_absent_resource_is_skipped() -> None:
    notes = Notes()
    skipped = verdict(examined(notes, notes_target(resources={"tags": ResourceBinding(absent=True)})), "envelope/tags")
    assert isinstance(skipped, Skipped)
    assert not any("/tags" in request.url for request in notes.sent)


def test_assured_examination_asks_nothing_beforehand() -> None:
    notes = Notes()
    examined(notes, options=replace(QUIET, assured=True), clauses=["auth"])
    assert [request.as_ for request in notes.sent] == [None]


def test_interruption_keeps_what_was_found_and_cleans_up() -> None:
    def interrupting(exam: Exam, _clause: Clause) -> Flow:
        yield from exam.make(exam.spec.resources["notes"])
        raise KeyboardInterrupt

    notes = Notes(count=3)
    checks = {**CHECKS, "lifecycle": {"created_can_be_read": Check(interrupting)}}
    examination = examined(notes, checks=checks)
    assert isinstance(examination.outcome, Interrupted)
    assert exit_code(examination) == 130
    assert isinstance(verdict(examination, "page/size"), Passed)
    assert verdict(examination, "write/create") == Skipped("interrupted before it was examined")
    assert sorted(notes.notes) == [1, 2, 3]


def test_unknown_clause_is_told_with_the_nearest() -> None:
    with pytest.raises(TargetError, match="did you mean 'notes/page/walk'"):
        examined(Notes(), clauses=["notes/page/wlak"])


def test_clauses_are_chosen_by_group() -> None:
    assert [result.clause.id for result in examined(Notes(), clauses=["page"]).results] == ["notes/page/walk", "notes/page/size"]


def test_target_may_skip_clauses() -> None:
    examination = examined(Notes(), notes_target(skip=("page", "rate")))
    assert not any(result.clause.group in ("page", "rate") for result in examination.results)


def test_nothing_passed_exits_with_2() -> None:
    examination = examined(Notes(count=0), clauses=["page/walk"])
    assert (examination.outcome, exit_code(examination)) == (Completed(), 2)


def test_check_closed_in_the_middle_may_still_yield() -> None:
    def stubborn(exam: Exam, _clause: Clause) -> Generator[Any, Any, Any]:
        try:
            yield exam.ask.operation(exam.spec.operations["deleteNote"], key="1")
        finally:
            yield exam.ask.operation(exam.spec.operations["listNotes"])

    assert isinstance(verdict(examined(Notes(), checks=only(stubborn)), "page/walk"), Skipped | Errored)


def test_clock_is_never_slept_on_in_process() -> None:
    ticking = Ticking()
    examined(Notes(limit=60, ticking=ticking))
    assert ticking.time > 1000


def test_outcome_in_the_body_tells_a_wrong_credential() -> None:
    class Denying:
        def send(self, _request: Request) -> Response:
            return answer(200, {"status": "error", "time": 0.1, "flags": {}, "data": {"code": "AccessDenied"}})

    target = Target("moonrope", "http://x.test", credentials={"full": {"application": "a1b2c3", "token": "t1t2t3"}})
    examination = examine(bind(load("moonrope"), target), target, Denying(), options=QUIET)
    assert isinstance(examination.outcome, CouldNotExamine)
    assert "answered as a wrong one is" in examination.outcome.reason


def test_path_that_may_be_none_is_told_beside_a_wrong_credential() -> None:
    class Unknowing:
        def send(self, request: Request) -> Response:
            code = "UnknownAction" if "/rpc/api/v2/" in request.url else "AccessDenied"
            return answer(200, {"status": "error", "time": 0.1, "flags": {}, "data": {"code": code}})

    target = Target("moonrope", "http://x.test/rpc", credentials={"full": {"application": "a1b2c3", "token": "t1t2t3"}})
    examination = examine(bind(load("moonrope"), target), target, Unknowing(), options=QUIET)
    assert isinstance(examination.outcome, CouldNotExamine)
    assert "under /rpc the credential `full` was answered as a wrong one is" in examination.outcome.reason
    assert "base_path" in examination.outcome.todo


def test_clause_of_several_resources_keeps_those_that_are_there() -> None:
    paydirt = load("paydirt")
    clause = next(clause for clause in paydirt.clauses.values() if len(getattr(clause.arguments, "resources", [])) > 1)
    first, *others = clause.arguments.resources  # type: ignore[union-attr]
    assert without(paydirt, {first}).clauses[clause.id].arguments.resources == others  # type: ignore[union-attr]
