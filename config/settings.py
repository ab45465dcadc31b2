"""All settings. They come from the environment, and the defaults suit `make run`. README.md has a table of them."""

import logging
import os
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Exchange, Queue

from config.devserver import embedded_broker
from config.environment import (
    address,
    all_of,
    broker,
    choice,
    database,
    demo_password,
    former_secrets,
    hosts,
    mail_server,
    number,
    reached_from_elsewhere,
    seconds,
    secret,
    switch,
    text,
    webhook_secret,
)
from config.logs import configure_structlog, logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where things are -------------------------------------------------------------------------------

DATA_DIR = Path(text("DATA_DIR", str(BASE_DIR / "var"))).expanduser().resolve()
PORT = number("PORT", 8000, most=65_535)
BASE_URL = text("BASE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
try:
    _base = urlsplit(BASE_URL)
    # The port that a Host header may have: config/hosts.py.
    BASE_PORT = _base.port or (443 if _base.scheme == "https" else 80)
except ValueError as error:
    raise ImproperlyConfigured(f"BASE_URL must look like https://rollcall.example.org, not {BASE_URL!r}.") from error
if _base.scheme not in ("http", "https") or not _base.hostname or _base.hostname.endswith("."):
    raise ImproperlyConfigured(f"BASE_URL must look like https://rollcall.example.org, not {BASE_URL!r}.")

# The variable DEBUG opens the development inbox and serves static files from the source. Django's own DEBUG stays off:
# pages never show a traceback, and workers don't keep every query in memory.
DEVELOPMENT = switch("DEBUG", False)
DEBUG = False
_further_hosts = hosts("ALLOWED_HOSTS")
_reached = reached_from_elsewhere(BASE_URL, _further_hosts)
if DEVELOPMENT and _reached:
    raise ImproperlyConfigured(f"DEBUG must be 0 while {_reached}, because it opens the development inbox to everyone.")
demo_password("DEMO_PASSWORD", reached=_reached)


def _secret_key() -> str:
    """The key of SECRET_KEY, or the one that was made for this DATA_DIR when it was first needed."""
    if given := secret("SECRET_KEY"):
        return given
    path = DATA_DIR / "secret-key"
    try:
        if not path.exists():
            DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Written to a draft and linked into place: if two processes start at once, both read the same whole key.
            draft = DATA_DIR / f"secret-key.{secrets.token_hex(8)}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(50))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"No SECRET_KEY is set, and none can be kept in {path} ({error.strerror}): "
            "set SECRET_KEY, or DATA_DIR to a directory that can be written."
        ) from error


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = former_secrets("SECRET_KEY_FALLBACKS")

# --- Database ---------------------------------------------------------------------------------------

DATABASES = {
    "default": database("DATABASE_URL")
    or {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "rollcall.sqlite3")}
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that begins with a read can't wait for the write lock later, and would fail.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # A checkpoint every 32 MB. With SQLite's default of 4 MB, an import waits for the disk every 1,000 emails.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=8000;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
# Under ASGI each request has its own thread, so a persistent connection would never be reused.
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- The product ------------------------------------------------------------------------------------

