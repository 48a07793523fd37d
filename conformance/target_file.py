"""Reads `proctor.toml`, or makes a target of command-line arguments. No request is sent here, and no spec is needed."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.problems import TargetError, TargetProblem
from conformance.target import OperationBinding, Permit, ResourceBinding, Target
from specs.errors import nearest

__all__ = ["MAX_BYTES", "NAME", "find", "from_arguments", "load", "parse"]

NAME = "proctor.toml"
MAX_BYTES = 1024 * 1024
"""The largest target file that is read, in bytes."""

_SETTINGS: dict[str, tuple[type, ...]] = {
    "api": (str,),
    "url": (str,),
    "plain_url": (str,),
    "base_path": (str,),
    "ca_file": (str,),
    "timeout": (int, float),
    "verify": (bool,),
}
_TABLES = ("credentials", "resources", "operations", "permit", "headers", "checks")
_TIMEOUTS = (0.1, 3600)
_PATH = re.compile(r"[!-~]*", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_FIELD = re.compile(r"[\t -~\xa0-\xff]*")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

Problems = list[TargetProblem]


def find(start: Path | None = None) -> Path | None:
    """The nearest `proctor.toml`, in the folder given (the working directory) or above it; None if there is none."""
    folder = (start or Path.cwd()).resolve()
    return next((candidate for parent in (folder, *folder.parents) if (candidate := parent / NAME).is_file()), None)


def load(path: Path | str | None = None, *, environ: Mapping[str, str] | None = None) -> Target:
    """The target of a file: the one given, or else the nearest `proctor.toml`; raises `TargetError`.

    `${NAME}` within a text is the environment variable of that name.
    """
    chosen = Path(path) if path is not None else find()
    if chosen is None:
        found = f"no {NAME} in {Path.cwd()} or above it"
        raise TargetError([TargetProblem(NAME, found, "a target file", "write one with `proctor init API`, or name the target with --url")])
    return parse(_text(chosen), name=str(chosen), environ=environ)


def _text(path: Path) -> str:
    """The text of a regular file in UTF-8 of at most `MAX_BYTES` bytes; raises `TargetError`."""

    def unusable(found: str, todo: str, line: int = 0) -> TargetError:
        return TargetError([TargetProblem(f"{path}:{line}" if line else str(path), found, "a TOML file in UTF-8", todo)])

    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise unusable("is a directory", f"name the file in it, such as {path / NAME}")
        if not stat.S_ISREG(mode):
            raise unusable("is no regular file", "name another")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise unusable("is not there", "correct the path, or write one with `proctor init API`") from None
    except (OSError, ValueError) as error:
        raise unusable(f"can't be read ({getattr(error, 'strerror', None) or error})", "correct the path, or its permissions") from None
    if len(content) > MAX_BYTES:
        raise unusable(f"is larger than {MAX_BYTES // 1024} KiB", "name another")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unusable(f"byte 0x{content[error.start]:02x} is not UTF-8", "save it as UTF-8", content.count(b"\n", 0, error.start) + 1) from None


def parse(text: str, *, name: str = NAME, environ: Mapping[str, str] | None = None) -> Target:
    """The target that a file's text describes; raises `TargetError` with every mistake in it."""
    try:
        written = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also of a number that is too long, and of arrays that are too deep
        raise TargetError([TargetProblem(name, f"is no TOML: {str(error)[:200]}", "TOML", "correct the line")]) from None
    problems: Problems = []
    written = _substituted(written, name, os.environ if environ is None else environ, problems)
    target = _target(written, name, problems) if not problems else None
    if target is None or problems:
        raise TargetError(problems)
    return target


def from_arguments(
    api: str,
    url: str,
    *,
    credentials: Mapping[str, Mapping[str, str]] | None = None,
    permit: Permit | None = None,
    environ: Mapping[str, str] | None = None,
    **settings: Any,
) -> Target:
    """A target named on the command line; `settings` are further fields of `Target`. Raises `TargetError`.

    Whoever gives a URL by hand means it: writing is permitted unless `permit` says otherwise.
    """
    problems: Problems = []
    environment = os.environ if environ is None else environ
    given = {name: dict(_substituted(dict(values), f"--credential {name}", environment, problems)) for name, values in (credentials or {}).items()}
    for name, fields_of in given.items():
        for field, value in fields_of.items():
            _check_secret(value, f"--credential {name}.{field}", problems)
    for name, value in (("--url", url), ("--plain-url", settings.get("plain_url"))):
        _check_url(value, name, problems)
    _check_timeout(settings.get("timeout"), "--timeout", problems)
    _check_path(settings.get("base_path"), "--base-path", problems)
    if problems:
        raise TargetError(problems)
    return Target(api=api, url=url, credentials=given, permit=permit or Permit(write=True), **settings)


