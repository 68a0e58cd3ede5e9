"""The Zuora client's contacts: read with our names, changed field by field."""

import pytest
from starlette.responses import JSONResponse

from lib.clients.errors import NotFound, Rejected, UnexpectedReply
from lib.clients.zuora.models import CONTACT_WIRE, ZuoraContact
from tests.contract.conftest import contact, record
from tests.contract.zuora.test_zuora_errors import account_body


def test_a_contact_is_read_by_our_names(zuora, zuora_standin):
    person = contact(work_email="ada@example.com", zip_code="0800", city="Darwin", country="Australia")
    zuora_standin.state.load([record("1", bill_to=person, sold_to=contact())])
    found = zuora.contact(person.id)
    assert (found.id, found.first_name, found.postcode, found.city) == (person.id, "Ada", "0800", "Darwin")
    assert found.personal_email == ""
    account = zuora.account("1")
    assert account.bill_to == found
    assert account.sold_to.postcode == ""
    assert not account.shared_contact


def test_a_printed_contact_shows_nothing_of_the_person(zuora, zuora_standin):
    person = contact(work_email="ada@example.com", zip_code="0800")
    zuora_standin.state.load(
        [record("1", bill_to=person, sold_to=person, additional_email_addresses=("bo@example.com",))]
    )
    for shown in (repr(zuora.account("1")), str(zuora.contact(person.id))):
        assert not any(private in shown for private in ("Ada", "Lane", "example.com", "0800"))


def test_only_the_changed_fields_are_sent(scripted, scripted_zuora):
    scripted.replies.append(JSONResponse({"success": True, "id": "c"}))
    scripted_zuora.update_contact("c", {"postcode": "3000", "address2": ""}, track="run 1")
    request = scripted.seen[0]
    assert (request.method, request.url.path) == ("PUT", "/v1/contacts/c")
    assert scripted.bodies == [b'{"zipCode": "3000", "address2": ""}']
    assert request.headers["Zuora-Track-Id"] == "run-1"


@pytest.mark.parametrize("name", sorted(CONTACT_WIRE))
def test_every_field_is_changed_and_emptied_by_itself(zuora, zuora_standin, name):
    person = contact(work_email="ada@example.com", city="Hobart")
    zuora_standin.state.load([record("1", bill_to=person, sold_to=person)])
    before = zuora.contact(person.id)
    for value in ("x@example.com",) if name.endswith("email") else ("Australia",):
        written = zuora.update_contact(person.id, {name: value}, track="t")
        assert zuora.contact(person.id) == before.model_copy(update={name: value})
        assert written.request_id
    if name not in ("first_name", "last_name"):
        zuora.update_contact(person.id, {name: ""}, track="t")
        assert getattr(zuora.contact(person.id), name) == ""


def test_a_shared_contact_changes_as_both(zuora, zuora_standin):
    zuora_standin.state.load([record("1")])
    account = zuora.account("1")
    assert account.shared_contact
    zuora.update_contact(account.bill_to_id, {"city": "Perth"}, track="t")
    assert zuora.account("1").sold_to.city == "Perth"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "no field"),
        ({"zipCode": "3000"}, "no field zipCode"),
        ({"work_email": "x" * 81}, "longer than 80"),
        ({"city": "smile 😀"}, "emoji"),
    ],
)
def test_what_zuora_cannot_store_is_not_sent(scripted, scripted_zuora, changes, said):
    with pytest.raises(Rejected, match=said) as caught:
        scripted_zuora.update_contact("c", changes, track="t")
    assert "Nothing was changed." in str(caught.value)
    assert "😀" not in str(caught.value)
    assert scripted.seen == []


@pytest.mark.parametrize("key", ["", "..", " . "])
def test_an_empty_id_is_no_request(scripted, scripted_zuora, key):
    for ask in (scripted_zuora.contact, scripted_zuora.subscription, scripted_zuora.subscriptions):
        with pytest.raises(Rejected):
            ask(key)
    assert scripted.seen == []


def test_an_unknown_contact_is_not_found(zuora):
    with pytest.raises(NotFound):
        zuora.contact("f" * 32)


@pytest.mark.parametrize("body", [{}, {"id": ""}, {"id": 3}, {"id": "c", "city": 7}, {"id": "c", "workEmail": []}])
def test_a_contact_that_is_not_one_is_unexpected(scripted, scripted_zuora, body):
    scripted.replies.append(JSONResponse({**body, "success": True}))
    with pytest.raises(UnexpectedReply):
        scripted_zuora.contact("c")


@pytest.mark.parametrize(
    ("wire", "postcode"),
    [
        ({"zipCode": "3000"}, "3000"),
        ({"postalCode": "3000"}, "3000"),
        ({"zipCode": None, "postalCode": "3000"}, "3000"),
        ({"zipCode": "3000", "postalCode": "9999"}, "3000"),
        ({"zipCode": None}, ""),
        ({}, ""),
    ],
)
def test_both_names_of_the_postcode_are_read(wire, postcode):
    assert ZuoraContact.from_wire({"id": "c", **wire}).postcode == postcode


@pytest.mark.parametrize(
    ("wire", "emails"),
    [
        (["a@example.com", " b@example.com "], ("a@example.com", "b@example.com")),
        ("a@example.com, b@example.com,", ("a@example.com", "b@example.com")),
        ("", ()),
        ([], ()),
        (None, ()),
    ],
)
def test_additional_addresses_are_a_list_or_a_text(scripted, scripted_zuora, wire, emails):
    billing = {"additionalEmailAddresses": wire}
    scripted.replies.append(JSONResponse({**account_body(), "billingAndPayment": billing}))
    assert scripted_zuora.account("1").additional_emails == emails


def test_an_account_without_contacts_shares_none(scripted, scripted_zuora):
    scripted.replies.append(JSONResponse({**account_body(), "billToContact": None, "soldToContact": {"id": None}}))
    account = scripted_zuora.account("1")
    assert (account.bill_to, account.sold_to, account.shared_contact) == (None, None, False)
