"""Reading the environment: one sentence for what is missing, and the key files of the demonstration."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

YES, NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})
LEAST_SECRET_LENGTH = 50


def env(name: str, default: str | None = None) -> str:
    """Return a variable, or the content of the file that ``NAME_FILE`` names.

    Without a default its absence is an error that names it.
    """
    value = os.environ.get(name)
    if value is None and (path := os.environ.get(f"{name}_FILE")):
        value = _content(name, Path(path))
    if value is None:
        value = default
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name} (docs/operations.md explains it).")
    return value


def _content(name: str, path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE names {path}, which cannot be read ({error.strerror})."
        ) from None


def env_bool(name: str, default: bool = False) -> bool:
    """Return a switch; anything but a clear yes or no is an error."""
    text = os.environ.get(name, "1" if default else "0").strip().lower()
    if text in YES:
        return True
    if text in NO:
        return False
    raise ImproperlyConfigured(f"{name} is {text!r}; write 1 or 0.")


def env_int(name: str, default: int) -> int:
    """Return a whole number."""
    text = os.environ.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {text!r}; write a whole number.") from None


def database(url: str, **options) -> dict:
    """Turn ``postgresql://user:word@host:5432/name?host=/socket/folder`` into Django's setting."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(
            f"{parts.scheme}:// is not a PostgreSQL address; coopcrm runs on PostgreSQL only."
        )
    extra = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "coopcrm.shared.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": extra.pop("host", unquote(parts.hostname or "")),
        "PORT": str(parts.port or ""),
        "OPTIONS": {**extra, **options},
    }


SAMPLES = ("change", "example", "sample", "secret", "insecure", "password", "12345", "00000")
LEAST_DIFFERENT_CHARACTERS = 12


def long_enough(name: str, secret: str, *, least: int) -> str:
    """Return a secret that is long and looks drawn by chance, or an empty one; anything else is an error."""
    if not secret:
        return secret
    if len(secret) < least:
        raise ImproperlyConfigured(f"{name} is shorter than {least} characters.")
    is_sample = any(word in secret.lower() for word in SAMPLES)
    if is_sample or len(set(secret)) < LEAST_DIFFERENT_CHARACTERS:
        raise ImproperlyConfigured(f"{name} looks like a sample; draw one: openssl rand -base64 48")
    return secret


def secret_key(folder: Path, *, create: bool) -> str:
    """Return Django's signing secret: COOPCRM_SECRET_KEY, or the file ``secret.key`` of the key folder."""
    path = folder / "secret.key"
    given = env("COOPCRM_SECRET_KEY", "")
    if create and not given and not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f"secret.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # never overwrites what another process has just made
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    found = given or (path.read_text().strip() if path.is_file() else "")
    if not found:
        raise ImproperlyConfigured(
            f"Set COOPCRM_SECRET_KEY, or put the secret into {path} (manage.py make_keys)."
        )
    return long_enough("The signing secret", found, least=LEAST_SECRET_LENGTH)
