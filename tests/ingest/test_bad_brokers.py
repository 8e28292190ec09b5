"""What is made of brokers that refuse, fall silent, lie or stop reading: an error that says what it is."""

import datetime
import ipaddress
import os
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ingest.broker import mqtt, subscriber, wire
from ingest.broker.broker import BrokerAddress, BrokerUnreachable
from ingest.broker.subscriber import Subscriber
from ingest.broker.wire import Wire
from ingest.messages import Message
from tests.parts.scripted_broker import (
    CONNACK,
    PINGREQ,
    PINGRESP,
    SESSION_PRESENT,
    SUBACK,
    Script,
    scripted,
    until_gone,
    welcome,
)


def says(*pieces: bytes) -> Script:
    """A broker that hears the first packet, says that, and listens from then on."""

    def script(connection: socket.socket) -> None:
        connection.recv(65_536)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.01)
        until_gone(connection)

    return script


def answering(pings: list[bytes], thrice: threading.Event | None = None) -> Script:
    """A broker that answers each ping, and says when it has answered three."""

    def script(connection: socket.socket) -> None:
        welcome(connection)
        while (piece := connection.recv(2)) == PINGREQ:
            pings.append(piece)
            connection.sendall(PINGRESP)
            if thrice is not None and len(pings) == 3:
                thrice.set()

    return script


def listen(url: str, *, tls: ssl.SSLContext | None = None) -> Subscriber:
    return Subscriber(url, topics=["a/#"], client_id="me", tls=tls)


def use(url: str) -> None:
    with listen(url) as source:
        for _ in source.batches(most=10, max_wait_s=0.1):
            pass


