"""Refuses requests whose Host header isn't written as links of ours write it.

Django checks the name against ALLOWED_HOSTS, but takes any port and a trailing dot. Whatever keeps something by host,
such as a count, could be dodged with either.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils.deprecation import MiddlewareMixin

from config.environment import is_loopback

# A container's health check asks its own process, whose port is another one than people use.
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
