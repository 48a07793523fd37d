"""`proctor check`: the examination of an implementation over HTTP."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proctor.problems import CannotGoOn, spec_of

if TYPE_CHECKING:
    from conformance import Examination, Options, Target
    from specs.model import Spec

__all__ = ["command", "ensure_writable", "examine_url", "write_reports"]

PERMITS = {"write": "write", "exhaust-rate-limit": "exhaust_rate_limit"}


@click.command("check")
@click.argument("api", required=False, metavar="[API|FILE]")
@click.option("--url", help="Where the implementation is; without it, the nearest proctor.toml says.")
@click.option("--target", "target_file", type=click.Path(), help="A target file; without it, the nearest proctor.toml.")
@click.option(
    "--credential",
    "credentials",
    multiple=True,
    metavar="ROLE.FIELD=VALUE",
    help="A field of a credential: full.key=${MY_KEY}. ${NAME} is read from the environment.",
)
@click.option("--plain-url", help="Where the implementation is over plain HTTP, only to see that it refuses.")
@click.option("--base-path", help="Where the operations' paths begin, if that can't be found out.")
@click.option("--ca-file", type=click.Path(), help="The CA of a private certificate.")
@click.option("--timeout", type=click.FloatRange(0.1, 3600), help="Seconds for one read.  [default: 10]")
@click.option("--only", "clauses", multiple=True, metavar="CLAUSE", help="Only these clauses (an id, or the beginning of one).")
@click.option("--read-only", is_flag=True, help="Send nothing that writes.")
@click.option("--permit", "permits", multiple=True, type=click.Choice(list(PERMITS)), help="What the examination may do beside reading.")
@click.option("--max-requests", type=click.IntRange(1), help="End after so many requests.")
@click.option("--max-time", type=click.FloatRange(1), help="End after so many seconds.")
@click.option("--unpaced", is_flag=True, help="Don't wait under the declared rate limit: the target has none.")
@click.option("--generated", type=click.IntRange(0), help="Requests per operation that are generated from the schemas.  [default: 8, or 2 under a rate limit]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of what is drawn.")
@click.option("--strict", is_flag=True, help="Count failures of clauses that the document only recommends.")
@click.option("--report", "reports", multiple=True, metavar="FORMAT=PATH", help="Write a report: json=PATH or junit=PATH.")
def command(api: str | None, **given: Any) -> None:
    """Examine an implementation of API, clause by clause.

    The simple case: proctor check timedash --url https://staging.example.com/api --credential 'full.key=${KEY}'. All else: a target file
    (`proctor init API` writes one). Exit code 0: conformant; 1: clauses failed; 2: could not examine; 130: interrupted.
    """
    from conformance import Options, TargetError, exit_code

    written = _reports(given["reports"])
    ensure_writable(written)
    try:
        target = _target(api, given)
        options = Options(
            read_only=given["read_only"],
            max_requests=given["max_requests"],
            max_time=given["max_time"],
            generated=given["generated"],
            paced=not given["unpaced"],
            seed=given["seed"],
            strict=given["strict"],
        )
        examination = examine_url(spec_of(api or target.api), target, options, given["clauses"])
    except TargetError as error:
        raise CannotGoOn(str(error)) from None
    write_reports(examination, written)
    raise SystemExit(exit_code(examination))


def examine_url(spec: Spec, target: Target, options: Options, clauses: Iterable[str] = ()) -> Examination:
    """Examines a target over HTTP, with a live line and the report on the terminal; raises `TargetError`."""
    from rich.console import Console

    from conformance import UrlTransport, bind, examine
    from conformance.report.terminal import Progress, show

    console = Console(highlight=False)
    bound = bind(spec, target)
    with UrlTransport(target) as transport, Progress(console) as progress:
        examination = examine(bound, target, transport, clauses=tuple(clauses) or None, options=options, listener=progress)
    show(examination, console)
    return examination


def ensure_writable(reports: Iterable[tuple[str, Path]], option: str = "--report") -> None:
    """Raises `CannotGoOn` where a report can't be written, before minutes are spent on what it would say."""
    for _, path in reports:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file() or not path.exists():
                there = path.exists()
                path.open("ab").close()
                if not there:
                    path.unlink()
        except OSError as error:
            raise CannotGoOn(f"{path}: can't be written ({error.strerror}); give {option} another path") from None


def write_reports(examination: Examination, reports: Iterable[tuple[str, Path]]) -> None:
    """Writes each report (format, path); raises `CannotGoOn` where one can't be written."""
    from conformance import REPORTS

    for name, path in reports:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(REPORTS[name](examination), encoding="utf-8")
        except OSError as error:
            raise CannotGoOn(f"{path}: can't be written ({error.strerror}); give --report another path") from None


def _reports(given: Iterable[str]) -> list[tuple[str, Path]]:
    from conformance import REPORTS

    found = []
    for text in given:
        name, equals, path = text.partition("=")
        if name not in REPORTS or not equals or not path:
            raise CannotGoOn(f"--report {text}: expected FORMAT=PATH, where FORMAT is one of {', '.join(REPORTS)}")
        if Path(path).is_dir():
            raise CannotGoOn(f"--report {text}: {path} is a directory; name a file in it")
        found.append((name, Path(path)))
    return found


def _target(api: str | None, given: dict[str, Any]) -> Target:
    """The target of the command line alone, or of a file with what the command line adds to it."""
    from conformance import Permit, find, from_arguments, load

    said = {name: given[name] for name in ("plain_url", "base_path", "ca_file", "timeout") if given[name] is not None}
    credentials = _credentials(given["credentials"])
    permits = {PERMITS[name]: True for name in given["permits"]}
    path = given["target_file"] or (None if given["url"] else find())
    if path is None:
        if given["url"] is None or api is None:
            raise CannotGoOn("nothing says what to examine: give API and --url, or a target file (`proctor init API` writes a proctor.toml)")
        permit = replace(Permit(write=not given["read_only"]), **permits)
        return from_arguments(api, given["url"], credentials=credentials, permit=permit, **said)
    target = load(path)
    if api is not None and api != target.api:
        raise CannotGoOn(f"{path}: is a target of {target.api}, not of {api}; leave the API away, or name another file with --target")
    added = from_arguments(target.api, given["url"] or target.url, credentials=credentials, **said)
    merged = {name: {**target.credentials.get(name, {}), **fields} for name, fields in added.credentials.items()}
    also = {name: getattr(added, name) for name in said}
    return replace(target, url=added.url, credentials={**target.credentials, **merged}, permit=replace(target.permit, **permits), **also)


def _credentials(given: Iterable[str]) -> dict[str, dict[str, str]]:
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for text in given:
        place, equals, value = text.partition("=")
        role, dot, field = place.partition(".")
        if not (role and dot and field and equals):
            raise CannotGoOn(f"--credential {place}{'=…' if equals else ''}: expected ROLE.FIELD=VALUE, such as full.key=${{MY_KEY}}")
        found[role][field] = value
    return dict(found)
