"""Lists of units, areas, staff and the calendar that go out and come in as files; rows are known by their codes.

What a row does is what the page would do: the same services, the same refusals, a sentence for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import CharWidget, ForeignKeyWidget, Widget

from branches import registries
from branches.appointments import propose_post
from branches.choices import AreaLevel, DayKind, ListKind, PostCode, UnitKind
from branches.forms import USERNAME
from branches.models import Area, CalendarDay, StaffMember, Unit
from branches.selectors.people import posts_on
from branches.services.areas import assign_area, check_code, parent_of
from branches.services.units import check_move, check_place
from coopcrm.shared.cells import SafeText
from coopcrm.shared.errors import DomainError

LANGUAGES = ("en", "zh-hans", "zh-hant")
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


class TextWidget(SafeText):
    """Text without spaces around it."""

    def clean(self, value, row=None, **kwargs):
        return str(super().clean(value, row, **kwargs) or "").strip()


class DayWidget(Widget):
    """A day as 2026-03-31, 2026/3/31 or 2026年3月31日."""

    def clean(self, value, row=None, **kwargs):
        text = str(value or "").strip()
        if not text:
            return None
        found = DAY.match(text)
        try:
            return date(*map(int, found.groups()))
        except (AttributeError, ValueError) as error:
            raise ValidationError(_("“%(text)s” is no day. Write 2026-03-31.") % {"text": text}) from error

    def render(self, value, obj=None, **kwargs) -> str:
        return value.isoformat() if value else ""


class ChoiceWidget(CharWidget):
    """A code, or its label in any of the product's languages."""

    def __init__(self, choices) -> None:
        super().__init__()
        self.choices = choices

    def clean(self, value, row=None, **kwargs):
        text = str(value or "").strip()
        known = {code: code for code, _label in self.choices}
        for language in LANGUAGES:
            with translation.override(language):
                known |= {str(label).lower(): code for code, label in self.choices}
        if not text:
            return ""
        if text.lower() not in known:
            labels = ", ".join(str(label) for _code, label in self.choices)
            message = _("“%(text)s” is none of: %(labels)s.")
            raise ValidationError(message % {"text": text, "labels": labels})
        return known[text.lower()]

    def render(self, value, obj=None, **kwargs) -> str:
        return str(dict(self.choices).get(value, value or ""))


class UnitWidget(ForeignKeyWidget):
    """A unit by its code."""

    def __init__(self) -> None:
        super().__init__(Unit, "code")

    def clean(self, value, row=None, **kwargs):
        text = str(value or "").strip()
        if not text:
            return None
        found = Unit.objects.filter(code=text).first()
        if found is None:
            raise ValidationError(_("No unit has the code %(code)s.") % {"code": text})
        return found


class CountWidget(Widget):
    """A whole number that is not negative; empty is not known."""

    def clean(self, value, row=None, **kwargs):
        text = str(value if value is not None else "").strip().replace(",", "")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()) or len(text) > 7:
            raise ValidationError(_("“%(text)s” is no whole number.") % {"text": text})
        return int(text)


@dataclass(frozen=True)
class Column:
    """A column of a list: its name in files, its label, an example, and whether each row needs it."""

    name: str
    label: Any
    example: str = ""
    required: bool = False


