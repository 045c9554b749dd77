"""Controls of forms drawn in one go: a template for each attribute and option took a third of a page's time.

They are what Django's templates draw, but that the empty choice is a dash; a widget that is not here is drawn by its
template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.safestring import SafeString

from coopcrm.shared.markup import text

EMPTY_CHOICE = "---------"
INPUTS = (
    *("input", "text", "number", "email", "url", "tel", "search", "color", "password"),
    *("hidden", "date", "datetime", "time", "checkbox"),
)


def _attributes(attrs: Mapping[str, Any]) -> str:
    told = (
        f" {name}" if value is True else f' {name}="{text(value)}"'
        for name, value in attrs.items()
        if value is not False
    )
    return "".join(told)


def _input(widget: Mapping[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{text(widget["value"])}"'
    return (
        f'<input type="{widget["type"]}" name="{text(widget["name"])}"{value}{_attributes(widget["attrs"])}>'
    )


def _textarea(widget: Mapping[str, Any]) -> str:
    content = text(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{text(widget["name"])}"{_attributes(widget["attrs"])}>\n{content}</textarea>'


def _select(widget: Mapping[str, Any]) -> str:
    drawn = []
    for group, options, _index in widget["optgroups"]:
        some = "".join(map(_option, options))
        drawn.append(f'<optgroup label="{text(group)}">{some}</optgroup>' if group else some)
    return f'<select name="{text(widget["name"])}"{_attributes(widget["attrs"])}>{"".join(drawn)}</select>'


def _option(option: Mapping[str, Any]) -> str:
    label = "–" if option["label"] == EMPTY_CHOICE else text(option["label"])
    return f'<option value="{text(option["value"])}"{_attributes(option["attrs"])}>{label}</option>'


def _boxes(widget: Mapping[str, Any]) -> str:
    """Boxes or buttons of which several or one is chosen."""
    drawn = []
    for group, options, _index in widget["optgroups"]:
        some = "".join(f"<div>{_box(option)}</div>" for option in options)
        drawn.append(f"<div><label>{text(group)}</label>{some}</div>" if group else some)
    kept = {name: widget["attrs"][name] for name in ("id", "class") if widget["attrs"].get(name)}
    return f"<div{_attributes(kept)}>{''.join(drawn)}</div>"


def _box(option: Mapping[str, Any]) -> str:
    if not option["wrap_label"]:
        return _input(option)
    label_for = f' for="{option["attrs"]["id"]}"' if option["attrs"].get("id") else ""
    return f"<label{label_for}>{_input(option)} {text(option['label'])}</label>"


DRAWN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    **dict.fromkeys((f"django/forms/widgets/{kind}.html" for kind in INPUTS), _input),
    "django/forms/widgets/textarea.html": _textarea,
    "django/forms/widgets/select.html": _select,
    "django/forms/widgets/radio.html": _boxes,
    "django/forms/widgets/checkbox_select.html": _boxes,
}


def draw(template_name: str, context: Mapping[str, Any]) -> SafeString | None:
    """Draw a control by the name of its template; None when it has none here."""
    drawer = DRAWN.get(template_name)
    return None if drawer is None else SafeString(drawer(context["widget"]))
