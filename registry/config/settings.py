"""The only settings file. Everything that differs between machines is an environment variable.

A value that is missing in production, or that cannot be read as its type, stops the program at once
with `ImproperlyConfigured`, naming the variable. `docs/settings.md` lists them all.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from registry.config.door import *  # noqa: F403  (what allauth and axes are told)
from registry.config.environment import (
    BASE_DIR,
    database_from_url,
    env_bool,
    env_file,
    env_int,
    env_list,
    env_path,
    env_str,
)

ENVIRONMENT = env_str("JIANGCE_ENV", "development")
if ENVIRONMENT not in {"development", "production"}:
    raise ImproperlyConfigured("JIANGCE_ENV must be development or production.")
PRODUCTION = ENVIRONMENT == "production"
# The notary has a host of its own, with a key of its own and none of ours.
NOTARY_PROCESS = sys.argv[1:2] == ["notary"]


# --- keys: made on first start in development, refused to be missing in production -----------------

KEYS_DIR = BASE_DIR / ".keys"


def _write_once(path: Path, content: str) -> None:
    """Create `path` (mode 0600) unless another process was first; readers never see half a file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _secret_key() -> str:
    if NOTARY_PROCESS:
        return secrets.token_urlsafe(48)  # it signs no session
    if PRODUCTION:
        return env_str("DJANGO_SECRET_KEY")
    path = KEYS_DIR / "secret_key"
    if not path.exists() and not os.environ.get("DJANGO_SECRET_KEY"):
        _write_once(path, secrets.token_urlsafe(48))
    return env_str("DJANGO_SECRET_KEY", path.read_text("ascii").strip() if path.exists() else None)


def _new_keyring() -> str:
    """A key ring of one key per purpose; the format is that of `registry.identity.keyring`."""

    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode("ascii")

    ring = {
        "enc": {"active": "k1", "keys": {"k1": key()}},
        "index": {"active": "i1", "keys": {"i1": key()}},
    }
    return json.dumps(ring, indent=1) + "\n"


def _keyring_file() -> Path:
    if NOTARY_PROCESS:
        return Path(os.devnull)  # it opens no number
    if PRODUCTION:
        env_str("JIANGCE_KEYRING_FILE")
    path = env_path("JIANGCE_KEYRING_FILE", KEYS_DIR / "keyring.json")
    if path.exists():
        return path
    if PRODUCTION or "JIANGCE_KEYRING_FILE" in os.environ:
        # A new key in place of a lost one would leave every stored number unreadable, silently.
        raise ImproperlyConfigured("JIANGCE_KEYRING_FILE must name an existing key file.")
    _write_once(path, _new_keyring())
    return path


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env_list("DJANGO_SECRET_KEY_FALLBACKS", [])
KEYRING_FILE = _keyring_file()


# --- the database ----------------------------------------------------------------------------------


def _database() -> dict[str, Any]:
    url = os.environ.get("DATABASE_URL", "").strip()
    role = ""
    if NOTARY_PROCESS and "rebase" not in sys.argv:
        url = env_str("JIANGCE_NOTARY_DATABASE_URL", None if PRODUCTION else url or "-").removeprefix("-")
        role = "" if url else "jiangce_notary"
    if url:
        config = database_from_url(url)
    elif PRODUCTION:
        raise ImproperlyConfigured("Set the environment variable DATABASE_URL.")
    else:
        from registry.config import embedded

        config = database_from_url(embedded.locate(BASE_DIR).url)
    config["USER"] = role or env_str("JIANGCE_DATABASE_ROLE", config["USER"])
    # Only the web process keeps connections (wsgi.py asks for it): commands and the worker hold one each.
    config["CONN_MAX_AGE"] = env_int("JIANGCE_CONNECTION_SECONDS", 0)
    config["CONN_HEALTH_CHECKS"] = config["CONN_MAX_AGE"] > 0
    return config