REFUSALS = {
    "a wrong password": (says(b"\x20\2\0\4"), "it refused the connection: wrong user or password"),
    "no right to be there": (says(b"\x20\2\0\5"), "it refused the connection: not authorized"),
    "a reason that nobody knows": (says(b"\x20\2\0\x63"), "it refused the connection: code 99"),
    "no right to read": (says(CONNACK, b"\x90\3\0\1\x80"), "it does not let us subscribe to a/#"),
    "no right to read any more": (says(SESSION_PRESENT, b"\x90\3\0\1\x80"), "it does not let us subscribe to a/#"),
    "an answer to another question": (says(CONNACK, b"\x90\3\0\2\1"), "not MQTT 3.1.1: an answer to another sub"),
    "another protocol": (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "not MQTT 3.1.1: a packet that begins with 0x48"),
    "nonsense later on": (says(CONNACK, SUBACK, b"\xff" * 100), "not MQTT 3.1.1: a packet that begins with 0xff"),
    "a message before its welcome": (says(b"\x30\4\0\1ax"), "not MQTT 3.1.1: a message before it has accepted"),
    "an answer before its welcome": (says(PINGRESP), "not MQTT 3.1.1: something else before"),
    "two welcomes": (says(CONNACK, CONNACK), "not MQTT 3.1.1: an unexpected CONNACK"),
    "the end": (lambda connection: connection.recv(10), "the connection was lost"),
    "the end in a packet": (lambda connection: connection.sendall(CONNACK + SUBACK + b"\x32\x20"), "was lost"),
}  # fmt: skip


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(("script", "problem"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_broker_that_cannot_be_used_says_why_and_leaves_no_socket_behind(script, problem):
    before = open_files()
    with scripted(script) as url, pytest.raises(BrokerUnreachable, match=problem):
        use(url)
    assert open_files() == before


def test_a_broker_that_says_nothing_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(subscriber, "CONNECT_TIMEOUT_S", 0.3)
    with scripted(says()) as url, pytest.raises(BrokerUnreachable, match="no answer in 0 s"):
        use(url)


def test_a_broker_that_trickles_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(subscriber, "CONNECT_TIMEOUT_S", 0.3)
    trickle = says(*[bytes((byte,)) for byte in b"\x32\xff\x7f" + bytes(50)])
    with scripted(trickle) as url, pytest.raises(BrokerUnreachable, match="no answer in 0 s"):
        use(url)


def test_a_broker_that_answers_no_ping_is_lost(monkeypatch):
    monkeypatch.setattr(subscriber, "PING_AFTER_S", 0.1)
    monkeypatch.setattr(subscriber, "KEEP_ALIVE_S", 1)
    # A part of a packet now and then is no sign of life.
    trickle = says(CONNACK, SUBACK, b"\x32\xff\x7f", *[b"x"] * 110)
    with scripted(trickle) as url, pytest.raises(BrokerUnreachable, match="no answer to a ping for 1 s"):
        use(url)


def test_a_quiet_broker_that_answers_pings_is_kept(monkeypatch):
    monkeypatch.setattr(subscriber, "PING_AFTER_S", 0.05)
    monkeypatch.setattr(subscriber, "KEEP_ALIVE_S", 3)
    pings: list[bytes] = []
    with scripted(answering(pings)) as url, listen(url) as source:
        batches = source.batches(most=10, max_wait_s=0.1)
        until = time.monotonic() + 3.5
        while time.monotonic() < until or len(pings) <= 3:
            assert next(batches) == []


def test_a_message_at_qos_2_is_taken_in_its_own_three_steps():
    heard: list[bytes] = []
    all_three = threading.Event()

    def script(connection: socket.socket) -> None:
        welcome(connection)
        connection.sendall(mqtt.publish("a/b", b"1", packet_id=3).replace(b"\x32", b"\x34", 1))
        connection.sendall(mqtt.publish("a/b", b"2", packet_id=4))
        while b"\x40" not in b"".join(heard):
            heard.append(connection.recv(1024))
        connection.sendall(b"\x62\2\0\3")
        while b"\x70" not in b"".join(heard):
            heard.append(connection.recv(1024))
        all_three.set()
        heard.append(until_gone(connection))

    with scripted(script) as url, listen(url) as source:
        batches = source.batches(most=2, max_wait_s=1)
        taken = next(batches)
        while len(taken) < 2:
            taken += next(batches)
        source.acknowledge(taken)
        for _ in range(600):
            assert next(source.batches(most=2, max_wait_s=0.2)) == []
            if all_three.is_set():
                break
    assert b"".join(heard) == b"\x50\2\0\3\x40\2\0\4\x70\2\0\3" + mqtt.DISCONNECT


def test_what_a_slow_broker_does_not_take_at_once_reaches_it_whole():
    heard: list[bytes] = []

    def script(connection: socket.socket) -> None:
        time.sleep(0.3)
        heard.append(until_gone(connection))

    sent = os.urandom(8 << 20).replace(mqtt.DISCONNECT, b"\xe0\x01")  # which is where the broker ends
    with scripted(script) as url:
        connection = Wire(BrokerAddress.of(url), timeout_s=1)
        for begin in range(0, len(sent), 1 << 20):
            connection.send(sent[begin : begin + (1 << 20)])
        connection.close(politely_s=90)
    assert b"".join(heard) == sent + mqtt.DISCONNECT


def use_wire(connection: Wire) -> None:
    for _ in range(100):
        connection.receive(0.05)


def test_a_broker_that_stops_to_read_is_lost(monkeypatch):
    monkeypatch.setattr(wire, "STALL_S", 0.2)
    done = threading.Event()
    with scripted(lambda _connection: done.wait(90)) as url:
        connection = Wire(BrokerAddress.of(url), timeout_s=1)
        connection.send(bytes(32 << 20))
        with pytest.raises(BrokerUnreachable, match="accepted nothing for 0 s"):
            use_wire(connection)
        done.set()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A key and a certificate for localhost that signs itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = Path(tmp_path_factory.mktemp("tls")) / "localhost.pem"
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


def of_server(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_all_that_one_record_of_tls_brings_is_read(certificate):
    heard: list[bytes] = []
    count = 3000

    def script(connection: socket.socket) -> None:
        welcome(connection)
        connection.sendall(b"".join(mqtt.publish("a/b", bytes(100), packet_id=i + 1) for i in range(count)))
        heard.append(until_gone(connection))

    taken: list[Message] = []
    trusting = ssl.create_default_context(cafile=str(certificate))
    with scripted(script, of_server(certificate)) as url, listen(url, tls=trusting) as source:
        for batch in source.batches(most=500, max_wait_s=60):
            assert batch
            taken += batch
            source.acknowledge(batch)
            if len(taken) == count:
                break
    assert [message.token for message in taken] == list(range(1, count + 1))
    assert b"".join(heard) == mqtt.answers(mqtt.Kind.PUBACK, range(1, count + 1)) + mqtt.DISCONNECT


def test_a_broker_whose_certificate_nobody_trusts_is_not_talked_to(certificate):
    served = scripted(until_gone, of_server(certificate))
    with served as url, pytest.raises(BrokerUnreachable, match="certificate verify failed"):
        use(url)


def test_a_certificate_of_another_name_is_not_taken(certificate):
    trusting = ssl.create_default_context(cafile=str(certificate))
    with scripted(until_gone, of_server(certificate)) as url:
        source = listen(url.replace("localhost", "127.0.0.1"), tls=trusting)
        with pytest.raises(BrokerUnreachable, match="IP address mismatch"), source:
            pass


def test_a_broker_is_pinged_while_the_caller_works_on_a_batch(monkeypatch):
    monkeypatch.setattr(subscriber, "PING_AFTER_S", 0.05)
    pinged = threading.Event()
    with scripted(answering(list[bytes](), pinged)) as url, listen(url) as source:
        assert pinged.wait(60), "nobody drives the connection, and it is kept all the same"
        assert next(source.batches(most=10, max_wait_s=0.1)) == []
