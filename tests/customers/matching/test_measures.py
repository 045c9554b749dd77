"""How recognition is measured: worked by hand on five rows, and by the command on an import."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command

from customers.ledgers.importing import LedgerSource, import_ledgers
from customers.matching import measures

TRUTH = {1: "Wang", 2: "Wang", 3: "Wang", 4: "Li", 5: "Zhao"}
FOUND = {1: "a", 2: "a", 3: "b", 4: "b", 5: "c"}


def test_one_right_pair_of_two_joined_and_three_that_belong_together():
    figures = measures.pairwise(TRUTH, FOUND)

    assert (figures.precision, figures.recall) == (1 / 2, 1 / 3)
    assert figures.f1 == pytest.approx(0.4)


def test_across_branches_counts_pairs_of_two_branches_alone():
    place = {1: "north", 2: "north", 3: "south", 4: "south", 5: "south"}

    figures = measures.across(TRUTH, FOUND, place)

    assert (figures.precision, figures.recall) == (1.0, 0.0)


def test_b_cubed_is_the_mean_over_rows():
    figures = measures.b_cubed(TRUTH, FOUND)

    assert figures.precision == pytest.approx((1 + 1 + 1 / 2 + 1 / 2 + 1) / 5)
    assert figures.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)


def test_a_customer_of_two_persons_is_mixed():
    assert measures.mixed(TRUTH, FOUND) == ["b"]


def test_the_queue_is_measured_by_the_missed_pairs_it_asks_about():
    figures = measures.queue(TRUTH, FOUND, {frozenset("ab"), frozenset("ac")})

    assert (figures.questions, figures.missed, figures.share_asked) == (2, 1, 1.0)


def test_kinds_of_error_stand_with_the_pairs_they_cost():
    kinds = measures.by_kind(TRUTH, FOUND, {3: ["slip"], 2: ["space"]})

    assert [(row.kind, row.pairs, row.joined) for row in kinds] == [("slip", 2, 0), ("space", 2, 1)]


@pytest.mark.django_db
def test_the_report_reads_the_rows_of_the_registry(tmp_path, capsys):
    lines = (
        "姓名,身份证号,电话\n王大明,110105194912310038,\n王大明,110105194912310038,\n李小花,,13866086809\n"
    )
    source = LedgerSource("账户.csv", "account_list", "990078001", "测试社", lines.encode())
    import_ledgers([source], as_of=date(2015, 3, 31))
    truth = tmp_path / "truth.csv"
    truth.write_text(
        "source_file,sheet,row_number,person_id,errors\n账户.csv,,2,P1,\n账户.csv,,3,P1,\n账户.csv,,4,P1,name\n",
        encoding="utf-8",
    )

    call_command("match_report", truth=truth)

    said = capsys.readouterr().out
    assert "rows 3, persons 1, not in the registry 0" in said
    assert "pairs: precision 1.0000, recall 0.3333, F1 0.5000" in said
    assert "customers who mix persons: 0" in said
    assert [line.split() for line in said.splitlines()[-2:]] == [
        ["name", "2", "0.000", "2"],
        ["clean", "1", "1.000", "0"],
    ]


@pytest.mark.django_db
def test_a_truth_without_its_columns_is_refused(tmp_path):
    truth = tmp_path / "truth.csv"
    truth.write_text("row,person\n1,2\n", encoding="utf-8")

    with pytest.raises(CommandError, match="source_file"):
        call_command("match_report", truth=truth)
