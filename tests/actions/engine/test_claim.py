"""A run of somebody else ends between the look at a plan and its claim: what was looked at is looked at again."""

from dataclasses import dataclass, field
from datetime import date

import pytest
from sqlalchemy import func, select

from lib.actions.billing.charge_map import HOUSE, to_params
from lib.actions.engine.errors import NeedsSecondPerson, PlanChanged
from lib.actions.engine.plan import Confirmation
from lib.domain.allowances import MapRow
from lib.domain.permissions import Role
from lib.store import numbers
from lib.store.accounts import get_account
from lib.store.engine import writing
from lib.store.schema import action_run, plan_approval
from tests.actions.billing.test_billing import MAP, SECOND, STRANGER, SUB, billed, charge, in_zuora  # noqa: F401 - a fixture
from tests.actions.conftest import LEAD, NUMBERS, OTHER, wait_for
from tests.actions.contacts.test_contacts import NEW
from tests.actions.emails.test_resend import put
from tests.actions.emergency.test_emergency import GOOD
from tests.actions.numbers.test_refresh_rules import THIRD, lose
from tests.actions.pbx.test_pbx import house  # noqa: F401 - a fixture
from tests.people import let_in, somebody

GIVEN_UP = NUMBERS["2001"][0]
BOSS = (Role.SUPPORT_LEAD, Role.ADMIN, Role.BILLING)
ANN = somebody("ann@example.com", "Ann First", *BOSS)
BEN = somebody("ben@example.com", "Ben Second", *BOSS)


@pytest.fixture(autouse=True)
def _signed_in(world):
    let_in(world.services.engine, ANN, BEN)


@dataclass
class Case:
    """An action that two people start at once, and the second one's plan then is another one."""

    kind: str
    account: str = "1001"
    params: dict = field(default_factory=dict)
    given: Confirmation = field(default_factory=Confirmation)

    def plan(self, world, actor):
        plan = world.runner.plan(self.kind, self.account, self.params, actor)
        assert plan.blockers == ()
        return plan


@pytest.fixture
def given_up(world):
    """A number that was taken from an account and may come back."""
    with writing(world.services.engine) as connection:
        numbers.quarantine_numbers(connection, [GIVEN_UP], until=date(2027, 5, 22), reason="deactivated")
    wait_for(lambda: world.rules().get(GIVEN_UP), lambda rule: rule is None)


def case_of(world, kind):
    """A case of this kind that can be started in this world."""
    made, why = Case(kind), Confirmation(reason="non_payment", note="Two reminders.")
    contact = world.services.read_zuora(in_hub(world).zuora_id).bill_to if kind == "edit_contact" else None
    cases = {
        "rename": lambda: {"name": "Wattle New", "base": "Wattle Plumbing"},
        "parent": lambda: {"parent": "1001", "base": "2001"},
        "suspend": lambda: {"mail": False},
        "pin": lambda: {"note": "payment plan", "until": None},
        "deactivate": lambda: {"zuora": "leave"},
        "refresh_allowances": lambda: {"subscription": SUB},
        "add_subscription": lambda: {"number": STRANGER},
        "edit_subscription": lambda: {"subscription": SUB, "number": SUB, "name": "Head office"},
        "remove_subscription": lambda: {"number": SECOND},
        "charge_map": lambda: {"rows": to_params([*MAP, MapRow(None, "New", "queues")]), "base": to_params(MAP)},
        "restore_number": lambda: {"number": GIVEN_UP},
        "pbx_billing": lambda: {"pbx": 1, "subscription": "SUB-2", "base": "SUB-1"},
        "rename_pbx": lambda: {"pbx": 1, "group_name": "wattle-gas", "base": "wattle"},
        "edit_contact": lambda: {
            "role": "bill_to",
            "contact": contact.id,
            "changes": {"work_email": NEW},
            "base": {"work_email": contact.work_email},
        },
        "save_emergency": lambda: {
            "details": GOOD.model_copy(update={"contact_number": "+61491570156"}).model_dump(),
            "after": 0,
        },
    }
    account = {"parent": "2002", "deactivate": "2002", "charge_map": HOUSE}.get(kind, "1001")
    given = why if kind == "suspend" else Confirmation()
    if kind == "deactivate":
        given = Confirmation(typed="2002", reason="moved", note="They moved.")
    if kind == "rename_pbx":
        given = Confirmation(typed="1001")
    made.account, made.params, made.given = account, cases.get(kind, dict)(), given
    return made


