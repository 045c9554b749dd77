"""How names become the keys that search reads."""

import pytest

from customers.names import latin_key, name_keys, place_keys


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("张桂兰", ("张桂兰", "桂兰", "zhangguilan", "zgl", "guilan")),
        ("張桂蘭", ("张桂兰", "桂兰", "zhangguilan", "zgl", "guilan")),
        (" 王 秀英 ", ("王秀英", "秀英", "wangxiuying", "wxy", "xiuying")),
        ("欧阳丽", ("欧阳丽", "丽", "ouyangli", "oyl", "li")),
        ("司马", ("司马", "马", "sima", "sm", "ma")),
        ("万俟强", ("万俟强", "强", "moqiqiang", "mqq", "qiang")),
        ("单雄信", ("单雄信", "雄信", "shanxiongxin", "sxx", "xiongxin")),
        ("吕桂兰", ("吕桂兰", "桂兰", "lvguilan", "lgl", "guilan")),
        ("买买提•艾力", ("买买提·艾力", "艾力", "maimaitiaili", "mmtal", "aili")),
        ("Li  Xiuying", ("LI XIUYING", "XIUYING", "lixiuying", "lx", "xiuying")),
        (
            "光山县白雀园合作社",
            ("光山县白雀园合作社", "", "guangshanxianbaiqueyuanhezuoshe", "gsxbqyhzs", ""),
        ),
    ],
)
def test_name_is_found_by_whole_part_pinyin_and_initials(name, keys):
    assert name_keys(name) == keys


@pytest.mark.parametrize(
    "typed",
    ["zhangguilan", "zhang gui lan", "Zhāng Guìlán", "zhang1 gui4 lan2", "ZHANG GUI-LAN", "zhang gui'lan"],
)
def test_pinyin_is_understood_however_it_is_typed(typed):
    assert latin_key(typed) == "zhangguilan"


@pytest.mark.parametrize("typed", ["lǚ", "lü", "lu:", "lv"])
def test_u_with_dots_is_v(typed):
    assert latin_key(typed) == "lv"


def test_every_prefix_of_a_name_has_a_key_that_is_a_prefix():
    name = "乾隆後裡發"

    keys = [name_keys(name[:length]).name_key for length in range(1, len(name) + 1)]

    assert all(keys[-1].startswith(key) for key in keys)


def test_village_is_found_by_pinyin_and_initials():
    assert place_keys("孫家村") == ("sunjiacun", "sjc")
