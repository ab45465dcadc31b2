"""Reject Host headers with an unexpected port or a trailing dot.

Django checks only the name against ALLOWED_HOSTS. With variants of the header, a client could evade anything that is
counted per host.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils.deprecation import MiddlewareMixin

from config.environment import is_loopback

# The health check of a container uses the internal port of the process.
HEALTH_PATHS = ("/healthz", "/readyz")


class HostMiddleware(MiddlewareMixin):
    """Allows the names of ALLOWED_HOSTS without a trailing dot, and the port of BASE_URL or none."""

    def process_request(self, request: HttpRequest) -> None:
        """Raises DisallowedHost, which Django answers with status 400."""
        host = request.get_host()
        name, port = split_domain_port(host)
        if host.partition(":")[0].endswith("."):
            raise DisallowedHost("The Host header ends with a dot.")
        is_health_check = request.path_info in HEALTH_PATHS and is_loopback(name.strip("[]"))
        if port and port != str(settings.BASE_PORT) and not is_health_check:
            raise DisallowedHost("The Host header has another port than BASE_URL.")
