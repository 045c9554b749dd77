"""What people type into the pages of the organisation, cleaned. Services decide; forms explain."""

from __future__ import annotations

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches import policies
from branches.choices import AreaLevel, DayKind, Language, PostCode, UnitKind, Weekday
from branches.models import Area, Post, StaffMember, Unit
from branches.opening import HoursUnclear, hours_text, parse_hours
from coopcrm.shared.forms import StrictFields, StrictForm

MOST_BYTES = 2 * 1024 * 1024
UNCLEAR = {
    "FORMAT": _("Write hours like 8:00-12:00, 14:00-17:30. Leave the day empty when it is closed."),
    "ORDER": _("It closes before it opens. Please look at the times again."),
    "OVERLAP": _("Two stretches overlap. Please look at the times again."),
}
USERNAME = RegexValidator(
    r"^[a-z][a-z0-9._-]{2,59}$",
    _(
        "Small letters, digits, dot, dash and underscore; it begins with a letter and has at least three characters."
    ),
)


def day_field(label, **more) -> forms.DateField:
    """A day, typed or picked."""
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more
    )


def time_field(label, **more) -> forms.TimeField:
    """A time of day, typed or picked."""
    return forms.TimeField(
        label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **more
    )


def open_units(*kinds: str):
    """Units that are open today or will be, by code; of these kinds when some are named."""
    rows = Unit.objects.not_closed_on(timezone.localdate())
    return (rows.filter(kind__in=kinds) if kinds else rows).order_by("code")


class UnitChoice(forms.ModelChoiceField):
    """A unit by name and code."""

    def label_from_instance(self, unit: Unit) -> str:
        return f"{unit.name} · {unit.code}"


class PersonField(forms.CharField):
    """A member of staff by sign-in name, employee number or full name, offered while typing."""

    def __init__(self, **more) -> None:
        widget = forms.TextInput(attrs={"list": "people", "autocomplete": "off"})
        super().__init__(max_length=100, widget=widget, **more)

    def clean(self, value):
        typed = super().clean(value)
        return find_person(typed) if typed else None


def find_person(typed: str) -> StaffMember:
    """The one active person that was meant; ``name (sign-in)`` as the list offers it, too."""
    typed = typed.strip()
    if typed.endswith(")") and "(" in typed:
        typed = typed.rpartition("(")[2].rstrip(")")
    people = StaffMember.objects.filter(is_active=True)
    for name in ("username", "employee_no", "full_name"):
        found = list(people.filter(**{name: typed})[:3])
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(one.username for one in found)
            raise forms.ValidationError(
                _("Several people are called so (%(names)s …). Use the sign-in name.") % {"names": names}
            )
    raise forms.ValidationError(
        _("Nobody here has this name. Type the sign-in name or pick one of the list.")
    )


# -- Units -------------------------------------------------------------------------------------------------------------


