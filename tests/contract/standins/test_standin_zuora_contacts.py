"""Contacts and the account's own fields, without our client."""

import sqlite3

import pytest

from lib.standins.zuora import ZuoraState
from tests.contract.conftest import contact, record
from tests.contract.standins.test_standin_zuora_wire import Raw, codes


@pytest.fixture
def raw(zuora_standin):
    return Raw(zuora_standin)


@pytest.fixture
def ada(zuora_standin):
    """The bill-to contact of account 7001, which has another sold-to."""
    ada = contact(work_email="ada@example.com", city="Geelong")
    zuora_standin.state.load([record("7001", bill_to=ada, sold_to=contact(first_name="Bob"))])
    return ada


def account(raw):
    return raw("GET", "/v1/accounts/7001").json()


def test_a_contact_is_answered_whole(raw, ada):
    body = raw("GET", f"/v1/contacts/{ada.id}").json()
    assert body["success"] is True
    assert (body["id"], body["firstName"], body["workEmail"]) == (ada.id, "Ada", "ada@example.com")
    assert (body["accountNumber"], body["zipCode"], body["country"]) == ("7001", "", None)
    assert "postalCode" not in body


def test_a_change_answers_with_all_of_it_and_leaves_the_rest(raw, ada):
    changed = raw("PUT", f"/v1/contacts/{ada.id}", json={"workEmail": "", "mobilePhone": "+61491570006"})
    assert changed.status_code == 200
    assert changed.json() == raw("GET", f"/v1/contacts/{ada.id}").json()
    body = changed.json()
    assert (body["workEmail"], body["mobilePhone"], body["city"]) == ("", "+61491570006", "Geelong")
    assert account(raw)["soldToContact"]["mobilePhone"] == ""


def test_a_shared_contact_changes_on_both_sides(raw, zuora_standin):
    ada = contact()
    zuora_standin.state.load([record("7001", bill_to=ada, sold_to=ada)])
    raw("PUT", f"/v1/contacts/{ada.id}", json={"city": "Dubbo"})
    assert account(raw)["billToContact"]["city"] == account(raw)["soldToContact"]["city"] == "Dubbo"


LIMITS = {
    "firstName": 100, "lastName": 100, "address1": 255, "address2": 255, "city": 100, "state": 100, "county": 100,
    "zipCode": 20, "workPhone": 40, "homePhone": 40, "otherPhone": 40, "fax": 40, "mobilePhone": 100,
    "nickname": 100, "taxRegion": 100, "contactDescription": 100,
}  # fmt: skip


@pytest.mark.parametrize(("field", "limit"), LIMITS.items())
def test_lengths(raw, ada, field, limit):
    path = f"/v1/contacts/{ada.id}"
    assert raw("PUT", path, json={field: "x" * limit}).json()[field] == "x" * limit
    long = raw("PUT", path, json={field: "x" * (limit + 1)})
    assert (long.status_code, codes(long)[0] % 100) == (400, 20)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"country": "AU"}, {"country": "Australia"}),
        ({"country": "AUS"}, {"country": "Australia"}),
        ({"country": "australia"}, {"country": "Australia"}),
        ({"country": "us", "state": "ny"}, {"country": "United States", "state": "New York"}),
        ({"country": "Canada", "state": "british columbia"}, {"country": "Canada", "state": "British Columbia"}),
        ({"country": "AU", "state": "vic"}, {"country": "Australia", "state": "vic"}),
        ({"country": "", "state": "VIC"}, {"country": None, "state": "VIC"}),
    ],
)
def test_country_and_state_come_back_as_zuora_spells_them(raw, ada, sent, shown):
    body = raw("PUT", f"/v1/contacts/{ada.id}", json=sent).json()
    assert {field: body[field] for field in shown} == shown
    assert body == raw("GET", f"/v1/contacts/{ada.id}").json()


def test_a_contact_of_a_cancelled_account_is_changed_and_the_account_is_not(raw, zuora_standin):
    ada = contact()
    zuora_standin.state.load([record("7001", bill_to=ada, sold_to=ada, status="Canceled")])
    assert raw("PUT", f"/v1/contacts/{ada.id}", json={"city": "Dubbo"}).json()["city"] == "Dubbo"
    refused = raw("PUT", "/v1/accounts/7001", json={"notes": "x"})
    assert codes(refused) == [51500030]


