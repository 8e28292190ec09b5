"""Re-encodes pictures for storing: upright, with a thumbnail, and without metadata about location or person. Everything
but pixels and colours is dropped: EXIF, GPS, XMP, IPTC, comments, and
whatever was appended to the file.
"""

import threading
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps, ImageSequence

from workorder_core.sentences import say

MOST_PIXELS = 50_000_000
"""The most pixels of a picture, over all its frames: enough for a phone's camera; 200 MB once decoded."""
_TOO_MANY = say("it has more than {most} million pixels; make it smaller", most=MOST_PIXELS // 1_000_000)
SMALL = 320
"""Pixels of a thumbnail's longer side."""
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
"""By kind, the only format that Pillow may decode it as."""
_HEIC = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
"""The brands of HEIC files."""

_AT_ONCE = threading.BoundedSemaphore(2)
"""The most pictures decoded at a time in a process: each may need a few hundred megabytes."""


class InvalidPicture(Exception):
    """A picture cannot be decoded, or is too large."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture without metadata, and its thumbnail as JPEG."""

    content: bytes
    small: bytes


def clean(content: bytes, kind: str) -> Picture:
    """Return a picture that is safe to store. Raises InvalidPicture."""
    with _AT_ONCE:
        try:
            return _clean(content, kind)
        except InvalidPicture:
            raise
        except Image.DecompressionBombError:
            raise InvalidPicture(_TOO_MANY) from None
        except MemoryError:
            raise InvalidPicture(say("it is too large to be decoded; make it smaller")) from None
        except Exception as error:  # decoders raise all kinds of errors for crafted input
            raise InvalidPicture(say("it is damaged: it cannot be decoded as a picture")) from error


def is_heic(content: bytes) -> bool:
    """Whether a file is a picture as iPhones take them: HEIC, which few browsers show."""
    return content[4:8] == b"ftyp" and content[8:12] in _HEIC


def from_heic(content: bytes) -> bytes:
    """Return a picture in HEIC as JPEG, upright and without metadata. Raises InvalidPicture."""
    import pi_heif

    with _AT_ONCE:
        try:
            found = pi_heif.open_heif(content)
            if found.size[0] * found.size[1] > MOST_PIXELS:
                raise InvalidPicture(_TOO_MANY)
            out = BytesIO()
            found.to_pillow().convert("RGB").save(out, "JPEG", quality=95, icc_profile=found.info.get("icc_profile"))
            return out.getvalue()
        except InvalidPicture:
            raise
        except MemoryError:
            raise InvalidPicture(say("it is too large to be decoded; make it smaller")) from None
        except Exception as error:  # decoders raise all kinds of errors for crafted input
            raise InvalidPicture(say("it is damaged: it cannot be decoded as a picture")) from error


def _clean(content: bytes, kind: str) -> Picture:
    with warnings.catch_warnings():
        # Pillow's own bound warns above half of ours; ours is checked below, before anything is decoded.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(BytesIO(content), formats=[FORMATS[kind]]) as image:
            frames = getattr(image, "n_frames", 1)
            if image.width * image.height * frames > MOST_PIXELS:
                raise InvalidPicture(_TOO_MANY)
            colours = image.info.get("icc_profile")
            if frames > 1:
                return _moving(image, kind)
            image.load()
            upright = ImageOps.exif_transpose(image)
            upright.info = {}
            return Picture(_written(upright, kind, icc_profile=colours), _small(upright))


def _moving(image: Image.Image, kind: str) -> Picture:
    frames, durations = [], []
    for frame in ImageSequence.Iterator(image):
        durations.append(int(frame.info.get("duration", 100)))
        copy = frame.copy()
        copy.info = {}
        frames.append(copy)
    said = {"save_all": True, "append_images": frames[1:], "duration": durations, "loop": image.info.get("loop", 0)}
    return Picture(_written(frames[0], kind, **said), _small(frames[0]))


def _written(image: Image.Image, kind: str, **said: Any) -> bytes:
    if kind == "image/jpeg":
        said |= {"quality": 90}
        if image.mode not in ("RGB", "L", "CMYK"):
            image = image.convert("RGB")
    elif kind == "image/webp":
        said |= {"quality": 90}
    out = BytesIO()
    image.save(out, FORMATS[kind], **{name: value for name, value in said.items() if value is not None})
    return out.getvalue()


def _small(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail((SMALL, SMALL))
    if small.mode not in ("RGB", "L"):
        see_through = small.convert("RGBA")
        small = Image.new("RGB", small.size, "white")
        small.paste(see_through, mask=see_through.getchannel("A"))
    out = BytesIO()
    small.info = {}
    small.save(out, "JPEG", quality=80)
    return out.getvalue()
