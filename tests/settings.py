"""The product's settings for fast tests: independent of the developer's environment, and all files are temporary."""

import os
import tempfile

# Tests of a database other than SQLite are asked for by this one variable; all others would change what is tested.
for _name in (
    "ALLOWED_HOSTS",
    "ANYMAIL_WEBHOOK_SECRET",
    "BASE_URL",
    "DEBUG",
    "DEFAULT_FROM_EMAIL",
    "DEMO_PASSWORD",
    "EMAIL_TIMEOUT",
    "EMAIL_URL",
    "INVITATION_DAYS",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "EMAILS_PER_SECOND",
    "EMAILS_PER_SECOND_PER_DOMAIN",
    "EMAILS_PER_SECOND_PER_ORGANIZATION",
    "EMAILS_PER_CALL",
    "MAX_ROWS",
    "MAX_UPLOAD_MB",
    "PASSWORD_RESETS_PER_ADDRESS_PER_DAY",
    "PORT",
    "SECRET_KEY_FALLBACKS",
    "RECOVERY_SECONDS",
    "TIME_ZONE",
    "TRUST_PROXY",
    "WORKBOOK_MEMORY_MB",
    "WORKBOOK_SECONDS",
    "WORKERS",
    "WORKER_NICE",
):
    os.environ.pop(_name, None)
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="rollcall-tests-")
os.environ["SECRET_KEY"] = "only-for-tests-and-as-long-as-a-secret-key-has-to-be"
os.environ.pop("REDIS_URL", None)
# So that its address for bounces is there; what is sent by it goes to a server of the test's own.
os.environ |= {
    "EMAIL_PROVIDER": "mailgun",
    "MAILGUN_API_KEY": "key-of-nobody",
    "MAILGUN_WEBHOOK_SIGNING_KEY": "signed-by-nobody",
    "ANYMAIL_WEBHOOK_SECRET": "provider:only-for-tests-and-long",
}

from config.settings import *  # noqa: E402, F403

# Publishing leads nowhere: a test calls the task itself, or asks for the `worker` fixture.
CELERY_BROKER_URL = "memory://"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {  # No manifest: a page can be rendered before anything was collected.
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file, as in the product: a database in memory locks whole tables between threads.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}  # noqa: F405
else:
    # The activity log rejects TRUNCATE, with which tests empty their database.
    DATABASES["default"]["OPTIONS"]["options"] = "-c rollcall.activity_truncation=on"  # noqa: F405
