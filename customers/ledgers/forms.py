"""Forms of the ledgers' pages."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember, Unit
from coopcrm.shared.forms import StrictForm
from coopcrm.shared.uploads.child.limits import MAX_FILE_BYTES, MAX_MEMBERS, MAX_UNPACKED_BYTES, MEGABYTE
from customers.choices import ROW_STANDINGS, LedgerKind, RowOutcome
from customers.ledgers import dirt
from customers.ledgers.reasons import DIRT_WORDS
from customers.ledgers.uploads import branches_for, branches_seen_by
from customers.ledgers.words import field_choices
from customers.models import LedgerUpload, UploadFile

FILE_LIMITS = {
    "megabytes": MAX_FILE_BYTES // MEGABYTE,
    "members": MAX_MEMBERS,
    "unpacked": MAX_UNPACKED_BYTES // MEGABYTE,
}
ENCODINGS = [
    ("", _("found out by itself")),
    ("utf-8", "UTF-8"),
    ("gbk", "GBK"),
    ("gb18030", "GB 18030"),
    ("big5hkscs", "Big5"),
    ("utf-16", "UTF-16"),
]


TOO_LARGE = format_lazy(
    _("Larger than {most} MB together; bring the files in one after the other, or split them."),
    most=FILE_LIMITS["megabytes"],
)
MANY = 2
ANYTHING, NOTHING, UNKNOWN = "", "nothing", "unknown"
USABLE_CHOICES = [
    (ANYTHING, _("any or none")),
    (dirt.NUMBER, _("a valid number")),
    (dirt.PHONE, _("a phone")),
    (dirt.VILLAGE, _("a village")),
    (NOTHING, _("nothing to go by")),
    (UNKNOWN, _("not measured")),
]


def day_control() -> forms.DateInput:
    """The browser's own calendar."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ManyFiles(forms.ClearableFileInput):
    """A control that takes several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each one checked like a single one."""

    widget = ManyFiles(
        attrs={
            "accept": ".xlsx,.csv,.txt,.zip",
            "multiple": True,
            "data-most-bytes": MAX_FILE_BYTES,
            "data-too-large": TOO_LARGE,
        }
    )

    def clean(self, data, initial=None):
        given = data if isinstance(data, list | tuple) else [data]
        return (
            [super(FilesField, self).clean(file, initial) for file in given] if given else super().clean(None)
        )


class BranchField(forms.ModelChoiceField):
    """A branch whose ledgers the person may bring in."""

    def label_from_instance(self, obj: Unit) -> str:
        return obj.name


class UploadForm(StrictForm):
    """Files, the day they are of, and the branch where that is not said elsewhere."""

    files = FilesField(
        label=_("Files"),
        help_text=_("xlsx, csv or a zip of them; several at once."),
    )
    as_of = forms.DateField(
        label=_("Business date"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("The day up to which the ledgers tell."),
    )
    branch = BranchField(
        label=_("Branch"),
        queryset=Unit.objects.none(),
        required=False,
        empty_label=_("found out for each file"),
    )

    def __init__(self, *args, staff: StaffMember, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = branches_for(staff)

    def clean_as_of(self):
        day = self.cleaned_data["as_of"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("This day is still to come."))
        return day


class FileForm(StrictForm):
    """What one file of an upload is."""

    is_taken = forms.BooleanField(label=_("Take this file in"), required=False)
    branch = BranchField(label=_("Branch"), queryset=Unit.objects.none(), required=False, empty_label="–")
    kind = forms.ChoiceField(label=_("Kind"), choices=LedgerKind.choices)
    encoding = forms.ChoiceField(label=_("Encoding"), choices=ENCODINGS, required=False)

    def __init__(self, *args, staff: StaffMember, is_text: bool = True, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = branches_for(staff)
        if not is_text:
            del self.fields["encoding"]


class ManyFilesForm(StrictForm):
    """One branch for all the files that are ticked."""

    files = forms.ModelMultipleChoiceField(label=_("Files"), queryset=UploadFile.objects.none())
    several_branch = BranchField(
        label=_("Branch for several files"), queryset=Unit.objects.none(), empty_label="–"
    )

    def __init__(self, *args, staff: StaffMember, upload: LedgerUpload, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"].queryset = upload.files.all()
        self.fields["several_branch"].queryset = branches_for(staff)


class ColumnsForm(StrictForm):
    """What each column of a file holds: a choice for every column of every sheet."""

    def __init__(self, *args, sheets: list[dict], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.places: dict[str, tuple[str, int]] = {}
        choices = [("", _("keep as it is")), *field_choices()]
        for number, sheet in enumerate(sheets):
            for column in sheet["columns"]:
                name = f"column_{number}_{column['index']}"
                self.places[name] = (sheet["name"], column["index"])
                self.fields[name] = forms.ChoiceField(
                    label=column["label"] or f"#{column['index'] + 1}",
                    choices=choices,
                    required=False,
                    initial=column["field"],
                )

    def chosen(self) -> dict[str, dict[int, str]]:
        """The fields by sheet and column."""
        found: dict[str, dict[int, str]] = {}
        for name, (sheet, index) in self.places.items():
            found.setdefault(sheet, {})[index] = self.cleaned_data[name]
        return found


class LinesForm(forms.Form):
    """Which lines of a preview are shown."""

    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=[("", _("All")), *RowOutcome.choices], required=False
    )
    file = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)


def dirt_choices() -> list[tuple[str, str]]:
    """Kinds of error to choose from."""
    return [("", _("any or none")), *DIRT_WORDS.items()]


class FileRowsForm(forms.Form):
    """Which rows of a ledger file are shown."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=[("", _("All")), *ROW_STANDINGS], required=False)
    dirt = forms.ChoiceField(label=_("Kind of error"), choices=dirt_choices, required=False)


class QualityForm(forms.Form):
    """Of which ledgers the quality report tells: branch, kind, and the days on which they were brought in."""

    branch = BranchField(
        label=_("Branch"), queryset=Unit.objects.none(), required=False, empty_label=_("all branches")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("All")), *LedgerKind.choices], required=False)
    since = forms.DateField(label=_("Brought in since"), required=False, widget=day_control())
    until = forms.DateField(label=_("Brought in until"), required=False, widget=day_control())

    def __init__(self, *args, staff: StaffMember, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = branches_seen_by(staff)
        if not staff.scope.sees_union and len(staff.scope.branch_ids) < MANY:
            del self.fields["branch"]


class QualityRowsForm(QualityForm):
    """The rows behind a number of the quality report."""

    dirt = forms.ChoiceField(label=_("Kind of error"), choices=dirt_choices, required=False)
    usable = forms.ChoiceField(label=_("Recognisable by"), choices=USABLE_CHOICES, required=False)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=[("", _("All")), *ROW_STANDINGS], required=False)
    file = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    month = forms.RegexField(r"^(\d{4}(-(0[1-9]|1[0-2]))?|none)$", required=False, widget=forms.HiddenInput)


class TemplatesForm(forms.Form):
    """For which branch and in which language templates are shown."""

    branch = BranchField(label=_("Branch"), queryset=Unit.objects.none(), empty_label=None)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def __init__(self, *args, staff: StaffMember, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = branches_for(staff)


class TemplateForm(TemplatesForm):
    """One template: of which kind as well."""

    kind = forms.ChoiceField(label=_("Kind"), choices=LedgerKind.choices)


class UndoForm(StrictForm):
    """Why an import is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