class ListResource(ModelResource):
    """A list with preview: refusals of the services become sentences beside the row."""

    columns: tuple[Column, ...] = ()

    def __init__(
        self, *, by: StaffMember | None = None, as_of: date | None = None, today: date | None = None, **more
    ):
        super().__init__(**more)
        self.by, self.as_of, self.today = by, as_of, today

    @classmethod
    def headings(cls) -> dict[str, str]:
        """Every heading that is understood, in all languages, with the name of its column."""
        found = {}
        for column in cls.columns:
            found[column.name] = column.name
            for language in LANGUAGES:
                with translation.override(language):
                    found[str(column.label).lower()] = column.name
        return found

    def label_of(self, name: str) -> str:
        """The label of a column."""
        return str(next((column.label for column in self.columns if column.name == name), name))

    def before_import_row(self, row, **kwargs):
        missing = [
            str(c.label) for c in self.columns if c.required and not str(row.get(c.name) or "").strip()
        ]
        if missing:
            raise ValidationError(_("Missing: %(columns)s.") % {"columns": ", ".join(missing)})

    def after_import(self, dataset, result, **kwargs) -> None:
        """Leave the sequence alone: ids come from it, and the web role may not set it."""

    def validate_instance(self, instance, import_validation_errors=None, validate_unique=True):
        """What could not be read is said alone; then what the pages would refuse; then what the model refuses."""
        if import_validation_errors:
            raise ValidationError(import_validation_errors)
        try:
            self.check(instance)
        except DomainError as refusal:
            raise ValidationError(str(refusal)) from refusal
        super().validate_instance(instance, None, validate_unique)

    def check(self, instance) -> None:
        """Refuse what the pages would refuse, too."""

    def shown(self, instance) -> Iterator[tuple[str, str]]:
        """What the preview compares: the label of each column and its value in words."""
        for field in self.get_import_fields():
            yield self.label_of(field.column_name), str(field.export(instance) or "")


class UnitResource(ListResource):
    """Units by code; a second upload changes nothing."""

    columns = (
        Column("code", _("Code"), "41152231", required=True),
        Column("name", pgettext_lazy("of a place or day", "Name"), "寨河信用社", required=True),
        Column("kind", _("Kind"), "branch", required=True),
        Column("parent", _("Unit above"), "411522", required=True),
        Column("opened_on", _("Opened on"), "2026-01-01"),
        Column("address", _("Address"), "寨河镇人民路1号"),
    )
    name = Field("name", "name", widget=TextWidget())
    kind = Field("kind", "kind", widget=ChoiceWidget(UnitKind.choices))
    address = Field("address", "address", widget=TextWidget())
    parent = Field("parent", "parent", widget=UnitWidget())
    opened_on = Field("opened_on", "opened_on", widget=DayWidget())

    class Meta:
        model = Unit
        fields = ("code", "name", "kind", "parent", "opened_on", "address")
        export_order = fields
        import_id_fields = ("code",)
        skip_unchanged = True
        use_transactions = True
        skip_html_diff = True
        store_instance = True
        clean_model_instances = True

    def check(self, instance) -> None:
        check_place(instance.kind, instance.parent)
        check_move(instance, instance.parent, self.today)
        if instance.pk and Unit.objects.filter(pk=instance.pk).exclude(kind=instance.kind).exists():
            raise ValidationError(_("The kind of a unit does not change."))


class AreaResource(ListResource):
    """Areas in force by code: level and place above follow from the code, the server from a day on."""

    columns = (
        Column("code", _("Code"), "411522100201", required=True),
        Column("name", pgettext_lazy("of a place or day", "Name"), "孙家村", required=True),
        Column("households", _("Households in the village register"), "412"),
        Column("unit", _("Served by"), "41152201"),
    )
    name = Field("name", "name", widget=TextWidget())
    households = Field("registered_households", "households", widget=CountWidget())
    unit = Field("unit", "unit", widget=UnitWidget())

    class Meta:
        model = Area
        fields = ("code", "name", "households", "unit")
        export_order = fields
        import_id_fields = ("code",)
        skip_unchanged = True
        use_transactions = True
        skip_html_diff = True
        store_instance = True
        clean_model_instances = True

    def get_queryset(self):
        return super().get_queryset().filter(valid_to=None).select_related("unit")

    def after_init_instance(self, instance, new, row, **kwargs):
        instance.server_before = instance.unit

    def check(self, instance) -> None:
        if not instance.pk:
            instance.level = level_of(instance.code)
            check_code(instance.code, instance.level)
            instance.valid_from = self.as_of
            instance.parent = parent_of(instance.code, instance.level, max(self.as_of, self.today))
        instance.pinyin, instance.initials = registries.keys_of_place(instance.name)
        instance.server_wanted, instance.unit = instance.unit, instance.server_before

    def after_save_instance(self, instance, row, **kwargs):
        wanted = instance.server_wanted
        if wanted is None or (instance.server_before and wanted.pk == instance.server_before.pk):
            return
        try:
            assign_area(area=instance, unit=wanted, valid_from=self.as_of, by=self.by, today=self.today)
        except DomainError as refusal:
            raise ValidationError(str(refusal)) from refusal
        instance.unit = wanted


