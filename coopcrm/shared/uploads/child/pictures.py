"""Photos written anew: what is not picture is left behind, after time and place have been read."""

from __future__ import annotations

import io
import math
from datetime import datetime
from typing import Any

import limits
from PIL import Image, ImageOps
from refusal import Refusal

FORMATS = ("JPEG", "PNG", "WEBP")
DETAILS, PLACE = 0x8769, 0x8825  # parts of what a camera notes
TAKEN_AT, LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE = 0x9003, 1, 2, 3, 4
QUALITY = 85


def renewed(content: bytes) -> tuple[dict, bytes]:
    """Decode one still picture and return what it says of time and place, and the picture as a plain JPEG."""
    if len(content) > limits.MAX_PHOTO_BYTES:
        raise Refusal("photo_too_large")
    Image.MAX_IMAGE_PIXELS = None  # we look at the size ourselves, before anything is decoded
    try:
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except (OSError, ValueError, SyntaxError):
        raise Refusal("no_photo") from None
    if picture.width * picture.height > limits.MAX_PIXELS or 0 in picture.size:
        raise Refusal("photo_too_wide")
    if picture.format in ("PNG", "WEBP") and getattr(picture, "n_frames", 1) != 1:
        raise Refusal("moving_photo")
    noted = _noted(picture)
    edge = limits.MAX_PHOTO_EDGE
    picture.draft("RGB", (edge, edge))
    try:
        picture.load()
    except (OSError, ValueError, SyntaxError):
        raise Refusal("damaged_photo") from None
    picture.thumbnail((edge, edge))
    picture = _on_white(ImageOps.exif_transpose(picture))
    out = io.BytesIO()
    Image.frombytes("RGB", picture.size, picture.tobytes()).save(out, "JPEG", quality=QUALITY)
    return {**noted, "width": picture.width, "height": picture.height}, out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    """The picture in plain colours; what is transparent becomes white."""
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    ground = Image.new("RGB", layer.size, "white")
    ground.paste(layer, mask=layer.getchannel("A"))
    return ground


def _noted(picture: Image.Image) -> dict[str, Any]:
    """Time and place as the camera noted them; what is no time and no place is left out."""
    try:
        notes = picture.getexif()
        details, place = notes.get_ifd(DETAILS), notes.get_ifd(PLACE)
    except Exception:  # notes are anybody's bytes; the picture does not depend on them
        return {}
    found: dict[str, Any] = {}
    try:
        taken = datetime.strptime(str(details[TAKEN_AT])[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - local, as typed
        found["taken_at"] = taken.isoformat()
    except (KeyError, ValueError):
        pass
    try:
        latitude = _degrees(place[LATITUDE], str(place[LATITUDE_REF]), "S")
        longitude = _degrees(place[LONGITUDE], str(place[LONGITUDE_REF]), "W")
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return found
    if math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180:
        found |= {"latitude": round(latitude, 6), "longitude": round(longitude, 6)}
    return found


def _degrees(parts: Any, side: str, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if side.upper().startswith(negative) else value
