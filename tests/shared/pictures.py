"""Photos for tests, drawn on the spot."""

import io

from PIL import Image

NORTH, EAST = (31.0, 57.0, 36.0), (114.0, 54.0, 0.0)


def photo(kind="JPEG", size=(640, 480), colour=(40, 120, 80), **options):
    """A plain picture as a file's content."""
    out = io.BytesIO()
    mode = options.pop("mode", "RGB")
    Image.new(mode, size, colour if mode == "RGB" else None).save(out, kind, **options)
    return out.getvalue()


def noted_photo(**texts):
    """A JPEG in which a camera noted time and place, and perhaps more."""
    notes = Image.Exif()
    notes[0x010E] = texts.get("description", "")
    notes.get_ifd(0x8769)[0x9003] = texts.get("taken_at", "2026:03:18 10:42:07")
    notes.get_ifd(0x8825).update({1: "N", 2: NORTH, 3: "E", 4: EAST})
    return photo(exif=notes)
