"""What people type to make a tag, to hang it, and to write its rule."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.models import StaffMember
from branches.selectors import branches_of
from coopcrm.shared.forms import StrictForm
from customers.choices import TagColour
from customers.models import Tag
from customers.tags import policies
from customers.tags.rules import rule_filters


class NewTagForm(StrictForm):
    """A new tag: directors make those of their branch, head office and the credit department those of the union."""

    label = forms.CharField(label=_("Word"), max_length=30)
    code = forms.SlugField(
        label=_("Code"), max_length=30, help_text=_("Latin letters, digits and hyphens; it never changes.")
    )
    colour = forms.ChoiceField(label=_("Colour"), choices=TagColour)
    branch = forms.ModelChoiceField(label=_("Branch"), queryset=None, required=False)
    is_computed = forms.BooleanField(label=_("Hung by a rule"), required=False)

    def __init__(self, *args, staff: StaffMember, **kwargs):
        super().__init__(*args, **kwargs)
        if policies.may_make_union_tags(staff):
            del self.fields["branch"]
        else:
            own = branches_of(staff)
            self.fields["branch"].queryset = own
            self.fields["branch"].required = True
            self.fields["branch"].initial = own.first()
            del self.fields["is_computed"]


class HangForm(StrictForm):
    """One tag for one customer."""

    tag = forms.ModelChoiceField(label=_("Tag"), queryset=Tag.objects.none())
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args, tags, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["tag"].queryset = tags


class RuleForm(StrictForm):
    """The rule of a tag: filters of the list of customers, all of which must hold."""

    reason = forms.CharField(label=_("Why"), max_length=200)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, narrowing in rule_filters().items():
            if choices := list(narrowing.choices()):
                self.fields[name] = forms.ChoiceField(
                    label=narrowing.label, choices=[("", _("all")), *choices], required=False
                )

    def filters(self) -> dict[str, str]:
        """What was chosen."""
        return {name: code for name, code in self.cleaned_data.items() if code and name in rule_filters()}
