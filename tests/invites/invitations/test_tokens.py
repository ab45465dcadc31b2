"""Tokens equal those of Django's `salted_hmac`, so that earlier links keep working."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.utils.crypto import salted_hmac

from invites.invitations.tokens import PURPOSE, derive_token, hash_token, hashes_for, new_seeds


@pytest.mark.parametrize("secret", ["one", "another"])
def test_a_token_is_the_hmac_of_its_seed_with_the_current_secret_key(settings: Any, secret: str) -> None:
    settings.SECRET_KEY = secret
    for seed in new_seeds(20):
        digest = salted_hmac(PURPOSE, seed, algorithm="sha256").digest()

        assert derive_token(seed) == base64.urlsafe_b64encode(digest[:20]).rstrip(b"=").decode()


def test_hashing_thousands_gives_the_same_hashes() -> None:
    seeds = new_seeds(20)

    assert list(hashes_for(seeds)) == [hash_token(derive_token(seed)) for seed in seeds]
    assert len(set(seeds)) == 20
