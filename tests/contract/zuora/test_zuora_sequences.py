"""A thousand short histories under faults: what the client said is what the stand-in has.

A write reported as done is there; one reported as not done is not; one reported as unknown is either, and
reading it back once the fault is gone tells which. Nothing is cancelled twice.
"""

import random
from datetime import UTC, datetime, timedelta

import pytest

from lib.clients.errors import RemoteError
from lib.clients.zuora import CancelPolicy
from lib.standins.zuora.manners.faults import Fault
from tests.contract.conftest import contact, record, subscription

CHUNKS, PER_CHUNK = 20, 50
TODAY = datetime.now(UTC).date()
FAULTS = [
    "drop_before", "drop_after", "truncate", "429", "lock", "temporary", "html504", "success_false", "expired_token"
]  # fmt: skip
TARGETS = ["PUT", "POST /v1/orders", "POST /v1/action", "GET", "", "POST /oauth", "GET /v1/subscriptions"]


class History:
    """One account with a future parent, a contact and a subscription, and operations on them."""

    def __init__(self, chance, zuora, standin, label):
        self.chance, self.zuora, self.standin, self.label = chance, zuora, standin, label
        self.person = contact(city="Hobart")
        self.parent = record(f"P{label}")
        self.account = record(f"A{label}", "Name 0", bill_to=self.person, sold_to=self.person)
        self.number = f"S{label}"
        times = {"term_start_date": TODAY - timedelta(days=50), "term_end_date": TODAY + timedelta(days=50)}
        times["contract_effective_date"] = times["term_start_date"]
        standin.state.load([self.parent, self.account])
        standin.state.load_subscriptions([subscription(self.account.id, self.number, **times)])
        self.log = []

    def truth(self):
        account = self.standin.state.account(self.account.id)
        ours = self.standin.state.subscription(self.number)
        return {
            "name": account["name"],
            "parent": account["parent_id"],
            "city": self.standin.state.contact(self.person.id)["city"],
            "cancelled": ours["version"] - 1,
        }

    def read(self):
        """The same, as the client sees it."""
        account = self.zuora.account(self.account.account_number)
        found = self.zuora.subscription(self.number)
        return {
            "name": account.name,
            "parent": account.parent_id,
            "city": account.bill_to.city,
            "cancelled": int(found.will_end),
        }

    def step(self, turn):
        """One operation: its field, the value that the field should have, and the call."""
        key, zuora, track = self.account.account_number, self.zuora, f"run {self.label}"
        text = f"Name {turn}"
        policy, on = self.chance.choice([(CancelPolicy.ON_DATE, TODAY), (CancelPolicy.END_OF_TERM, None)])
        return self.chance.choice(
            [
                ("name", text, lambda: zuora.rename_account(key, text, track=track)),
                ("parent", self.parent.id, lambda: zuora.set_parent(key, self.parent.id, track=track)),
                ("parent", None, lambda: zuora.set_parent(key, None, track=track)),
                ("city", text, lambda: zuora.update_contact(self.person.id, {"city": text}, track=track)),
                (
                    "cancelled",
                    1,
                    lambda: zuora.cancel_subscription(self.number, policy, on, track=track, key=f"{self.label}"),
                ),
                (None, None, self.read),
            ]
        )

    def run(self):
        for turn in range(1, self.chance.randint(3, 6) + 1):
            field, value, act = self.step(turn)
            for _ in range(self.chance.choice([0, 1, 1, 2])):
                fault = Fault(self.chance.choice(TARGETS), self.chance.choice(FAULTS), self.chance.choice([1, 2, None]))
                self.standin.state.faults.add(fault)
                self.log.append(f"{fault.match or 'all'} {fault.kind} {fault.times}")
            before = self.truth()
            wanted = before if field is None else {**before, field: value}
            try:
                outcome = act()
            except RemoteError as error:
                self.log.append(f"{turn} {field}={value}: {error}")
                after = self.truth()
                assert after == before or (error.maybe_done and after == wanted), self.log
                assert error.maybe_done is ("It is not known" in str(error))
                self.standin.state.faults.clear()
                if error.maybe_done:
                    assert self.read() == after, self.log
            else:
                self.log.append(f"{turn} {field}={value}: done")
                assert self.truth() == wanted, self.log
                if field is None:
                    assert outcome == before, self.log
            self.standin.state.faults.clear()
            assert self.truth()["cancelled"] <= 1, self.log
        assert self.read() == self.truth(), self.log


@pytest.mark.parametrize("seed", range(CHUNKS))
def test_what_the_client_reports_is_what_zuora_has(make_zuora, zuora_standin, seed):
    chance = random.Random(seed)
    zuora = make_zuora(backoff_seconds=0.001)
    for turn in range(PER_CHUNK):
        zuora_standin.switches.orders_enabled = chance.random() < 0.7
        zuora_standin.switches.empty_parent = chance.choice(["clear", "clear", "ignore", "refuse"])
        zuora_standin.switches.null_parent = "refuse"
        History(chance, zuora, zuora_standin, f"{seed}-{turn}").run()
