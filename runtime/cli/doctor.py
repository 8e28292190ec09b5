"""Checks the engine's surroundings: what is there, what is off, and how to turn it on."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from rich.console import Console

from api.papers import fonts
from db import schema
from db.alarms import heartbeats
from db.documents import documents, rules_in_force, slow_devices
from db.documents.documents import Kind
from db.people import api_keys, users
from db.telemetry import engine_metrics, quarantine, readings
from db.telemetry import judge as judge_db
from ingest.broker.broker import BrokerUnreachable
from rules import rulebook as rulebooks
from runtime.broker import probe, tls
from runtime.embedded.process import default_data_dir, find_program
from runtime.processes import certificate, heartbeat
from runtime.settings import InvalidSettings, Settings
from runtime.version import CODE_VERSION

LEAST_FREE_BYTES = 2_000_000_000
QUEUE_TRIED = 3000
SKEWS_TOLD = 5
RULEBOOK_MEND = "set PLANTWRIGHT_RULEBOOK to a TOML file of limits, or `plantwright documents put rulebook`"


class _Findings:
    """Prints one line per fact, and remembers whether any of them stops the engine."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.healthy = True

    def good(self, what: str, fact: str) -> None:
        self._console.print(f"[green]ok[/green]    {what}: {fact}", highlight=False)

    def off(self, what: str, fact: str, action: str) -> None:
        self._console.print(f"[yellow]off[/yellow]   {what}: {fact}\n      → {action}", highlight=False)

    def bad(self, what: str, fact: str, action: str) -> None:
        self.healthy = False
        self._console.print(f"[red]bad[/red]   {what}: {fact}\n      → {action}", highlight=False)


def examine(settings: Settings, console: Console) -> bool:
    """Check everything and print it; return whether the engine could run."""
    said = _Findings(console)
    said.good("plantwright", CODE_VERSION)
    _folders(settings, said)
    _documents(settings, said)
    _certificate(settings, said)
    _prints(said)
    _database(settings, said)
    _broker(settings, said)
    return said.healthy


def _folders(settings: Settings, said: _Findings) -> None:
    folder = settings.data_dir or default_data_dir()
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    state = "there" if folder.exists() else "not made yet"
    text = f"{folder} ({state}), {free / 1e9:.1f} GB free"
    if free < LEAST_FREE_BYTES:
        said.bad("folder", text, f"free some space: below {LEAST_FREE_BYTES / 1e9:.0f} GB a database soon stops")
    else:
        said.good("folder", text)


def _documents(settings: Settings, said: _Findings) -> None:
    if settings.rulebook is not None:
        book = rulebooks.read(settings.rulebook)
        said.good("rulebook file", f"{settings.rulebook}, version {book.version}, {len(book.rules)} rules")
    elif settings.database is None:
        said.off("rulebook", "none: only models judge", RULEBOOK_MEND)


def _certificate(settings: Settings, said: _Findings) -> None:
    """Report until when the API's own certificate is valid."""
    try:
        found = certificate.of(settings)
    except InvalidSettings as problem:
        said.bad("certificate", str(problem), "until then the API does not start")
        return
    if found is None:
        return
    days = (found.expires_at - datetime.now(UTC)).days
    fact = f"{found.cert}, until {found.expires_at:%d %b %Y}"
    if days < 0:
        said.bad("certificate", f"{fact}: over", "renew it; the API reads the new files by itself")
    elif days < certificate.RENEW_DAYS:
        said.off("certificate", fact, "renew it; the API reads the new files by itself")
    else:
        said.good("certificate", fact)


def _prints(said: _Findings) -> None:
    """Report which letters prints can have."""
    there, lacking = fonts.scripts()
    said.good("letters of prints", ", ".join(there))
    if lacking:
        action = (
            "apt install fonts-noto-cjk fonts-noto-color-emoji fonts-noto-core, or copy a font into "
            "~/.local/share/fonts of the user that runs the API; then start it again"
        )
        said.off("letters of prints", f"no font has {', '.join(lacking)}: printed as boxes", action)


def _rulebook(conn: psycopg.Connection, settings: Settings, said: _Findings) -> None:
    """Report which rulebook is in force, wherever it came from."""
    found = documents.versions(conn, Kind.RULEBOOK, limit=1)
    if not found:
        said.off("rulebook in force", "none: only models judge", RULEBOOK_MEND)
        return
    newest, book = found[0], rules_in_force.newest(conn)
    report = f"version {newest.number} ({book.version}) by {newest.actor}, {len(book.rules)} rules"
    if settings.rulebook is not None and rulebooks.read(settings.rulebook).version != book.version:
        said.off("rulebook in force", report, "the file is another one: it judges from the next start of ingest on")
    elif newest.arrival is None:
        said.off("rulebook in force", f"{report}; the engine has not read it yet", "it does so when it runs")
    else:
        said.good("rulebook in force", report)


