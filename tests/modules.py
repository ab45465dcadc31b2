"""Lists the functions of a package, for tests that find functions missing from a list."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

# They answer requests, and call the others.
ABOVE = {"views", "admin", "apps", "context", "forms", "management", "migrations", "receivers", "tasks", "urls"}


def modules_below_views(package: ModuleType) -> Iterator[ModuleType]:
    """The modules of the package and of its packages that requests and tasks reach only through a view or a task."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not ABOVE & set(found.name.split(".")):
            yield importlib.import_module(found.name)


def public_functions(package: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each public function of those modules, with its name: "undo.undo_import"."""
    for module in modules_below_views(package):
        for name, function in vars(module).items():
            if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__.split('.')[-1]}.{name}", function
