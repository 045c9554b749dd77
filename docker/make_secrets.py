"""Write a first set of secrets for docker-compose.yml into ./secrets; existing files are never touched."""

import os
import secrets
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "secrets"
DATABASE = "postgresql://{role}:{word}@postgres:5432/coopcrm"
REDIS_CONF = """requirepass {word}
dir /data
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


def write(name: str, text: str) -> None:
    """Write one file, unless it is there. The closed folder guards it here, the mount in the container."""
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(text)
        path.chmod(0o644)
        print(f"wrote secrets/{name}")


def main() -> None:
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    admin, redis = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    if (FOLDER / "postgres_password").exists():
        print("secrets/ is there already; only what can be made alone is added.")
        admin = (FOLDER / "postgres_password").read_text().strip()
    write("postgres_password", admin)
    write("database_admin_url", f"postgresql://postgres:{admin}@postgres:5432/postgres")
    for name, role in (
        ("", "web"),
        *((f"{role}_", role) for role in ("owner", "worker", "auditor", "backup")),
    ):
        write(f"database_{name}url", DATABASE.format(role=f"coopcrm_{role}", word=secrets.token_urlsafe(24)))
    if not (FOLDER / "redis_conf").exists():
        write("redis_conf", REDIS_CONF.format(word=redis))
        write("redis_url", f"redis://:{redis}@redis:6379/0")
    write("secret_key", secrets.token_urlsafe(48))
    write("metrics_token", secrets.token_urlsafe(32))
    for purpose in ("fields", "index", "ledger"):
        write(f"keys/{purpose}-1.key", os.urandom(32).hex())


if __name__ == "__main__":
    main()
