"""Lines of the list drawn in one go: a template for each of five hundred cells took half of the page's time."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from coopcrm.shared.markup import text
from customers.lists.columns import Cell, Row

LINE = '<tr>{}<th scope="row"><a href="{}">{}</a> <span class="muted small">{}</span></th>{}</tr>'
CHOICE = (
    '<td class="row-choice"><input type="checkbox" name="customer" value="{}" form="together"'
    ' aria-label="{}: {}"></td>'
)


def lines(headings: Sequence[Cell], rows: Sequence[Row], *, may_choose: bool) -> SafeString:
    """The lines of the table; each begins with a box to tick where rows can be chosen."""
    opened = [_opened(heading) for heading in headings]
    page, choose = reverse("customers:customer", args=[0]).replace("0", "{}"), _("Choose")
    drawn = []
    for row in rows:
        one, name = row.customer, text(row.customer.name)
        box = CHOICE.format(one.pk, choose, name) if may_choose else ""
        cells = "".join(
            f"{start}{cell.html or text(cell.text)}</td>"
            for start, cell in zip(opened, row.cells, strict=True)
        )
        drawn.append(LINE.format(box, page.format(one.pk), name, text(one.pinyin), cells))
    return SafeString("\n".join(drawn))


def _opened(heading: Cell) -> SafeString:
    css = SafeString(' class="desk-only"') if heading.desk_only else ""
    return format_html('<td{} data-label="{}">', css, heading.label)
