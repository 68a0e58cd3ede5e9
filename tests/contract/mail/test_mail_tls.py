"""The mail client and TLS, with certificates made here."""

import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lib.clients.errors import AuthFailed, Rejected, RemoteError, Unreachable
from lib.clients.mail import MailConfig, Mailer, OutgoingMail
from lib.standins.mail import Certificate, MailStandin

USER, PASSWORD = "hub-user", "s3cret-pass-word"
LETTER = OutgoingMail("ada@example.com", "Subject", "text\n", "<p>text</p>\n", "<am.1@example.com>")


@dataclass(frozen=True)
class Authority:
    """A certificate authority for tests, and the certificates it makes for servers."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> str:
        return str(self.folder / "ca.pem")

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate("Authority of the tests", key.public_key(), "Authority of the tests", key, ca=True)
        (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return cls(folder, key, made)

    def certify(self, address: str) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate("server", key.public_key(), "Authority of the tests", self.key, address=address)
        files = Certificate(self.folder / f"{address}.pem", self.folder / f"{address}.key")
        files.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        files.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files


def _certificate(subject, public_key, issuer, issuer_key, *, ca=False, address=None):
    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if address:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", params=["tls", "starttls"])
def secured(request, tmp_path_factory, authority):
    """A mail server with a good certificate and a sign-in, and the security its client needs."""
    certificate = authority.certify("127.0.0.1")
    data = tmp_path_factory.mktemp("secured")
    with MailStandin(data, credentials=(USER, PASSWORD), certificate=certificate, security=request.param) as standin:
        yield standin, request.param


def mailer(standin, **changes):
    given = {"sender": "hub@example.com", "connect_seconds": 3, "read_seconds": 3, "host": standin.host}
    return Mailer(MailConfig(port=standin.port, **{**given, **changes}))


def failure(client):
    with pytest.raises(RemoteError) as caught:
        client.send(LETTER)
    assert caught.value.__context__ is None
    return caught.value


def test_mail_goes_encrypted_to_a_server_whose_certificate_is_trusted(secured, authority):
    standin, security = secured
    client = mailer(standin, security=security, username=USER, password=PASSWORD, ca_file=authority.file)
    client.check()
    before = standin.count("<am.1@example.com>")
    client.send(LETTER)
    assert standin.count("<am.1@example.com>") == before + 1


def test_a_wrong_password_over_tls_is_a_failed_sign_in(secured, authority):
    standin, security = secured
    client = mailer(standin, security=security, username=USER, password="wrong", ca_file=authority.file)
    assert type(failure(client)) is AuthFailed


def test_a_certificate_of_somebody_else_is_not_believed(secured, tmp_path):
    standin, security = secured
    stranger = Authority.make(tmp_path)
    before = len(standin.messages())
    for ca_file in (stranger.file, None):
        error = failure(mailer(standin, security=security, username=USER, password=PASSWORD, ca_file=ca_file))
        assert (type(error), error.maybe_done) == (Unreachable, False)
        assert "TLS: " in str(error)
    assert len(standin.messages()) == before


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_for_another_address_is_not_believed(security, authority, tmp_path):
    with MailStandin(tmp_path, certificate=authority.certify("127.0.0.9"), security=security) as standin:
        error = failure(mailer(standin, security=security, ca_file=authority.file))
        assert type(error) is Unreachable
        assert "TLS: " in str(error)
        assert standin.messages() == []


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("content", [None, "this is no certificate"])
def test_a_file_of_authorities_that_cannot_be_read_sends_nothing(security, content, authority, tmp_path):
    file = tmp_path / "missing.pem"
    if content:
        file.write_text(content)
    with MailStandin(tmp_path, certificate=authority.certify("127.0.0.1"), security=security) as standin:
        error = failure(mailer(standin, security=security, ca_file=str(file)))
        assert (type(error), error.maybe_done) == (Unreachable, False)
        assert "the file of trusted authorities cannot be read" in str(error)


def test_tls_to_a_server_that_speaks_plainly_fails(authority, tmp_path):
    with MailStandin(tmp_path) as standin:
        error = failure(mailer(standin, security="tls", ca_file=authority.file))
        assert (type(error), error.maybe_done) == (Unreachable, False)
        error = failure(mailer(standin, security="starttls", ca_file=authority.file))
        assert "the server does not offer STARTTLS" in str(error)


def test_without_tls_nothing_is_sent_to_a_server_that_wants_it(secured):
    standin, _ = secured
    before = len(standin.messages())
    with pytest.raises(RemoteError):
        mailer(standin, security="none", read_seconds=0.5).send(LETTER)
    assert len(standin.messages()) == before


def test_what_came_before_tls_is_not_taken_for_what_comes_after(authority):
    """Text inserted after the answer to STARTTLS would be taken for the answer to the next command."""
    files = authority.certify("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    listener = socket.create_server(("127.0.0.1", 0))
    seen = []

    def serve():
        plain, _ = listener.accept()
        plain.sendall(b"220 here\r\n")
        plain.recv(1024)
        plain.sendall(b"250-here\r\n250 STARTTLS\r\n")
        plain.recv(1024)
        plain.sendall(b"220 go on\r\n250 slipped in\r\n")
        with context.wrap_socket(plain, server_side=True) as wire, wire.makefile("rb") as lines:
            while line := lines.readline():
                seen.append(line.split()[0].upper())
                wire.sendall(b"554 no\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    config = MailConfig(
        host="127.0.0.1",
        port=listener.getsockname()[1],
        security="starttls",
        sender="hub@example.com",
        ca_file=authority.file,
        read_seconds=3,
    )
    assert type(failure(Mailer(config))) is Rejected
    thread.join(20)
    listener.close()
    assert seen == [b"EHLO", b"HELO", b"QUIT"]