def _substituted(value: Any, where: str, environ: Mapping[str, str], problems: Problems) -> Any:
    if isinstance(value, Mapping):
        return {name: _substituted(inner, f"{where} {name}" if " " in where else f"{where}: {name}", environ, problems) for name, inner in value.items()}
    if isinstance(value, list):
        return [_substituted(inner, where, environ, problems) for inner in value]
    if not isinstance(value, str):
        return value
    for missing in sorted({name for name in _VARIABLE.findall(value) if name not in environ}):
        todo = f"export {missing}=…, or take ${{{missing}}} away"
        problems.append(TargetProblem(where, f"the environment variable {missing} is not set", "a variable that is set", todo))
    return _VARIABLE.sub(lambda found: environ.get(found.group(1), ""), value)


def _target(written: Mapping[str, Any], name: str, problems: Problems) -> Target | None:
    values: dict[str, Any] = {}
    for setting, types in _SETTINGS.items():
        if setting in written and _is(written[setting], types, f"{name}: {setting}", problems):
            values[setting] = written[setting]
    for needed in ("api", "url"):
        if needed not in written:
            problems.append(TargetProblem(name, f"{needed} is missing", f'{needed} = "…"', "add it at the top of the file, above every [table]"))
    for setting in ("url", "plain_url"):
        _check_url(values.get(setting), f"{name}: {setting}", problems)
    _check_timeout(values.get("timeout"), f"{name}: timeout", problems)
    _check_path(values.get("base_path"), f"{name}: base_path", problems)
    tables = {key: value for key, value in written.items() if key not in _SETTINGS}
    for key, value in tables.items():
        if not isinstance(value, Mapping):
            todo = nearest(key, [*_SETTINGS, *_TABLES]) or "take it away"
            problems.append(TargetProblem(f"{name}: {key}", "is no setting", f"one of {', '.join(_SETTINGS)}, or a [table]", todo))
    readers: dict[str, Callable[[Any, str, Problems], Any]] = {
        "credentials": _credentials,
        "resources": _resources,
        "operations": _operations,
        "permit": _permit,
        "headers": _headers,
    }
    for key, reader in readers.items():
        if isinstance(tables.get(key), Mapping):
            values[key] = reader(tables[key], f"{name}: [{key}]", problems)
    values.update(_checks(tables.get("checks", {}), f"{name}: [checks]", problems))
    values["parameters"] = {key: value for key, value in tables.items() if key not in _TABLES and isinstance(value, Mapping)}
    values["timeout"] = float(values.get("timeout", 10.0))
    return Target(**values) if not problems else None


def _is(value: Any, types: tuple[type, ...], where: str, problems: Problems) -> bool:
    if isinstance(value, types) and (bool in types or not isinstance(value, bool)):
        return True
    problems.append(TargetProblem(where, f"{value!r} is {_article(value)}", _wanted(types), "correct it"))
    return False


def _article(value: Any) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a number", str: "a text", list: "an array", dict: "a table"}
    return names.get(type(value), f"a {type(value).__name__}")


def _wanted(types: tuple[type, ...]) -> str:
    return {str: "a text", bool: "true or false", dict: "a table", list: "an array", int: "a number", float: "a number"}[types[0]]


def _check_url(value: Any, where: str, problems: Problems) -> None:
    if value is None:
        return
    expected = "an http or https URL such as https://staging.example.com/api"
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable or re.search(r"[\s\x00-\x1f]", value):
        problems.append(TargetProblem(where, f"{value!r} is no URL that can be asked", expected, "correct it"))
    elif parts.username is not None:
        problems.append(TargetProblem(where, "the URL has a user name in it", expected, "write it under [credentials]"))
    elif parts.query or parts.fragment:
        problems.append(TargetProblem(where, "the URL has a query or fragment", expected, "take it away; a key belongs under [credentials]"))


def _check_timeout(value: Any, where: str, problems: Problems) -> None:
    if isinstance(value, int | float) and not _TIMEOUTS[0] <= value <= _TIMEOUTS[1]:
        expected = f"a number of seconds from {_TIMEOUTS[0]} to {_TIMEOUTS[1]}"
        problems.append(TargetProblem(where, f"{value!r} is no time that can be waited", expected, "correct it"))


