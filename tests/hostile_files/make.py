"""Files that mean harm, made on the spot: ``python -m tests.hostile_files.make FOLDER`` writes them out.

Each has the place it is sent to (``sheet`` or ``photo``), its content, and the code of the refusal it must get; a code
of ``CLEANSED`` means that it is taken in and nothing of its payload remains, ``READ`` that it holds harmless rows,
which the page it is sent to refuses because they are not what it takes.
"""

from __future__ import annotations

import io
import struct
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

CLEANSED, READ = "cleansed", "read"
PAYLOAD = b"alert(document.cookie)"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
SHEET_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE_NS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_NS = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


@dataclass(frozen=True)
class HostileFile:
    """One file: its name, where it is sent, how it is made, and what must become of it."""

    name: str
    place: str
    make: Callable[[], bytes]
    code: str


FILES: list[HostileFile] = []


def hostile(name: str, code: str, *, place: str = "sheet"):
    """Register the function that makes the file ``name``."""

    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        FILES.append(HostileFile(name, place, make, code))
        return make

    return register


def plain(name: str, code: str, content: bytes, *, place: str = "sheet") -> None:
    FILES.append(HostileFile(name, place, lambda: content, code))


# -- Text --------------------------------------------------------------------------------------------------------------

plain("empty.csv", "file_empty", b"")
plain("mark_alone.csv", "file_empty", b"\xef\xbb\xbf")
plain("blank.csv", "file_empty", b" \r\n\t\r\n")
plain("zero_bytes.csv", "no_table", b"code,name\n" + b"1,a\x00bcdefghijk\n" * 50)
plain("noise.csv", "no_table", bytes(range(256)) * 40)
plain("utf16_without_mark.csv", READ, "村,户\n孙家村,12\n".encode("utf-16-le"))
plain("half_characters.csv", "no_table", b"a,b\n\xed\xa0\x80,\xed\xb0\x80\n")
plain("one_open_quote.csv", "cell_too_long", b'a,b\n"' + b"x" * 1_000_000)
plain("long_cell.csv", "cell_too_long", b"a,b\n1," + b"x" * 32_768)
plain("columns_201.csv", "too_many_columns", b"a," * 201 + b"b\n")
plain("rows_200001.csv", "too_many_rows", b"\n".join([b"a,b"] * 200_001))
plain("program.csv", "no_table", b"MZ\x90\x00" + b"\x00" * 2000)
plain("page.xls", "no_table", b"<html><body><table><tr><td>1</td></tr></table>" + PAYLOAD)
plain("paper.csv", "no_table", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
plain("picture.svg", "no_table", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>")
plain("old.xls", "old_office", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 3000)
plain("too_large.csv", "file_too_large", b"a,b\n" * (22 * 1024 * 256))


# -- Archives and workbooks --------------------------------------------------------------------------------------------


def archive(members: dict[str, str | bytes] | list[tuple[str, str | bytes]], level: int = 6) -> bytes:
    out = io.BytesIO()
    pairs = members.items() if isinstance(members, dict) else members
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as file,
    ):
        warnings.simplefilter("ignore")  # a name that stands twice is meant
        for name, content in pairs:
            file.writestr(name, content)
    return out.getvalue()


def parts(sheet: str = "", **more: str | bytes) -> dict[str, str | bytes]:
    """The parts of a workbook with one sheet; ``sheet`` is what stands inside its element."""
    kinds = {"strings": "sharedStrings", "styles": "styles"}
    extra = "".join(
        f'<Override PartName="/xl/{kinds[name]}.xml" ContentType="{SHEET_TYPE}.{kinds[name]}+xml"/>'
        for name in more
        if name in kinds
    )
    main = more.pop("main", f"{SHEET_TYPE}.sheet.main+xml")
    return {
        "[Content_Types].xml": (
            f'{HEAD}<Types xmlns="{PACKAGE_NS}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{main}"/>{extra}</Types>'
        ),
        "_rels/.rels": (
            f'{HEAD}<Relationships xmlns="{PACKAGE_NS}/relationships"><Relationship Id="rId1" '
            f'Type="{OFFICE_NS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'{HEAD}<workbook xmlns="{SHEET_NS}" xmlns:r="{OFFICE_NS}"><sheets>'
            '<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'{HEAD}<Relationships xmlns="{PACKAGE_NS}/relationships"><Relationship Id="rId1" '
            f'Type="{OFFICE_NS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
        ),
        "xl/worksheets/sheet1.xml": (
            f'{HEAD}<worksheet xmlns="{SHEET_NS}"><sheetData>{sheet}</sheetData></worksheet>'
        ),
        **{f"xl/{kinds[name]}.xml" if name in kinds else name: content for name, content in more.items()},
    }


ONE_ROW = '<row r="1"><c r="A1"><v>1</v></c></row>'


def patched_sizes(content: bytes, *, claimed: int) -> bytes:
    """The archive with another unpacked size in its list of parts, for the last part."""
    at = content.rindex(b"PK\x01\x02")
    return content[: at + 24] + struct.pack("<I", claimed) + content[at + 28 :]


@hostile("bomb.xlsx", "odd_packing")
def bomb() -> bytes:
    return archive({**parts(), "xl/worksheets/sheet1.xml": b" " * (60 * 1024 * 1024)})


@hostile("claims_300_mb.xlsx", "unpacks_too_large")
def claims_much() -> bytes:
    return patched_sizes(archive(parts(ONE_ROW)), claimed=300 * 1024 * 1024)


@hostile("claims_little.xlsx", "damaged")
def claims_little() -> bytes:
    return patched_sizes(archive(parts(ONE_ROW * 1000)), claimed=40)


@hostile("parts_201.xlsx", "too_many_parts")
def many_parts() -> bytes:
    return archive({**parts(ONE_ROW), **{f"xl/media/{i}.xml": "<a/>" for i in range(201)}})


@hostile("nested.xlsx", "no_workbook")
def nested() -> bytes:
    inner = archive({"0": b"\0" * 1_000_000})
    for _ in range(5):
        inner = archive({str(i): inner for i in range(10)})
    return inner


@hostile("open_document.xlsx", "no_workbook")
def open_document() -> bytes:
    return archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>"})


@hostile("letter.xlsx", "no_workbook")
def letter() -> bytes:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return archive(parts(ONE_ROW, main=kind))


@hostile("far_cell.xlsx", "too_many_rows")
def far_cell() -> bytes:
    return archive(parts('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))


@hostile("wide_row.xlsx", "too_many_columns")
def wide_row() -> bytes:
    return archive(parts('<row r="1"><c r="XFD1"><v>1</v></c></row>'))


@hostile("rows_200001.xlsx", "too_many_rows")
def many_rows() -> bytes:
    return archive(
        parts("".join(f'<row r="{i}"><c r="A{i}"><v>{i}</v></c></row>' for i in range(1, 200_002))), level=1
    )


@hostile("entities.xlsx", "declares_entities")
def entities() -> bytes:
    laughs = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "ha" * 100}">' for i in range(9))
    text = (
        f'{HEAD}<!DOCTYPE a [{laughs}]><worksheet xmlns="{SHEET_NS}"><sheetData>&a8;</sheetData></worksheet>'
    )
    return archive({**parts(), "xl/worksheets/sheet1.xml": text})


@hostile("outside_entity.xlsx", "declares_entities")
def outside_entity() -> bytes:
    declared = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    text = f'{HEAD}{declared}<sst xmlns="{SHEET_NS}"><si><t>&x;</t></si></sst>'
    return archive(parts(ONE_ROW, strings=text))


@hostile("entities_in_utf16.xlsx", "declares_entities")
def entities_in_utf16() -> bytes:
    declared = f'<!DOCTYPE a [<!ENTITY x "{"y" * 1000}">]>'
    text = f'<?xml version="1.0" encoding="UTF-16"?>{declared}<sst xmlns="{SHEET_NS}">&x;</sst>'
    return archive(parts(ONE_ROW, strings=text.encode("utf-16")))


@hostile("macros.xlsx", "macros")
def macros() -> bytes:
    return archive(parts(ONE_ROW, main="application/vnd.ms-excel.sheet.macroEnabled.main+xml"))


@hostile("macros_inside.xlsx", "macros")
def macros_inside() -> bytes:
    return archive({**parts(ONE_ROW), "xl/vbaProject.bin": b"Sub Auto_Open()"})


@hostile("locked.xlsx", "locked")
def locked() -> bytes:
    content = bytearray(archive(parts(ONE_ROW)))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(magic)
        while at >= 0:
            content[at + place] |= 1
            at = content.find(magic, at + 4)
    return bytes(content)


@hostile("cut_off.xlsx", "damaged")
def cut_off() -> bytes:
    return archive(parts(ONE_ROW))[:-300]


@hostile("twice.xlsx", "odd_workbook")
def twice() -> bytes:
    return archive([*parts(ONE_ROW).items(), ("xl/workbook.xml", "<other/>")])


@hostile("way_out.xlsx", "odd_workbook")
def way_out() -> bytes:
    return archive({**parts(ONE_ROW), "xl/../../../etc/cron.d/job.xml": "<a/>"})


@hostile("shared_texts.xlsx", "too_many_cells")
def shared_texts() -> bytes:
    texts = "".join(f"<si><t>{i * 7919:x}</t></si>" for i in range(1_000_001))
    return archive(parts(ONE_ROW, strings=f'{HEAD}<sst xmlns="{SHEET_NS}">{texts}</sst>'), level=1)


@hostile("one_text_everywhere.xlsx", "unpacks_too_large")
def one_text_everywhere() -> bytes:
    rows = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>0</v></c></row>' for i in range(1, 6_000))
    text = "".join(chr(0x4E00 + i % 5000) for i in range(30_000))
    return archive(parts(rows, strings=f'{HEAD}<sst xmlns="{SHEET_NS}"><si><t>{text}</t></si></sst>'))


@hostile("styles.xlsx", "odd_workbook")
def styles() -> bytes:
    formats = "".join(f'<xf numFmtId="{i % 163}" fontId="{i % 997}"/>' for i in range(200_000))
    return archive(
        parts(
            ONE_ROW, styles=f'{HEAD}<styleSheet xmlns="{SHEET_NS}"><cellXfs>{formats}</cellXfs></styleSheet>'
        )
    )


@hostile("merged.xlsx", "odd_workbook")
def merged() -> bytes:
    cells = "".join(f'<mergeCell ref="A{i}:A{i + 1}"/>' for i in range(1, 200_003, 2))
    text = f'{HEAD}<worksheet xmlns="{SHEET_NS}"><sheetData/><mergeCells>{cells}</mergeCells></worksheet>'
    return archive({**parts(), "xl/worksheets/sheet1.xml": text})


@hostile("endless_figure.xlsx", "damaged")
def endless_figure() -> bytes:
    return archive(parts(f'<row r="1"><c r="A1"><v>{"9" * 6_000}</v></c></row>'))


@hostile("deep.xlsx", READ)
def deep() -> bytes:
    letters = [chr(97 + i % 26) * (1 + i * 7919 % 5) for i in range(60_000)]
    text = "".join(f"<{name}>" for name in letters) + "".join(f"</{name}>" for name in reversed(letters))
    return archive(parts(text))


# -- Photos ------------------------------------------------------------------------------------------------------------


def photo(kind: str = "JPEG", **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", options.pop("size", (64, 48)), (40, 120, 80)).save(out, kind, **options)
    return out.getvalue()


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + png_chunk(b"IEND", b"")


plain("script.svg", "no_photo", b"<svg xmlns='http://www.w3.org/2000/svg' onload='1'/>", place="photo")
plain("page.jpg", "no_photo", b"<html><script>" + PAYLOAD + b"</script>", place="photo")
plain("workbook.jpg", "no_photo", b"PK\x03\x04" + b"\0" * 99, place="photo")
plain("postscript.jpg", "no_photo", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", place="photo")
plain("moving.gif", "no_photo", photo("GIF"), place="photo")
plain(
    "wide.png", "photo_too_wide", png(30_000, 30_000, png_chunk(b"IDAT", zlib.compress(b"\0"))), place="photo"
)
plain("widest.png", "photo_too_wide", png(2**31 - 1, 2**31 - 1), place="photo")
plain("no_width.png", "no_photo", png(0, 9), place="photo")
plain("cut_off.jpg", "damaged_photo", photo(size=(640, 480))[:900], place="photo")
plain("13_mb.jpg", "photo_too_large", photo() + b"\0" * (13 * 1024 * 1024), place="photo")


@hostile("bomb.png", "damaged_photo", place="photo")
def png_bomb() -> bytes:
    """A small width, and picture data that unpack into a hundred times what the picture needs, cut short."""
    return png(6_000, 6_000, png_chunk(b"IDAT", zlib.compress(b"\0" * 50_000_000)[:20_000]))


@hostile("text_bomb.png", "no_photo", place="photo")
def png_text_bomb() -> bytes:
    text = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 80_000_000))
    return png(9, 9, text, png_chunk(b"IDAT", zlib.compress(b"\0" * 300)))


@hostile("moving.webp", "moving_photo", place="photo")
def moving_webp() -> bytes:
    frames = [Image.new("RGB", (40, 40), (i, 0, 0)) for i in range(0, 250, 50)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


@hostile("moving.png", "moving_photo", place="photo")
def moving_png() -> bytes:
    frames = [Image.new("RGB", (40, 40), (i, 0, 0)) for i in range(0, 250, 50)]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


@hostile("script_in_notes.jpg", CLEANSED, place="photo")
def script_in_notes() -> bytes:
    notes = Image.Exif()
    notes[0x010E] = PAYLOAD.decode()
    return photo(exif=notes)


@hostile("two_languages.jpg", CLEANSED, place="photo")
def two_languages() -> bytes:
    return photo(comment=b"*/=" + PAYLOAD + b"/*") + b"*/" + PAYLOAD


@hostile("archive_behind.png", CLEANSED, place="photo")
def archive_behind() -> bytes:
    return photo("PNG") + archive({"a.js": PAYLOAD})


def written_to(folder: Path) -> Iterator[Path]:
    """Write every file into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        path = folder / file.name
        path.write_bytes(file.make())
        yield path


if __name__ == "__main__":
    for written in written_to(Path(sys.argv[1])):
        print(f"{written.stat().st_size:>12,}  {written}")
