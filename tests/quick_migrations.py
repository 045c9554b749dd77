"""Migrate an empty database in a fraction of the time, with the same tables.

Nineteen parts in twenty of a migration are Python: after each operation Django draws the classes of all models anew
that are related to the one that changed, and here everything is related. A table, column, index or constraint that is
added needs the class of its own model alone; so only that is drawn. An operation that looks further (a column that
changes and all that point to it, a function that walks relations) gets all classes anew first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from unittest.mock import patch

from django.db.migrations import operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

NEAR = (
    operations.CreateModel,
    operations.AddField,
    operations.AddIndex,
    operations.AddConstraint,
    operations.RemoveConstraint,
    operations.AlterModelOptions,
    operations.RunSQL,
    operations.SeparateDatabaseAndState,  # asks for what its parts ask for
)
NEAR_CHANGES = ("add_model", "add_field", "_append_option", "_remove_option", "alter_model_options")


@contextmanager
def quick() -> Iterator[None]:
    """Inside, migrations draw no more classes than they look at."""
    far = [one for one in _operations() if one not in NEAR and "database_forwards" in vars(one)]
    with ExitStack() as stack:
        for name in NEAR_CHANGES:
            stack.enter_context(patch.object(ProjectState, name, _near(getattr(ProjectState, name))))
        stack.enter_context(patch.object(ProjectState, "clone", _with_mark(ProjectState.clone)))
        for one in far:
            stack.enter_context(patch.object(one, "database_forwards", _far(one.database_forwards)))
        yield


def _operations(base: type = Operation) -> Iterator[type[Operation]]:
    for one in base.__subclasses__():
        yield one
        yield from _operations(one)


def _near(change):
    """The change of a state, after which the class of the changed model alone is drawn."""

    @wraps(change)
    def changed(state, *arguments, **named):
        with patch.object(ProjectState, "reload_model", _draw_alone):
            return change(state, *arguments, **named)

    return changed


def _draw_alone(state: ProjectState, app_label: str, model_name: str, delay: bool = False) -> None:
    if "apps" in state.__dict__:
        state._reload({(app_label, model_name)})
        state.is_behind = True  # classes that point to this one still know its old class


def _with_mark(clone):
    @wraps(clone)
    def cloned(state):
        copy = clone(state)
        copy.is_behind = getattr(state, "is_behind", False)
        return copy

    return cloned


def _far(forwards):
    """An operation that looks at related models; both states draw all classes anew where they are behind."""

    @wraps(forwards)
    def done(operation, app_label, schema_editor, from_state, to_state):
        for state in (from_state, to_state):
            if getattr(state, "is_behind", False):
                state.__dict__.pop("apps", None)
                state.is_behind = False
        return forwards(operation, app_label, schema_editor, from_state, to_state)

    return done
