"""An answer about another record is an error. The right one is recognised by number or id, in any case."""

import pytest
from starlette.responses import JSONResponse

from lib.clients.errors import UnexpectedReply, Unreachable
from lib.clients.zuora import CancelPolicy
from tests.contract.conftest import record, subscription

ID, OTHER = "8a80" + "0" * 28, "8a80" + "f" * 28
ACCOUNT = {"basicInfo": {"id": ID, "accountNumber": "A1", "name": "N", "status": "Active"}}
CONTACT = {"id": ID, "firstName": "Ada", "lastName": "Lane"}
SUBSCRIPTION = {"id": ID, "subscriptionNumber": "S1", "status": "Active", "accountId": ID, "accountNumber": "A1"}
READS = {
    "account": (ACCOUNT, lambda zuora, key: zuora.account(key)),
    "contact": (CONTACT, lambda zuora, key: zuora.contact(key)),
    "subscription": (SUBSCRIPTION, lambda zuora, key: zuora.subscription(key)),
    "subscriptions": ({"subscriptions": [SUBSCRIPTION]}, lambda zuora, key: zuora.subscriptions(key)),
}
WRITES = {
    "rename": lambda zuora: zuora.rename_account("A1", "X", track="t"),
    "parent": lambda zuora: zuora.set_parent("A1", OTHER, track="t"),
    "contact": lambda zuora: zuora.update_contact(ID, {"city": "X"}, track="t"),
}


def ok(body, **given):
    return JSONResponse({"success": True, **body}, **given)


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize("key", ["A2", OTHER, "S2", "A1x"])
def test_a_read_that_answers_about_another_is_an_error(scripted, scripted_zuora, what, key):
    body, read = READS[what]
    scripted.replies.append(ok(body))
    with pytest.raises(UnexpectedReply, match="about another record"):
        read(scripted_zuora, key)


@pytest.mark.parametrize(
    ("what", "keys"),
    [
        ("account", ["A1", "a1", ID, ID.upper(), " A1 "]),
        ("contact", [ID, ID.upper()]),
        ("subscription", ["S1", "s1", ID, ID.upper()]),
        ("subscriptions", ["A1", "a1", ID, ID.upper()]),
    ],
)
def test_number_id_and_case_are_all_the_same(scripted, scripted_zuora, what, keys):
    body, read = READS[what]
    scripted.replies.append(ok(body))
    for key in keys:
        read(scripted_zuora, key)


def test_what_a_reply_does_not_name_is_not_compared(scripted, scripted_zuora):
    nameless = {name: value for name, value in SUBSCRIPTION.items() if not name.startswith("account")}
    scripted.replies.append(ok({"subscriptions": [nameless]}))
    assert scripted_zuora.subscriptions("A2")[0].number == "S1"
    scripted.replies[:] = [ok({"subscriptions": [{**nameless, "accountId": ID}]})]
    assert scripted_zuora.subscriptions("A2")[0].number == "S1"


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("body", [{"id": OTHER}, {"id": OTHER, "accountNumber": "A7"}])
def test_a_write_that_answers_about_another_leaves_its_outcome_unknown(scripted, scripted_zuora, write, body):
    scripted.replies.append(ok(body))
    with pytest.raises(UnexpectedReply, match="about another record") as caught:
        WRITES[write](scripted_zuora)
    assert caught.value.maybe_done
    assert len(scripted.seen) == 1


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_answers_with_its_mark_alone_or_with_the_record_is_done(scripted, scripted_zuora, write):
    for body in ({}, {"id": ID.upper(), "accountNumber": "a1"} if write != "contact" else {"id": ID.upper()}):
        scripted.replies[:] = [ok(body)]
        WRITES[write](scripted_zuora)


def test_an_actions_update_of_another_object_is_an_error(scripted, scripted_zuora):
    child = {"basicInfo": {**ACCOUNT["basicInfo"], "parentId": OTHER}}
    scripted.replies += [ok({}), *[ok(child)] * 2, JSONResponse([{"Success": True, "Id": OTHER}])]
    scripted.replies[1:3] = [ok(child)]
    zuora = scripted_zuora
    object.__setattr__(zuora._config, "read_back_seconds", 0)
    with pytest.raises(UnexpectedReply, match="about another record") as caught:
        zuora.set_parent("A1", None, track="t")
    assert caught.value.maybe_done


@pytest.mark.parametrize(
    "body",
    [
        {"orderNumber": "O-1", "accountNumber": "A7", "subscriptionNumbers": ["S1"]},
        {"orderNumber": "O-1", "accountNumber": "A1", "subscriptionNumbers": ["S7"]},
        {"orderNumber": "O-1", "accountNumber": "A1", "subscriptions": [{"subscriptionNumber": "S7"}]},
    ],
)
def test_an_order_for_another_subscription_is_not_a_cancellation(scripted, scripted_zuora, body):
    scripted.replies += [ok(SUBSCRIPTION), ok(body), ok(SUBSCRIPTION)]
    with pytest.raises(Unreachable, match="about another record") as caught:
        scripted_zuora.cancel_subscription("S1", CancelPolicy.END_OF_TERM, track="t", key="k")
    assert caught.value.maybe_done


@pytest.mark.parametrize("read", [True, False])
def test_the_answer_to_another_request_is_known_by_its_track_id(scripted, scripted_zuora, read):
    scripted.replies.append(ok(ACCOUNT, headers={"Zuora-Track-Id": "somebody-elses"}))
    with pytest.raises(UnexpectedReply, match="the answer to another request") as caught:
        scripted_zuora.account("A1") if read else scripted_zuora.rename_account("A1", "X", track="t")
    assert caught.value.maybe_done is not read


def test_a_track_id_in_another_case_is_ours(scripted, scripted_zuora):
    scripted.replies.append(ok({}, headers={"Zuora-Track-Id": "RUN-1"}))
    scripted_zuora.rename_account("A1", "X", track="run-1")


def test_the_real_parts_agree_on_every_spelling(zuora, zuora_standin):
    account = record("Ab-1")
    zuora_standin.state.load([account])
    zuora_standin.state.load_subscriptions([subscription(account.id, "S-1")])
    for key in ("Ab-1", "ab-1", "AB-1", account.id, account.id.upper()):
        assert zuora.account(key).id == account.id
        assert [one.number for one in zuora.subscriptions(key)] == ["S-1"]
        assert zuora.children(key) == []
    for key in ("S-1", "s-1"):
        assert zuora.subscription(key).number == "S-1"


def test_the_tenants_entity_and_organisations_are_sent_with_every_call(scripted, make_zuora):
    scripted.replies.append(ok(ACCOUNT))
    tenant = {"entity_id": "2c92a0f9", "org_ids": "11ea-1,22eb-2"}
    zuora = make_zuora(url=scripted.url, **tenant)
    zuora.account("A1")
    zuora.rename_account("A1", "X", track="t")
    sent = [(one.headers.get("Zuora-Entity-Ids"), one.headers.get("Zuora-Org-Ids")) for one in scripted.seen]
    assert sent == [("2c92a0f9", "11ea-1,22eb-2")] * 2
    scripted.seen.clear()
    make_zuora(url=scripted.url).account("A1")
    assert "Zuora-Entity-Ids" not in scripted.seen[0].headers
    assert "Zuora-Org-Ids" not in scripted.seen[0].headers