def _database(settings: Settings, said: _Findings) -> None:
    if settings.database is None:
        said.good("database", "embedded PostgreSQL, not running (serve and demo start it); or give --database")
        _no_timescaledb(said)
        return
    try:
        facts = schema.facts(settings.database)
    except psycopg.OperationalError as error:
        said.bad("database", str(error).strip(), "start it, or correct PLANTWRIGHT_DATABASE")
        return
    said.good("PostgreSQL", facts.postgresql)
    if facts.timescaledb is None:
        _no_timescaledb(said)
    else:
        edition = "community" if facts.edition == "timescale" else facts.edition
        said.good("TimescaleDB", f"{facts.timescaledb}, {edition} edition: readings are a hypertable")
        if facts.edition != "timescale":
            said.off("compression", "not in the Apache edition", "install TimescaleDB's community edition to have it")
    if facts.waiting:
        said.bad("schema", f"{len(facts.waiting)} migrations wait: {', '.join(facts.waiting)}", "plantwright migrate")
        return
    said.good("schema", facts.applied[-1])
    with psycopg.connect(settings.database) as conn:
        holder, fence, next_arrival = judge_db.holder_now(conn)
        said.good("judge", f"held by {holder or 'nobody yet'} (fence {fence}), {next_arrival - 1:,} inputs judged")
        stored, late = readings.count(conn)
        said.good("readings", f"{stored:,} stored, {late:,} of them late")
        _rulebook(conn, settings, said)
        _access(conn, settings, said)
        _ingest(conn, said)
        _heartbeat(conn, settings, said)
        _slow_devices(conn, said)
        kept = quarantine.count_by_reason(conn)
        if kept:
            reasons = ", ".join(f"{count} {reason}" for reason, count in kept.items())
            said.off("quarantine", reasons, "plantwright quarantine lists them with the reasons")


def _access(conn: psycopg.Connection, settings: Settings, said: _Findings) -> None:
    there = [each for each in users.listed(conn) if each.disabled_at is None]
    keys = [each for each in api_keys.listed(conn) if each.revoked_at is None]
    if there:
        said.good("access", f"{len(there)} users, {len(keys)} keys")
    else:
        said.off(
            "access", "no users yet", "the first `plantwright serve` makes an administrator and says how to sign in"
        )
    if settings.api_keys:
        action = "`plantwright keys add` makes keys with fewer roles, shown once and stored hashed"
        said.off("keys of the settings", f"{', '.join(sorted(settings.api_keys))}: may do everything", action)
    if settings.pages_as is not None:
        action = "leave PLANTWRIGHT_PAGES_AS out where others use this machine"
        said.off("pages", f"open without a password from this machine, as {settings.pages_as}", action)


def _ingest(conn: psycopg.Connection, said: _Findings) -> None:
    report = engine_metrics.read(conn)
    if report is None or report.metrics.stopped:
        fact = "has never run here" if report is None else "was stopped"
        said.off("ingest", fact, "plantwright serve, or plantwright ingest")
        return
    metrics = report.metrics
    lag = f"lag {report.lag_s:.1f} s of {metrics.lag_limit_s:.0f} s allowed"
    if report.state == "silent":
        action = "it was killed, hangs, or has no database or broker: its own log says why"
        said.bad("ingest", f"silent for {report.age_s:.0f} s; {lag}", action)
    elif report.behind:
        action = (
            "what arrives waits at the broker: see which stage takes the time; fewer detectors, or a faster database"
        )
        said.bad("ingest", lag, action)
    else:
        said.good("ingest", lag)
    said.good(
        "rates",
        f"{metrics.messages_per_s:,.0f} messages/s, {metrics.readings_per_s:,.0f} readings/s; queue {metrics.queue}; "
        f"newest batch {metrics.batch_newest}, largest {metrics.batch_largest} of {metrics.batch_most} messages",
    )
    if spent := sum(metrics.stage_s.values()):
        shares = (f"{stage} {seconds / spent:.0%}" for stage, seconds in metrics.stage_s.items())
        each = f" of {spent / metrics.messages * 1e6:,.0f} µs a message" if metrics.messages else ""
        said.good("stages", f"{', '.join(shares)}{each}")
    since = (
        f"{metrics.messages:,} messages since its start, {metrics.late:,} readings late, {metrics.repeated:,} repeated"
    )
    refused = ", ".join(f"{count:,} {reason}" for reason, count in metrics.refused.items())
    said.good("taken", f"{since}; refused: {refused or 'none'}")
    skews = engine_metrics.skews(conn, limit=SKEWS_TOLD)
    if skews:
        said.good("device clocks", "; ".join(f"{asset} {_skew(seconds)}" for asset, seconds in skews.items()))


