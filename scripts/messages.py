"""Texts and their translations, without GNU gettext: collect, check, compile, list what is missing, fill it in.

scripts/messages.py extract            every text of the product → coopcrm/locale/*/LC_MESSAGES/django.po
scripts/messages.py missing zh_Hans    what lacks a translation, as JSON that `fill` reads back
scripts/messages.py fill FILE.json     {"zh_Hans": {"text": "translation"}} → the translators' files
scripts/messages.py check              says what is missing, doubtful or has other placeholders; exit code 1
scripts/messages.py compile            the files that the site reads (*.mo), where they are older
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "coopcrm" / "locale"
LANGUAGES = ("zh_Hans", "zh_Hant")
PYTHON_FOLDERS = ("coopcrm", "branches", "customers", "loans", "ratings", "kpi")
SKIPPED_PARTS = {"migrations", "locale", "__pycache__"}
CONTEXT_MARK = "\x04"  # between context and text, as gettext itself writes it
KEYWORDS: dict[str, tuple | None] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
HEADER = """msgid ""
msgstr ""
"Project-Id-Version: coopcrm\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
PLACEHOLDERS = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


@dataclass(frozen=True)
class Text:
    """One text of the product: what is translated and in which files it stands."""

    text: str
    plural: str | None
    context: str | None
    files: tuple[str, ...]

    @property
    def key(self) -> str:
        """The text with its context, as it is named in JSON."""
        return f"{self.context}{CONTEXT_MARK}{self.text}" if self.context else self.text


# -- Collecting --------------------------------------------------------------------------------------------------------


def python_files() -> Iterator[Path]:
    """Return the modules that may speak to people."""
    for folder in PYTHON_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not SKIPPED_PARTS & set(path.parts):
                yield path


def template_files() -> Iterator[Path]:
    """Return the templates of the pages."""
    yield from (path for path in sorted((ROOT / "templates").rglob("*.*")) if path.is_file())


def as_python(template: Path) -> bytes:
    """Return a template's texts as calls of gettext; everything else is blanked out."""
    from django.utils.translation.template import templatize

    source = templatize(template.read_text(encoding="utf-8"), origin=str(template))
    return "\n".join(line.strip() for line in source.splitlines()).encode()


def texts() -> list[Text]:
    """Return every text of modules and templates once, sorted."""
    found: dict[tuple[str | None, str], tuple[str | None, set[str]]] = {}
    sources = [(path, path.read_bytes()) for path in python_files()]
    sources += [(path, as_python(path)) for path in template_files()]
    for path, source in sources:
        for context, text, plural in calls(source):
            known_plural, files = found.setdefault((context, text), (plural, set()))
            files.add(path.relative_to(ROOT).as_posix())
            if plural and not known_plural:
                found[context, text] = (plural, files)
    ordered = sorted(found.items(), key=lambda item: (item[0][1], item[0][0] or ""))
    return [Text(text, plural, context, tuple(sorted(files))) for (context, text), (plural, files) in ordered]


def calls(source: bytes) -> Iterator[tuple[str | None, str, str | None]]:
    """Yield context, text and plural of every call of a gettext function."""
    for _line, name, arguments, _comments in extract_python(io.BytesIO(source), KEYWORDS, (), {}):
        values = list(arguments) if isinstance(arguments, tuple | list) else [arguments]
        values += [None, None, None]
        context = values.pop(0) if "pgettext" in name else None
        text, plural = values[0], values[1] if name.lstrip("p").startswith("ng") or "npg" in name else None
        if isinstance(text, str) and text:
            yield context, text, plural


# -- The translators' files --------------------------------------------------------------------------------------------


def po_path(language: str) -> Path:
    """Return the translators' file of a language."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """Return what has been translated so far."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def write(language: str, translations: dict[str, str], wanted: Iterable[Text]) -> None:
    """Write exactly the texts of the product with their translations; what nobody asks for any more goes."""
    catalog = Catalog(locale=language)
    for one in wanted:
        translation = translations.get(one.key, "")
        catalog.add(
            (one.text, one.plural) if one.plural else one.text,
            (translation,) if one.plural else translation,
            locations=[(file, None) for file in one.files],
            context=one.context,
        )
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=110, ignore_obsolete=True, include_lineno=False, omit_header=True)
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(HEADER.format(language=language).encode() + buffer.getvalue())