MAX_UPLOAD_MB = number("MAX_UPLOAD_MB", 25)
MAX_ROWS = number("MAX_ROWS", 200_000)
# A workbook is read by a child process with these limits, because a small one can use any amount of memory and time.
WORKBOOK_MEMORY_MB = number("WORKBOOK_MEMORY_MB", 512, least=64)
WORKBOOK_SECONDS = number("WORKBOOK_SECONDS", 30)
# How long an invitation can be accepted.
INVITATION_DAYS = number("INVITATION_DAYS", 14)
# How often an invitation can be resent, and after how many seconds.
RESEND_LIMIT = number("RESEND_LIMIT", 10, least=0)
RESEND_PAUSE = number("RESEND_PAUSE", 60, least=0)
# Daily quotas, in UTC, which keep accounts uninteresting for spammers: per organization, per admin in it, and per
# recipient address in it.
INVITATIONS_PER_DAY = number("INVITATIONS_PER_DAY", 1_000_000)
INVITATIONS_PER_INVITER_PER_DAY = number("INVITATIONS_PER_INVITER_PER_DAY", 500_000)
EMAILS_PER_RECIPIENT_PER_DAY = number("EMAILS_PER_RECIPIENT_PER_DAY", 5)
# How many reset links are sent to one address per day.
PASSWORD_RESETS_PER_ADDRESS_PER_DAY = number("PASSWORD_RESETS_PER_ADDRESS_PER_DAY", 5)
# How long entries of the activity log are kept.
ACTIVITY_DAYS = number("ACTIVITY_DAYS", 730)
# How many days after its end an import or a change to many users keeps names and addresses. 0 keeps them.
IMPORT_ROWS_DAYS = number("IMPORT_ROWS_DAYS", 90, least=0)
# Whether `manage.py up` creates the organizations of the demo.
DEMO = switch("DEMO", True)

# The largest request body in bytes, counted while it streams in: config/limits.py.
MAX_BODY_BYTES = 2 * 1024 * 1024
# For URL-encoded forms, which take 70 times their size in memory while they are decoded. The largest form, with
# thousands of selected invitations, has a fifth of this.
MAX_FORM_BYTES = 512 * 1024
MAX_UPLOAD_BODY_BYTES = (MAX_UPLOAD_MB + 1) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# --- Django -----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "anymail",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "django_structlog",
    "lucide",
    "django_mail_preview",
    "django_tomselect",  # Only for its static files: tom-select.
    "accounts",
    "invites",
    "config",  # Last, when all others have imported what they need.
]

