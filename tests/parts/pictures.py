"""Pictures for tests: small, of a wanted size in bytes, with metadata of place and person, and bombs."""

import random
import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

MARK = "Ada Secret"
"""What every piece of metadata below says."""
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:creator>{MARK}</dc:creator></x:xmpmeta>'.encode()


def a_picture(form: str = "PNG", size: tuple[int, int] = (8, 6), **said: Any) -> bytes:
    """Return a picture as Pillow writes it: what is stored of a PNG without metadata is the same bytes."""
    out = BytesIO()
    Image.new("RGB", size, (200, 80, 40)).save(out, form, **said)
    return out.getvalue()


def noise(form: str, side: int) -> bytes:
    """Return a picture that no format can pack: three bytes a pixel as PNG."""
    out = BytesIO()
    image = Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side * side))
    image.save(out, form, **({"quality": 95} if form == "JPEG" else {}))
    return out.getvalue()


def photo_of_a_telephone() -> bytes:
    """Return a JPEG that lies on its side, with place, camera, person, XMP, IPTC, a comment, and a film behind it.

    Its upper left corner, turned as it was taken, is red.
    """
    image = Image.new("RGB", (64, 32), "blue")
    image.paste("red", (0, 16, 32, 32))
    exif = Image.Exif()
    exif[0x010F], exif[0x013B], exif[0x0112] = MARK, MARK, 6
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (IFDRational(55), IFDRational(40), IFDRational(34))
    out = BytesIO()
    image.save(out, "JPEG", quality=95, exif=exif, xmp=XMP, comment=MARK.encode(), icc_profile=b"")
    content = out.getvalue()
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + struct.pack(">I", len(MARK) + 5) + b"\x1c\x02\x50"
    iptc += struct.pack(">H", len(MARK)) + MARK.encode()
    return content[:2] + b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc + content[2:] + MARK.encode() * 3


def bomb(side: int = 20_000) -> bytes:
    """Return a PNG of a few hundred kilobytes that says it is as large as a wall."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000))
        + chunk(b"IEND", b"")
    )
