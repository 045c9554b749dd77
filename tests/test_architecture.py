"""The arrows between the apps and the purity of the rules, read from the imports."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ORDER = ["coopcrm.shared", "branches", "customers", "loans", "ratings", "kpi"]

MATCHING = [
    "blocking",
    "clusters",
    "comparing",
    "explain",
    "households",
    "judging",
    "learning",
    "levels",
    "measures",
    "mentions",
    "names",
    "population",
    "questions",
    "scoring",
    "sounds",
    "trials",
    "weights",
]
PURE = [
    "coopcrm/shared/money.py",
    "coopcrm/shared/periods.py",
    "coopcrm/shared/plain.py",
    "coopcrm/shared/errors.py",
    "customers/identity.py",
    "customers/masking.py",
    *(f"customers/matching/{name}.py" for name in MATCHING),
    "customers/provenance/quality.py",
    "customers/provenance/survivorship.py",
    "loans/classification.py",
    "loans/draws.py",
    "loans/groups.py",
    "ratings/scorecard.py",
    "ratings/contribution.py",
    "ratings/tiers.py",
    "ratings/retention.py",
    "ratings/integrity.py",
    "kpi/measures.py",
    "kpi/scorecards.py",
]
IMPURE_MODULES = ("django", "time", "random", "secrets", "rest_framework", "psycopg2", "celery", "redis")
ALLOWED_OF_DJANGO = ("django.utils.translation",)
CLOCK_CALLS = {
    ("date", "today"),
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("time", "time"),
}


def imports_of(path):
    """Every module a file imports, with ``from package import module`` spelled out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def app_of(module):
    """The place of a module in the order, or None for what is not one of the apps."""
    return next((app for app in ORDER if module == app or module.startswith(app + ".")), None)


@pytest.mark.parametrize("app", ORDER)
def test_no_arrow_between_the_apps_has_turned_round(app):
    turned = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted((ROOT / app.replace(".", "/")).rglob("*.py"))
        for module in imports_of(path)
        if app_of(module) and ORDER.index(app_of(module)) > ORDER.index(app)
    ]
    assert turned == []


@pytest.mark.parametrize("app", ORDER)
def test_apps_do_not_know_the_pages_that_join_them(app):
    turned = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted((ROOT / app.replace(".", "/")).rglob("*.py"))
        for module in imports_of(path)
        if module.startswith(("coopcrm.urls", "coopcrm.pages"))
    ]
    assert turned == []


@pytest.mark.parametrize("file", PURE)
def test_a_rule_knows_neither_database_nor_clock(file):
    path = ROOT / file
    impure = [
        module
        for module in imports_of(path)
        if module.split(".")[0] in IMPURE_MODULES and not module.startswith(ALLOWED_OF_DJANGO)
    ]
    clocks = [
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in CLOCK_CALLS
    ]
    assert (impure, clocks) == ([], [])