def in_hub(world):
    with world.services.engine.connect() as connection:
        return get_account(connection, "1001")


@pytest.fixture
def meanwhile(world, monkeypatch):
    """Let something happen once, right before the second person's start claims the account."""

    def between(happens):
        real, waiting = world.runner.second_person.check, [happens]

        def check(plan, actor):
            spend = real(plan, actor)
            if actor.email == BEN.email and waiting:
                waiting.pop()()
            return spend

        monkeypatch.setattr(world.runner.second_person, "check", check)

    return between


def runs_of(world, actor):
    with world.services.engine.connect() as connection:
        query = select(func.count()).select_from(action_run).where(action_run.c.actor == actor.email)
        return connection.execute(query).scalar_one()


def test_a_suspension_that_ends_at_that_moment_is_not_begun_again(world, meanwhile):
    """The first one waits half-way when the second one is planned, and is resumed before the second one claims."""
    world.break_sbc("database", "PUT", times=None)
    case = case_of(world, "suspend")
    first = world.runner.start(case.plan(world, ANN), ANN, case.given)
    assert world.finish(first).run.state == "failed"
    assert world.standing() == "suspending"
    world.sbc.state.faults.clear()
    plan = case.plan(world, BEN)

    def resumed():
        world.runner.resume(first, ANN)
        assert world.finish(first).run.state == "done"

    meanwhile(resumed)
    with pytest.raises(PlanChanged, match="already suspended") as changed:
        world.runner.start(plan, BEN, case.given)
    assert changed.value.plan.blockers == ("The account is already suspended.",)
    assert runs_of(world, BEN) == 0
    assert world.runner.open_run("1001") is None


WORLDS = {
    "world": ("rename", "parent", "suspend", "pin", "deactivate", "edit_contact", "save_emergency"),
    "billed": (
        "refresh_allowances",
        "add_subscription",
        "edit_subscription",
        "remove_subscription",
        "charge_map",
    ),
    "house": ("pbx_billing", "rename_pbx"),
    "given_up": ("restore_number",),
}


BOTH = ("suspend", "edit_contact", "rename_pbx")
"""What is tried on both databases; for the others one will do."""


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        pytest.param(given, kind, marks=[] if kind in BOTH else pytest.mark.sqlite_only)
        for given, kinds in WORLDS.items()
        for kind in kinds
    ],
)
def test_the_same_done_by_somebody_else_in_between_gives_a_new_plan(request, world, meanwhile, given, kind):
    """Of two people who do the same at once one succeeds. The other sees a sentence, and has no run."""
    request.getfixturevalue(given)
    if kind == "add_subscription":
        in_zuora(world, STRANGER, [charge("Cloud Mobile", "4")])
    case = case_of(world, kind)
    theirs, ours = case.plan(world, ANN), case.plan(world, BEN)

    def done():
        run = world.finish(world.runner.start(theirs, ANN, case.given)).run
        assert (run.state, run.error) == ("done", None)

    meanwhile(done)
    with pytest.raises(PlanChanged):
        world.runner.start(ours, BEN, case.given)
    assert runs_of(world, BEN) == 0
    assert world.runner.open_run(case.account) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_enabling_and_reading_the_rules_are_looked_at_again_too(world, meanwhile):
    suspension = case_of(world, "suspend")
    world.finish(world.runner.start(suspension.plan(world, ANN), ANN, suspension.given))
    enabling = Case("enable", params={"mail": False}, given=Confirmation(reason="paid"))
    theirs, ours = enabling.plan(world, ANN), enabling.plan(world, BEN)
    meanwhile(lambda: world.finish(world.runner.start(theirs, ANN, enabling.given)))
    with pytest.raises(PlanChanged, match="already active"):
        world.runner.start(ours, BEN, enabling.given)
    lose(world, THIRD)
    reading = Case("refresh_rules")
    theirs_too, ours_too = reading.plan(world, ANN), reading.plan(world, BEN)
    meanwhile(lambda: world.finish(world.runner.start(theirs_too, ANN)))
    with pytest.raises(PlanChanged):
        world.runner.start(ours_too, BEN)
    assert runs_of(world, BEN) == 0