DATABASES = {"default": _database()}
EMBEDDED_DATABASE = not os.environ.get("DATABASE_URL", "").strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# --- the program -----------------------------------------------------------------------------------

DEBUG = env_bool("JIANGCE_DEBUG", False)
if DEBUG and PRODUCTION:
    raise ImproperlyConfigured("JIANGCE_DEBUG must be off in production: its error pages show data.")

ALLOWED_HOSTS = env_list("JIANGCE_ALLOWED_HOSTS", [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set the environment variable JIANGCE_ALLOWED_HOSTS.")
CSRF_TRUSTED_ORIGINS = env_list("JIANGCE_TRUSTED_ORIGINS", [])
_OURS = f"https://{ALLOWED_HOSTS[0].lstrip('.')}" if PRODUCTION else "http://127.0.0.1:8000"
PUBLIC_URL = env_str("JIANGCE_PUBLIC_URL", _OURS).rstrip("/")  # stands in QR codes and files

INSTALLED_APPS = [
    "registry.config.apps.BackOffice",  # django.contrib.admin, entered by role
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_htmx",
    "import_export",
    "procrastinate.contrib.django",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "registry",
    "certificates",
    "training",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Checks of certificates by programs: nothing below has a say in them.
    "registry.config.open_middleware.OpenAnswers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "registry.config.middleware.PrivateAnswers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "registry.config.middleware.TroublePages",
    # A request with an API key is the key's account, and nobody else.
    "registry.apikeys.middleware.ApiKeyMiddleware",
    # request.actor and request.scope: in which capacity, and how far they see.
    "registry.accounts.middleware.ActorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    # Ends sessions that are over, and lets nobody past the door who is not all the way in.
    "registry.accounts.door_middleware.DoorMiddleware",
    # Every page asks for sign-in; an open one must say so (login_not_required).
    "registry.config.middleware.SignInRequired",
    # Pages of libraries ask the matrix here; one that nobody bound to an action is closed.
    "registry.accounts.middleware.EveryPageHasAnAction",
    "django.contrib.messages.middleware.MessageMiddleware",
    # Answers whoever is locked out, whichever view was asked.
    "axes.middleware.AxesMiddleware",
]

OPEN_ANSWERS = "certificates.verification.open_views.answer"
ROOT_URLCONF = "registry.config.urls"
WSGI_APPLICATION = "registry.config.wsgi.application"

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
                "registry.config.context.menu",
            ],
        },
    },
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "/static/"
# Development serves straight from the apps, so that there is no collected copy to go stale.
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if PRODUCTION
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}


# --- who may come in -------------------------------------------------------------------------------

AUTH_USER_MODEL = "registry.User"
AUTHENTICATION_BACKENDS = [
    # Refuses whoever is locked out before a password is looked at.
    "axes.backends.AxesStandaloneBackend",
    "registry.accounts.backends.RoleBackend",
]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:sign-in"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATORS = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": _VALIDATORS + "UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name")},
    },
    {"NAME": _VALIDATORS + "MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": _VALIDATORS + "CommonPasswordValidator"},
    {"NAME": _VALIDATORS + "NumericPasswordValidator"},
    {"NAME": "registry.accounts.passwords.NotUsedBefore", "OPTIONS": {"remembered": 5}},
]
# 0: a password does not age. Some rules of the house ask for 90.
PASSWORD_MAX_DAYS = env_int("JIANGCE_PASSWORD_MAX_DAYS", 0)

# The __Host- prefix binds the cookie to this host; browsers accept it only over TLS.
SESSION_COOKIE_NAME = "__Host-sid" if PRODUCTION else "sid"
SESSION_COOKIE_AGE = env_int("JIANGCE_SESSION_SECONDS", 8 * 3600, minimum=60)
# How long a session lives without a request; those who handle money have less.
IDLE_SECONDS = env_int("JIANGCE_IDLE_SECONDS", 30 * 60, minimum=60)
IDLE_SECONDS_FINANCE = env_int("JIANGCE_IDLE_SECONDS_FINANCE", 15 * 60, minimum=60)
# How long a proof of identity counts for actions that ask for a fresh one.
STEP_UP_SECONDS = env_int("JIANGCE_STEP_UP_SECONDS", 600, minimum=30)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_FAILURE_VIEW = "registry.config.views.csrf_failure"