def level_of(code: str) -> str:
    """The level that a code of twelve digits speaks of."""
    if code.endswith("000000"):
        return AreaLevel.COUNTY
    return AreaLevel.TOWNSHIP if code.endswith("000") else AreaLevel.VILLAGE


class CalendarResource(ListResource):
    """Holidays and make-up working days by day."""

    columns = (
        Column("day", _("Day"), "2027-01-01", required=True),
        Column("kind", _("Kind"), "holiday", required=True),
        Column("name", pgettext_lazy("of a place or day", "Name"), "元旦", required=True),
    )
    day = Field("day", "day", widget=DayWidget())
    kind = Field("kind", "kind", widget=ChoiceWidget(DayKind.choices))
    name = Field("name", "name", widget=TextWidget())

    class Meta:
        model = CalendarDay
        fields = ("day", "kind", "name")
        export_order = fields
        import_id_fields = ("day",)
        skip_unchanged = True
        use_transactions = True
        skip_html_diff = True
        store_instance = True
        clean_model_instances = True


class StaffResource(ListResource):
    """People by sign-in name; a post in the row is asked for, and confirmed by a second person like every other."""

    columns = (
        Column("username", _("Sign-in name"), "liming012", required=True),
        Column("full_name", _("Name"), "李明", required=True),
        Column("employee_no", _("Employee number"), "SA0012"),
        Column("post", _("Post"), "loan_officer"),
        Column("unit", _("Unit"), "41152201"),
        Column("from", _("From"), "2026-12-01"),
        Column("last_day", _("Last day"), ""),
    )
    username = Field("username", "username", widget=TextWidget())
    full_name = Field("full_name", "full_name", widget=TextWidget())
    employee_no = Field("employee_no", "employee_no", widget=TextWidget())

    class Meta:
        model = StaffMember
        fields = ("username", "full_name", "employee_no")
        export_order = fields
        import_id_fields = ("username",)
        skip_unchanged = True
        use_transactions = True
        skip_html_diff = True
        store_instance = True
        clean_model_instances = True

    def check(self, instance) -> None:
        if not instance.pk:
            USERNAME(instance.username)
            instance.set_unusable_password()

    def after_import_row(self, row, row_result, **kwargs):
        person = row_result.instance
        code = ChoiceWidget(PostCode.choices).clean(row.get("post"))
        unit = UnitWidget().clean(row.get("unit"))
        if not code and unit is None:
            return
        if not code or unit is None:
            raise ValidationError(_("A post needs its unit, and a unit its post."))
        start = DayWidget().clean(row.get("from")) or self.as_of
        last = DayWidget().clean(row.get("last_day"))
        if posts_on(max(start, self.today)).filter(staff=person, unit=unit, code=code).exists():
            return
        try:
            propose_post(
                staff=person,
                unit=unit,
                code=code,
                valid_from=max(start, self.today),
                valid_to=last + timedelta(days=1) if last else None,
                by=self.by,
                reason=str(_("from a list of staff")),
            )
        except DomainError as refusal:
            if refusal.code == "proposed_already":
                return
            raise ValidationError(str(refusal)) from refusal
        row_result.asks_for = f"{dict(PostCode.choices)[code]} · {unit}"


RESOURCES: dict[str, type[ListResource]] = {
    ListKind.UNITS: UnitResource,
    ListKind.STAFF: StaffResource,
    ListKind.AREAS: AreaResource,
    ListKind.CALENDAR: CalendarResource,
}