def _check_path(value: Any, where: str, problems: Problems) -> None:
    if isinstance(value, str) and not _PATH.fullmatch(value):
        problems.append(TargetProblem(where, f"{value!r} is no path that can be asked", "a path such as /api/v1, percent-encoded", "correct it"))


def _unknown(table: Mapping[str, Any], known: Iterable[str], where: str, problems: Problems) -> None:
    names = list(known)
    for name in table:
        if name not in names:
            problems.append(TargetProblem(f"{where} {name}", "is not known here", f"one of {', '.join(names)}", nearest(name, names)))


def _credentials(table: Mapping[str, Any], where: str, problems: Problems) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, values in table.items():
        if not isinstance(values, Mapping):
            expected = f'the fields of a credential, {name} = {{key = "…"}}'
            problems.append(TargetProblem(f"{where} {name}", f"{_article(values)} stands alone", expected, "write it so"))
            continue
        found[name] = {}
        for field, value in values.items():
            if isinstance(value, str | int) and not isinstance(value, bool):
                found[name][field] = str(value)
                _check_secret(str(value), f"{where} {name}.{field}", problems)
            else:
                problems.append(TargetProblem(f"{where} {name}.{field}", f"{value!r} is {_article(value)}", "a text", "correct it"))
    return found


def _check_secret(value: str, where: str, problems: Problems) -> None:
    """Finds what hardly belongs to a secret; that is never told."""
    if any(character < " " or character == "\x7f" for character in value):
        found = "has a line break at its end" if value.strip().isprintable() else "has a line break or another control character in it"
        problems.append(TargetProblem(where, found, "the secret alone", "take it away; a file's last line often ends with one"))


def _bindings(kind: type[Any], table: Mapping[str, Any], where: str, types: Mapping[str, type], problems: Problems) -> dict[str, Any]:
    found = {}
    for name, values in table.items():
        place = f"{where[:-1]}.{name}]"
        if not isinstance(values, Mapping):
            problems.append(TargetProblem(place, f"{_article(values)} stands alone", "a table", f"write [{place.rpartition('[')[2]}"))
            continue
        _unknown(values, (field.name for field in fields(kind)), place, problems)
        usable = {key: value for key, value in values.items() if key in types and _is(value, (types[key],), f"{place} {key}", problems)}
        found[name] = kind(**usable)
    return found


def _resources(table: Mapping[str, Any], where: str, problems: Problems) -> dict[str, ResourceBinding]:
    types = {"path": str, "item": str, "singular": str, "plural": str, "key": str, "create": dict, "members": dict, "absent": bool}
    for name, values in table.items():
        if isinstance(values, Mapping) and isinstance(values.get("members"), Mapping):
            _texts(values["members"], f"{where[:-1]}.{name}.members]", problems)
    return _bindings(ResourceBinding, table, where, types, problems)


def _operations(table: Mapping[str, Any], where: str, problems: Problems) -> dict[str, OperationBinding]:
    return _bindings(OperationBinding, table, where, {"method": str, "path": str, "absent": bool}, problems)


def _permit(table: Mapping[str, Any], where: str, problems: Problems) -> Permit:
    names = [field.name for field in fields(Permit)]
    _unknown(table, names, where, problems)
    return Permit(**{name: value for name, value in table.items() if name in names and _is(value, (bool,), f"{where} {name}", problems)})


def _texts(table: Mapping[str, Any], where: str, problems: Problems) -> dict[str, str]:
    return {name: value for name, value in table.items() if _is(value, (str,), f"{where} {name}", problems)}


def _headers(table: Mapping[str, Any], where: str, problems: Problems) -> dict[str, str]:
    found = _texts(table, where, problems)
    for name, value in found.items():
        if not _TOKEN.fullmatch(name):
            problems.append(TargetProblem(f"{where} {name!r}", "is no name of a header", "letters, digits and -", "correct it"))
        if not _FIELD.fullmatch(value):
            problems.append(TargetProblem(f"{where} {name}", "can't be sent", "a text of one line, in Latin-1", "correct it"))
    return found


def _checks(table: Any, where: str, problems: Problems) -> dict[str, tuple[str, ...]]:
    if not isinstance(table, Mapping):
        return {}
    _unknown(table, ("only", "skip"), where, problems)
    found = {}
    for name in ("only", "skip"):
        values = table.get(name, [])
        if isinstance(values, list) and all(isinstance(value, str) for value in values):
            found[name] = tuple(values)
        else:
            problems.append(TargetProblem(f"{where} {name}", f"{values!r} is no list of texts", f'{name} = ["page", "auth/required"]', "correct it"))
    return found
