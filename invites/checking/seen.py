"""Remember which addresses a file has had, and in which row first."""


class Seen:
    """The row of each address's first occurrence."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}

    def first_row(self, key: str, row: int) -> int:
        """The row in which `key` was seen first; `row` itself when that is now."""
        return self._rows.setdefault(key, row)
