"""The Zuora client against the stand-in: reading, renaming and moving accounts."""

import itertools
from decimal import Decimal

import pytest

from lib.clients.errors import NotFound, Rejected, UnexpectedReply
from lib.clients.zuora import ZuoraStatus
from lib.clients.zuora.client import plain_track
from tests.contract.conftest import contact, record


def requests_of(standin):
    return standin.state.faults.requests()[1]


def test_an_account_is_read_by_number_and_by_id(zuora, zuora_standin):
    parent = record("104230", "Top Pty Ltd")
    bill_to, sold_to = contact(), contact()
    child = record("104233", "Acme Pty Ltd", parent_id=parent.id, bill_to=bill_to, sold_to=sold_to, balance="1024.10")
    zuora_standin.state.load([parent, child])
    account = zuora.account("104233")
    assert account == zuora.account(child.id)
    people = {"bill_to", "sold_to", "additional_emails"}
    assert account.model_dump(exclude=people) == {
        "id": child.id,
        "number": "104233",
        "name": "Acme Pty Ltd",
        "status": ZuoraStatus.ACTIVE,
        "parent_id": parent.id,
        "balance": Decimal("1024.1"),
        "currency": "AUD",
        "bill_to_id": bill_to.id,
        "sold_to_id": sold_to.id,
    }
    assert zuora.account("104230").parent_id is None


@pytest.mark.parametrize("balance", ["0.10", "-0.30", "99999999.99", "0", "123456789012.35"])
def test_money_is_the_decimal_that_zuora_wrote(zuora, zuora_standin, balance):
    zuora_standin.state.load([record("104233", balance=balance)])
    assert zuora.account("104233").balance == Decimal(balance)


def test_unicode_names_arrive_unchanged(zuora, zuora_standin):
    zuora_standin.state.load([record("104233", "Café “Blå” 日本")])
    zuora.rename_account("104233", "Ελλάς & Søn’s", track="run:1")
    assert zuora.account("104233").name == "Ελλάς & Søn’s"


def test_a_rename_changes_the_name_and_nothing_else(zuora, zuora_standin):
    parent = record("104230")
    zuora_standin.state.load([parent, record("104233", parent_id=parent.id)])
    before = zuora.account("104233")
    written = zuora.rename_account("104233", "Acme Holdings", track="run 7: step;1")
    assert zuora.account("104233") == before.model_copy(update={"name": "Acme Holdings"})
    assert len(written.request_id) == 36
    assert written.track_id == "run-7--step-1"


@pytest.mark.parametrize(
    ("text", "sent"),
    [("a" * 80, "a" * 64), ("run:step;\"'x", "run-step---x"), ("é\r\nX: y", "---X--y"), ("", "")],
)
def test_a_track_id_is_made_fit_to_send(text, sent):
    assert plain_track(text) == sent


def test_a_cancelled_account_is_read_with_one_spelling_and_not_renamed(zuora, zuora_standin):
    zuora_standin.state.load([record("104233", status="Canceled")])
    assert zuora.account("104233").status is ZuoraStatus.CANCELED
    with pytest.raises(Rejected, match="Cannot update a cancelled account") as caught:
        zuora.rename_account("104233", "New", track="t")
    assert caught.value.codes == ("51500030",)
    assert "Nothing was changed." in str(caught.value)


def test_a_parent_is_set_and_removed(zuora, zuora_standin):
    parent, child = record("104230"), record("104233")
    zuora_standin.state.load([parent, child])
    zuora.set_parent("104233", parent.id, track="t")
    assert zuora.account("104233").parent_id == parent.id
    written = zuora.set_parent("104233", None, track="t")
    assert zuora.account("104233").parent_id is None
    assert written.request_id
    assert "POST /v1/action/update" not in requests_of(zuora_standin)


@pytest.mark.parametrize("manner", ["ignore", "refuse"])
def test_a_parent_that_empty_text_leaves_in_place_is_cleared_by_action(zuora, zuora_standin, manner):
    parent = record("104230")
    zuora_standin.state.load([parent, record("104233", parent_id=parent.id)])
    zuora_standin.switches.empty_parent = manner
    zuora.set_parent("104233", None, track="t")
    assert zuora.account("104233").parent_id is None
    assert requests_of(zuora_standin).count("POST /v1/action/update") == 1


def test_a_parent_that_cannot_be_removed_is_reported(zuora, zuora_standin):
    parent = record("104230")
    zuora_standin.state.load([parent, record("104233", parent_id=parent.id)])
    zuora_standin.switches.empty_parent = zuora_standin.switches.fields_to_null = "ignore"
    with pytest.raises(UnexpectedReply, match="still names a parent") as caught:
        zuora.set_parent("104233", None, track="t")
    assert caught.value.request_id