@pytest.mark.parametrize(
    ("body", "category"),
    [
        ({"workEmail": "x" * 69 + "@example.com"}, 20),
        ({"workEmail": "nobody"}, 20),
        ({"personalEmail": "a@b, c@d.example"}, 20),
        ({"firstName": ""}, 20),
        ({"city": None}, 20),
        ({"city": 3}, 20),
        ({"city": "smile 😀"}, 20),
        ({"otherPhoneType": "Car"}, 20),
        ({"country": "Oz", "city": "X"}, 20),
        ({"country": "x" * 65}, 20),
        ({"country": "United States", "state": "VIC"}, 20),
        ({"postalCode": "3000"}, 21),
        ({"colour": "red", "city": "X"}, 21),
    ],
)
def test_refused_as_a_whole(raw, ada, body, category):
    reply = raw("PUT", f"/v1/contacts/{ada.id}", json=body)
    assert (reply.status_code, codes(reply)[0] % 100) == (400, category)
    assert raw("GET", f"/v1/contacts/{ada.id}").json()["city"] == "Geelong"


def test_put_needs_a_body_and_no_key(raw, ada):
    assert raw("PUT", f"/v1/contacts/{ada.id}").status_code == 415
    keyed = raw("PUT", f"/v1/contacts/{ada.id}", json={}, headers={"Idempotency-Key": "k"})
    assert keyed.status_code == 400
    assert raw("PUT", "/v1/contacts/nobody", json={}).status_code == 404
    assert raw("GET", "/v1/contacts/nobody").status_code == 404


class TestAccountFields:
    def put(self, raw, **body):
        return raw("PUT", "/v1/accounts/7001", json=body)

    def test_the_email_turns_delivery_by_email_on_and_off(self, raw, ada):
        def delivered():
            return account(raw)["billingAndPayment"]["invoiceDeliveryPrefsEmail"]

        names = {"firstName": "Ada", "lastName": "Lane"}
        assert self.put(raw, billToContact={**names, "workEmail": "", "personalEmail": ""}).status_code == 200
        assert delivered() is False
        assert self.put(raw, soldToContact={**names, "workEmail": "b@example.com"}).status_code == 200
        assert delivered() is False
        assert self.put(raw, billToContact={**names, "personalEmail": "a@example.com"}).status_code == 200
        assert delivered() is True
        assert account(raw)["billToContact"]["city"] == "Geelong"

    def test_names_are_needed_in_a_contact_of_an_account(self, raw, ada):
        reply = self.put(raw, name="Other", billToContact={"workEmail": "x@example.com"})
        assert (reply.status_code, codes(reply)[0] % 100) == (400, 22)
        assert account(raw)["basicInfo"]["name"] == "Acme Pty Ltd"

    def test_fields_come_back(self, raw, ada):
        emails = ["a@example.com", "b@example.com"]
        sent = {"crmId": "CRM-1", "salesRep": "Eve", "batch": "Batch7", "purchaseOrderNumber": "PO 9", "notes": "n"}
        assert self.put(raw, **sent, paymentTerm="Net 14", autoPay=False, additionalEmailAddresses=emails).ok
        assert self.put(raw, communicationProfileId="f" * 32).ok
        after = account(raw)
        assert after["basicInfo"].items() >= sent.items()
        assert after["basicInfo"]["communicationProfileId"] == "f" * 32
        assert after["billingAndPayment"]["additionalEmailAddresses"] == emails
        assert after["billingAndPayment"]["paymentTerm"] == "Net 14"
        row = raw("GET", "/object-query/accounts/7001").json()
        assert row["additionalEmailAddresses"] == "a@example.com,b@example.com"
        assert row["salesRepName"] == "Eve"
        assert self.put(raw, additionalEmailAddresses=[]).ok
        assert account(raw)["billingAndPayment"]["additionalEmailAddresses"] == []

    @pytest.mark.parametrize(
        "body",
        [
            {"additionalEmailAddresses": "a@example.com"},
            {"additionalEmailAddresses": ["nobody"]},
            {"crmId": "x" * 101},
            {"salesRep": "x" * 51},
            {"batch": "Batch51"},
            {"autoPay": "yes"},
            {"autoPay": True},
            {"paymentTerm": "whenever"},
            {"purchaseOrderNumber": "x" * 101},
            {"billToContact": "Ada"},
            {"billToContactId": "nobody"},
        ],
    )
    def test_refused(self, raw, ada, body):
        assert self.put(raw, **body).status_code == 400

    def test_repointing(self, raw, ada):
        assert self.put(raw, soldToContactId=ada.id).ok
        assert account(raw)["soldToContact"]["id"] == ada.id


def test_a_file_of_an_earlier_version_keeps_its_accounts(tmp_path):
    path = tmp_path / "zuora.db"
    state = ZuoraState(path)
    state.load([record("7001", notes="kept")])
    state.close()
    with sqlite3.connect(path) as db:
        db.executescript("DROP INDEX account_bill_to; ALTER TABLE account DROP COLUMN crm_id; DROP TABLE invoice;")
    db.close()
    again = ZuoraState(path)
    assert not again.is_empty()
    assert again.account("7001")["crm_id"] == ""
    again.close()
