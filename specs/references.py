"""Resolves `$ref`: within a file, and to files below the spec's own folder or the shipped fixtures, nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from specs.catalogue import apis_folder, fixtures_root
from specs.errors import Problem, SpecError, nearest
from specs.reading import read
from specs.tree import Pointer, Tree

__all__ = ["Files", "Node", "bundle", "unique_name"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_FIXTURES = "../../fixtures/"


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a file, with the way to it."""

    tree: Tree
    pointer: Pointer
    value: Any = field(compare=False)

    @property
    def key(self) -> tuple[str, Pointer]:
        """What tells this place from every other."""
        return self.tree.file, self.pointer

    def child(self, *steps: str | int) -> Node:
        """The node some steps further down, which must be there."""
        value = self.value
        for step in steps:
            value = value[step]
        return Node(self.tree, (*self.pointer, *steps), value)

    def members(self) -> Iterator[tuple[str, Node]]:
        """The members of a mapping; nothing where it is none."""
        if isinstance(self.value, dict):
            for name in self.value:
                yield name, self.child(name)

    def elements(self) -> Iterator[Node]:
        """The elements of a list; nothing where it is none."""
        if isinstance(self.value, list):
            for index in range(len(self.value)):
                yield self.child(index)

    def problem(self, message: str, expected: str = "", hint: str = "", *, of_key: bool = False) -> Problem:
        """A problem at this place."""
        return self.tree.problem(self.pointer, message, expected, hint, of_key=of_key)


class Files:
    """The files of one spec: its own, and those it refers to, each read once.

    `problems` collects what is wrong with references; `links` keeps, by file, each reference that was followed, for `bundle`.
    """

    def __init__(self, path: Path) -> None:
        """Read the spec's own file; raises `SpecError` where that can't be done."""
        self.problems: list[Problem] = []
        self.root = read(path)
        self.links: dict[str, dict[Pointer, tuple[Node, bool]]] = {}
        self._ends: dict[tuple[str, Pointer], Node | None] = {}
        self._resolved: dict[tuple[str, Pointer], Node | None] = {}
        real = Path(os.path.realpath(path))
        self._allowed = tuple(f"{folder}{os.sep}" for folder in (real.parent, os.path.realpath(fixtures_root())))
        self._shipped = real.parent == Path(os.path.realpath(apis_folder()))
        self._named: dict[tuple[str, str], Tree | None] = {}
        self._trees: dict[str, Tree | None] = {str(real): self.root}

    @property
    def paths(self) -> frozenset[Path]:
        """The files that were read, or looked for, links resolved."""
        return frozenset(map(Path, self._trees))

    def follow(self, node: Node) -> Node | None:
        """The node itself, or what its chain of `$ref`s ends at; None, with a problem noted, where that is nowhere."""
        seen: dict[tuple[str, Pointer], None] = {}
        end: Node | None = node
        while end is not None and isinstance(end.value, dict) and "$ref" in end.value:
            if end.key in self._ends:
                end = self._ends[end.key]
                break
            if end.key in seen:
                self.problems.append(end.problem(f"the reference {end.value['$ref']!r} leads back to itself", "a reference that ends at a value"))
                end = None
                break
            seen[end.key] = None
            end = self.target(end, schema=False)
        self._ends.update(dict.fromkeys(seen, end))
        return end

    def target(self, node: Node, *, schema: bool) -> Node | None:
        """What the `$ref` of a mapping points at, one step on; None, with a problem noted, where it points nowhere."""
        if node.key in self._resolved:
            return self._resolved[node.key]
        found = self._locate(node, node.value["$ref"])
        self._resolved[node.key] = found
        if found is not None:
            self.links.setdefault(node.tree.file, {})[node.pointer] = (found, schema)
        return found

    def _locate(self, node: Node, ref: Any) -> Node | None:
        place = Node(node.tree, (*node.pointer, "$ref"), ref)
        if not isinstance(ref, str):
            self._refuse(place, f"$ref is {type(ref).__name__}", "text such as '#/components/schemas/Client'")
            return None
        file, _, fragment = ref.partition("#")
        tree = self._cached_file(place, file) if file else node.tree
        if tree is None:
            return None
        if fragment and not fragment.startswith("/"):
            self._refuse(place, f"the reference {ref[:120]!r} names an anchor", "a JSON pointer such as '#/components/schemas/Client'")
            return None
        return self._walk(place, tree, fragment)

    def _walk(self, place: Node, tree: Tree, fragment: str) -> Node | None:
        node = Node(tree, (), tree.value)
        for written in fragment.split("/")[1:]:
            name = unquote(written).replace("~1", "/").replace("~0", "~")
            if isinstance(node.value, dict) and name in node.value:
                node = node.child(name)
            elif isinstance(node.value, list) and name.isascii() and name.isdigit() and len(name) < 9 and int(name) < len(node.value):
                node = node.child(int(name))
            else:
                known = list(node.value) if isinstance(node.value, dict) else []
                self._refuse(place, f"the reference {str(place.value)[:120]!r} points at nothing", "something that exists", nearest(name, known))
                return None
        return node

    def _cached_file(self, place: Node, written: str) -> Tree | None:
        key = place.tree.file, written
        if self._named.get(key) is None:  # a file that can't be had is told at each reference to it
            self._named[key] = self._file(place, written)
        return self._named[key]

    def _file(self, place: Node, written: str) -> Tree | None:
        name = unquote(written)
        if _SCHEME.match(name) or name.startswith(("/", "\\")):
            kind = "remote" if _SCHEME.match(name) or name.startswith("//") else "absolute"
            self._refuse(
                place, f"{kind} reference {written[:120]!r}", "a reference within the file or to a file beside it", "copy what it names beside the spec"
            )
            return None
        path = os.path.normpath(self._candidate(place, name))
        try:
            real = os.path.realpath(path)
        except (OSError, ValueError):
            self._refuse(place, f"the reference {written[:120]!r} is no path", "a relative path")
            return None
        if not real.startswith(self._allowed):
            self._refuse(place, f"the reference {written[:120]!r} leaves the spec's folder", "a file below it", "move the file there")
            return None
        if real not in self._trees:
            self._trees[real] = self._read(place, Path(path))
        return self._trees[real]

    def _candidate(self, place: Node, name: str) -> str:
        # The shipped specs refer to fixtures as the repository has them; the wheel keeps them elsewhere.
        if self._shipped and place.tree is self.root and name.startswith(_FIXTURES):
            return os.path.join(fixtures_root(), name.removeprefix(_FIXTURES))
        return os.path.join(os.path.dirname(place.tree.file), name)

    def _read(self, place: Node, path: Path) -> Tree | None:
        if "\0" in str(path) or not path.exists():
            self._refuse(place, f"the file {str(path)[-200:]!r} does not exist", "a file that exists", _near_file(path))
            return None
        try:
            return read(path)
        except SpecError as error:
            self.problems.extend(error.problems)
            return None

    def _refuse(self, place: Node, message: str, expected: str, hint: str = "") -> None:
        """Note a problem; what was asked for is then not there."""
        self.problems.append(place.problem(message, expected, hint))


