"""Which rows of a sheet are hidden or filtered. The library doesn't know, so we read the XML again."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import BinaryIO
from xml.parsers import expat

from .archive import plain_name
from .protocol import WorkbookRejected

ROWS = 1 << 20  # of a sheet
# For each row number, whether the row is hidden.
Hidden = bytearray


class HiddenRows:
    """Finds the hidden rows of each sheet."""

    def __init__(self, file: BinaryIO, kind: str, hiding: set[str]) -> None:
        """`hiding` are the names of the parts that may hide rows. Raises ExpatError for XML that is damaged."""
        self._archive = zipfile.ZipFile(file)
        self._hiding = hiding
        self._by_table: dict[str, Hidden] = {}
        self._part_of: dict[str, str] | None = None
        self._is_ods = kind == "ods"
        if self._is_ods:
            self._read_ods()

    def of(self, sheet: str) -> Hidden | None:
        """The hidden rows of a sheet; None if there are none."""
        if self._is_ods or not self._hiding:
            return self._by_table.get(sheet)
        if self._part_of is None:
            self._part_of = self._find_parts()
        part = self._part_of.get(sheet)
        if part is None:
            # The library has found the sheet somewhere, so we can't say what is hidden there.
            raise WorkbookRejected("workbook_unreadable")
        return self._read_xlsx(part) if part in self._hiding else None

    def _find_parts(self) -> dict[str, str]:
        """For each sheet of an .xlsx file, the name of its part."""
        sheets: dict[str, str] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if local(name) == "sheet":
                ids = [value for key, value in attributes.items() if local(key) == "id" and key != "id"]
                sheets[attributes.get("name", "")] = ids[0] if ids else ""

        # As in the library, case and the kind of slash don't matter in the names of parts.
        parts = {plain_name(name): name for name in self._archive.namelist()}
        book = self._find_related(parts, "_rels/.rels", "", "officeDocument").get("", "xl/workbook.xml")
        folder, _, file = book.rpartition("/")
        self._parse(parts[book], start)
        targets = self._find_related(parts, f"{folder}/_rels/{file}.rels", f"{folder}/", "")
        found = ((sheet, targets.get(identifier, "")) for sheet, identifier in sheets.items())
        return {sheet: parts[part] for sheet, part in found if part in parts}

    def _find_related(self, parts: dict[str, str], name: str, folder: str, kind: str) -> dict[str, str]:
        """The parts that a part with relationships names, by their ids; those of one `kind` by the empty id."""
        targets: dict[str, str] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if local(name) == "Relationship":
                target = plain_name(attributes.get("Target", ""))
                target = target[1:] if target.startswith("/") else f"{folder}{target}"
                if not kind:
                    targets[attributes.get("Id", "")] = target
                elif attributes.get("Type", "").endswith(f"/{kind}"):
                    targets[""] = target

        if name in parts:
            self._parse(parts[name], start)
        return targets

    def _read_xlsx(self, part: str) -> Hidden | None:
        hidden = Hidden(ROWS + 1)
        number = 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal number
            if name == "row" or name.endswith(":row"):
                # Positions were checked before: they are numbers of rows.
                number = read_number(attributes["r"]) if "r" in attributes else number + 1
                if is_true(attributes.get("hidden", "")) and number <= ROWS:
                    hidden[number] = 1

        self._parse(part, start)
        return hidden if any(hidden) else None

    def _read_ods(self) -> None:
        tables: list[str] = []  # A cell may hold a table of its own, which the library ignores.
        groups: list[bool] = []
        number = 0

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal number
            if name == "table:table":
                tables.append(attributes.get("table:name", ""))
                if len(tables) == 1:
                    number = 0
            elif name == "table:table-row-group":
                groups.append(attributes.get("table:display") == "false")
            elif name == "table:table-row" and len(tables) == 1:
                first = number + 1
                number += read_number(attributes.get("table:number-rows-repeated", "1"))
                if attributes.get("table:visibility") in ("collapse", "filter") or any(groups):
                    hidden = self._by_table.setdefault(tables[0], Hidden(ROWS + 1))
                    last = min(number, ROWS)
                    if first <= last:
                        hidden[first : last + 1] = b"\1" * (last + 1 - first)

        def end(name: str) -> None:
            if name == "table:table" and tables:
                tables.pop()
            elif name == "table:table-row-group" and groups:
                groups.pop()

        # Also without hidden rows: the library never ends where an end tag is missing.
        is_hiding = "content.xml" in self._hiding
        self._parse("content.xml", start if is_hiding else None, end if is_hiding else None)

    def _parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None] | None,
        end: Callable[[str], None] | None = None,
    ) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.StartDoctypeDeclHandler = refuse_doctype
        with self._archive.open(part) as unpacked:
            parser.ParseFile(unpacked)


def refuse_doctype(*_: object) -> None:
    """No spreadsheet writes one, and it can define entities that expand without end."""
    raise WorkbookRejected("workbook_unreadable")


def local(name: str) -> str:
    """The name without the prefix of its namespace."""
    return name.partition(":")[2] or name


def is_true(value: str) -> bool:
    return value.strip() in ("1", "true")


def read_number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() else 1
