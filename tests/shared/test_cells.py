"""Cells of files that leave the house."""

import pytest

from coopcrm.shared.cells import SafeText, safe_cell


@pytest.mark.parametrize(
    "text", ["=1", "+x", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1", "＋1", "－1", "＠1"]
)
def test_what_a_spreadsheet_would_run_is_shown(text):
    assert safe_cell(text) == "'" + text
    assert SafeText().clean(SafeText().render(text)) == text


@pytest.mark.parametrize("text", ["", "-12.50", "+3", "王建国", "'quoted'", "a=b", "2026-03-31"])
def test_figures_and_words_stay_what_they_are(text):
    assert safe_cell(text) == text
    assert SafeText().clean(SafeText().render(text)) == text