def test_what_does_not_change_the_plan_does_not_stop_it(world, meanwhile):
    """A run in between is a reason to look again, not to refuse."""
    case = Case("resend_email", params={"email": put(world), "to": "original"})
    plan = case.plan(world, BEN)
    pin = case_of(world, "pin")
    noted = pin.plan(world, ANN)
    meanwhile(lambda: world.finish(world.runner.start(noted, ANN)))
    assert world.finish(world.runner.start(plan, BEN)).run.state == "done"
    assert len(world.mail.messages()) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_account_that_never_rests_is_said_so(world, monkeypatch):
    case = case_of(world, "rename")
    plan = case.plan(world, BEN)
    notes = iter(range(100))
    real = world.runner.second_person.check

    def check(checked, actor):
        spend = real(checked, actor)
        if actor.email == BEN.email:
            noted = Case("pin", params={"note": f"note {next(notes)}", "until": None}).plan(world, ANN)
            world.finish(world.runner.start(noted, ANN))
        return spend

    monkeypatch.setattr(world.runner.second_person, "check", check)
    with pytest.raises(PlanChanged, match="keeps changing") as changed:
        world.runner.start(plan, BEN)
    assert changed.value.plan.fingerprint == plan.fingerprint
    assert next(notes) == 3
    assert runs_of(world, BEN) == 0


class TestSecondPerson:
    @pytest.fixture
    def careful(self, world, monkeypatch):
        """A Hub where a hard action needs somebody else, and where something can happen before one of the verbs."""
        object.__setattr__(world.services.settings, "four_eyes", True)

        def before(verb, happens):
            real, waiting = getattr(world.runner.second_person, verb), [happens]

            def late(*given):
                if waiting:
                    waiting.pop()()
                return real(*given)

            monkeypatch.setattr(world.runner.second_person, verb, late)

        world.before = before
        return world

    def change(self, world):
        """The account is renamed by a run that ends."""
        case = Case("rename", "2002", {"name": "Saltbush New", "base": "Saltbush Saddles"})
        plan = case.plan(world, ANN)
        return lambda: world.finish(world.runner.start(plan, ANN))

    def suspended(self, world):
        """The account is suspended by a run that ends."""
        case = Case("suspend", "2002", {"mail": False}, case_of(world, "suspend").given)
        plan = case.plan(world, ANN)
        return lambda: world.finish(world.runner.start(plan, ANN, case.given))

    def test_nobody_is_asked_about_what_changed_at_that_moment(self, careful):
        case = case_of(careful, "deactivate")
        plan = case.plan(careful, BEN)
        careful.before("ask", self.suspended(careful))
        with pytest.raises(PlanChanged):
            careful.runner.ask(plan, BEN)
        with careful.services.engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(plan_approval)).scalar_one() == 0

    def test_nor_does_anybody_approve_it(self, careful):
        case = case_of(careful, "deactivate")
        careful.runner.ask(case.plan(careful, BEN), BEN)
        seen = case.plan(careful, OTHER)
        careful.before("approve", self.suspended(careful))
        with pytest.raises(PlanChanged):
            careful.runner.approve(seen, OTHER, "2002")
        assert careful.runner.second_person.request("deactivate", "2002").approved_by is None

    def test_of_two_who_approve_at_once_one_is_told(self, careful):
        case = case_of(careful, "deactivate")
        careful.runner.ask(case.plan(careful, BEN), BEN)
        first, second = case.plan(careful, OTHER), case.plan(careful, LEAD)
        careful.before("approve", lambda: careful.runner.approve(first, OTHER, "2002"))
        with pytest.raises(NeedsSecondPerson, match="somebody else approved"):
            careful.runner.approve(second, LEAD, "2002")
