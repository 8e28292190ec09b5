"""Files of orders, assets and locations: what is let in, what is removed from photos, how they leave, who deletes."""

from io import BytesIO
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.app import create
from db.files import pictures as stored
from db.files.files import Allowed
from tests.api.conftest import KEY
from tests.parts import pictures
from tests.parts.pictures import MARK
from workorder_core.people.access import Role

V1 = "/api/v1"
FORM = {"Origin": "http://localhost"}


@pytest.fixture
def place(pool, seeded) -> int:
    with pool.connection() as conn:
        row = conn.execute("SELECT id FROM locations ORDER BY id LIMIT 1").fetchone()
    assert row is not None
    return int(row[0])


def owners(seeded, place) -> dict[str, str]:
    return {
        "order": f"{V1}/work-orders/{seeded.orders['by hand']}/attachments",
        "asset": f"{V1}/assets/{seeded.assets['P-101']}/files",
        "location": f"{V1}/locations/{place}/files",
    }


def attach(client, path, name, content, expect=201):
    answer = client.post(path, files={"file": (name, content)}, headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code == expect, answer.text
    return answer.json()


@pytest.mark.parametrize("of", ["order", "asset", "location"])
def test_a_photo_keeps_its_pixels_upright_and_nothing_of_place_or_person(client, seeded, place, of):
    photo = pictures.photo_of_a_telephone()
    assert photo.count(MARK.encode()) > 5
    made = attach(client, owners(seeded, place)[of], "IMG_1.jpg", photo)
    for path in (f"{V1}/files/{made['id']}", f"{V1}/files/{made['id']}/thumbnail"):
        content = client.get(path).content
        assert MARK.encode() not in content
        with Image.open(BytesIO(content)) as image:
            assert dict(image.getexif()) == {}
            assert not {"exif", "xmp", "photoshop", "comment"} & image.info.keys()
            assert image.size == (32, 64), "it was taken upright"
            red, _, blue = image.convert("RGB").crop((4, 4, 5, 5)).tobytes()
            assert red > 200 > 60 > blue, "the red corner is where it was seen"


def test_metadata_leaves_every_kind_of_picture(client, seeded, place):
    path = owners(seeded, place)["asset"]
    exif = Image.Exif()
    exif[0x013B] = MARK
    given = {
        "a.webp": pictures.a_picture("WEBP", exif=exif, xmp=pictures.XMP),
        "a.gif": pictures.a_picture("GIF", comment=MARK.encode()),
        "a.png": pictures.a_picture("PNG", exif=exif),
    }
    for name, content in given.items():
        assert MARK.encode() in content, name
        made = attach(client, path, name, content)
        assert MARK.encode() not in client.get(f"{V1}/files/{made['id']}").content, name
    moving = BytesIO()
    frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "blue")]
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:], duration=80, comment=MARK.encode())
    made = attach(client, path, "moving.gif", moving.getvalue())
    content = client.get(f"{V1}/files/{made['id']}").content
    assert MARK.encode() not in content
    with Image.open(BytesIO(content)) as image:
        assert image.n_frames == 2  # type: ignore[attr-defined]


REFUSED = {
    "a bomb of 400 million pixels": (pictures.bomb(), "more than 50 million pixels"),
    "half a picture": (pictures.photo_of_a_telephone()[:700], "damaged"),
    "a picture by its beginning alone": (b"\x89PNG\r\n\x1a\n" + b"0" * 100, "damaged"),
    "a page that is called a picture": (b"\x00<script>", "neither a picture"),
}


