"""Every text of the product speaks English, 简体中文 and 繁體中文."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import DebugLexer, TokenType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import messages

LANGUAGES = messages.LANGUAGES
WORDS_OF_THE_MAINLAND = [
    "賬戶",
    "數據",
    "默認",
    "保存",
    "打印",
    "信息",
    "用戶名",
    "質量",
    "導入",
    "導出",
    "屏幕",
]
WORDS_OF_THE_MAINLAND += ["軟件", "網絡", "短信", "身份證", "貸款", "文件夾", "搜索", "手機", "崗位"]
IN_THREE_LANGUAGES = {"400.html", "500.html", "error_alone.html"}  # drawn when nothing else can be
SPEAKING_ATTRIBUTES = {"title", "aria-label", "placeholder", "alt", "label", "data-confirm", "data-label"}
# Names of keys, brands, formats and addresses are the same in every language.
SAME_EVERYWHERE = re.compile(
    r"coopcrm|Ctrl|Enter|Tab|Esc|CSV|Excel|XLSX|JSON|API|ISO|F\d{1,2}|\b[a-zA-Z]\b|/api/[\w/{}.]*|GET|POST|https?:\S+|%|&\w+;"
)


@pytest.fixture(scope="module")
def texts() -> list[messages.Text]:
    return messages.texts()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_a_translation(language, texts):
    known = messages.translations_in(language)

    missing = [(one.key, one.files[0]) for one in texts if one.key not in known]

    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_fill_in_what_their_source_fills_in(language, texts):
    known = messages.translations_in(language)

    wrong = [
        (one.text, known[one.key])
        for one in texts
        if one.key in known and not messages.same_placeholders(one, known[one.key])
    ]

    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_translated_that_the_product_does_not_say(language, texts):
    assert messages.translations_in(language).keys() - {one.key for one in texts} == set()


def is_traditional(text: str) -> bool:
    """Whether every character stands in Big5, which has no simplified ones."""
    characters = "".join(re.findall("[\u4e00-\u9fff]", text))
    return characters.encode("big5", "replace").decode("big5") == characters


def test_traditional_chinese_has_its_own_characters_and_words():
    translations = messages.translations_in("zh_Hant").values()

    simplified = [text for text in translations if not is_traditional(text)]
    foreign = [(word, text) for text in translations for word in WORDS_OF_THE_MAINLAND if word in text]

    assert (simplified, foreign) == ([], [])


def test_compiled_translations_reach_a_page(settings):
    from django.utils import translation

    messages.compile_all()

    with translation.override("zh-hans"):
        assert translation.gettext("Loan officer") == "信贷员"
    with translation.override("zh-hant"):
        assert translation.gettext("Mobile") == "行動電話"


class _Words(HTMLParser):
    """Collects what a person reads or hears: text between tags and speaking attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag, attrs):
        self.silent += tag in ("script", "style", "code", "pre")
        self.found += [value for name, value in attrs if name in SPEAKING_ATTRIBUTES and value]

    def handle_endtag(self, tag):
        self.silent -= tag in ("script", "style", "code", "pre")

    def handle_data(self, data):
        if not self.silent:
            self.found.append(data)


def plain_words(source: str) -> list[str]:
    """Return words of a template that no translate tag holds."""
    kept, depth = [], 0
    for token in DebugLexer(source).tokenize():
        name = token.contents.split(" ", 1)[0] if token.token_type == TokenType.BLOCK else ""
        if name in ("blocktranslate", "blocktrans", "comment"):
            depth += 1
        elif name in ("endblocktranslate", "endblocktrans", "endcomment"):
            depth -= 1
        elif token.token_type == TokenType.TEXT and not depth:
            kept.append(token.contents)
    parser = _Words()
    parser.feed("".join(kept))
    found = [SAME_EVERYWHERE.sub("", text) for text in parser.found]
    return [text.strip() for text in found if re.search(r"[A-Za-z]{2}|[\u4e00-\u9fff]", text)]


@pytest.mark.parametrize(
    "template",
    [
        path
        for path in messages.template_files()
        if path.suffix == ".html" and path.name not in IN_THREE_LANGUAGES
    ],
    ids=lambda path: path.relative_to(ROOT / "templates").as_posix(),
)
def test_templates_say_nothing_outside_translate_tags(template):
    assert plain_words(template.read_text(encoding="utf-8")) == []


def test_no_constant_of_a_template_holds_a_percent_sign():
    # Django doubles it when it looks the text up, so the page would show it twice and untranslated
    constant = re.compile(r"""_\(("[^"]*%[^"]*"|'[^']*%[^']*')\)""")

    assert [path.name for path in messages.template_files() if constant.search(path.read_text())] == []


def test_a_word_outside_translate_tags_is_found():
    assert plain_words('<p title="Known">{% translate "Name" %}: who</p><kbd>Ctrl</kbd>') == [
        "Known",
        ": who",
    ]
