"""Files of a device arrive piece by piece, once, and stay whatever became of their order."""

import hashlib
from base64 import b64decode
from datetime import UTC, datetime
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image

from db.files import files
from db.orders import work_orders
from db.people import assignments
from db.sync import devices, uploads
from db.sync.uploads import Announced, FileIdTaken, TooManyUnfinished
from tests.api.sync.offline import DAHL, HOLM, Phone
from tests.api.sync.test_sync_changes import conn, make, phone  # noqa: F401 - fixtures
from workorder_core.orders.details import Cancel
from workorder_core.orders.lifecycle import Step

HEIC = b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAb5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ADRpbG9jAAAAAERAAAIAAQAAAAAB4gABAAAAAAAAAFMAAgAAAAACNQABAAAAAAAAADgAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAA"
    "kAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq"
    "5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xh"
    "cAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAA"
    "ABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAAk21kYXQAAABPKAGvE4DlMff/4MhEHh1I/AyZk6gxCi8z5/8Opy8JcsQbknFdQn8r"
    "5P/2jEb+w4aF07Uv/zu50HFlO0FZ24ctRX8RDu8M+z7hSZhFFBnsgAAAAAZFeGlmAABNTQAqAAAACAACAQ8AAgAAAAcAAAAmARIA"
    "AwAAAAEABgAAAAAAAENhbWVyYQAA"
)
"""64 × 48 pixels, red, its first quarter blue; EXIF says which camera."""
NOW = datetime.now(UTC).replace(microsecond=0)
V1 = "/api/v1/sync"


def a_photo(colour="red"):
    out = BytesIO()
    Image.effect_noise((300, 200), 80).convert("RGB").save(out, "JPEG", quality=95)
    return out.getvalue()


def announced(app, order, content, **other):
    facts = {"id": uuid4(), "device_id": app.id, "order_id": order, "name": "pump.jpg", "size": len(content)}
    return Announced(**facts | {"sha256": hashlib.sha256(content).digest()} | other)


def sent(conn, file, content, at, piece=10_000, who=HOLM):  # noqa: F811
    return uploads.put(conn, file, at, content[at : at + piece], who=who, now=NOW, allowed=files.USUAL)


def test_pieces_in_any_order_and_twice_make_one_file_by_its_own_id(conn):  # noqa: F811
    (order,), app, content = make(conn), Phone(), a_photo()
    app.send(conn, NOW)
    file = announced(app, order, content)
    assert sent(conn, file, content, 0).received == 10_000
    assert sent(conn, file, content, 0).received == 10_000, "twice"
    assert sent(conn, file, content, 20_000).received == 10_000, "too early"
    assert sent(conn, file, content, 5_000).received == 15_000, "half of it was here"
    assert uploads.get(conn, file.id, app.id, HOLM).received == 15_000
    whole = sent(conn, file, content, 15_000, piece=len(content))
    assert whole.stored_at == NOW and sent(conn, file, content, 0) == whole
    (stored,) = files.of_order(conn, order)
    assert (stored.id, stored.actor, stored.kind) == (file.id, HOLM.actor, "image/jpeg")
    op = app.record("photo", order, NOW, attachment=str(file.id))
    app.send(conn, NOW)
    assert app.answers[op["op_id"]]["verdict"] == "applied"


def test_a_wrong_sum_begins_anew_and_what_is_no_picture_is_refused_once(conn):  # noqa: F811
    (order,), app, content = make(conn), Phone(), a_photo()
    app.send(conn, NOW)
    wrong = announced(app, order, content, sha256=bytes(32))
    assert (sent(conn, wrong, content, 0, piece=len(content)).received, files.of_order(conn, order)) == (0, [])
    noise = b"\x00\x01" * 500
    refused = sent(conn, announced(app, order, noise), noise, 0)
    assert refused.stored_at is None and "neither a picture" in (refused.refused or "")