@pytest.mark.parametrize(("content", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_decoded_in_bounds_is_refused_and_nothing_is_kept(client, seeded, place, pool, content, problem):
    told = attach(client, owners(seeded, place)["asset"], "a.png", content, 422)
    assert problem in told["detail"]
    with pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM attachments WHERE asset_id IS NOT NULL").fetchone() == (0,)


def test_the_settings_say_which_kinds_and_sizes(pool, seeded, place):
    app = create(pool, keys={"planner": KEY}, files_allowed=Allowed(kinds=("image/png",), largest=1_000_000))
    with TestClient(app, "http://localhost", headers={"X-API-Key": KEY}) as client:
        for path in owners(seeded, place).values():
            assert "only these can be attached here: PNG" in attach(client, path, "a.txt", b"text", 422)["detail"]
            assert "larger than 1 MB" in attach(client, path, "a.png", pictures.noise("PNG", 620), 422)["detail"]
            attach(client, path, "a.png", pictures.a_picture())


def test_files_leave_one_way_with_headers_by_which_a_browser_does_nothing_with_them(client, seeded, place):
    for path in owners(seeded, place).values():
        made = attach(client, path, "manual.html", b"<script>x</script>")
        here = [f"{V1}/files/{made['id']}", *([f"{path}/{made['id']}"] if "attachments" in path else [])]
        for each in here:
            answer = client.get(each)
            assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''manual.html.txt"
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]
            again = client.get(each, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        assert client.get(f"{V1}/files/{made['id']}/thumbnail").status_code == 404


def test_who_does_not_see_the_site_does_not_see_the_file(client, seeded, place, known, pool):
    with pool.connection() as conn:
        conn.execute("INSERT INTO sites (code, name) VALUES ('STH', 'South')")
    theirs = known(Role.PLANNER, sites=["STH"])
    for path in owners(seeded, place).values():
        made = attach(client, path, "a.png", pictures.a_picture())
        for file in (f"{V1}/files/{made['id']}", f"{V1}/files/{made['id']}/thumbnail"):
            assert (theirs.get(file).status_code, client.get(file).status_code) == (404, 200)
        assert theirs.delete(f"{V1}/files/{made['id']}").status_code == 404
        assert theirs.get(path.replace("/attachments", "/content")).status_code == 404


def test_a_deletion_is_in_the_history_of_what_the_file_was_of(client, seeded, place, pool, known):
    paths = owners(seeded, place)
    made = {of: attach(client, path, "old.txt", b"old") for of, path in paths.items()}
    for each in made.values():
        assert known(Role.TECHNICIAN).delete(f"{V1}/files/{each['id']}").status_code == 403
        assert client.delete(f"{V1}/files/{each['id']}").status_code == 204
        assert client.get(f"{V1}/files/{each['id']}").status_code == 404
    with pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM attachment_contents").fetchone() == (0,)
        logged = conn.execute("SELECT subject, what FROM changes WHERE kind = 'file' ORDER BY id").fetchall()
    assert [what for _, what in logged] == ["added", "added", "removed", "removed"]
    assert logged[0][0] == "NTH/P-101"
    order = client.get(paths["order"].replace("/attachments", "")).json()
    assert [each["step"] for each in order["history"]][-2:] == ["attach", "detach"]


def test_assets_and_locations_show_their_files_on_their_pages(client, seeded, place):
    for page in (f"/assets/{seeded.assets['P-101']}", f"/locations/{place}"):
        sent = {"file": ("plate.jpg", pictures.photo_of_a_telephone())}
        assert client.post(f"{page}/files/new", files=sent, headers=FORM, follow_redirects=False).status_code == 303
        shown = client.get(page).text
        assert "plate.jpg" in shown
        assert 'capture="environment"' in shown
        refused = client.post(f"{page}/files/new", files={"file": ("x.png", b"\x7fELF\x00")}, headers=FORM)
        assert (refused.status_code, "neither a picture" in refused.text) == (422, True)
        file = client.get(f"{V1}{page}/files").json()["files"][0]["id"]
        assert client.post(f"/files/{file}/delete", headers=FORM, follow_redirects=False).status_code == 303
        assert "plate.jpg" not in client.get(page).text.partition('id="changes"')[0]


def test_a_photo_larger_than_a_form_may_be_comes_in_by_a_page(client, seeded):
    page = f"/orders/{seeded.orders['by hand']}"
    sent = {"file": ("large.png", pictures.noise("PNG", 300))}
    assert client.post(f"{page}/files/new", files=sent, headers=FORM, follow_redirects=False).status_code == 303


def test_a_small_picture_is_small(client, seeded, place):
    made = attach(client, owners(seeded, place)["asset"], "a.png", pictures.noise("PNG", 900))
    with Image.open(BytesIO(client.get(f"{V1}/files/{made['id']}/thumbnail").content)) as image:
        assert max(image.size) == stored.SMALL
