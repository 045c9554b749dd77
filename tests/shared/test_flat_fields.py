"""Fields of a form that are copied flat stay each form's own where a form may change them."""

import uuid

from django import forms

from coopcrm.shared.forms import FlatFields, StrictForm


class Large(StrictForm):
    name = forms.CharField(max_length=5, widget=forms.TextInput(attrs={"lang": "zh"}))
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")])
    day = forms.SplitDateTimeField(required=False)


Large.base_fields = FlatFields(Large.base_fields)


def test_what_one_form_changes_the_next_one_does_not_see():
    first = Large()
    first.fields["name"].initial = uuid.uuid4
    first.fields["name"].widget.attrs["autofocus"] = True
    first.fields["name"].validators.clear()
    first.fields["name"].error_messages["required"] = "!"
    first.fields["kind"].choices = [("c", "C")]
    first.fields["day"].fields[0].required = True

    second = Large({"name": "too long", "kind": "c"})

    assert second.fields["name"].widget.attrs == {"lang": "zh", "maxlength": "5"}
    assert (second.fields["name"].initial, second.fields["day"].fields[0].required) == (None, False)
    assert list(second.errors) == ["name", "kind"]
    assert second.fields["name"].error_messages["required"] != "!"
    assert '<option value="b">' in str(second["kind"])
    assert Large({"name": "short", "kind": "a"}).is_valid()
