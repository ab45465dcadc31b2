"""The product's settings for tests, with a fast hash: otherwise, each sign-in and each start would hash for a second."""

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
