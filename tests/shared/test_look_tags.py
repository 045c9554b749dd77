"""How amounts, shares and drawings are written on pages and vouchers."""

from datetime import date
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template
from django.urls import get_resolver
from django.utils import translation
from django.utils.formats import date_format

from coopcrm.shared.money import in_capitals
from coopcrm.shared.templatetags import look

LANGUAGES = ("en", "zh-hans", "zh-hant")


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.5", "伍角整"),
        ("10", "壹拾元整"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("100010", "壹拾万零壹拾元整"),
        ("100000001", "壹亿零壹元整"),
        ("120050000", "壹亿贰仟零伍万元整"),
        ("1000100000000", "壹万零壹亿元整"),
        ("3000000000001", "叁万亿零壹元整"),
        ("-20000", "负贰万元整"),
        ("1999.999", "贰仟元整"),
    ],
)
def test_amounts_in_capitals_read_as_on_a_voucher(amount, words):
    assert in_capitals(Decimal(amount)) == words


def test_amounts_in_capitals_have_their_traditional_characters():
    assert in_capitals(Decimal("62300.5"), traditional=True) == "陸萬貳仟參佰元伍角整"


def test_an_amount_beyond_words_is_refused():
    with pytest.raises(ValueError, match="sixteen digits"):
        in_capitals(Decimal(10) ** 16)


@pytest.mark.parametrize("language", LANGUAGES)
def test_amounts_and_days_are_written_the_same_way_in_every_language(language):
    with translation.override(language):
        assert look.yuan(Decimal("1234567.5")) == "1,234,567.50"
        assert look.yuan(Decimal("-0.005")) == "\N{MINUS SIGN}0.01"
        assert look.wan(Decimal(60_000)) == "6.00"
        assert look.percent(Decimal("0.0172"), 2) == "1.72 %"
        assert date_format(date(2026, 3, 31), "SHORT_DATE_FORMAT") == "2026-03-31"


def test_nothing_known_is_a_dash():
    assert {look.yuan(None), look.wan(""), look.percent(None), look.signed(None), look.capitals(None)} == {
        "–"
    }


def test_capitals_follow_the_language_of_the_page():
    page = Template("{% load look %}{{ amount|capitals }}")

    with translation.override("zh-hant"):
        assert page.render(Context({"amount": "30000"})) == "參萬元整"
    with translation.override("zh-hans"):
        assert page.render(Context({"amount": "30000"})) == "叁万元整"


def test_a_gap_in_a_series_is_skipped_and_the_largest_is_on_top():
    assert look.line_points([1, None, 3], width=100, height=24) == [(0.0, 22.0), (100.0, 2.0)]
    assert look.line_points([None, 3], width=100, height=24) == []


def test_bars_of_a_waterfall_begin_where_the_last_one_ended():
    rows = look.waterfall_rows([{"label": "a", "value": "6"}, {"label": "b", "value": "-2"}])

    assert [(row["kind"], row["x"], row["width"]) for row in rows] == [
        ("plus", "0.0%", "100.0%"),
        ("minus", "66.7%", "33.3%"),
        ("total", "0.0%", "66.7%"),
    ]


def test_the_browsers_calendar_is_given_days_as_it_reads_them_in_every_language():
    assert get_resolver().reverse_dict, "all addresses are read, and with them all forms"
    fields = [
        (form.__name__, name, field.widget)
        for form in _all_below(forms.BaseForm)
        for name, field in getattr(form, "base_fields", {}).items()
    ]
    calendars = [entry for entry in fields if getattr(entry[2], "input_type", "") == "date"]

    with translation.override("zh-hans"):
        wrong = [entry[:2] for entry in calendars if entry[2].format_value(date(2026, 5, 3)) != "2026-05-03"]

    assert len(calendars) > 20
    assert wrong == []


def _all_below(one: type) -> set[type]:
    return {one}.union(*(_all_below(each) for each in one.__subclasses__()))
