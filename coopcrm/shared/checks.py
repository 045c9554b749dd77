"""System checks of the database: what would make the product wrong or slow without anybody noticing."""

from __future__ import annotations

from django.core.checks import Error, Tags, register
from django.db import connections

HAN = "李秀英"


@register(Tags.database)
def database_is_fit(app_configs, databases, **kwargs) -> list[Error]:
    """Refuse a locale that knows no Chinese, missing extensions and unsafe commits."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        return [Error(text, hint=hint, id=code) for code, text, hint in unfit(cursor)]


def unfit(cursor) -> list[tuple[str, str, str]]:
    """Return (code, text, hint) for everything that is wrong with the connected database."""
    found = []
    cursor.execute("SELECT datcollate, datctype FROM pg_database WHERE datname = current_database()")
    locale, character_type = cursor.fetchone()
    if {locale, character_type} & {"C", "POSIX"}:
        found.append(
            (
                "shared.E001",
                f"The database has the locale {locale}/{character_type}: searches by Chinese name would miss people.",
                "Create it with C.UTF-8, for example: CREATE DATABASE coopcrm TEMPLATE template0 LOCALE 'C.UTF-8'.",
            )
        )
    cursor.execute("SELECT extname FROM pg_extension")
    present = {name for (name,) in cursor.fetchall()}
    from coopcrm.shared.database import EXTENSIONS

    if missing := [name for name in EXTENSIONS if name not in present]:
        hint = "Run manage.py prepare_database."
        found.append(("shared.E002", f"The database lacks the extensions {', '.join(missing)}.", hint))
    elif not found:
        cursor.execute("SELECT cardinality(show_trgm(%s))", [HAN])
        if not cursor.fetchone()[0]:
            hint = "Use the locale C.UTF-8 for the database."
            found.append(("shared.E003", "pg_trgm finds no trigrams in Chinese names.", hint))
    cursor.execute("SHOW synchronous_commit")
    if (commits := cursor.fetchone()[0]) in {"off", "local"}:
        hint = "Set synchronous_commit = on in postgresql.conf."
        found.append(("shared.E004", f"synchronous_commit is {commits}: accepted work could be lost.", hint))
    return found