MIDDLEWARE = [
    "config.request_log.RequestLogMiddleware",
    "config.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    # Before the hosts are checked, so that the page about a wrong host has styles.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.hosts.HostMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.activity.source.SourceMiddleware",
    "accounts.languages.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.organizations.access.AccessMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.shell",
                "invites.shell.context.shell",
            ],
            "builtins": [
                "accounts.templatetags.icons",
                "accounts.templatetags.support",
                "django.templatetags.i18n",
                "django.contrib.humanize.templatetags.humanize",
            ],
            "libraries": {"notifications": "invites.shell.notifications"},
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "accounts.users.sign_in.Adapter"
ACCOUNT_FORMS = {
    "login": "accounts.users.sign_in.SignInForm",
    "change_password": "accounts.users.sign_in.OtherPasswordForm",
    "set_password": "accounts.users.sign_in.FirstPasswordForm",
    "reset_password_from_key": "accounts.users.sign_in.NewPasswordForm",
}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.users.passwords.ResetTokenGenerator"  # noqa: S105
# Longer than a day, the period of the limit per address: accounts/users/account_email.py.
PASSWORD_RESET_TIMEOUT = int(timedelta(days=3).total_seconds())
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.users.passwords.LongEnough"},
    {"NAME": "accounts.users.passwords.NotCommon"},
    {"NAME": "accounts.users.passwords.NotAboutYou"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "users:home"

# Failures are counted by accounts/users/rate_limits.py, because allauth counts them in a cache that evicts keys.
ACCOUNT_RATE_LIMITS = False
RATE_LIMIT_STORAGE = broker("REDIS_URL") or embedded_broker.rate_limit_url(DATA_DIR)

USE_TZ = True
TIME_ZONE = text("TIME_ZONE", "UTC")
try:
    ZoneInfo(TIME_ZONE)
except (ZoneInfoNotFoundError, ValueError) as error:
    raise ImproperlyConfigured(f"TIME_ZONE must be a name like Europe/Paris, not {TIME_ZONE!r}.") from error
LANGUAGE_CODE = "en-us"
# The languages that the product has, each under its own name. `make translations` extracts their catalogs.
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "config.static_files.ModuleStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEVELOPMENT
WHITENOISE_AUTOREFRESH = DEVELOPMENT
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- Security ---------------------------------------------------------------------------------------

ALLOWED_HOSTS = sorted({_base.hostname, "127.0.0.1", "localhost", *_further_hosts})
CSRF_TRUSTED_ORIGINS = [BASE_URL]
_https = _base.scheme == "https"
# Behind a proxy that ends TLS (docs/deploy.md); only that proxy may be able to reach the server then.
if switch("TRUST_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # The limits of sign-in use the last address of X-Forwarded-For. Otherwise all clients would share one.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
SESSION_ENGINE = "accounts.users.sessions"
SESSION_COOKIE_SECURE = _https
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
CSRF_COOKIE_SECURE = _https
CSRF_COOKIE_HTTPONLY = False  # htmx sends the token in a header of its own.
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

# No inline styles or scripts except those with the nonce of the request. Emails in the development inbox have a
# stricter policy of their own.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Mail -------------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", f"Rollcall <no-reply@{_base.hostname}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
SUPPORT_EMAIL = address("SUPPORT_EMAIL")
_mail = mail_server("EMAIL_URL")
if _mail is not None:
    EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
    if EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend":
        EMAIL_BACKEND = "invites.mailing.transports.smtp.EmailBackend"
    EMAIL_HOST = _mail["EMAIL_HOST"] or "localhost"
    EMAIL_PORT = _mail["EMAIL_PORT"] or 25
    EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"] or ""
    EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
    EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
else:
    EMAIL_BACKEND = "django_mail_preview.backends.EmailBackend"
# For each answer, and each address of the server that is tried. Without one, a mail server that hangs would hold a
# worker for ever, and beyond the claim of a chunk (invites/imports/chunks.py) another worker would send it, too.
EMAIL_TIMEOUT = number("EMAIL_TIMEOUT", 10, most=15)

# Instead of a mail server, a provider that is called by HTTP. Its own settings have the names that Anymail gives them.
EMAIL_PROVIDER = choice(
    "EMAIL_PROVIDER",
    "none",
    (
        "none", "brevo", "mailersend", "mailgun", "mailjet", "mailtrap", "mandrill", "postal", "postmark", "resend",
        "scaleway", "sendgrid", "sparkpost", "unisender_go",
    ),
)  # fmt: skip
if EMAIL_PROVIDER != "none":
    if _mail is not None:
        raise ImproperlyConfigured("Set EMAIL_URL or EMAIL_PROVIDER, not both.")
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
ANYMAIL = {
    "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
    # Click tracking would reveal the tokens of links to the provider.
    "SEND_DEFAULTS": {"track_clicks": False, "track_opens": False},
    # Not every provider has these two, nor takes what lets it tell us of bounces.
    "IGNORE_UNSUPPORTED_FEATURES": True,
    "WEBHOOK_SECRET": webhook_secret("ANYMAIL_WEBHOOK_SECRET"),
    **all_of(f"{EMAIL_PROVIDER.upper()}_"),
}
# How many emails a provider gets in one call, if it supports that.
EMAILS_PER_CALL = number("EMAILS_PER_CALL", 100)
# How many invitations all workers on all machines send per second. 0: as many as the mail server accepts.
EMAILS_PER_SECOND = number("EMAILS_PER_SECOND", 0, least=0)
EMAILS_PER_SECOND_PER_ORGANIZATION = number("EMAILS_PER_SECOND_PER_ORGANIZATION", 0, least=0)
EMAILS_PER_SECOND_PER_DOMAIN = number("EMAILS_PER_SECOND_PER_DOMAIN", 0, least=0)

# Files, because the worker sends emails and the web server shows them.
MAIL_PREVIEW_STORAGE = "config.devserver.inbox.Inbox"
MAIL_PREVIEW_ROOT = DATA_DIR / "mail"
MAIL_PREVIEW_MAX_MESSAGES = 5_000
MAIL_PREVIEW_ALLOW = "config.devserver.inbox.is_open"
SILENCED_SYSTEM_CHECKS = [
    # Subdomains of the operator's domain may use plain HTTP.
    "security.W005",
    "security.W021",
    # The proxy that ends TLS sends plain HTTP on to HTTPS: docs/deploy.md.
    "security.W008",
    # In development, emails are only stored on purpose. Elsewhere the warning is useful.
    *(["django_mail_preview.W001"] if DEVELOPMENT or not _reached else []),
]
INBOX_OPEN = DEVELOPMENT and EMAIL_BACKEND.startswith("django_mail_preview.")

# --- Tasks -------------------------------------------------------------------------------------------

CELERY_BROKER_URL = broker("REDIS_URL") or embedded_broker.broker_url(DATA_DIR)
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
# A worker reads its queues in turn, so that a reset link doesn't wait for an import, and neither waits for recoveries,
# which pile up while a worker gets little of a busy machine.
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_QUEUES = tuple(
    Queue(name, Exchange(name), routing_key=name) for name in ("celery", "account-email", "schedule")
)
CELERY_TASK_ROUTES = {
    "invites.tasks.recover": {"queue": "schedule"},
    "accounts.tasks.send_unsent_emails": {"queue": "schedule"},
    "accounts.tasks.clean_up": {"queue": "schedule"},
    "accounts.tasks.*": {"queue": "account-email"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_EAGER_RESULT = False
# A task is acknowledged when it has ended, so that the task of a dead worker is delivered again.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = number("WORKERS", 2)
# A page must not wait for a worker that sends thousands of emails. With 10, a busy machine gives a worker about a tenth
# of what other processes get.
WORKER_NICE = number("WORKER_NICE", 10, least=0, most=19)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 3
# A task continues without its broker: its work is claimed in the database, and another delivery does nothing. Killing
# it while it sends an email would send that email twice.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    # How often publishing is retried: a page must not wait for a broker that is down.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_TASK_PUBLISH_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
RECOVERY_SECONDS = seconds("RECOVERY_SECONDS", 5.0)
CELERY_BEAT_SCHEDULE = {
    # What was lost on the way is found here. A recovery may wait until a process is free: if it expired sooner, one
    # large batch would keep what others have lost from being found.
    "recover": {
        "task": "invites.tasks.recover",
        "schedule": RECOVERY_SECONDS,
        "options": {"expires": max(20.0, RECOVERY_SECONDS)},
    },
    "unsent-account-email": {
        "task": "accounts.tasks.send_unsent_emails",
        "schedule": RECOVERY_SECONDS,
        "options": {"expires": max(20.0, RECOVERY_SECONDS)},
    },
    # Often, because a schedule in memory starts over with its process.
    "clean-up": {"task": "accounts.tasks.clean_up", "schedule": 300.0, "options": {"expires": 300.0}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
if broker("REDIS_URL"):  # Other machines may have a beat, too.
    CELERY_BEAT_SCHEDULER = "config.schedule:ElectedScheduler"
CELERY_TIMEZONE = "UTC"

# --- Logs -------------------------------------------------------------------------------------------

LOG_LEVEL = choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOG_FORMAT = choice("LOG_FORMAT", "console" if DEVELOPMENT else "json", ("console", "json"))
LOGGING = logging_settings(level=LOG_LEVEL, form=LOG_FORMAT)
configure_structlog()
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
# On a busy machine, tasks of the schedule expire before a worker takes them. The next ones follow within seconds.
DJANGO_STRUCTLOG_CELERY_TASK_RETRY_LOG_LEVEL = logging.INFO
# Leaving a page closes its stream.
DJANGO_STRUCTLOG_REQUEST_CANCELLED_LOG_LEVEL = logging.INFO
# Invalid forms and missing pages are not errors of the product.
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