class UnitForm(StrictFields, forms.ModelForm):
    """A unit as it stands on its page; code and kind are given once."""

    parent = UnitChoice(label=_("Unit above"), queryset=Unit.objects.none(), required=False)

    class Meta:
        model = Unit
        fields = ("kind", "code", "name", "parent", "opened_on", "address", "latitude", "longitude")
        widgets = {
            "opened_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "latitude": forms.NumberInput(attrs={"step": "0.000001"}),
            "longitude": forms.NumberInput(attrs={"step": "0.000001"}),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = open_units(UnitKind.UNION, UnitKind.BRANCH)
        self.fields["latitude"].localize = self.fields["longitude"].localize = False
        if self.instance.pk:
            del self.fields["kind"], self.fields["code"]
            if self.instance.kind == UnitKind.UNION:
                del self.fields["parent"]
        else:
            kinds = [
                (UnitKind(code), UnitKind(code).label) for code in UnitKind.values if code != UnitKind.UNION
            ]
            self.fields["kind"].choices = kinds

    def clean_code(self) -> str:
        code = self.cleaned_data["code"].strip()
        if Unit.objects.filter(code=code).exists():
            raise forms.ValidationError(_("Another unit has this code."))
        return code

    def _post_clean(self) -> None:
        """The service writes the row; constraints are checked there and in the database."""


class CloseUnitForm(StrictForm):
    """When a unit closes, and who serves its villages then."""

    on = day_field(_("First day on which it is closed"))
    villages_to = UnitChoice(label=_("Its villages go to"), queryset=Unit.objects.none(), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args, unit: Unit, villages: int, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if villages:
            units = open_units(UnitKind.BRANCH, UnitKind.SUB_BRANCH).exclude(pk=unit.pk)
            self.fields["villages_to"].queryset = units
            self.fields["villages_to"].required = True
        else:
            del self.fields["villages_to"]


class HoursForm(StrictForm):
    """Hours of the seven weekdays, from a day on."""

    beside = ("form",)

    valid_from = day_field(_("From this day on"))

    def __init__(self, *args, week=None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for day, label in Weekday.choices:
            text = hours_text(week.by_weekday.get(day, ())) if week else ""
            self.fields[f"day{day}"] = forms.CharField(
                label=label,
                required=False,
                max_length=80,
                initial=text,
                widget=forms.TextInput(
                    attrs={"autocomplete": "off", "placeholder": "08:00-12:00, 14:00-17:30"}
                ),
            )

    def clean(self):
        data = super().clean()
        week = {}
        for day in Weekday.values:
            try:
                if stretches := parse_hours(data.get(f"day{day}", "")):
                    week[day] = stretches
            except HoursUnclear as unclear:
                self.add_error(f"day{day}", UNCLEAR[unclear.reason])
        data["week"] = week
        return data

    @property
    def day_fields(self):
        return [self[f"day{day}"] for day in Weekday.values]


class ExceptionForm(StrictForm):
    """One day with other hours, or none."""

    beside = ("form",)

    day = day_field(_("Day"))
    opens = time_field(_("Opens"), required=False)
    closes = time_field(_("Closes"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=100)


class PlannedPostsForm(StrictForm):
    """How many people a unit should have in each post that fits it."""

    def __init__(self, *args, unit: Unit, planned: dict[str, int], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for code, label in PostCode.choices:
            if policies.fits(code, unit):
                self.fields[code] = forms.IntegerField(
                    label=label,
                    required=False,
                    min_value=0,
                    max_value=500,
                    initial=planned.get(code) or None,
                    widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
                )

    @property
    def places(self) -> dict[str, int]:
        """Places by post, as the service takes them."""
        return {code: value for code, value in self.cleaned_data.items() if value}


# -- Areas -------------------------------------------------------------------------------------------------------------


class AreaForm(StrictForm):
    """A new township or village."""

    level = forms.ChoiceField(
        label=_("Level"),
        choices=[
            (code, label) for code, label in AreaLevel.choices if code in ("county", "township", "village")
        ],
        initial=AreaLevel.VILLAGE,
    )
    code = forms.CharField(
        label=_("Code"), max_length=12, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("Twelve digits, as the statistics office publishes them."),
    )  # fmt: skip
    name = forms.CharField(label=pgettext_lazy("of a place or day", "Name"), max_length=100)
    valid_from = day_field(_("In force from"))
    households = forms.IntegerField(
        label=_("Households in the village register"), required=False, min_value=0, max_value=100_000
    )
    unit = UnitChoice(label=_("Served by"), queryset=Unit.objects.none(), required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = open_units(UnitKind.BRANCH, UnitKind.SUB_BRANCH)


class AreaChangeForm(StrictForm):
    """Name and register count of an area."""

    name = forms.CharField(label=pgettext_lazy("of a place or day", "Name"), max_length=100)
    households = forms.IntegerField(
        label=_("Households in the village register"), required=False, min_value=0, max_value=100_000
    )


class ServiceForm(StrictForm):
    """Who serves an area from a day on."""

    unit = UnitChoice(label=_("Served by"), queryset=Unit.objects.none())
    valid_from = day_field(_("From"))

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = open_units(UnitKind.BRANCH, UnitKind.SUB_BRANCH)


class SuccessorForm(StrictForm):
    """What a code becomes: another code, or a part of another area."""

    RENAMED, MERGED = "renamed", "merged"

    how = forms.ChoiceField(
        label=_("What becomes of it"),
        choices=[(RENAMED, _("it gets another code or name")), (MERGED, _("it joins another area"))],
        initial=RENAMED,
        widget=forms.RadioSelect,
    )
    valid_from = day_field(_("From"))
    code = forms.CharField(label=_("New code"), max_length=12, required=False)
    name = forms.CharField(label=_("New name"), max_length=100, required=False)
    into = forms.CharField(
        label=_("Joins (code)"),
        max_length=12,
        required=False,
        help_text=_("The twelve digits of the other area."),
    )

    def clean(self):
        data = super().clean()
        if data.get("how") == self.MERGED:
            other = Area.objects.filter(code=data.get("into", "").strip(), valid_to=None).first()
            if other is None:
                self.add_error("into", _("No area in force has this code."))
            data["area"] = other
        elif not (data.get("code") or data.get("name")):
            self.add_error("code", _("Give the new code or the new name."))
        return data


# -- Calendar ----------------------------------------------------------------------------------------------------------


class CalendarForm(StrictForm):
    """A holiday or make-up working days, from the first to the last day."""

    kind = forms.ChoiceField(label=_("Kind"), choices=DayKind.choices)
    first = day_field(_("First day"))
    last = day_field(_("Last day"), required=False)
    name = forms.CharField(label=pgettext_lazy("of a place or day", "Name"), max_length=60)

    def clean(self):
        data = super().clean()
        data["last"] = data.get("last") or data.get("first")
        return data


# -- Staff -------------------------------------------------------------------------------------------------------------


class StaffFilter(forms.Form):
    """Whom the list shows."""

    q = forms.CharField(label=_("Name or number"), required=False, max_length=60)
    unit = UnitChoice(label=_("Unit"), queryset=Unit.objects.none(), required=False, empty_label=_("all"))
    post = forms.ChoiceField(label=_("Post"), required=False, choices=[("", _("all")), *PostCode.choices])
    which = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[("now", _("with a post today")), ("without", _("without a post")), ("all", _("everybody"))],
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = open_units()


class StaffForm(StrictForm):
    """A new member of staff; the password comes by letter, posts by two people."""

    username = forms.CharField(
        label=_("Sign-in name"),
        max_length=60,
        validators=[USERNAME],
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
        help_text=_("Stays for ever, e.g. the name in pinyin and a number."),
    )
    full_name = forms.CharField(
        label=_("Name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    employee_no = forms.CharField(label=_("Employee number"), max_length=20, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices, initial=Language.SIMPLIFIED)


class StaffChangeForm(StaffForm):
    """What may change of a person; the sign-in name stays."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["username"]


class PostForm(StrictForm):
    """A post asked for: new, as a transfer, or as a stand-in."""

    NEW, TRANSFER, STAND_IN = "new", "transfer", "stand_in"

    unit = UnitChoice(label=_("Unit"), queryset=Unit.objects.none())
    code = forms.ChoiceField(label=_("Post"), choices=PostCode.choices)
    valid_from = day_field(_("From"))
    last_day = day_field(_("Last day"), required=False, help_text=_("Empty: until further notice."))
    ends = forms.ModelChoiceField(
        label=_("Leaves this post then"), queryset=Post.objects.none(), required=False, empty_label=_("none")
    )
    absent = PersonField(
        label=_("Stands in for"),
        required=False,
        help_text=_("Sign-in name or name; a stand-in needs a last day."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args, member: StaffMember, units=None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = open_units() if units is None else units
        today = timezone.localdate()
        held = member.posts.filter(stands_in_for=None).exclude(valid_to__lte=today).select_related("unit")
        self.fields["ends"].queryset = held

    def clean(self):
        data = super().clean()
        if data.get("absent") and not data.get("last_day"):
            self.add_error("last_day", _("A stand-in has a last day."))
        if data.get("last_day") and data.get("valid_from") and data["last_day"] < data["valid_from"]:
            self.add_error("last_day", _("The last day comes on or after the first."))
        return data


class EndPostForm(StrictForm):
    """The first day without a post."""

    last_day = day_field(
        _("Last day with the post"), required=False, help_text=_("Empty: it ends now, with all sessions.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)


class ExtendForm(StrictForm):
    """Why a rotation waits."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


# -- Lists -------------------------------------------------------------------------------------------------------------


class ListForm(StrictForm):
    """A list as a file."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx"}),
        help_text=_("csv (UTF-8 or GBK) or xlsx, at most 2 MB and 5,000 rows."),
    )
    as_of = day_field(_("Holds from"))

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The list is larger than 2 MB; split it."))
        return file
