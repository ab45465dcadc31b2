"""Headers of every response: no caching, no device features, and no Server header."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from config.limits import Application, Event, Receive, Scope, Send

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


class HeadersMiddleware(MiddlewareMixin):
    """Pages and downloads are not cached, because they have personal data. Static files set their own header."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
        return response


class NameNoServer:
    """The ASGI application `inner`, with an empty Server header. Otherwise gunicorn adds its name."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_without_name(event: Event) -> None:
            if event["type"] == "http.response.start":
                event = {**event, "headers": [*event.get("headers", ()), (b"server", b"")]}
            await send(event)

        await self._inner(scope, receive, send_without_name)
