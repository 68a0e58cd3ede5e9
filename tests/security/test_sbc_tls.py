"""Client certificates for the SBC's provisioning API."""

import contextlib
import http.client
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kamailio import DEPLOYED, HOST, Kamailio, make_certificates, require_kamailio


@pytest.fixture(scope="module")
def with_tls(tmp_path_factory) -> Iterator[Kamailio]:
    require_kamailio()
    with Kamailio(tmp_path_factory.mktemp("tls"), tls=True) as sbc:
        yield sbc


def ask(sbc: Kamailio, context: ssl.SSLContext, token: str) -> int:
    connection = http.client.HTTPSConnection(HOST, sbc.http_port, timeout=10, context=context)
    with contextlib.closing(connection):
        connection.request("GET", "/v1/health", headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse().status


def signed(folder: Path, subject: str) -> tuple[Path, Path]:
    """Another client certificate of the authority in `folder`."""
    key, request, made = folder / "other.key", folder / "other.csr", folder / "other.pem"
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
    authority = ["-CA", folder / "ca.pem", "-CAkey", folder / "ca.key"]
    for command in (
        ["openssl", "req", "-new", *new_key, "-subj", subject, "-out", request],
        ["openssl", "x509", "-req", "-in", request, *authority, "-out", made],
    ):
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    return made, key


def test_the_right_certificate_with_the_token_gets_in(with_tls):
    assert ask(with_tls, with_tls.tls_context(), with_tls.token) == 200
    assert ask(with_tls, with_tls.tls_context(), "wrong" * 5) == 401


def test_without_a_certificate_no_request_is_read(with_tls):
    context = ssl.create_default_context(cafile=with_tls.certificates / "ca.pem")
    with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
        ask(with_tls, context, with_tls.token)


@pytest.mark.parametrize("subject", ["/CN=account-manage", "/CN=Account-Manager", "/CN=sbc", "/O=account-manager"])
def test_a_certificate_in_another_name_is_refused(with_tls, subject):
    context = ssl.create_default_context(cafile=with_tls.certificates / "ca.pem")
    context.load_cert_chain(*signed(with_tls.certificates, subject))
    assert ask(with_tls, context, with_tls.token) == 403


def test_a_certificate_of_another_authority_is_refused(with_tls, tmp_path):
    make_certificates(tmp_path)
    context = ssl.create_default_context(cafile=with_tls.certificates / "ca.pem")
    context.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
    with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
        ask(with_tls, context, with_tls.token)


def test_a_client_refuses_an_sbc_of_another_authority(with_tls, tmp_path):
    make_certificates(tmp_path)
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(with_tls, context, with_tls.token)


def test_the_tls_port_does_not_answer_plain_http(with_tls):
    connection = http.client.HTTPConnection(HOST, with_tls.http_port, timeout=10)
    with contextlib.closing(connection), pytest.raises((OSError, http.client.HTTPException)):
        connection.request("GET", "/v1/health", headers={"Authorization": f"Bearer {with_tls.token}"})
        connection.getresponse()


def test_the_certificate_script_takes_only_names(tmp_path):
    for name in ("", "a b", "a,DNS:b", "*", "$(id)", "a\nb"):
        done = subprocess.run(
            ["sh", str(DEPLOYED / "certificates.sh"), str(tmp_path / "c"), name],
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 2, name
