"""The exceptions of services. Anything else that a service raises is a bug."""


class ServiceError(Exception):
    """A service refused what was asked for. Nothing was changed.

    `code` is stable and for programs; `message` is one sentence for the person who asked.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class DomainError(ServiceError):
    """A rule of the product forbids it. The view shows the message where the person can correct what they typed."""


class AccessDenied(ServiceError):
    """The person's permissions don't cover it: "not_allowed" or "beyond_permissions".

    Views don't catch it: `AccessMiddleware` answers it with 403 and the message.
    """