def translation_of(message: Message) -> str:
    """Return the one form that Chinese has."""
    return message.string[0] if isinstance(message.string, tuple | list) else message.string


def key_of(message: Message) -> str:
    """Return the text of a message with its context."""
    text = message.id[0] if isinstance(message.id, tuple | list) else message.id
    return f"{message.context}{CONTEXT_MARK}{text}" if message.context else text


def translations_in(language: str) -> dict[str, str]:
    """Return the translations of a language that are valid: neither empty nor marked as doubtful."""
    messages = [message for message in read(language) if message.id]
    return {
        key_of(message): translation_of(message)
        for message in messages
        if translation_of(message) and not message.fuzzy
    }


# -- Orders ------------------------------------------------------------------------------------------------------------


def extract() -> int:
    """Bring the translators' files up to date with the product; returns the number of texts."""
    wanted = texts()
    for language in LANGUAGES:
        write(language, translations_in(language), wanted)
    return len(wanted)


def missing(language: str) -> dict[str, str]:
    """Return the texts of the product without a translation."""
    known = translations_in(language)
    return {one.key: "" for one in texts() if one.key not in known}


def fill(path: Path) -> dict[str, int]:
    """Write the translations of a JSON file; a text that the product does not have is left out."""
    given, wanted = json.loads(path.read_text(encoding="utf-8")), texts()
    keys = {one.key for one in wanted}
    counts = {}
    for language, translations in given.items():
        if language not in LANGUAGES:
            raise SystemExit(f"{language} is none of {', '.join(LANGUAGES)}.")
        useful = {key: text for key, text in translations.items() if text and key in keys}
        write(language, translations_in(language) | useful, wanted)
        counts[language] = len(useful)
    return counts


def problems() -> list[str]:
    """Return a sentence for each text that is missing, doubtful, or has other placeholders than its source."""
    wanted, found = texts(), []
    for language in LANGUAGES:
        known = translations_in(language)
        for one in wanted:
            if one.key not in known:
                found.append(f"{language}: no translation of {one.text!r} ({', '.join(one.files)})")
            elif not same_placeholders(one, known[one.key]):
                found.append(f"{language}: other placeholders in {known[one.key]!r}, for {one.text!r}")
        unknown = known.keys() - {one.key for one in wanted}
        found += [f"{language}: {text!r} stands nowhere in the product" for text in sorted(unknown)]
    return found


def same_placeholders(one: Text, translation: str) -> bool:
    """Whether the translation fills in what its source fills in; Chinese has one form for all counts."""
    return set(PLACEHOLDERS.findall(one.plural or one.text)) == set(PLACEHOLDERS.findall(translation))


def compile_all() -> int:
    """Write the files that the site reads, where the translators' file is newer; returns how many were written."""
    written = 0
    for language in LANGUAGES:
        source, target = po_path(language), po_path(language).with_suffix(".mo")
        if not source.exists() or (target.exists() and target.stat().st_mtime >= source.stat().st_mtime):
            continue
        draft = target.with_suffix(f".{os.getpid()}.mo")  # another process may be compiling too
        try:
            with draft.open("wb") as file:
                write_mo(file, read(language))
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        written += 1
    return written


def main() -> int:
    """Carry out one order."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    orders = parser.add_subparsers(dest="order", required=True)
    for name in ("extract", "check", "compile"):
        orders.add_parser(name)
    orders.add_parser("missing").add_argument("language", choices=LANGUAGES)
    orders.add_parser("fill").add_argument("file", type=Path)
    options = parser.parse_args()
    if options.order == "extract":
        print(
            f"{extract()} texts; missing: " + ", ".join(f"{name} {len(missing(name))}" for name in LANGUAGES)
        )
    elif options.order == "missing":
        found = {options.language: missing(options.language)}
        print(json.dumps(found, ensure_ascii=False, indent=1))
    elif options.order == "fill":
        print(", ".join(f"{language} {count}" for language, count in fill(options.file).items()))
    elif options.order == "compile":
        print(f"{compile_all()} compiled")
    else:
        found = problems()
        print("\n".join(found) or "complete")
        return 1 if found else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
