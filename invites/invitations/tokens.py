"""The secret tokens in the links of an invitation.

The one that accepts is derived from a random seed and the secret key. The database has only the seed and the hash of
the token, which are useless without the key. An email that is sent twice because of a crash has the same link.

The other one declines the invitation and reports abuse. It is derived from the invitation's id and address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache

from django.conf import settings
from django.utils.crypto import constant_time_compare

SEED_BYTES = 16
TOKEN_BYTES = 20
PURPOSE = "invites.invitation-token.v1"
OPT_OUT_PURPOSE = "invites.opt-out-token.v1"
OPT_OUT_TOKEN = re.compile(r"([1-9][0-9]{0,17})-[A-Za-z0-9_-]{27}", re.ASCII)


def new_seed() -> str:
    """A fresh seed: 128 random bits as 32 hexadecimal characters."""
    return secrets.token_hex(SEED_BYTES)


def new_seeds(count: int) -> list[str]:
    """So many fresh seeds, from a single call for random bytes."""
    block = secrets.token_hex(SEED_BYTES * count)
    width = SEED_BYTES * 2
    return [block[start : start + width] for start in range(0, len(block), width)]


def derive_token(seed: str) -> str:
    """The token of a seed: 160 bits of HMAC-SHA256 as 27 characters that need no quoting in a URL.

    Always the same for the same seed and `SECRET_KEY`.
    """
    return _token(_key(settings.SECRET_KEY), seed).decode("ascii")


def former_token(seed: str, token_hash: str) -> str:
    """The token of a seed with a former secret key, if it has this hash; otherwise empty."""
    former = (_token(_key(secret), seed).decode("ascii") for secret in settings.SECRET_KEY_FALLBACKS)
    return next((token for token in former if hash_token(token) == token_hash), "")


def _token(key: bytes, seed: str) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(key, seed.encode(), "sha256")[:TOKEN_BYTES]).rstrip(b"=")


@lru_cache(maxsize=4)
def _key(secret: str, purpose: str = PURPOSE) -> bytes:
    """The key as `salted_hmac` of Django derives it, cached for thousands of tokens."""
    return hashlib.sha256(f"{purpose}{secret}".encode()).digest()


def hash_token(token: str) -> str:
    """What is stored and looked up: SHA-256 as 64 hexadecimal characters.

    A plain hash is enough, because a token has far too many bits to be guessed.
    """
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def fingerprint(token_hash: str) -> str:
    """Identifies the invitation in its form. It can't be used as a token."""
    return hash_token(token_hash)


def hashes_for(seeds: Iterable[str]) -> Iterator[str]:
    """The hashes of the tokens of the seeds, in their order, generated lazily."""
    key = _key(settings.SECRET_KEY)
    return (hashlib.sha256(_token(key, seed)).hexdigest() for seed in seeds)


def opt_out_token(invitation_id: int, email_key: str) -> str:
    """The token in the links to decline an invitation and to report it, such as "12-Hk…": the id, and 160 bits of HMAC.

    It is the same in every email of the invitation, so that an old one can be declined, too. It depends on the address,
    so that it can't decline an invitation whose address was corrected. Nothing follows from it about the other token.
    """
    return _opt_out_token(settings.SECRET_KEY, invitation_id, email_key)


def is_opt_out_token(token: str, invitation_id: int, email_key: str) -> bool:
    """Whether it is the opt-out token of the invitation. Emails that were sent with a former secret key count."""
    return any(
        constant_time_compare(_opt_out_token(secret, invitation_id, email_key), token)
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def _opt_out_token(secret: str, invitation_id: int, email_key: str) -> str:
    signature = _token(_key(secret, OPT_OUT_PURPOSE), f"{invitation_id} {email_key}")
    return f"{invitation_id}-{signature.decode()}"


def invitation_id_in(opt_out: str) -> int:
    """The id in an opt-out token, which isn't checked; 0 if it isn't a token."""
    found = OPT_OUT_TOKEN.fullmatch(opt_out)
    return int(found[1]) if found else 0


def opt_out_links(opt_out: str) -> tuple[str, str]:
    """The URLs for the email, which decline the invitation and report abuse."""
    return f"{settings.BASE_URL}/i/decline/{opt_out}/", f"{settings.BASE_URL}/i/report/{opt_out}/"


def link_for(token: str) -> str:
    """The URL for the email. It comes from the settings, because a Host header can be forged."""
    return f"{settings.BASE_URL}/i/{token}/"