# --- figures of policy: limits and other numbers ---------------------------------------------------

# Lies over the figures that ship with the program: registry/lib/data/figures.toml says in which form.
FIGURES_FILE = env_file("JIANGCE_FIGURES_FILE")
# How many proxies of our own stand before the program: each adds the address of whoever called it.
PROXIES = env_int("JIANGCE_PROXIES", 0)


# --- printing certificates -------------------------------------------------------------------------

# A TrueType font of the operator's, asked last for characters that the two that ship have no form for.
PRINT_FONT_FILE = env_file("JIANGCE_PRINT_FONT_FILE")
# An electronic seal over printed files: a key of our own (PKCS #12), or a service that is sent a digest.
SEAL_KEY_FILE = env_file("JIANGCE_SEAL_KEY_FILE")
SEAL_PASSPHRASE = env_str("JIANGCE_SEAL_PASSPHRASE", "")
SEAL_URL = env_str("JIANGCE_SEAL_URL", "")
if PRODUCTION and SEAL_URL and not SEAL_URL.startswith("https://"):
    raise ImproperlyConfigured("JIANGCE_SEAL_URL must begin with https://.")
if SEAL_URL and SEAL_KEY_FILE:
    raise ImproperlyConfigured("Set JIANGCE_SEAL_KEY_FILE or JIANGCE_SEAL_URL, not both.")
SEAL_TOKEN = env_str("JIANGCE_SEAL_TOKEN", "")
SEAL_SUBFILTER = env_str("JIANGCE_SEAL_SUBFILTER", "ETSI.CAdES.detached")
SEAL_TIMEOUT = env_int("JIANGCE_SEAL_TIMEOUT", 20)


# --- the state's own sign-in, for trainees ---------------------------------------------------------

OIDC_URL = env_str("JIANGCE_OIDC_URL", "")
if PRODUCTION and OIDC_URL and not OIDC_URL.startswith("https://"):
    raise ImproperlyConfigured("JIANGCE_OIDC_URL must begin with https://.")
OIDC_NAME = env_str("JIANGCE_OIDC_NAME", "电子社保卡")
OIDC_CLIENT = env_str("JIANGCE_OIDC_CLIENT", None if OIDC_URL else "")
OIDC_SECRET = env_str("JIANGCE_OIDC_SECRET", "")
OIDC_BACK = env_str("JIANGCE_OIDC_BACK", "")
OIDC_SCOPES = env_list("JIANGCE_OIDC_SCOPES", ["openid"])
OIDC_CLAIM = env_str("JIANGCE_OIDC_CLAIM", "id_number")
OIDC_VERIFIED_CLAIM = env_str("JIANGCE_OIDC_VERIFIED_CLAIM", "")
OIDC_ALGORITHMS = env_list("JIANGCE_OIDC_ALGORITHMS", ["RS256", "ES256"])
if not set(OIDC_ALGORITHMS) <= {
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "EdDSA",
}:
    raise ImproperlyConfigured("JIANGCE_OIDC_ALGORITHMS names an algorithm that no public key checks.")


# --- text messages ---------------------------------------------------------------------------------

SMS_GATEWAY = env_str("JIANGCE_SMS_GATEWAY", "none" if PRODUCTION else "console")
if SMS_GATEWAY not in {"none", "http"} | (set() if PRODUCTION else {"console", "file"}):
    raise ImproperlyConfigured(
        "JIANGCE_SMS_GATEWAY must be none or http; outside production also console or file."
    )
SMS_FILE = env_path("JIANGCE_SMS_FILE", BASE_DIR / "var" / "sms.jsonl")
SMS_URL = env_str("JIANGCE_SMS_URL", None if SMS_GATEWAY == "http" else "")
if PRODUCTION and SMS_URL and not SMS_URL.startswith("https://"):
    raise ImproperlyConfigured("JIANGCE_SMS_URL must begin with https://: codes travel on it.")
