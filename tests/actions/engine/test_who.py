"""The engine asks who is acting, whatever the page hands over."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update

from lib.actions.engine.errors import NotAllowed, SignedOut
from lib.actions.engine.plan import Confirmation
from lib.domain.permissions import Role
from lib.store.engine import writing
from lib.store.schema import action_event, action_run, person, person_role, plan_approval, sign_in_session
from lib.store.sessions import end_session, end_sessions_of
from tests.actions.conftest import LEAD, OTHER, VIEWER
from tests.actions.engine.toy import ACCOUNT


def _write(toys, query):
    with writing(toys.services.engine) as connection:
        connection.execute(query)


def _end(toys):
    with writing(toys.services.engine) as connection:
        end_session(connection, LEAD.session)


def _end_all(toys):
    with writing(toys.services.engine) as connection:
        end_sessions_of(connection, LEAD.username)


def _strip(toys):
    one = select(person.c.id).where(person.c.username == LEAD.username).scalar_subquery()
    _write(toys, delete(person_role).where(person_role.c.person_id == one))


WAYS = {
    "signed out": (_end, SignedOut),
    "signed out everywhere": (_end_all, SignedOut),
    "disabled": (
        lambda toys: _write(toys, update(person).where(person.c.username == LEAD.username).values(active=False)),
        SignedOut,
    ),
    "another password": (
        lambda toys: _write(
            toys, update(person).where(person.c.username == LEAD.username).values(password_hash="another")
        ),
        SignedOut,
    ),
    "too long ago": (
        lambda toys: _write(
            toys, update(sign_in_session).values(began_at=datetime.now(UTC) - timedelta(hours=8, seconds=1))
        ),
        SignedOut,
    ),
    "without the role": (_strip, NotAllowed),
}


@pytest.fixture(params=WAYS)
def shut_out(request):
    return WAYS[request.param]


def _refusals(toys):
    with toys.services.engine.connect() as connection:
        rows = connection.execute(select(action_event).where(action_event.c.phase == "refused"))
        return [(row.actor, row.details["why"]) for row in rows]


def _runs(toys):
    with toys.services.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(action_run)).scalar_one()


def test_no_plan_is_made_and_none_starts(toys, shut_out):
    end, error = shut_out
    plan = toys.plan()
    end(toys)
    for verb in (
        toys.plan,
        lambda: toys.runner.start(plan, LEAD),
        lambda: toys.runner.ask(plan, LEAD),
        lambda: toys.runner.approve(plan, LEAD, "1001"),
    ):
        with pytest.raises(error, match="Nothing was done"):
            verb()
    assert _runs(toys) == 0
    assert _refusals(toys) == 4 * [(LEAD.email, error.__name__)]


def test_a_failed_run_is_neither_resumed_nor_abandoned(toys, shut_out):
    end, error = shut_out
    toys.toy.fail()
    run_id = toys.runner.start(toys.plan(), LEAD)
    assert toys.finish(run_id).run.state == "failed"
    end(toys)
    with pytest.raises(error):
        toys.runner.resume(run_id, LEAD)
    with pytest.raises(error):
        toys.runner.abandon(run_id, LEAD, "no reason")
    assert toys.runner.progress(run_id).run.state == "failed"
    # Another person who may goes on with it.
    if error is NotAllowed:
        toys.runner.abandon(run_id, OTHER, "given up")
        assert toys.runner.progress(run_id).run.state == "abandoned"


def test_roles_are_those_of_the_database_not_those_handed_over(toys):
    claimed = VIEWER.model_copy(update={"roles": frozenset({Role.SUPPORT_LEAD})})
    with pytest.raises(NotAllowed):
        toys.plan(actor=claimed)
    one = select(person.c.id).where(person.c.username == VIEWER.username).scalar_subquery()
    _write(toys, insert(person_role).values(person_id=one, role="support_lead"))
    assert toys.plan(actor=VIEWER).blockers == ()


@pytest.mark.parametrize(
    "made_up",
    [
        {"session": None},
        {"session": "made-up"},
        {"session": OTHER.session},
        {"session": VIEWER.session, "roles": frozenset({Role.ADMIN})},
    ],
)
def test_an_identity_without_its_own_sign_in_is_nobody(toys, made_up):
    with pytest.raises(SignedOut):
        toys.plan(actor=LEAD.model_copy(update=made_up))


def test_an_approval_by_somebody_who_is_gone_is_none(toys):
    toys.services.settings.__dict__["four_eyes"] = True
    plan = toys.plan(kind="hard_toy")
    toys.runner.ask(plan, LEAD)
    mine = toys.plan(actor=OTHER, kind="hard_toy")
    with writing(toys.services.engine) as connection:
        end_session(connection, OTHER.session)
    with pytest.raises(SignedOut):
        toys.runner.approve(mine, OTHER, ACCOUNT)
    with toys.services.engine.connect() as connection:
        assert connection.execute(select(plan_approval.c.approved_by)).scalar_one() is None
    with pytest.raises(Exception, match="second person"):
        toys.runner.start(plan, LEAD, Confirmation(typed=ACCOUNT))


def test_who_is_shut_out_between_the_look_and_the_claim_starts_nothing(toys, shut_out, monkeypatch):
    end, error = shut_out
    plan = toys.plan()
    real = toys.runner.second_person.check

    def slow(*given):
        end(toys)
        return real(*given)

    monkeypatch.setattr(toys.runner.second_person, "check", slow)
    with pytest.raises(error, match="Nothing was done"):
        toys.runner.start(plan, LEAD)
    assert _runs(toys) == 0
    assert _refusals(toys) == [(LEAD.email, error.__name__)]


def test_who_may_not_does_not_learn_how_a_run_stands(toys):
    run_id = toys.runner.start(toys.plan(), LEAD)
    assert toys.finish(run_id).run.state == "done"
    for verb in (lambda: toys.runner.resume(run_id, VIEWER), lambda: toys.runner.abandon(run_id, VIEWER, "x")):
        with pytest.raises(NotAllowed, match="your role"):
            verb()
    nobody = LEAD.model_copy(update={"session": "made-up"})
    with pytest.raises(SignedOut):
        toys.runner.resume("made-up", nobody)