def _heartbeat(conn: psycopg.Connection, settings: Settings, said: _Findings) -> None:
    """Report who would notice that the engine has ended, or that the database is gone."""
    outside, newest = heartbeat.to(settings), heartbeats.newest(conn)
    if outside is None:
        action = "set PLANTWRIGHT_HEARTBEAT_URL to an address that notices when none comes: docs/operations.md"
        said.off("heartbeat", "none: if this machine ends, nobody is notified", action)
    elif newest is None:
        said.off("heartbeat", f"to {outside.host}: none yet", "plantwright serve, or plantwright jobs, sends it")
    else:
        accepted = "never" if newest.accepted_at is None else f"{newest.accepted_at:%d %b %Y %H:%M:%S} UTC"
        fact = f"to {outside.host}: last accepted {accepted}"
        late_s = (datetime.now(UTC) - newest.tried_at).total_seconds()
        if newest.unwell:
            said.bad(
                "heartbeat", f"{fact}; not sent since: {newest.unwell}", "remove the cause; it is sent again by itself"
            )
        elif newest.fault is not None:
            said.bad(
                "heartbeat", f"{fact}; {newest.detail}", "correct PLANTWRIGHT_HEARTBEAT_URL, or open the way there"
            )
        elif late_s > 3 * outside.every_s:
            said.bad("heartbeat", fact, "plantwright serve, or plantwright jobs, sends it: start one")
        else:
            said.good("heartbeat", f"{fact}; {newest.detail}")
    if settings.outage_mail_to:
        said.good("mail if the database is gone", ", ".join(settings.outage_mail_to))
    else:
        action = "set PLANTWRIGHT_OUTAGE_MAIL_TO, and the mail server: docs/operations.md"
        said.off("mail if the database is gone", "none", action)


def _slow_devices(conn: psycopg.Connection, said: _Findings) -> None:
    for name, sentence in slow_devices.by_rule(slow_devices.of(conn, rules_in_force.newest(conn))).items():
        fact, _, action = sentence.partition("; ")
        said.off(f"rule {name}", fact, action)


def _skew(seconds: float) -> str:
    return f"{abs(seconds):.1f} s {'ahead' if seconds < 0 else 'behind or under way'}"


def _no_timescaledb(said: _Findings) -> None:
    action = "install it, put timescaledb in shared_preload_libraries, and begin with an empty database"
    said.off("TimescaleDB", "not there: readings are a plain table", action)


def _broker(settings: Settings, said: _Findings) -> None:
    if settings.broker is None:
        program: Path | None = find_program("mosquitto")
        if program is None:
            action = "apt install mosquitto: its in-flight window and queue can be larger"
            said.off("broker", "mosquitto is not installed, the embedded one is iotcore", action)
        else:
            said.good("broker", f"embedded {program}, not running (serve and demo start it); or give --broker")
        return
    tried = max(QUEUE_TRIED, 3 * settings.batch_most)
    try:
        facts = probe.measure(settings.broker, tried=tried, tls=tls.context(settings, tool=True))
    except BrokerUnreachable as error:
        said.bad("broker", error.problem, "start it, or correct PLANTWRIGHT_BROKER")
        return
    said.good("broker", facts.version or "does not say what it is")
    at_least = "at least " if facts.inflight >= tried else ""
    if facts.inflight < settings.batch_most:
        action = f"a batch never exceeds it; set mosquitto's max_inflight_messages to {2 * settings.batch_most}"
        said.off("in-flight window", f"{facts.inflight} messages", action)
    else:
        said.good("in-flight window", f"{at_least}{facts.inflight} messages")
    if facts.queued < tried:
        action = "what exceeds it while the engine is away is lost; raise mosquitto's max_queued_messages"
        said.off("queue for an absent engine", f"{facts.queued} messages", action)
    else:
        said.good("queue for an absent engine", f"at least {tried} messages")