SMS_TOKEN = env_str("JIANGCE_SMS_TOKEN", "")
SMS_BODY = env_str("JIANGCE_SMS_BODY", '{"phone": "{phone}", "text": "{text}", "id": "{id}"}')
SMS_ACCEPTED = env_str("JIANGCE_SMS_ACCEPTED", "")
SMS_TIMEOUT = env_int("JIANGCE_SMS_TIMEOUT", 5, minimum=1)


# --- what a browser may do with our pages ----------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        # Strings cannot become scripts: app.js lets markup through, and nothing makes code of text.
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["default"],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = env_bool("JIANGCE_SSL_REDIRECT", PRODUCTION)
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = False
# Being on the browsers' preload list is for the owner of the domain to decide, and cannot be taken back quickly.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if env_bool("JIANGCE_BEHIND_TLS_PROXY", False):
    # Only for a proxy that always sets or removes this header itself.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


# --- taking files in -------------------------------------------------------------------------------

_MIB = 1024 * 1024
INTAKE_MAX_BYTES = env_int("JIANGCE_INTAKE_MAX_BYTES", 20 * _MIB, minimum=1)
INTAKE_CLI_MAX_BYTES = env_int("JIANGCE_INTAKE_CLI_MAX_BYTES", 1024 * _MIB, minimum=1)
INTAKE_CHILD_MEMORY = env_int("JIANGCE_INTAKE_CHILD_MEMORY", 400 * _MIB, minimum=64 * _MIB)
INTAKE_CHILD_CPU_SECONDS = env_int("JIANGCE_INTAKE_CHILD_CPU_SECONDS", 300, minimum=1)
COPY_ROWS_AT_ONCE = env_int("JIANGCE_COPY_ROWS_AT_ONCE", 500, minimum=1)
INTAKE_MAX_CORRECTIONS = env_int("JIANGCE_INTAKE_MAX_CORRECTIONS", 500, minimum=1)
INTAKE_FILE_RETENTION_DAYS = env_int("JIANGCE_INTAKE_FILE_RETENTION_DAYS", 1825, minimum=1)
# An upload is a file and a handful of fields; anything larger in memory is an attack or a mistake.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * _MIB
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_PERMISSIONS = 0o600

PROCRASTINATE_ON_APP_READY = None


# --- whoever watches the program -------------------------------------------------------------------

HEALTH_QUEUE_SECONDS = env_int("JIANGCE_HEALTH_QUEUE_SECONDS", 300, minimum=1)
HEALTH_FREE_BYTES = env_int("JIANGCE_HEALTH_FREE_BYTES", 1024 * _MIB)


# --- the signed log of what was done ----------------------------------------------------------------

LOG_NAME = env_str("JIANGCE_LOG_NAME", None if PRODUCTION and NOTARY_PROCESS else "jiangce.invalid/log")
LOG_DIR = env_path("JIANGCE_LOG_DIR", BASE_DIR / "var" / "registry-log")
LOG_COPY = env_path("JIANGCE_LOG_COPY", BASE_DIR / "var" / "registry-log-copy" / "checkpoints.log")
LOG_LATE_SECONDS = env_int("JIANGCE_LOG_LATE_SECONDS", 300, minimum=1)
NOTARY_DIR = env_path("JIANGCE_NOTARY_DIR", KEYS_DIR / "notary")
NOTARY_SECONDS = env_int("JIANGCE_NOTARY_SECONDS", 60, minimum=1)


# --- what is written to the log: never personal data -----------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "registry.config.logs.JsonLines", "messages_of_exceptions": DEBUG},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_str("JIANGCE_LOG_LEVEL", "WARNING")},
    # Without handlers of their own: Django would mail whole requests to administrators, and write lines as it likes.
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("django", "django.server")},
}
