"""How two names agree: equal, by another of their names, as they are written, as they sound, as people slip."""

from __future__ import annotations

from functools import lru_cache

from customers.identity import edit_distance, name_near
from customers.matching.mentions import Mention
from customers.matching.sounds import blurred_pinyin

NEAR = ("equal", "surname variant", "same sound")
LOOK_ALIKES = (
    "末未", "土士", "己已巳", "日曰", "人入八", "大太犬", "干千于", "王玉主", "贝见", "刀力", "木本术", "天夫无",
    "午牛", "白自", "目且", "戊戌戍", "申甲由田", "今令", "冈网", "兰三", "明朋", "英莫", "材林村", "洪供", "宏宠",
    "荣莱", "志忘", "思恩", "宝室", "官宫", "安宴", "候侯", "俊浚峻", "晓饶", "娟涓捐", "梅海", "桂挂佳", "珍诊",
    "玲铃", "凤风", "连莲", "香杳", "秀禾", "美羊", "龙尤", "水永冰", "友发", "平乎", "卫工", "左右石", "来耒",
    "支友文", "汪江", "河何", "车军", "辉挥", "刚钢冈", "国围固", "柱住", "栓拴", "喜善", "根银", "民氏", "样祥详",
    "番潘", "杨扬", "汤场", "芦卢", "沈沉", "季李", "余佘", "史吏", "邢刑", "郎郭", "贾贡", "晏宴", "毛手", "尹伊",
    "孙逊", "柳抑", "颜彦", "丁了", "冯马", "程陈", "帅师", "肖尚", "洁浩", "倩清", "萍苹", "琼京", "艳绝",
)  # fmt: skip
"""Characters that hands and eyes mix up in names."""
LIKE = frozenset(frozenset((a, b)) for row in LOOK_ALIKES for a in row for b in row if a != b)


def name_level(a: Mention, b: Mention) -> str:
    """Return how two names agree; empty when they are two names."""
    if a.name == b.name:
        return "equal"
    if a.name in b.aliases or b.name in a.aliases:
        return "alias"
    if name_near(a.name, b.name):
        return "surname variant"
    if a.sound and a.sound == b.sound:
        return "same sound"
    if a.is_married_style or b.is_married_style:
        return "married style" if _one_wife(a, b) else ""
    return letters_level(a.name, b.name)


def _one_wife(a: Mention, b: Mention) -> bool:
    """张王氏 is 王氏, and either may be 王秀英: the last character before 氏 is the family she was born into."""
    if "M" in (a.sex, b.sex):
        return False
    if a.is_married_style and b.is_married_style:
        return a.name[-2:] == b.name[-2:]
    short, full = (a, b) if a.is_married_style else (b, a)
    return len(short.name) > 1 and full.name[:1] == short.name[-2]


@lru_cache(maxsize=200_000)
def letters_level(a: str, b: str) -> str:
    """Return how two names agree, character by character and as they are spoken."""
    if len(a) == len(b) >= 3 and sorted(a) == sorted(b):
        return "swapped"
    if abs(len(a) - len(b)) == 1 and min(len(a), len(b)) >= 2 and a[0] == b[0]:
        return "lost character" if edit_distance(a, b, 1) == 1 else ""
    if blurred_pinyin(a) == blurred_pinyin(b):
        return "blurred sound"
    return _one_apart(a, b) if len(a) == len(b) else ""


def _one_apart(a: str, b: str) -> str:
    apart = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    if len(apart) != 1:
        return ""
    if frozenset(apart[0]) in LIKE:
        return "look alike"
    return "one character" if len(a) >= 3 else ""


def is_near(a: Mention, b: Mention) -> bool:
    """Names that R1 and R1N allow under one number: equal, a look-alike surname, the same sound."""
    return name_level(a, b) in NEAR
