"""Random sequences of operations through a hostile proxy: what the client says is what Zuora's state says.

`HOSTILE_SEQUENCES=2000` makes as many of them as `make hostile` does. A failure names its seed.
"""

import os
import random
from datetime import UTC, datetime, timedelta

import pytest

from lib.clients.errors import RemoteError
from lib.clients.zuora import CancelPolicy
from tests.contract.conftest import contact, invoice, record, subscription
from tests.contract.zuora.hostile import HostileProxy

SEQUENCES = int(os.environ.get("HOSTILE_SEQUENCES", "160"))
FIRST = int(os.environ.get("HOSTILE_SEED", "0"))
PER_CHUNK = 40
TODAY = datetime.now(UTC).date()
LIMIT = 0.2


@pytest.fixture(scope="module")
def proxy(_running_zuora):
    made = HostileProxy(_running_zuora.url)
    yield made
    made.close()


class Sequence:
    """One account with what belongs to it, somebody else who may cancel its subscription, and a run that does so."""

    def __init__(self, seed, zuora, other, standin, proxy):
        self.chance = random.Random(seed)
        self.zuora, self.other, self.standin, self.proxy = zuora, other, standin, proxy
        self.label = f"{seed}"
        self.person, stranger = contact(city="Hobart"), contact(city="Darwin")
        self.parent, self.decoy = record(f"P{seed}"), record(f"D{seed}", bill_to=stranger, sold_to=stranger)
        self.account = record(f"A{seed}", "Name 0", bill_to=self.person, sold_to=self.person, parent_id=None)
        self.child = record(f"C{seed}", parent_id=self.account.id)
        self.number = f"S{seed}"
        start = TODAY - timedelta(days=50)
        times = {"term_start_date": start, "term_end_date": TODAY + timedelta(days=50)}
        times["contract_effective_date"] = start
        standin.state.load([self.parent, self.decoy, self.account, self.child])
        standin.state.load_subscriptions(
            [
                subscription(self.decoy.id, f"DS{seed}", **times),
                *(subscription(self.account.id, number, **times) for number in (f"X{seed}", self.number)),
            ]
        )
        standin.state.load_invoices([invoice(self.account.id, f"I{seed}", TODAY - timedelta(days=9))])
        self.decoys = {
            "accounts": self.decoy.account_number,
            "contacts": stranger.id,
            "subscriptions": f"DS{seed}",
        }
        self.refused, self.unsure, self.theirs, self.ended = 0, False, False, False
        self.log = [f"HOSTILE_SEED={seed}"]

    def truth(self):
        state = self.standin.state
        account = state.account(self.account.id)
        return {
            "name": account["name"],
            "parent": account["parent_id"],
            "city": state.contact(self.person.id)["city"],
            "cancelled": state.subscription(self.number)["version"] > 1 and not self.theirs,
        }

    def interfere(self, asked):
        """Somebody else cancels at the worst of moments: before an order of ours arrives, after our look."""
        if not self.theirs and asked.method != "GET" and ("orders" in asked.path or "cancel" in asked.path):
            self.proxy.before = None
            done = self.other.cancel_subscription(
                self.number, CancelPolicy.END_OF_TERM, track="other", key=f"other {self.label}"
            )
            # On a busy machine its own answer can be lost: then it is not known, and nobody else has cancelled.
            self.theirs = done.ours is not False

    def cancel(self, turn):
        def keep(refused):
            self.refused = refused

        done = self.zuora.cancel_subscription(
            self.number,
            self.policy,
            TODAY if self.policy is CancelPolicy.ON_DATE else None,
            track=f"run-{self.label}-{turn}",
            key=self.label,
            today=TODAY,
            refused=self.refused,
            unsure=self.unsure,
            on_refusal=keep,
        )
        # Nothing is claimed that somebody else did, and nothing of ours given to them.
        if done.ours is not None:
            assert done.ours is not self.theirs, self.log + self.proxy.seen
            assert done.already is (not done.ours)
        self.ended = True

    def choose(self, turn):
        key, zuora, track, text = self.account.account_number, self.zuora, f"t-{self.label}-{turn}", f"Name {turn}"
        acts = [
            ("name", text, lambda: zuora.rename_account(key, text, track=track)),
            ("parent", self.parent.id, lambda: zuora.set_parent(key, self.parent.id, track=track)),
            ("parent", None, lambda: zuora.set_parent(key, None, track=track)),
            ("city", text, lambda: zuora.update_contact(self.person.id, {"city": text}, track=track)),
            (None, None, self.read),
            (None, None, self.read_lists),
        ]
        if not self.ended:
            acts += [("cancelled", True, lambda: self.cancel(turn))] * 4
        return self.chance.choice(acts)

    def read(self):
        account = self.zuora.account(self.account.account_number)
        person = self.zuora.contact(self.person.id)
        found = self.zuora.subscription(self.number)
        before = self.truth()
        assert (account.name, account.parent_id, person.city) == (before["name"], before["parent"], before["city"])
        assert found.will_end is (before["cancelled"] or self.theirs)

    def read_lists(self):
        assert [one.number for one in self.zuora.children(self.account.id)] == [self.child.account_number]
        listed = {one.number for one in self.zuora.subscriptions(self.account.account_number)}
        assert listed == {self.number, f"X{self.label}"}
        owed = self.zuora.overdue_of(self.account.id, TODAY)
        assert [one.number for one in owed] == [f"I{self.label}"]

    def turn(self, turn):
        field, value, act = self.choose(turn)
        state = self.standin.state
        self.policy = getattr(self, "policy", None) or self.chance.choice(
            [CancelPolicy.ON_DATE, CancelPolicy.END_OF_TERM]
        )
        # Readings lag behind the writes of this operation, not of those before it.
        state.lag.forget()
        before = self.truth()
        self.proxy.before = self.interfere if field == "cancelled" and self.chance.random() < 0.3 else None
        self.proxy.rage(self.chance, self.chance.choice([0.1, 0.3, 0.6]), self.decoys)
        error = None
        try:
            act()
        except RemoteError as caught:
            error = caught
        self.proxy.calm()
        self.proxy.settle()
        self.proxy.before = None
        after = self.truth()
        self.log.append(f"{turn} {field}={value}: {error or 'done'} {self.proxy.seen}")
        wanted = before if field is None or (field == "cancelled" and self.theirs) else {**before, field: value}
        if error is None:
            assert after == wanted, self.log
        else:
            # A definite failure changed nothing; one that says it does not know may have done what was asked.
            assert after == before or (error.maybe_done and after == wanted), self.log
            assert error.maybe_done is ("It is not known" in str(error))
            if field == "cancelled":
                self.unsure = self.unsure or error.maybe_done
        assert state.subscription(self.number)["version"] <= 2, self.log
        for number, version in ((f"X{self.label}", 1), (f"DS{self.label}", 1)):
            assert state.subscription(number)["version"] == version, self.log

    def run(self):
        for turn in range(1, self.chance.randint(3, 6) + 1):
            self.turn(turn)
        # Once the network is well, the intention comes to its end, and whose the cancellation is becomes known.
        self.standin.state.lag.forget()
        if not self.ended and (self.refused or self.unsure):
            self.cancel(99)
            assert self.standin.state.subscription(self.number)["version"] == 2, self.log


@pytest.mark.parametrize("chunk", range(-(-SEQUENCES // PER_CHUNK)))
def test_what_the_client_says_is_what_happened(make_zuora, zuora_standin, proxy, chunk):
    quick = {"connect_seconds": LIMIT, "read_seconds": LIMIT, "action_seconds": LIMIT, "backoff_seconds": 0.001}
    zuora = make_zuora(url=proxy.url, read_back_seconds=0.02, page_limit=20, **quick)
    other = make_zuora(read_back_seconds=1)
    for seed in range(FIRST + chunk * PER_CHUNK, FIRST + (chunk + 1) * PER_CHUNK):
        zuora_standin.switches.orders_enabled = seed % 4 != 0
        zuora_standin.switches.empty_parent = ("clear", "ignore", "refuse")[seed % 3]
        zuora_standin.switches.read_lag = seed % 2
        Sequence(seed, zuora, other, zuora_standin, proxy).run()
