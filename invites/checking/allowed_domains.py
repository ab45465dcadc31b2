"""The email domains that an organization allows, or outside of which it wants a warning."""

from __future__ import annotations

from typing import NamedTuple

from invites.checking.cells.email import email_key, normalize_address
from invites.checking.cells.error import CellError, Doubt, Param

# How many domains a message names.
DOMAINS_NAMED = 3


class AllowedDomains(NamedTuple):
    """`domains` are in their normal form, in lower case; without any, every address is allowed.

    A subdomain is another domain. If the organization `only_warns`, other addresses are valid.
    """

    domains: tuple[str, ...] = ()
    only_warns: bool = False

    def include(self, domain: str) -> bool:
        """`domain` is part of an address in its normal form, in any case."""
        return not self.domains or domain.lower() in self.domains

    def error(self, email: str) -> CellError | None:
        """What is wrong with a valid address; None if it is allowed, or only a doubt."""
        if self.only_warns or not self.domains:
            return None
        domain = email_key(email).rpartition("@")[2]
        if self.include(domain):
            return None
        named = [f"@{each}" for each in self.domains[:DOMAINS_NAMED]]
        more = len(self.domains) - len(named)
        params: dict[str, Param] = {"other_domain": domain, "domains": named, "case": "all"}
        if more:
            params |= {"case": "some", "more": more}
        return CellError("email_domain_not_allowed", params)

    def doubt(self, email: str) -> Doubt | None:
        """The warning about a valid address, if the organization only warns."""
        is_other = self.only_warns and not self.include(email.rpartition("@")[2])
        return Doubt("other_domain") if is_other else None


ANY_DOMAIN = AllowedDomains()


def normalize_domain(text: str) -> str | None:
    """The normal form of a domain such as "Company.com" or "@company.com"; None if it isn't one."""
    address = normalize_address(f"a@{text.strip().removeprefix('@').lower()}")
    return address.rpartition("@")[2] if address else None
