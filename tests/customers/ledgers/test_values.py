"""What one cell says, whatever hands, spreadsheets and dialects made of it."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from customers.ledgers import remarks, values

NUMBER = "110105194912310038"  # an invented number with a valid check character
BORN = date(1949, 12, 31)


@pytest.mark.parametrize(
    ("typed", "flag"),
    [
        (NUMBER, ""),
        ("１１０１０５１９４９１２３１００３８", "FULL_WIDTH"),
        ("1101 0519 4912 3100 38", "SPACES"),
        ("'110105194912310038", "QUOTE_MARK"),
        ("‘110105194912310038", "QUOTE_MARK"),
        ("110105491231003", "LEGACY15"),
        ("身份证：110105194912310038（原件）", ""),
    ],
)
def test_number_survives_how_it_was_typed(typed, flag):
    read = values.read_id(typed)

    assert read.number == NUMBER
    assert not flag or flag in read.flags


@pytest.mark.parametrize(
    "typed", ["11010519491231002x", "11010519491231002×", "１１０１０５１９４９１２３１００２Ｘ"]
)
def test_last_character_x_in_any_shape_is_read(typed):
    assert values.read_id(typed).number == "11010519491231002X"


@pytest.mark.parametrize("typed", ["无", "待补", "-", "未带", "", None, " ", "/"])
def test_placeholder_is_no_number(typed):
    assert values.read_id(typed).is_empty


@pytest.mark.parametrize(
    ("typed", "flag", "prefix", "suffix"),
    [
        ("1.10105E+17", "SCIENTIFIC", "110105", ""),
        ("'1.10105e+17", "SCIENTIFIC", "110105", ""),
        (1.10105194912310e17, "PRECISION_LOST", "110105194912310", ""),
        (110105194912310000, "PRECISION_LOST", "110105194912310", ""),
        ("11010519491231002", "LOST_TRAILING", "11010519491231002", ""),
        ("1010519491231002X", "LOST_LEADING", "", "1010519491231002X"),
        ("110105********0038", "MASKED", "110105", "0038"),
        ("110105194912310022", "CHECK_FAILED", "", ""),
        ("1101051949", "LENGTH", "", ""),
    ],
)
def test_damaged_number_is_kept_and_its_damage_named(typed, flag, prefix, suffix):
    read = values.read_id(typed)

    assert (read.number, read.prefix, read.suffix) == ("", prefix, suffix)
    assert flag in read.flags
    assert read.cleaned


def test_letter_for_digit_is_a_hint_and_not_a_number():
    read = values.read_id("l1O1O5194912310038")

    assert (read.number, read.guess) == ("", NUMBER)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("王 大明", "王大明"),
        ("王　　明", "王明"),
        ("王大明\t", "王大明"),
        ("?王大明", "王大明"),
        ("王大明*", "王大明"),
        ("王大明（代）", "王大明"),
        ("王大明(故)", "王大明"),
        ("張國華", "张国华"),
        ("王大明户", "王大明"),
        ("王大明同志", "王大明"),
        ("买买提•艾力", "买买提·艾力"),
    ],
)
def test_name_is_read_without_what_stands_around_it(typed, key):
    assert values.read_name(typed).key == key


def test_alias_in_brackets_is_kept_beside_the_name():
    read = values.read_name("王大明[王老五]")

    assert (read.key, read.aliases) == ("王大明", ("王老五",))


def test_married_style_name_and_relative_are_told_apart():
    assert values.read_name("张王氏").is_married_style
    assert values.read_name("王大明爱人").is_relative_of == "王大明"


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("138 6608 6809", ("13866086809",)),
        ("+8613866086809", ("13866086809",)),
        ("86-13866086809", ("13866086809",)),
        (13866086809, ("13866086809",)),
        ("13866086809.0", ("13866086809",)),
        ("１３８６６０８６８０９", ("13866086809",)),
        ("13866086809/0376-7668467", ("13866086809", "03767668467")),
        ("13866086809 0376-7668467", ("13866086809", "03767668467")),
        ("0376-7668467；13866086809", ("13866086809", "03767668467")),
        ("2293449", ("2293449",)),
        ("无", ()),
        ("138660868", ()),
    ],
)
def test_phones_of_a_cell(typed, numbers):
    assert values.read_phones(typed).numbers == numbers


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2005-03-16", date(2005, 3, 16)),
        ("2005/3/16", date(2005, 3, 16)),
        ("2005.3.16", date(2005, 3, 16)),
        ("2005年3月16日", date(2005, 3, 16)),
        ("二〇〇五年三月十六日", date(2005, 3, 16)),
        ("二00五年三月十六日", date(2005, 3, 16)),
        ("2005年元月16日", date(2005, 1, 16)),
        ("20050316", date(2005, 3, 16)),
        (38427, date(2005, 3, 16)),
        ("38427", date(2005, 3, 16)),
        ("05.3.16", date(2005, 3, 16)),
        ("民国94年3月16日", date(2005, 3, 16)),
        ("094/03/16", date(2005, 3, 16)),
        ("2005-03-16 00:00:00", date(2005, 3, 16)),
        (datetime(2005, 3, 16), date(2005, 3, 16)),
        ("16/03/2005", date(2005, 3, 16)),
    ],
)
def test_dates_of_every_shape(typed, day):
    assert values.date_options(typed)[0].day == day


def test_month_alone_is_known_to_the_month():
    option = values.date_options("1958.9")[0]

    assert (option.day, option.precision) == (date(1958, 9, 1), "month")


@pytest.mark.parametrize("typed", ["", "无", "上月", "13-45", "2005-02-30", "约三年前"])
def test_what_is_no_date_is_not_made_one(typed):
    assert values.date_options(typed) == []


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1,340.03", "1340.03"),
        ("39600元", "39600"),
        ("约3.1万", "31000"),
        ("1万6", "16000"),
        ("6万0", "60000"),
        ("2万3千", "23000"),
        ("两万三", "23000"),
        ("1.2w", "12000"),
        ("5千", "5000"),
        ("借亲戚5400", "5400"),
        ("欠社里4400", "4400"),
        ("他行8800元", "8800"),
        ("借亲戚1万6", "16000"),
        (829, "829"),
        ("-120.50", "-120.50"),
        ("没有", "0"),
        ("无", "0"),
        ("0", "0"),
    ],
)
def test_money_as_people_write_it(typed, amount):
    assert values.read_money(typed).amount == Decimal(amount)


@pytest.mark.parametrize("typed", ["", None, "-", "不详", "2-3万"])
def test_unknown_debt_is_not_zero(typed):
    assert values.read_money(typed).amount is None


def test_unit_of_the_header_holds_for_bare_small_figures_only():
    unit = Decimal(10_000)

    assert values.read_money("2.5", unit=unit).amount == 25_000
    assert values.read_money("24200", unit=unit).amount == 24_200
    assert values.read_money("2万6", unit=unit).amount == 26_000


@pytest.mark.parametrize(
    ("typed", "mu"),
    [
        ("17亩", "17"),
        ("16.5", "16.5"),
        ("9亩5分", "9.5"),
        ("九亩半", "9.5"),
        ("十二亩", "12"),
        ("田6亩地3亩", "9"),
        ("约15亩", "15"),
        ("3.5亩水田，2亩旱地", "5.5"),
        ("一亩三分", "1.3"),
        ("5分", "0.5"),
        ("无", "0"),
    ],
)
def test_land_in_mu(typed, mu):
    assert values.read_land(typed).mu == Decimal(mu)


def test_livestock_list_with_and_without_measure_words():
    read = values.read_livestock("猪24头，牛2、羊31只/鱼塘2亩")

    assert read.counts == {"pigs": 24, "cattle": 2, "sheep": 31, "pond_mu": 2}
    assert values.read_livestock("没有").counts == {}
    assert values.read_livestock("").counts is None


@pytest.mark.parametrize(
    ("typed", "group"),
    [
        ("三组", 3),
        ("第七村民组", 7),
        ("7队", 7),
        ("五队", 5),
        ("十一组", 11),
        ("05", 5),
        (4, 4),
        ("", None),
        ("后湾", None),
    ],
)
def test_group_number(typed, group):
    assert values.read_group(typed) == group


def test_address_is_split_into_county_place_and_group():
    read = values.read_address("甲乙省青山县柳河镇东岗村第三村民组")

    assert (read.county, read.place, read.group) == ("青山县", "柳河镇东岗村", 3)
    assert values.read_address("本镇东岗村二队").is_here


def test_remark_names_head_spouse_tail_and_new_phone():
    assert remarks.read_remark("户主王大明").head == "王大明"
    assert remarks.read_remark("配偶李小花；联保小组成员").spouse == "李小花"
    assert remarks.read_remark("与李小花系夫妻").spouse == "李小花"
    assert remarks.read_remark("尾号002x").id_tail == "002X"
    assert remarks.read_remark("新号13866086809").phones == ("13866086809",)
    assert remarks.read_remark("夫妻和睦，勤劳").spouse == ""
    assert remarks.read_remark("低保户；李小花爱人").spouse == "李小花"
    assert remarks.read_remark("爱人常年有病").spouse == ""
    assert remarks.read_remark("旧证号110105491231002；五保").old_number == "110105491231002"


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("", "11010519491231002X"),
        ("1.10105E+17", "11010519491231002X"),
        ("110105194912310000", "11010519491231002X"),
        ("3.20105E+17", ""),
        ("11010519491231003X", ""),
    ],
)
def test_old_number_in_a_remark_fills_an_empty_or_damaged_cell_that_it_fits(cell, number):
    remark = remarks.read_remark("旧证号110105491231002")

    found = remarks.with_old_number(values.read_id(cell), remark)

    assert found.number == number
    assert ("OLD_NUMBER" in found.flags) is bool(number)


def test_valid_number_of_the_cell_stands():
    own = values.read_id("110105194912310038")

    assert remarks.with_old_number(own, remarks.read_remark("旧证号110105491231002")) is own


def test_number_and_phone_that_strayed_into_the_name_are_found():
    assert values.strays_in("王大明 110105194912310038 13866086809") == (NUMBER, ("13866086809",))
    assert values.read_name("王大明13866086809").key == "王大明"
    assert values.strays_in("东岗村三组") == ("", ())
