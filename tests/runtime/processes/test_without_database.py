"""A database that is gone is reported by mail from the process itself, and so is that it is back: a real PostgreSQL
that is stopped by its process id, and a real mail server.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from db.schema import migrate
from runtime.embedded import postgres, process
from runtime.processes import without_database
from runtime.settings import InvalidSettings, Settings, load
from tests.parts.line import line_to
from tests.runtime.delivery import servers
from tests.runtime.delivery.servers import MailServer

ROOT = Path(__file__).parents[3]
PATIENCE_S = 120
TO = ["operator@plant.example", "chief@plant.example"]


@pytest.fixture
def mails():
    with MailServer().serving() as server:
        yield server


def of_mails(mails, **more):
    return {
        "smtp_host": "127.0.0.1", "smtp_port": mails.port, "smtp_user": "plant", "smtp_password": "secret",
        "smtp_ca": str(servers.certificates() / "ca.crt"), "mail_from": "Plantwright <plant@plant.example>",
        "outage_mail_to": TO, "outage_mail_after_s": 0.4,
    } | more  # fmt: skip


def within(condition, what):
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def subjects(mails):
    return [(each["To"], each["Subject"]) for each in mails.got]


GONE = [(each, "Plantwright: the database is gone") for each in TO]
BACK = [(each, "Plantwright: the database is back") for each in TO]


def test_a_database_that_takes_no_changes_is_reported_and_so_is_its_end(database, mails):
    name = database.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(database, autocommit=True) as conn:
        with without_database.reporting(Settings(database=database, **of_mails(mails)), "jobs"):
            conn.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
            within(lambda: len(mails.got) == 2, "two mails that it is gone")
            conn.execute("SET default_transaction_read_only = off")
            conn.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
            within(lambda: len(mails.got) == 4, "two mails that it is back")
        assert conn.execute("SELECT process FROM database_checks").fetchall() == [("jobs",)]
    assert subjects(mails) == GONE + BACK
    text = mails.got[0].get_body(("plain",)).get_content()
    assert "jobs (" in text
    assert "read-only transaction" in text
    assert "What to do" in text


def test_a_child_leaves_the_report_to_its_parent(database, mails):
    settings = Settings(database="postgresql://127.0.0.1:1/none", **of_mails(mails, outage_mail_after_s=0.02))
    with without_database.reporting(settings, "jobs", parent=os.getpid()):
        time.sleep(0.2)
    assert mails.got == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"outage_mail_to": TO}, "needs a mail server"),
        ({"outage_mail_to": ["the operator"]}, "is no e-mail address"),
        ({"heartbeat_url": "hc.example.com/secret-1"}, "write https://hc.example.com"),
    ],
)
def test_settings_by_which_nobody_would_be_reached_prevent_the_start(given, said):
    with pytest.raises(InvalidSettings, match=said) as found:
        load(**given)
    assert "secret-1" not in str(found.value)


@pytest.mark.slow
def test_the_process_of_jobs_mails_when_its_postgresql_is_stopped_and_when_it_runs_again(data_dir, mails):
    server = postgres.start(data_dir / "postgres")
    migrate(server.url)
    with line_to(server.url) as line:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PLANTWRIGHT_")}
        settings = of_mails(mails, database=line.through(server.url), outage_mail_after_s=1)
        named = {
            f"PLANTWRIGHT_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in settings.items()
        }
        jobs = subprocess.Popen([sys.executable, "-m", "runtime.cli.main", "jobs"], cwd=ROOT, env=kept | named)
        try:
            with psycopg.connect(server.url, autocommit=True) as conn:
                checked = "SELECT FROM database_checks WHERE process = 'jobs'"
                within(lambda: conn.execute(checked).rowcount == 1, "jobs has found its database")
            os.kill(server.pid, signal.SIGINT)
            within(lambda: not process.runs(server.pid, str(data_dir / "postgres" / "data")), "PostgreSQL has ended")
            within(lambda: len(mails.got) == 2, "two mails that it is gone")
            server = postgres.start(data_dir / "postgres")
            line.lead_to(server.url)
            within(lambda: len(mails.got) == 4, "two mails that it is back")
            assert jobs.poll() is None
        finally:
            jobs.terminate()
            assert jobs.wait(60) == 0
            server.stop()
    assert subjects(mails) == GONE + BACK
