"""How much one file may hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may hold. Lengths are in characters, sizes in bytes.

    A cell longer than `max_cell` is a problem of the whole file: no spreadsheet writes a cell of a million characters
    (Excel's limit is 32,767), and the reader would have to keep all of it in memory. `max_line` is in bytes.

    A child process reads a workbook, with `workbook_memory` and `workbook_seconds`. `max_cells` counts all cells
    between the first and the last one of its sheet, including empty ones.
    """

    max_bytes: int = 25 * 1024 * 1024
    max_rows: int = 200_000
    max_columns: int = 100
    max_cell: int = 1_000_000
    max_line: int = 4_000_000
    max_cells: int = 8_000_000
    workbook_memory: int = 512 * 1024 * 1024
    workbook_seconds: float = 30.0
