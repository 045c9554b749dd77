#!/usr/bin/env python
"""Commands of coopcrm, each under the database role that fits it."""

import gc
import os
import sys

OWNER_COMMANDS = frozenset(
    {
        "dbshell", "flush", "loaddata", "makemigrations", "migrate", "optimizemigration", "prepare_database",
        "restore", "seed_demo", "showmigrations", "sqlmigrate", "squashmigrations", "test",
    }
)  # fmt: skip
COMMANDS_WITHOUT_DATABASE = frozenset(
    {"", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "make_keys", "makemessages",
     "spectacular", "version", "--help", "--version", "-h"}
)  # fmt: skip


def main() -> None:
    # What is loaded stays: to look through it for garbage again and again took a seventh of a start.
    gc.set_threshold(50_000, 20, 20)
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coopcrm.settings")
    os.environ.setdefault("COOPCRM_ROLE", "owner" if command in OWNER_COMMANDS else "worker")
    if command not in COMMANDS_WITHOUT_DATABASE and not {"--help", "-h"} & set(sys.argv):
        from coopcrm import embedded

        try:
            embedded.attach()
        except embedded.EmbeddedError as error:
            sys.exit(f"coopcrm cannot start its servers.\n{error}")

    from django.core.management import execute_from_command_line

    from coopcrm.shared import acting

    acting.begin_process(f"manage.py {command}".strip())

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
