"""How fast *Users* is with 1,000 to 200,000 people, for every filter and page: `python -m benchmarks.users`.

Asks for pages in the process itself, through all middleware, and counts the time until the response is complete. Then
it downloads the export of everyone and the report of an import of as many rows, and starts changes of everyone.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest import mock

from benchmarks.rounds import keep, on_each_database, product_settings, say, verdict

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import Membership, Organization

SIZES = [int(size) for size in os.environ.get("BENCH_PEOPLE", "1000 10000 200000").split()]
TURNS = int(os.environ.get("BENCH_TURNS", "20"))
MOST_MS = 50
MOST_SECONDS = 1
# A thousand people each.
CHUNKS = 5


def main() -> None:
    results = on_each_database("benchmarks.users")
    for database, sizes in results.items():
        for size, found in sizes.items():
            say(f"Users: {int(size):,} people on {database}, median of {TURNS}")
            for name, spent in found["pages"].items():
                say(f"  {name:44}{spent:8.1f} ms, at most {MOST_MS}: {verdict(spent <= MOST_MS)}")
            for name, spent in found.get("downloads", {}).items():
                say(
                    f"  {name:44}{spent['first']:8.2f} s until the first bytes, {spent['all']:.1f} s in all, "
                    f"{spent['mb']} MB, takes {spent['memory_mb']} MB of memory"
                )
            for name, spent in found.get("actions", {}).items():
                slower = max(spent["review"], spent["start"])
                fits = verdict(slower < MOST_SECONDS)
                say(f"  {name:44}{slower:8.2f} s for review or start, below {MOST_SECONDS}: {fits}")
    keep("users", {"turns": TURNS, "databases": results})


def measure_here() -> None:
    with product_settings():
        import django

        django.setup()
        json.dump(measure(), sys.stdout)


def measure() -> dict[str, Any]:
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    return {str(size): of_size(size) for size in SIZES}


def of_size(size: int) -> dict[str, Any]:
    """Milliseconds of each page, as the median of all turns. The pages take turns."""
    from benchmarks.users_data import settle, stored_organization

    viewer = stored_organization(size)
    settle()
    client = signed_in(viewer)
    spent: dict[str, list[float]] = {name: [] for name in pages(viewer.organization, size)}
    for turn in range(TURNS + 1):
        for name, address in pages(viewer.organization, size).items():
            began = time.perf_counter()
            response = client.get(address)
            took = 1_000 * (time.perf_counter() - began)
            assert response.status_code == 200, response.status_code
            if turn:  # Nobody's first turn counts.
                spent[name].append(took)
    found: dict[str, Any] = {"pages": {name: round(median(each), 1) for name, each in spent.items()}}
    if size == max(SIZES):
        found["downloads"] = {name: download(ask) for name, ask in downloads(client, viewer.organization).items()}
        # Last, because they change people.
        found["actions"] = {name: act(client, viewer, form) for name, form in actions(viewer.organization).items()}
    return found


def downloads(client: Client, organization: Organization) -> dict[str, Callable[[], Any]]:
    here = f"/o/{organization.slug}"
    batch = organization.batches.get().pk
    return {
        "export of everyone as CSV": lambda: client.post(f"{here}/users/export/", {"format": "csv"}),
        "export of everyone as a workbook": lambda: client.post(f"{here}/users/export/", {"format": "xlsx"}),
        "report of an import": lambda: client.get(f"{here}/batches/{batch}/report.csv"),
    }


def download(ask: Callable[[], Any]) -> dict[str, float]:
    """Seconds until the first bytes and until the last ones, and megabytes in all and of the memory that it took."""

    async def read(response: Any) -> tuple[float, int]:
        first, size = 0.0, 0
        async for piece in response.streaming_content:
            first = first or time.perf_counter() - began
            size += len(piece)
        return first, size

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    response = ask()
    assert response.status_code == 200, response.status_code
    first, size = asyncio.run(read(response))
    took = time.perf_counter() - began
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "first": round(first, 3),
        "all": round(took, 2),
        "mb": round(size / 1e6, 1),
        "memory_mb": round(grown / 1e3, 1),
    }


def actions(organization: Organization) -> dict[str, dict[str, Any]]:
    """What is done to everyone, as the form says it."""
    roles = {role.name: role.pk for role in organization.roles.all()}
    sites = list(organization.sites.order_by("name").values_list("pk", flat=True))
    return {
        "add a role": {"action": "roles", "mode": "add", "roles": roles["Night shift"]},
        "replace roles with two": {"action": "roles", "mode": "replace", "roles": sorted(roles.values())[-2:]},
        "add three sites": {"action": "sites", "mode": "add", "sites": sites[:3]},
        "deactivate": {"action": "deactivate"},
        "resend": {"action": "resend"},
        "revoke": {"action": "revoke"},
    }


def act(client: Client, viewer: Membership, form: dict[str, Any]) -> dict[str, float]:
    """Seconds until the review of everyone is shown, until the action is started, and for a thousand people of it."""
    from invites.directory.bulk.work import handle_next_chunk, stop_bulk_action

    address = f"/o/{viewer.organization.slug}/users/selected/"
    everyone = form | {"all": "1"}
    began = time.perf_counter()
    response = client.post(address, everyone | {"step": "review"})
    reviewed = time.perf_counter()
    seen = re.search(r'name="seen" value="([^"]*)"', response.content.decode())
    assert seen, response.status_code
    with mock.patch("invites.tasks.enqueue_on_commit"):
        client.post(address, everyone | {"step": "start", "seen": seen[1]})
    started = time.perf_counter()
    action = viewer.organization.bulk_actions.latest("pk")
    for _ in range(CHUNKS):
        handle_next_chunk(action.pk)
    handled = time.perf_counter()
    stop_bulk_action(action)
    return {
        "review": round(reviewed - began, 2),
        "start": round(started - reviewed, 2),
        "thousand": round((handled - started) / CHUNKS, 2),
    }


def pages(organization: Organization, size: int) -> dict[str, str]:
    """The addresses of all that is measured, by what they show."""
    roles = {role.name: role.pk for role in organization.roles.all()}
    site = organization.sites.order_by("name")[3].pk
    filters = {
        "everyone": "",
        "active": "status=active",
        "pending": "status=pending",
        "expired": "status=expired",
        "search: one person": "q=person.77@",
        "search: some": "q=lindqvist",
        "search: most": "q=example",
        "search: two words": "q=anna+berg",
        "search: nobody": "q=nobody-has-this",
        "search in a tab": "q=anna&status=pending",
        "role of most": f"role={roles['ReadOnly']}",
        "role of few": f"role={roles['Night shift']}",
        "site": f"site={site}",
        "role and site": f"role={roles['Field worker']}&site={site}",
        "role, site, search and tab": f"role={roles['Field worker']}&site={site}&q=anna&status=active",
    }
    last = size // 25
    found = {}
    for name, query in filters.items():
        for page, address in (("first", "page=1"), ("middle", ""), ("last", f"page={10 * last}")):
            found[f"{name}, {page} page"] = (
                f"/o/{organization.slug}/users/?{query}&{address or middle_of(organization, query)}"
            )
    # Without the link that leads there, all before it are skipped.
    number = middle_of(organization, "").partition("&")[0]
    found["everyone, middle page by its number"] = f"/o/{organization.slug}/users/?{number}"
    return found


def middle_of(organization: Organization, query: str) -> str:
    """The address of the middle page, as the link "Next" on the page before has it."""
    from django.http import QueryDict

    from invites.directory.counts import count_users
    from invites.directory.users import UserFilter
    from invites.directory.users_page import find_users_page

    key = (organization.pk, query)
    if key not in _middle:
        wanted = UserFilter.read(QueryDict(query), organization)
        counts = count_users(organization, wanted)
        number = counts.of(wanted.status) // 50 + 1
        before = find_users_page(organization, wanted, number=max(1, number - 1), counts=counts)
        _middle[key] = f"page={number}&{before.to_next}" if number > 1 else "page=1"
    return _middle[key]


_middle: dict[tuple[int, str], str] = {}


def signed_in(viewer: Membership) -> Client:
    from django.test import Client

    client = Client()
    client.force_login(viewer.user)
    return client


if __name__ == "__main__":
    measure_here() if "--measure" in sys.argv else main()
