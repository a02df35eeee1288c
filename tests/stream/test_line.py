"""An interrupt at each moment of a call, plain and over TLS: the reader is free, and the other side sees it leave."""

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.models.bedrock import BedrockModel, BedrockStream
from shared.models.events import Delta
from shared.protocol.request import Message
from tests.support import bedrock
from tests.support.bedrock import FakeBedrock
from tests.support.eventstream import CONTENT_TYPE
from tests.support.listening import Listener
from tests.support.server import WAIT_SECONDS

PROMPT_SECONDS = 1.0
"""Far above the milliseconds that it takes, far below every time-out."""
HEAD = f"HTTP/1.1 200 OK\r\ncontent-type: {CONTENT_TYPE}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
FRAME = bedrock.delta("So far")
CHUNK = b"%x\r\n%b\r\n" % (len(FRAME), FRAME)
SPOKEN = {
    "before the headers": b"",
    "within the headers": HEAD[:20],
    "before the first event": HEAD,
    "within the stream": HEAD + CHUNK,
    "within an event": HEAD + CHUNK + CHUNK[:30],
}


class SilentModel:
    """Takes one call, says some bytes, and is silent until the caller leaves."""

    def __init__(self, says: bytes, tls: ssl.SSLContext | None) -> None:
        self.asked = threading.Event()
        self.left = threading.Event()
        self._says = says
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @contextmanager
    def serving(self) -> Iterator["SilentModel"]:
        self._thread.start()
        with self._listener:
            yield self
            self._thread.join(WAIT_SECONDS)
            assert not self._thread.is_alive()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(WAIT_SECONDS)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with connection:
            request = b""
            while b"inferenceConfig" not in request:
                request += connection.recv(65536)
            connection.sendall(self._says)
            self.asked.set()
            try:
                while connection.recv(65536):
                    pass
            except ConnectionResetError:
                pass
            self.left.set()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a model")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "model.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(built.public_bytes(pem) + private)
    return file


def ask(model: BedrockModel) -> BedrockStream:
    return model.stream([Message("user", "Why?")], 5, deadline=time.monotonic() + 60)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("moment", SPOKEN)
def test_an_interrupt_frees_the_reader_and_the_model_sees_it_leave(
    moment: str, tls: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with SilentModel(SPOKEN[moment], context).serving() as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", silent.url)
        stream = ask(BedrockModel("amazon.nova-lite-v1:0"))
        listener = Listener(stream)
        assert silent.asked.wait(WAIT_SECONDS)
        said = [Delta("text", 0, "So far")] if CHUNK in SPOKEN[moment] else []
        listener.wait_until_heard(len(said))
        interrupted = time.monotonic()
        stream.interrupt()
        listener.join()
        assert silent.left.wait(WAIT_SECONDS), "the model speaks on, and is paid"
        assert time.monotonic() - interrupted < PROMPT_SECONDS
    assert (listener.heard, listener.error) == (said, None)


def test_a_model_with_a_certificate_of_nobody_is_not_spoken_to(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with FakeBedrock() as server:
        server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url.replace("http:", "https:"))
        listener = Listener(ask(BedrockModel("amazon.nova-lite-v1:0")))
        listener.join()
        assert type(listener.error).__name__ == "ModelUnavailable"
        assert server.received == []


def test_a_late_interrupt_of_one_call_spares_the_next_on_the_same_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FakeBedrock() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url)
        model = BedrockModel("amazon.nova-lite-v1:0")
        first = ask(model)
        whole = list(first)
        held = threading.Event()
        server.answer = bedrock.stream([bedrock.delta("Hello"), held, bedrock.delta(" world"), *bedrock.ending()])
        second = Listener(ask(model))
        second.wait_until_heard(1)
        first.interrupt()
        held.set()
        second.join()
        assert len({received.client_port for received in server.received}) == 1
        assert second.error is None
        assert [event for event in second.heard if isinstance(event, Delta)] == whole[:2]


@pytest.mark.parametrize("proxied", [True, False])
def test_the_proxy_of_the_environment_is_used(proxied: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeBedrock() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "" if proxied else "127.0.0.1")
        endpoint = "http://model.invalid" if proxied else proxy.url
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", endpoint)
        assert list(ask(BedrockModel("amazon.nova-lite-v1:0")))
        path = "/model/amazon.nova-lite-v1%3A0/converse-stream"
        assert [received.path for received in proxy.received] == [f"{endpoint}{path}" if proxied else path]
