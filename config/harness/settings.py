"""The product's settings for tests, with a fast hash. The real one takes a third of a second for each password."""

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
