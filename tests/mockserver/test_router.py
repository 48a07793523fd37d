"""Paths and what they lead to."""

from __future__ import annotations

from mockserver.router import Router


def router() -> Router[str]:
    routes: Router[str] = Router([".json"])
    routes.add("/projects", "GET", "list")
    routes.add("/projects", "POST", "create")
    routes.add("/projects/{id}.json", "GET", "read")
    routes.add("/projects/{id}/open", "POST", "open")
    routes.add("/projects/recent", "GET", "recent")
    routes.add("/companies/{company}/projects/{id}", "GET", "nested")
    return routes


def found(path: str, method: str = "GET") -> tuple[str | None, dict[str, str]]:
    answer = router().find(path)
    return (None, {}) if answer is None else (answer[0].by_method.get(method), dict(answer[1]))


def test_fixed_paths_go_before_parameters() -> None:
    assert found("/projects/recent") == ("recent", {})
    assert found("/projects/7") == ("read", {"id": "7"})


def test_parameters_are_decoded() -> None:
    assert found("/projects/a%2Fb%20%C3%A9") == ("read", {"id": "a/b é"})
    assert found("/companies/1/projects/2") == ("nested", {"company": "1", "id": "2"})


def test_suffix_is_no_part_of_the_path() -> None:
    assert found("/projects.json") == ("list", {})
    assert found("/projects/7.json") == ("read", {"id": "7"})
    assert found("/projects/7") == ("read", {"id": "7"})


def test_other_paths_lead_nowhere() -> None:
    for path in ("/", "", "/nothing", "/projects//", "//projects", "/projects/7/close", "/projects/%ff", "/Projects"):
        assert found(path) == (None, {})


def test_allow_names_all_methods() -> None:
    answer = router().find("/projects")
    assert answer is not None
    assert answer[0].allow == "GET, HEAD, OPTIONS, POST"
