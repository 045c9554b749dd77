"""Settings, read top to bottom. Every variable is explained in docs/operations.md."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from coopcrm import embedded
from coopcrm.environment import database, env, env_bool, env_int, long_enough, secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

# -- Where we run: private servers on this machine, or the servers the environment names ------------------------------

EMBEDDED = embedded.is_wanted()
VAR_DIR = embedded.places().var
DEBUG = env_bool("COOPCRM_DEBUG")
INSECURE_HTTP = env_bool("COOPCRM_INSECURE_HTTP", default=EMBEDDED)
DEMONSTRATION = env_bool("COOPCRM_DEMONSTRATION", default=EMBEDDED)

ALLOWED_HOSTS = env("COOPCRM_HOSTS", ",".join(LOOPBACK_HOSTS) if INSECURE_HTTP else None).split(",")
if INSECURE_HTTP and not set(ALLOWED_HOSTS) <= {*LOOPBACK_HOSTS, "testserver", "::1"}:
    raise ImproperlyConfigured(
        "COOPCRM_INSECURE_HTTP=1 is for this machine alone; COOPCRM_HOSTS names other hosts."
    )
if DEMONSTRATION and not INSECURE_HTTP:
    raise ImproperlyConfigured(
        "COOPCRM_DEMONSTRATION=1 marks an invented county; it is refused for a site on https."
    )
if DEBUG and not EMBEDDED:
    raise ImproperlyConfigured("COOPCRM_DEBUG=1 shows data in error pages; it is refused with real servers.")

PUBLIC_URL = env("COOPCRM_PUBLIC_URL", "").rstrip("/")
if PUBLIC_URL and not PUBLIC_URL.startswith("https://" if not INSECURE_HTTP else ("https://", "http://")):
    raise ImproperlyConfigured(
        "COOPCRM_PUBLIC_URL is where customers reach the site; it begins with https://."
    )

# -- Secrets: from files or the environment, never from the database or the repository --------------------------------

COOPCRM_KEYS = Path(env("COOPCRM_KEYS", str(VAR_DIR / "keys") if EMBEDDED else None))
if not EMBEDDED and not COOPCRM_KEYS.is_dir():
    raise ImproperlyConfigured(
        f"COOPCRM_KEYS names {COOPCRM_KEYS}, which is no folder. See manage.py make_keys."
    )
SECRET_KEY = secret_key(COOPCRM_KEYS, create=EMBEDDED)
METRICS_TOKEN = long_enough("COOPCRM_METRICS_TOKEN", env("COOPCRM_METRICS_TOKEN", ""), least=32)

# -- Apps, in the order in which they know each other -----------------------------------------------------------------

INSTALLED_APPS = [
    "coopcrm.shared",
    "branches",
    "customers",
    "loans",
    "ratings",
    "kpi",
    "coopcrm.apps.FrameConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "coopcrm.apps.OwnStaticFiles",
    "django.forms",  # its own widget templates, found by the form renderer
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_tables2",
    "drf_spectacular",
    "import_export",
    "rest_framework",
]

MIDDLEWARE = [
    "coopcrm.shared.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads its answers, so that their length tells nothing of a token
    "csp.middleware.CSPMiddleware",
    "branches.signin.sessions.Sessions",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "branches.signin.backend.WhoseSession",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "coopcrm.look.ProfileLanguageMiddleware",
    "coopcrm.shared.middleware.Actor",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "branches.signin.gate.Gate",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "coopcrm.urls"
WSGI_APPLICATION = "coopcrm.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "coopcrm.shared.context.frame",
                "coopcrm.navigation.frame",
            ],
        },
    }
]

FORM_RENDERER = "coopcrm.shared.forms.LookRenderer"

# -- Databases: one engine, a role for each kind of process ------------------------------------------------------------

ROLE = env("COOPCRM_ROLE", "web")
URL_OF_ROLE = {
    "owner": "DATABASE_OWNER_URL",
    "web": "DATABASE_URL",
    "worker": "DATABASE_WORKER_URL",
    "auditor": "DATABASE_AUDITOR_URL",
}
if ROLE not in URL_OF_ROLE:
    raise ImproperlyConfigured(f"COOPCRM_ROLE is {ROLE!r}; one of {', '.join(URL_OF_ROLE)}.")
STATEMENT_SECONDS = {"web": 15, "auditor": 60}.get(ROLE, 0)
SESSION_SETTINGS = {
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "lock_timeout": "2s" if ROLE == "web" else "30s",
    "jit": "off",  # compiling costs more than it saves: policies make plans look dearer than they are
    "idle_in_transaction_session_timeout": "30s" if ROLE == "web" else "0",
}


def _database_url(role: str) -> str:
    if EMBEDDED:
        return embedded.places().database_url(f"coopcrm_{role}", env("COOPCRM_DATABASE", embedded.DATABASE))
    return env(URL_OF_ROLE[role])


_SESSION = " ".join(f"-c {name}={value}" for name, value in SESSION_SETTINGS.items())
DATABASES = {
    "default": database(_database_url(ROLE), options=_SESSION, application_name=f"coopcrm {ROLE}"),
}
if REPLICA_URL := env("DATABASE_REPLICA_URL", ""):
    DATABASES["replica"] = database(REPLICA_URL, options=_SESSION, application_name=f"coopcrm {ROLE} reports")
    DATABASES["replica"]["TEST"] = {"MIRROR": "default"}
if ROLE == "web" and not EMBEDDED and (AUDITOR_URL := env("DATABASE_AUDITOR_URL", "")):
    DATABASES["auditor"] = database(AUDITOR_URL, options=_SESSION, application_name="coopcrm audit")
    DATABASES["auditor"]["TEST"] = {"MIRROR": "default"}
for _connection in DATABASES.values():
    _connection["TIME_ZONE"] = "Asia/Shanghai"
    _connection["CONN_MAX_AGE"] = 60
    _connection["CONN_HEALTH_CHECKS"] = True
BEHIND_POOLER = env_bool("COOPCRM_POOLER")  # connections change hands with every transaction
DATABASES["default"]["ATOMIC_REQUESTS"] = True  # who acts and what is open to them is told per transaction

REDIS_URL = env("REDIS_URL", embedded.places().redis_url() if EMBEDDED else None)
REDIS_PREFIX = env("COOPCRM_REDIS_PREFIX", "coopcrm")
CACHES = {
    "default": {
        "BACKEND": "coopcrm.shared.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

# -- People ------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "branches.StaffMember"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "branches.signin.passwords.Length"},
    {"NAME": "branches.signin.passwords.NotMadeOfNames"},
    {"NAME": "branches.signin.passwords.NotGuessable"},
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "branches.signin.backend.StaffBackend"]
NUM_PROXIES = env_int("COOPCRM_PROXIES", 1 if env_bool("COOPCRM_BEHIND_PROXY") else 0)

ACCOUNT_ADAPTER = "branches.signin.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # of a form that does not exist; allauth checks it
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # django-axes counts, in the database
MFA_ADAPTER = "branches.signin.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_TOLERANCE = 1  # half minutes that a phone's clock may differ
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = INSECURE_HTTP

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "branches.signin.limits.counted_name"
AXES_CLIENT_IP_CALLABLE = "branches.signin.limits.counted_address"
AXES_LOCKOUT_CALLABLE = "branches.signin.limits.keep_answer"
AXES_RESET_ON_SUCCESS = AXES_ENABLE_ACCESS_FAILURE_LOG = AXES_DISABLE_ACCESS_LOG = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = AXES_ENABLE_ADMIN = AXES_VERBOSE = False

# -- Browser -----------------------------------------------------------------------------------------------------------

SECURE = not INSECURE_HTTP
_PREFIX = "__Host-" if SECURE else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_PREFIX}session", f"{_PREFIX}csrf"
LANGUAGE_COOKIE_NAME = f"{_PREFIX}language"
DEVICE_COOKIE_NAME = f"{_PREFIX}device"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "branches.signin.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60
UNATTENDED_VIEWS = {"sign-in-state", "jobs:progress", "customers:export-job"}  # pages ask these by themselves
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked inside the network
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if env_bool("COOPCRM_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_HANDLERS = ["coopcrm.shared.uploads.handlers.BoundedMemory"]
UPLOAD_QUOTA_BYTES = env_int("COOPCRM_UPLOAD_QUOTA_MB", 500) * 1024**2
API_CALLS_A_MINUTE = env_int("COOPCRM_API_CALLS_A_MINUTE", 600)  # of one person

# -- Files -------------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = Path(env("COOPCRM_STATIC", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "coopcrm.storage.HashedFiles"},
}
MEDIA_ROOT = Path(env("COOPCRM_MEDIA", str(VAR_DIR / "media") if EMBEDDED else None))

# -- Language and time -------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文")]
LOCALE_PATHS = [BASE_DIR / "coopcrm" / "locale"]
FORMAT_MODULE_PATH = ["coopcrm.formats"]
USE_I18N = USE_TZ = USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "Asia/Shanghai"

# -- API ---------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["coopcrm.shared.callers.Authentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["coopcrm.shared.callers.Throttle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "coopcrm.schema.Schema",
    "EXCEPTION_HANDLER": "coopcrm.shared.api.problem",
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "coopcrm",
    "DESCRIPTION": "The registry, ratings and figures of a rural credit cooperative.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "GradeEnum": "ratings.choices.Grade",
        "TierEnum": "ratings.choices.Tier",
        "UnitKindEnum": "branches.choices.UnitKind",
        "CustomerKindEnum": "customers.choices.CustomerKind",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
DJANGO_TABLES2_TEMPLATE = "components/django_table.html"
IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

# -- Background work: the order is a row in PostgreSQL, a message only wakes a worker ----------------------------------

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "global_keyprefix": f"{REDIS_PREFIX}:",
    "socket_timeout": 10,
    "socket_connect_timeout": 2,
    "max_retries": 1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 240
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = env_int("COOPCRM_WORKERS", min(4, os.cpu_count() or 1))
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # kilobytes
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True  # their orders are rows and come again
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "coopcrm.shared.tasks.sweep", "schedule": 20.0, "options": {"expires": 20}},
    "seal": {"task": "coopcrm.shared.tasks.seal", "schedule": 60.0, "options": {"expires": 60}},
    "expire proposals": {
        "task": "branches.tasks.expire_proposals",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "forget sign-ins": {
        "task": "branches.tasks.forget_sign_ins",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "adopt orphans": {
        "task": "customers.beat.adopt_orphans",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "place questions": {
        "task": "customers.beat.place_questions",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "rows left behind by merges": {
        "task": "customers.beat.follow_merges",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "begin day": {"task": "branches.tasks.begin_day", "schedule": 1800.0, "options": {"expires": 1800}},
    "end files": {"task": "branches.tasks.end_files", "schedule": 900.0, "options": {"expires": 900}},
    "campaigns": {
        "task": "customers.beat.look_after_campaigns",
        "schedule": crontab(hour=3, minute=10),
        "options": {"expires": 3600},
    },
    "comparison of the registry": {
        "task": "customers.beat.compare_registry",
        "schedule": crontab(hour=1, minute=30),
        "options": {"expires": 3600},
    },
    "tags by rule": {
        "task": "customers.beat.hang_tags",
        "schedule": crontab(hour=3, minute=10),
        "options": {"expires": 3600},
    },
    "rule of sources": {
        "task": "customers.beat.decide_shown_values",
        "schedule": crontab(hour=0, minute=20),
        "options": {"expires": 3600},
    },
    "retention": {
        "task": "customers.beat.look_after_retention",
        "schedule": crontab(hour=2, minute=30),
        "options": {"expires": 3600},
    },
    "reminders": {
        "task": "customers.beat.remind",
        "schedule": crontab(hour=5, minute=15),
        "options": {"expires": 3600},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# -- Logs: one JSON object a line, in UTC, without personal data -------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "coopcrm.shared.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env("COOPCRM_LOG_LEVEL", "WARNING" if EMBEDDED else "INFO")},
    "loggers": {
        "coopcrm": {"level": env("COOPCRM_LOG_LEVEL", "INFO")},
        "django.server": {"handlers": [], "propagate": False},
        "django.request": {"level": "ERROR"},
    },
}

# -- Checks ------------------------------------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