def _near_file(path: Path) -> str:
    try:
        return nearest(path.name, [other.name for other in path.parent.iterdir()])
    except (OSError, ValueError):
        return ""


def bundle(files: Files) -> dict[str, Any]:
    """The spec as one document that needs no other file.

    References within the spec's own file stay. What other files hold is put in its place, except schemas: those go to
    `components/schemas` and are referred to there, because they may contain themselves.
    """
    return _Bundle(files).made()


@dataclass(slots=True)
class _Trie:
    """The references below a place, by the steps that lead to them."""

    below: dict[str | int, _Trie] = field(default_factory=dict)
    link: tuple[Node, bool] | None = None


class _Bundle:
    def __init__(self, files: Files) -> None:
        self.files = files
        self.tries = {file: _trie(links, files.root if file == files.root.file else None) for file, links in files.links.items()}
        self.names: dict[tuple[str, Pointer], str] = {}
        self.hoisted: dict[str, Any] = {}
        self.waiting: list[tuple[str, Node]] = []

    def made(self) -> dict[str, Any]:
        root = self.files.root
        whole: dict[str, Any] = dict(self._copy(root.value, self.tries.get(root.file), ()))
        while self.waiting:
            name, node = self.waiting.pop()
            self.hoisted[name] = self._copy(node.value, self._below(node), (node.key,))
        if self.hoisted:
            components = dict(whole.get("components") or {})
            components["schemas"] = {**(components.get("schemas") or {}), **self.hoisted}
            whole["components"] = components
        return whole

    def _copy(self, value: Any, trie: _Trie | None, via: tuple[Any, ...]) -> Any:
        if trie is None:
            return value
        if trie.link is not None:
            return self._linked(value, *trie.link, via)
        made: Any = dict(value) if isinstance(value, dict) else list(value)
        for step, below in trie.below.items():
            made[step] = self._copy(value[step], below, via)
        return made

    def _linked(self, value: dict[str, Any], node: Node, schema: bool, via: tuple[Any, ...]) -> Any:
        if node.tree is self.files.root:
            return {**value, "$ref": "#" + "".join(f"/{_escaped(step)}" for step in node.pointer)}
        if schema or node.key in via:
            return {**value, "$ref": f"#/components/schemas/{self._name(node)}"}
        return self._copy(node.value, self._below(node), (*via, node.key))

    def _below(self, node: Node) -> _Trie | None:
        trie = self.tries.get(node.tree.file)
        for step in node.pointer:
            trie = trie.below.get(step) if trie else None
        return trie

    def _name(self, node: Node) -> str:
        if node.key not in self.names:
            taken = {*self.names.values(), *((self.files.root.value.get("components") or {}).get("schemas") or {})}
            self.names[node.key] = unique_name(node, taken)
            self.waiting.append((self.names[node.key], node))
        return self.names[node.key]


def unique_name(node: Node, taken: set[str]) -> str:
    """A name for what stands at a node that is not among the names taken."""
    last = str(node.pointer[-1]) if node.pointer else Path(node.tree.file).stem
    name = wanted = re.sub(r"[^A-Za-z0-9._-]", "_", last) or "schema"
    number = 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _trie(links: dict[Pointer, tuple[Node, bool]], keep: Tree | None) -> _Trie:
    top = _Trie()
    for pointer, link in links.items():
        if link[0].tree is keep:  # a reference within the spec's own file stays as it is
            continue
        trie = top
        for step in pointer:
            trie = trie.below.setdefault(step, _Trie())
        trie.link = link
    return top


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
