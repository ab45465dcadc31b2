"""The one kind of exception for a broken rule: views turn it into a message, anything else is a bug."""


class DomainError(Exception):
    """A rule of the product forbids what was asked. Nothing was changed.

    `code` is stable and for programs; `message` is one sentence for the person who asked.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def is_refusal(self) -> bool:
        """Whether the person's permissions don't reach so far. See access.py: it is answered with 403."""
        return self.code in ("not_allowed", "beyond_permissions")
