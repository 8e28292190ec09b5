"""Users and keys on the command line, and the administrator that the first start makes."""

import re

import psycopg
import pytest
from typer.testing import CliRunner

from api import passwords
from db.people import api_keys, users
from runtime.cli.main import app
from runtime.processes import people
from tests.people import CHEAP
from workorder_core.people.access import Role


@pytest.fixture(autouse=True)
def _cheaply(monkeypatch):
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)


@pytest.fixture
def plantwright(database, monkeypatch):
    """Runs a command on a fresh database and returns what it printed."""
    monkeypatch.setenv("PLANTWRIGHT_DATABASE", database)

    def run(*arguments, code=0):
        ended = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
        assert ended.exit_code == code, ended.output
        return ended.output

    return run


def test_the_first_start_makes_an_administrator_once(database):
    password = people.make_first(database)
    assert people.make_first(database) is None
    with psycopg.connect(database) as conn:
        admin = users.get(conn, "admin")
    assert password is not None
    assert passwords.fits(admin.password_hash, password)
    assert (admin.roles, admin.sites, admin.must_change) == ({Role.ADMINISTRATOR}, None, True)


def test_a_person_is_made_given_another_password_and_disabled(plantwright, database):
    said = plantwright("users", "add", "Deniz", "--role", "planner", "--role", "viewer", "--full-name", "Deniz Yilmaz")
    first = re.findall(r"password (\S+)", said)[-1]
    with psycopg.connect(database) as conn:
        user = users.get(conn, "deniz")
    assert passwords.fits(user.password_hash, first)
    assert user.roles == {Role.PLANNER, Role.VIEWER}
    assert "Deniz Yilmaz" in plantwright("users", "list")
    second = re.findall(r"password (\S+)", plantwright("users", "password", "deniz"))[-1]
    assert second != first
    plantwright("users", "disable", "deniz")
    with psycopg.connect(database) as conn:
        user = users.get(conn, "deniz")
        signed = {change.actor for change in users.changes(conn)}
    assert user.disabled_at is not None
    assert passwords.fits(user.password_hash, second)
    assert all(each.endswith("(terminal)") for each in signed)
    plantwright("users", "disable", "deniz", "--enable")
    plantwright("users", "add", "deniz", "--role", "viewer", code=2)
    plantwright("users", "add", "o o", "--role", "viewer", code=2)
    plantwright("users", "add", "kim", "--role", "viewer", "--site", "XXX", code=2)


def test_a_key_is_printed_once_and_revoked(plantwright, database):
    key = re.findall(r"pw_\S+", plantwright("keys", "add", "scada", "--role", "viewer"))[0]
    listed = plantwright("keys", "list")
    assert key not in listed
    assert key[:10] in listed
    plantwright("keys", "revoke", "scada")
    assert "revoked" in plantwright("keys", "list")
    with psycopg.connect(database) as conn:
        assert api_keys.listed(conn)[0].revoked_at is not None
