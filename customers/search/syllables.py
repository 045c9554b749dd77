"""Typed pinyin: cut into syllables and first letters, and one letter away from what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_ALL = (
    "a ai an ang ao ba bai ban bang bao bei ben beng bi bian biao bie bin bing bo bu ca cai can cang cao ce cen "
    "ceng cha chai chan chang chao che chen cheng chi chong chou chu chua chuai chuan chuang chui chun chuo ci "
    "cong cou cu cuan cui cun cuo da dai dan dang dao de dei den deng di dia dian diao die ding diu dong dou du "
    "duan dui dun duo e ei en eng er fa fan fang fei fen feng fo fou fu ga gai gan gang gao ge gei gen geng gong "
    "gou gu gua guai guan guang gui gun guo ha hai han hang hao he hei hen heng hong hou hu hua huai huan huang "
    "hui hun huo ji jia jian jiang jiao jie jin jing jiong jiu ju juan jue jun ka kai kan kang kao ke ken keng "
    "kong kou ku kua kuai kuan kuang kui kun kuo la lai lan lang lao le lei leng li lia lian liang liao lie lin "
    "ling liu lo long lou lu luan lun luo lv lve ma mai man mang mao me mei men meng mi mian miao mie min ming "
    "miu mo mou mu na nai nan nang nao ne nei nen neng ni nian niang niao nie nin ning niu nong nou nu nuan nun "
    "nuo nv nve o ou pa pai pan pang pao pei pen peng pi pian piao pie pin ping po pou pu qi qia qian qiang qiao "
    "qie qin qing qiong qiu qu quan que qun ran rang rao re ren reng ri rong rou ru rua ruan rui run ruo sa sai "
    "san sang sao se sen seng sha shai shan shang shao she shei shen sheng shi shou shu shua shuai shuan shuang "
    "shui shun shuo si song sou su suan sui sun suo ta tai tan tang tao te teng ti tian tiao tie ting tong tou tu "
    "tuan tui tun tuo wa wai wan wang wei wen weng wo wu xi xia xian xiang xiao xie xin xing xiong xiu xu xuan "
    "xue xun ya yan yang yao ye yi yin ying yo yong you yu yuan yue yun za zai zan zang zao ze zei zen zeng zha "
    "zhai zhan zhang zhao zhe zhen zheng zhi zhong zhou zhu zhua zhuai zhuan zhuang zhui zhun zhuo zi zong zou zu "
    "zuan zui zun zuo "
)
SYLLABLES = frozenset(_ALL.split())
LONGEST = max(map(len, SYLLABLES))
LETTERS = "abcdefghijklmnopqrstuvwxyz"
DOUBLE = ("zh", "ch", "sh")
FIRST_LETTERS = frozenset("abcdefghjklmnopqrstwxyz")
MOST_UNITS = 6
WITH_DOTS = {"lu": "lv", "nu": "nv", "lue": "lve", "nue": "nve"}
SHORTEST_FOR_A_SLIP = 4


class Unit(NamedTuple):
    """A syllable in full, or its first letter (``zh`` may stand for one letter)."""

    text: str
    is_whole: bool

    @property
    def pattern(self) -> str:
        """A regular expression for the pinyin of a syllable."""
        return self.text if self.is_whole else f"{self.text}[a-z]*"


@lru_cache(maxsize=4096)
def is_pinyin(text: str) -> bool:
    """Whether a text is made of whole syllables."""
    return not text or any(
        text[:length] in SYLLABLES and is_pinyin(text[length:])
        for length in range(min(LONGEST, len(text)), 0, -1)
    )


def units_of(text: str) -> list[Unit]:
    """Cut a text into whole syllables and first letters, with as few parts as possible; empty when it cannot be.

    ``zhanggl`` → zhang, g, l; ``zguilan`` → z, gui, lan.
    """
    found = _units(text)
    return list(found) if found and len(found) <= MOST_UNITS else []


@lru_cache(maxsize=4096)
def _units(text: str) -> tuple[Unit, ...] | None:
    if not text:
        return ()
    best = None
    for head, is_whole in _heads(text):
        rest = _units(text[len(head) :])
        if rest is not None and (best is None or len(rest) + 1 < len(best)):
            best = (Unit(head, is_whole), *rest)
    return best


def _heads(text: str) -> Iterator[tuple[str, bool]]:
    for length in range(min(LONGEST, len(text)), 0, -1):
        if text[:length] in SYLLABLES:
            yield text[:length], True
    if text.startswith(DOUBLE):
        yield text[:2], False
    if text[0] in FIRST_LETTERS:
        yield text[0], False


def shortened(text: str) -> str:
    """First letters as they are stored: ``zhgl`` → zgl."""
    for double in DOUBLE:
        text = text.replace(double, double[0])
    return text


def with_dots(text: str) -> str:
    """The text with ü (written v) where u, yu or ue may stand for it; the same text when nowhere."""
    text = text.replace("lyu", "lv").replace("nyu", "nv")  # as passports write it
    units = units_of(text)
    return "".join(WITH_DOTS.get(unit.text, unit.text) for unit in units) if units else text


def one_slip_away(text: str) -> list[str]:
    """Every other pinyin of whole syllables that one letter more, less, other, or two swapped letters away lie.

    ``zhanguilan`` → zhangguilan and some others. About a hundred candidates, each looked up by its index.
    """
    if len(text) < SHORTEST_FOR_A_SLIP:
        return []
    size = range(len(text) + 1)
    # beginnings of a syllable that end at a place with whole syllables before them, and ends that begin at one
    heads = [[text[cut:i] for cut in size if i - LONGEST < cut <= i and is_pinyin(text[:cut])] for i in size]
    tails = [[text[j:cut] for cut in size if j <= cut < j + LONGEST and is_pinyin(text[cut:])] for j in size]
    found = set()
    for i in size:
        for j in (i, i + 1)[: len(text) - i + 1]:  # a letter more, and another one
            for letter in LETTERS:
                if any(head + letter + tail in SYLLABLES for head in heads[i] for tail in tails[j]):
                    found.add(text[:i] + letter + text[j:])
    for i in size[:-1]:
        if any(not head + tail or head + tail in SYLLABLES for head in heads[i] for tail in tails[i + 1]):
            found.add(text[:i] + text[i + 1 :])
    swapped = (text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in size[:-2])
    found |= {other for other in swapped if is_pinyin(other)}
    return sorted(found - {text})