def test_a_business_rule_against_removal_is_not_circumvented(zuora, zuora_standin):
    zuora_standin.state.load([record("104233", status="Canceled", parent_id=record("1").id)])
    with pytest.raises(Rejected):
        zuora.set_parent("104233", None, track="t")
    assert "POST /v1/action/update" not in requests_of(zuora_standin)


def test_links_zuora_does_not_allow_are_rejected(zuora, zuora_standin):
    chain = [record(f"10{level}") for level in range(5)]
    linked = [chain[0]] + [
        record(own.account_number, id=own.id, parent_id=above.id) for above, own in itertools.pairwise(chain)
    ]
    zuora_standin.state.load([*linked, record("200")])
    with pytest.raises(Rejected, match="own parent"):
        zuora.set_parent("100", chain[0].id, track="t")
    with pytest.raises(Rejected, match="own parent"):
        zuora.set_parent("100", chain[3].id, track="t")
    with pytest.raises(Rejected, match="5 levels"):
        zuora.set_parent("200", chain[4].id, track="t")
    with pytest.raises(Rejected, match="5 levels"):
        zuora.set_parent("100", zuora.account("200").id, track="t")
    with pytest.raises(Rejected, match="no account has this id"):
        zuora.set_parent("200", "f" * 32, track="t")
    with pytest.raises(Rejected, match="no account has this id"):
        zuora.set_parent("200", "100", track="t")


def test_all_children_come_however_many_pages(zuora, zuora_standin):
    parent = record("1000")
    children = [record(str(2000 + n), parent_id=parent.id, balance="3.30") for n in range(250)]
    zuora_standin.state.load([parent, *children, record("9999")])
    found = zuora.children(parent.id)
    assert {row.number for row in found} == {c.account_number for c in children}
    assert len(found) == 250
    assert {row.parent_id for row in found} == {parent.id}
    assert {row.balance for row in found} == {Decimal("3.3")}
    assert requests_of(zuora_standin).count("GET /object-query/accounts") == 5
    assert zuora.children(children[0].id) == []


@pytest.mark.parametrize("count", [50, 100])
def test_a_full_last_page_ends_the_list(zuora, zuora_standin, count):
    parent = record("1000")
    zuora_standin.state.load([parent, *(record(str(2000 + n), parent_id=parent.id) for n in range(count))])
    assert len(zuora.children(parent.id)) == count


@pytest.mark.parametrize("key", ["404404", "a?b#c=d", "...x", "%2e%2e", "日本"])
def test_an_unknown_account_is_not_found_whatever_its_spelling(zuora, key):
    with pytest.raises(NotFound, match="Cannot find entity by key") as caught:
        zuora.account(key)
    assert caught.value.request_id
    assert "changed" not in str(caught.value)


@pytest.mark.parametrize("key", ["", " ", ".", ".."])
def test_a_key_that_would_name_another_address_is_not_sent(zuora, zuora_standin, key):
    with pytest.raises(Rejected, match="is empty"):
        zuora.account(key)
    with pytest.raises(Rejected, match="Nothing was changed"):
        zuora.rename_account(key, "X", track="t")
    assert requests_of(zuora_standin) == []


def test_the_token_is_taken_once_for_many_requests_and_threads(zuora, zuora_standin):
    from concurrent.futures import ThreadPoolExecutor

    zuora_standin.state.load([record("104233")])
    with ThreadPoolExecutor(8) as pool:
        names = [account.name for account in pool.map(zuora.account, ["104233"] * 40)]
    assert len(names) == 40
    assert requests_of(zuora_standin).count("POST /oauth/token") == 1


def test_state_and_tokens_survive_a_restart(tmp_path, make_zuora):
    from lib.standins.zuora import ZuoraStandin
    from tests.contract.conftest import CLIENT_ID, CLIENT_SECRET

    with ZuoraStandin(tmp_path, CLIENT_ID, CLIENT_SECRET) as first:
        first.state.load([record("104233")])
        url = first.url
        zuora = make_zuora(url=url)
        zuora.rename_account("104233", "Kept", track="t")
    with ZuoraStandin(tmp_path, CLIENT_ID, CLIENT_SECRET, port=int(url.rpartition(":")[2])) as second:
        assert zuora.account("104233").name == "Kept"
        assert requests_of(second) == ["GET /v1/accounts/104233"]


def test_every_call_carries_a_version_and_a_track_id_of_its_own(scripted, scripted_zuora):
    from starlette.responses import JSONResponse

    scripted.replies[:] = [JSONResponse({"success": False, "reasons": [{"code": 50000040, "message": "no"}]}, 404)]
    told = []
    for _ in range(2):
        with pytest.raises(NotFound) as missing:
            scripted_zuora.account("7001")
        told.append(missing.value.track_id)
    sent = [request.headers["Zuora-Track-Id"] for request in scripted.seen]
    assert sent == told
    assert len(set(sent)) == 2
    assert {request.headers["Zuora-Version"] for request in scripted.seen} == {"2025-08-12"}
