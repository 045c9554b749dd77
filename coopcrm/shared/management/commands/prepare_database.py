"""Create roles, database, extensions and grants on the servers the environment names."""

from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from coopcrm import embedded
from coopcrm.environment import env
from coopcrm.shared import database

URLS = {
    database.WEB: "DATABASE_URL",
    database.WORKER: "DATABASE_WORKER_URL",
    database.AUDITOR: "DATABASE_AUDITOR_URL",
    database.BACKUP: "DATABASE_BACKUP_URL",
}


class Command(BaseCommand):
    help = "Create the database roles, the database and its extensions, and set all grants. Safe to repeat."
    requires_system_checks = []

    def handle(self, **options) -> None:
        if settings.EMBEDDED:
            where = embedded.places()
            database.prepare(where.database_url(embedded.SUPERUSER, "postgres"))
        else:
            self._prepare_real()
        with connection.cursor() as cursor:
            database.apply_grants(cursor)
        self.stdout.write("Roles, database, extensions and grants are in place.")

    def _prepare_real(self) -> None:
        """Use DATABASE_ADMIN_URL when given, else the owner, which then needs CREATEROLE and CREATEDB."""
        owner, admin = env("DATABASE_OWNER_URL"), env("DATABASE_ADMIN_URL", "")
        parts = urlsplit(owner)
        passwords = {role: urlsplit(env(name, "")).password for role, name in URLS.items()}
        passwords[database.OWNER] = parts.password if admin else None
        known = {role: unquote(word) for role, word in passwords.items() if word}
        database.prepare(admin or owner, database=unquote(parts.path.lstrip("/")), passwords=known)