@pytest.mark.parametrize("meanwhile", ["cancelled", "given to another", "device revoked"])
def test_a_file_is_kept_on_its_order_whatever_happened_meanwhile(conn, meanwhile):  # noqa: F811
    (order,), app, content = make(conn), Phone(), a_photo()
    app.send(conn, NOW)
    if meanwhile == "cancelled":
        work_orders.take_step(conn, order, Step.CANCEL, Cancel("x"), who=DAHL, at=NOW, why="x")
    elif meanwhile == "given to another":
        assignments.assign_to(conn, order, "petersen", who=DAHL, at=NOW, why="x")
    else:
        devices.revoke(conn, app.id, actor=DAHL.actor, now=NOW)
    file = announced(app, order, content)
    assert sent(conn, file, content, 0, piece=len(content)).stored_at == NOW
    assert [each.id for each in files.of_order(conn, order)] == [file.id]


def test_an_id_is_of_one_file_and_a_device_has_so_many_unfinished(conn, monkeypatch):  # noqa: F811
    (order,), app, content = make(conn), Phone(), a_photo()
    app.send(conn, NOW)
    file = announced(app, order, content)
    sent(conn, file, content, 0)
    with pytest.raises(FileIdTaken):
        sent(conn, announced(app, order, content[:-1], id=file.id), content, 0)
    monkeypatch.setattr(uploads, "MOST_UNFINISHED", 1)
    with pytest.raises(TooManyUnfinished):
        sent(conn, announced(app, order, content), content, 0)


def test_over_the_api_a_break_goes_on_where_it_was(phone):  # noqa: F811
    app, at, content = Phone(), datetime.now(UTC), a_photo()
    phone.post(f"{V1}/operations", json=app.batch([], at).model_dump(mode="json"))
    order = phone.get(f"{V1}/changes", params={"device": str(app.id)}).json()["orders"][0]["order"]["id"]
    about = {"id": str(uuid4()), "device": str(app.id), "order": order, "name": "a.jpg", "size": len(content)}
    about |= {"sha256": hashlib.sha256(content).hexdigest()}
    assert phone.get(f"{V1}/files", params={"id": about["id"], "device": str(app.id)}).status_code == 404
    phone.headers["Content-Type"] = "application/octet-stream"
    first = phone.put(f"{V1}/files", params=about, content=content[:9_000])
    assert first.status_code == 200, first.text
    assert (first.json()["received"], first.json()["state"]) == (9_000, "partial")
    begins = phone.get(f"{V1}/files", params={"id": about["id"], "device": str(app.id)}).json()["received"]
    last = phone.put(f"{V1}/files", params=about | {"offset": begins}, content=content[begins:])
    assert last.json() == {
        "id": about["id"],
        "state": "stored",
        "received": len(content),
        "size": len(content),
        "problem": None,
    }
    assert phone.put(f"{V1}/files", params=about, content=b"x" * 1_000_001).status_code == 422
    got = phone.get(f"/api/v1/work-orders/{order}/attachments/{about['id']}")
    assert (got.status_code, got.headers["content-type"]) == (200, "image/jpeg")


def test_a_photo_in_heic_is_kept_as_jpeg_without_metadata(conn):  # noqa: F811
    (order,), app = make(conn), Phone()
    app.send(conn, NOW)
    file = announced(app, order, HEIC, name="IMG_0001.HEIC")
    assert sent(conn, file, HEIC, 0).stored_at == NOW
    (stored,) = files.of_order(conn, order)
    kept = files.content(conn, stored.id)
    assert (
        (stored.kind, stored.saved_as) == ("image/jpeg", "IMG_0001.HEIC.jpg")
        and b"Camera" in HEIC
        and b"Camera" not in kept
    )
    with Image.open(BytesIO(kept)) as picture:
        assert picture.size == (64, 48) and min(picture.crop((40, 30, 60, 40)).getdata(0)) > 200
    damaged = HEIC[:300] + bytes(300)
    refused = sent(conn, announced(app, order, damaged), damaged, 0)
    assert "damaged" in (refused.refused or "")
