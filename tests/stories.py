"""What the browser tests of long stories share: imports that a command starts, days that pass, and links in emails."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

from config.harness.driving import ROLE
from config.harness.running import Mail, Stack

LINK = re.compile(r"http://\S+/i/[\w-]{27}/")
ADMINS = {"acme": "admin@example.com", "globex": "admin@globex.example.com"}
# The demo gives each organization other roles.
ROLES = {"acme": ROLE, "globex": "Dispatcher"}


def import_file(stack: Stack, file: Path, *options: str, organization: str = "acme") -> int:
    """Import the file as the admin, and wait. Returns the id of the import."""
    who = ("--organization", organization, "--as", ADMINS[organization], "--role", ROLES[organization], "--all-sites")
    done = stack.manage("invite_csv", str(file), *who, "--wait", "--json", *options)
    assert done.stdout, done.stderr
    return int(json.loads(done.stdout)["batch"])


def in_two_days() -> str:
    """A time for `--send-at`, whatever the time zone of the organization."""
    return f"{datetime.now() + timedelta(days=2):%Y-%m-%d} 09:00"


def run(stack: Stack, code: str) -> str:
    """What the Python code printed. It has the models."""
    models = "from datetime import timedelta\nfrom django.utils import timezone\n"
    models += "from accounts.models import *\nfrom invites.models import *\n"
    done = stack.manage("shell", "--no-imports", "-c", models + code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def link_in(mail: Mail) -> str:
    """The link that accepts the invitation."""
    found = LINK.search(mail.text)
    assert found, mail.text
    return found[0]


def opt_out_link_in(mail: Mail, what: str) -> str:
    """The link to "decline" it, or to "report" abuse."""
    links = re.findall(rf"http://\S+/i/{what}/\S+", mail.text)
    assert len(links) == 1
    assert links[0] in mail.html
    return str(links[0])
