"""What a browser keeps of the technician's app: small, strict, the same for everybody."""

import gzip
import json
import re
from pathlib import Path

from api.tech import shell, texts

MOST_KB = 150


def test_the_shell_is_small_and_every_address_of_it_opens_without_signing_in(app_client):
    (listed,) = re.findall(r"const addresses = (\[.*?\]);", app_client.get("/tech/worker.js").text)
    kept = json.loads(listed)
    assert "/tech/" in kept and "/tech/app/main.js" in kept and "/tech/app/vendor/qr/decode.js" in kept
    answers = {address: app_client.get(address) for address in kept}
    assert {each.status_code for each in answers.values()} == {200}
    size = sum(len(gzip.compress(each.content, 5)) for each in answers.values())
    assert size <= MOST_KB * 1000
    page = answers["/tech/"]
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "unsafe" not in policy
    assert shell.shell().version in page.text and "<script>" not in page.text and "style=" not in page.text
    assert app_client.get("/tech", follow_redirects=False).headers["location"] == "/tech/"
    assert app_client.get("/tech/session").json() == {"person": None}


def test_every_text_that_a_script_asks_for_is_there():
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in Path(shell.FOLDER).glob("*.js"))
    asked = set(re.findall(r'\bsay\(\s*"(\w+)"', scripts))
    asked |= {each for pair in re.findall(r'counted\(\s*"(\w+)", "(\w+)"', scripts) for each in pair}
    quoted = set(re.findall(r'"(\w+)"', scripts))
    assert asked <= texts.TEXTS.keys()
    assert {name for name in texts.TEXTS if not name.startswith(("do_", "add_"))} <= quoted
    assert shell.said("de")["all_sent"] == "Alles gesendet"


def test_every_vendored_library_has_its_licence():
    folders = [each for each in (shell.FOLDER / "vendor").iterdir() if each.is_dir()]
    assert folders and all((each / "LICENSE").is_file() for each in folders)
