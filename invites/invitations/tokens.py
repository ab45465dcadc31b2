"""The secret token in the link of an invitation. It is derived from a random seed and the secret key.

The database has only the seed and the hash of the token, which are useless without the key. An email that is sent twice
because of a crash has the same link.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache

from django.conf import settings

SEED_BYTES = 16
TOKEN_BYTES = 20
PURPOSE = "invites.invitation-token.v1"


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


def _token(key: bytes, seed: str) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(key, seed.encode(), "sha256")[:TOKEN_BYTES]).rstrip(b"=")


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    """The key as `salted_hmac` of Django derives it, cached for thousands of tokens."""
    return hashlib.sha256(f"{PURPOSE}{secret}".encode()).digest()


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


def link_for(token: str) -> str:
    """The URL for the email. It comes from the settings, because a Host header can be forged."""
    return f"{settings.BASE_URL}/i/{token}/"
