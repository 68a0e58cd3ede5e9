"""The SBC client and a real SBC that asks for client certificates."""

import contextlib
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.clients.errors import AuthFailed, RemoteError, Unreachable
from lib.clients.sbc import KamailioSbc, PutResult, SbcConfig
from tests.contract.conftest import SBC_TOKEN, auth_rule
from tests.kamailio import Kamailio, make_certificates

WHO = {"actor": "ada.lane@example.com", "track": "run-1"}
NUMBER = "+61491570006"


@pytest.fixture(scope="module")
def kamailio(tmp_path_factory) -> Iterator[Kamailio]:
    with Kamailio(tmp_path_factory.mktemp("kamailio"), token=SBC_TOKEN, tls=True) as started:
        yield started


@pytest.fixture(scope="module")
def stranger(tmp_path_factory) -> Path:
    """Certificates of an authority that the SBC does not know."""
    folder = tmp_path_factory.mktemp("stranger")
    make_certificates(folder)
    return folder


def files(authority: Path | None, own: Path | None) -> dict[str, str]:
    given = {"ca_file": str(authority / "ca.pem")} if authority else {}
    if own:
        given |= {"client_certificate": str(own / "client.pem"), "client_key": str(own / "client.key")}
    return given


def failure(sbc) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        sbc.put_rules([auth_rule(NUMBER)], **WHO)
    return caught.value


def test_with_the_right_certificate_everything_works(kamailio, make_sbc):
    sbc = make_sbc(kamailio.url, **files(kamailio.certificates, kamailio.certificates))
    assert kamailio.url.startswith("https://")
    assert sbc.health().version
    rule = auth_rule(NUMBER)
    assert sbc.put_rules([rule], **WHO) == PutResult(1, 1)
    assert sbc.get_rules([NUMBER]) == {NUMBER: rule}
    assert [held.rule for held in sbc.rules_of_account("104233")] == [rule]
    sbc.delete_rules([NUMBER], **WHO)
    assert sbc.get_rules([NUMBER]) == {NUMBER: None}


def test_the_token_is_needed_as_well(kamailio, make_sbc):
    given = files(kamailio.certificates, kamailio.certificates)
    error = failure(make_sbc(kamailio.url, token="not-the-token-of-these-tests", **given))
    assert (type(error), error.signed_out) == (AuthFailed, True)


@pytest.mark.parametrize("shown", ["none", "a stranger's"])
def test_the_sbc_refuses_us_without_a_certificate_it_knows(kamailio, make_sbc, stranger, shown):
    own = stranger if shown == "a stranger's" else None
    error = failure(make_sbc(kamailio.url, attempts=1, **files(kamailio.certificates, own)))
    # With TLS 1.3 the refusal comes during the request, and the connection may be closed before the reason is
    # read. Then nobody can say that the request was not handled.
    assert (type(error), error.maybe_done) in ((AuthFailed, False), (Unreachable, True))
    right = make_sbc(kamailio.url, **files(kamailio.certificates, kamailio.certificates))
    assert right.get_rules([NUMBER]) == {NUMBER: None}


@pytest.fixture
def strict(kamailio) -> Iterator[str]:
    """An address where the certificate is asked for before the request, as with TLS 1.2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(kamailio.certificates / "server.pem", kamailio.certificates / "server.key")
    context.load_verify_locations(kamailio.certificates / "ca.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def turn_away():
        with contextlib.suppress(OSError):
            while True:
                connection = listener.accept()[0]
                with contextlib.suppress(OSError), connection, context.wrap_socket(connection, server_side=True):
                    pass

    thread = threading.Thread(target=turn_away)
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    # A listener that is only closed would leave the other thread waiting.
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    listener.close()


@pytest.mark.parametrize("shown", ["none", "a stranger's"])
def test_a_certificate_refused_before_the_request_is_known_to_have_changed_nothing(
    strict, kamailio, make_sbc, stranger, shown
):
    own = stranger if shown == "a stranger's" else None
    error = failure(make_sbc(strict, **files(kamailio.certificates, own)))
    assert (type(error), error.maybe_done) == (AuthFailed, False)
    assert "it did not accept the Account Manager's certificate" in str(error)


def test_a_certificate_of_another_name_is_not_ours(kamailio, make_sbc, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(kamailio.certificates, other)
    make_certificates(other, client_name="somebody-else")
    error = failure(make_sbc(kamailio.url, **files(kamailio.certificates, other)))
    assert (type(error), error.status) == (AuthFailed, 403)
    assert "the client certificate is not the Hub's" in str(error)


@pytest.mark.parametrize("known", ["a stranger's", "the public ones"])
def test_an_sbc_whose_certificate_nobody_we_know_signed_is_not_talked_to(kamailio, make_sbc, stranger, known):
    authority = stranger if known == "a stranger's" else None
    error = failure(make_sbc(kamailio.url, attempts=1, **files(authority, kamailio.certificates)))
    assert (type(error), error.maybe_done) == (Unreachable, False)
    assert "check the certificates" in str(error)


class TestFilesThatCannotBeUsed:
    """They are noticed when the client is made, not at the first change of a rule."""

    def refused(self, **given: str) -> str:
        with pytest.raises(ValueError, match="SBC") as caught:
            KamailioSbc(SbcConfig("https://127.0.0.1:9", SBC_TOKEN, **given))
        assert SBC_TOKEN not in str(caught.value)
        return str(caught.value)

    @pytest.mark.parametrize("missing", ["ca_file", "client_certificate", "client_key"])
    def test_a_missing_one(self, stranger, tmp_path, missing):
        given = files(stranger, stranger) | {missing: str(tmp_path / "none.pem")}
        assert "cannot be used: No such file" in self.refused(**given)

    @pytest.mark.parametrize("name", ["ca_file", "client_certificate", "client_key"])
    def test_one_with_something_else_in_it(self, stranger, tmp_path, name):
        empty = tmp_path / "empty.pem"
        empty.write_text("not a certificate\n")
        assert "cannot be used" in self.refused(**files(stranger, stranger) | {name: str(empty)})

    def test_a_key_of_another_certificate(self, stranger):
        given = files(stranger, stranger) | {"client_key": str(stranger / "server.key")}
        assert "cannot be used" in self.refused(**given)

    @pytest.mark.parametrize("alone", ["client_certificate", "client_key"])
    def test_one_without_the_other(self, stranger, alone):
        given = {alone: files(stranger, stranger)[alone]}
        assert "together, or neither" in self.refused(**given)
