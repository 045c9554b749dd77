"""Controls drawn in one go are what Django's own templates draw."""

from datetime import date
from html.parser import HTMLParser

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe

from coopcrm.shared.forms import LookRenderer

CHOICES = [("", "all"), ("a", "<b>bold</b>"), ("Group", [("1", "one & two"), ("2", mark_safe("<i>two</i>"))])]


class Pieces(HTMLParser):
    """What a browser makes of a text: elements with their attributes in any order, and texts without their margins."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, sorted(attrs, key=str)))

    def handle_endtag(self, tag):
        self.found.append(f"/{tag}")

    def handle_data(self, data):
        self.found += [data.strip()] if data.strip() else []


class Everything(forms.Form):
    text = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"placeholder": 'say "it"', "autofocus": True})
    )
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3, "readonly": False}))
    number = forms.IntegerField(min_value=1)
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    word = forms.CharField(widget=forms.PasswordInput)
    hidden = forms.CharField(widget=forms.HiddenInput)
    agrees = forms.BooleanField(required=False)
    choice = forms.ChoiceField(choices=CHOICES)
    several = forms.MultipleChoiceField(choices=CHOICES, widget=forms.SelectMultiple)
    boxes = forms.MultipleChoiceField(
        choices=CHOICES, widget=forms.CheckboxSelectMultiple(attrs={"class": "cluster"})
    )
    one = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect)


VALUES = {
    "text": "<script>'\"&",
    "note": "</textarea><b>",
    "number": 1234567,
    "day": date(2026, 3, 18),
    "word": "secret",
    "hidden": 0,
    "agrees": True,
    "choice": "a",
    "several": ["1", "2"],
    "boxes": ["a", "2"],
    "one": "1",
}


@pytest.mark.parametrize("values", [{}, VALUES])
@pytest.mark.parametrize("name", Everything.base_fields)
def test_a_control_is_what_the_templates_of_django_draw(name, values):
    ours = str(Everything(initial=values, renderer=LookRenderer())[name])
    theirs = str(Everything(initial=values, renderer=DjangoTemplates())[name])

    assert Pieces(ours).found == Pieces(theirs).found


def test_an_empty_choice_is_a_dash():
    class Form(forms.Form):
        sex = forms.ChoiceField(choices=[("", "---------"), ("F", "female")])

    assert '<option value="" selected>–</option>' in str(
        Form(initial={"sex": ""}, renderer=LookRenderer())["sex"]
    )
