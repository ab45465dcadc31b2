"""Print docs/problems.md: `python -m invites.checking > docs/problems.md`."""

import sys

from invites.checking.catalog import CATALOG
from invites.checking.cells.text import visible


def as_markdown() -> str:
    """The table of docs/problems.md."""
    parts = [
        "# What the check can say",
        "",
        "Made from the code: `python -m invites.checking > docs/problems.md`. A test holds the two together.",
        "Words in braces are filled in from the file.",
    ]
    titles = {
        "file": ("Of the whole file", "The file is rejected, with the first of these that applies. Nobody is invited."),
        "row": (
            "Of a row",
            "All problems of a file are told at once. Nobody is invited until the admin has chosen what to do.",
        ),
        "warning": ("Warnings", "They stop nobody."),
    }
    for scope, (title, lead) in titles.items():
        parts += [
            "",
            f"## {title}",
            "",
            lead,
            "",
            "| code | title | message | how to fix it | example |",
            "| --- | --- | --- | --- | --- |",
        ]
        for kind in CATALOG.values():
            if kind.scope == scope:
                example = f"`{visible(kind.example)}`" if kind.example else "(an empty cell)"
                cells = (f"`{kind.code}`", kind.title, kind.message, kind.hint, example)
                parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
