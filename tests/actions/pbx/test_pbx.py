"""PBXs: what bills them, and the group name with everybody's logins."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text, update

from lib.actions.engine.errors import Blocked, NeedsSecondPerson, NotAllowed, PlanChanged, WrongConfirmation
from lib.actions.engine.plan import Confirmation
from lib.clients.mail import message_id
from lib.domain.emails import EmailKind, EmailState
from lib.store import audit, pbxs
from lib.store.engine import writing
from lib.store.items import items_of_step
from lib.store.schema import account, pbx, phone_user, sent_email, subscription
from tests.actions.conftest import BILLING, LEAD, OTHER, VIEWER
from tests.common.factories import make_email

TYPED = Confirmation(typed="1001")
USERS = [("1001", "ada@example.com"), ("1002", "ben@example.com"), ("1003", None), ("999", "Ada@example.com")]


@pytest.fixture
def house(world):
    """1001 has the PBX 1 with two subscriptions to choose from, 2001 the PBX 2."""
    with writing(world.services.engine) as connection:
        ids = {row.number: row.id for row in connection.execute(select(account.c.number, account.c.id))}
        for number, owner in (("SUB-1", "1001"), ("SUB-2", "1001"), ("SUB-9", "2001")):
            values = {"account_id": ids[owner], "number": number, "name": "Cloud PBX", "status": "Active"}
            connection.execute(insert(subscription).values(values))
        first = connection.execute(select(subscription.c.id).where(subscription.c.number == "SUB-1")).scalar_one()
        main = {"id": 1, "account_id": ids["1001"], "name": "Main", "group_name": "wattle", "subscription_id": first}
        connection.execute(insert(pbx), main)
        other = {"id": 2, "account_id": ids["2001"], "name": "Yard", "group_name": "mallee"}
        connection.execute(insert(pbx), other)
        for extension, email in USERS:
            connection.execute(
                insert(phone_user).values(
                    account_id=ids["1001"],
                    pbx_id=1,
                    extension=extension,
                    display_name=f"Person {extension}",
                    email=email,
                    kind="jet_phone",
                    login=f"{extension}@wattle",
                )
            )
    return world


def shown(world, number="1001"):
    with world.services.engine.connect() as connection:
        return pbxs.list_pbxs(connection, number)


def logins(world):
    with world.services.engine.connect() as connection:
        return [one.login for one in pbxs.list_extensions(connection, 1)]


def bill(world, to, actor=LEAD, **params):
    return world.runner.plan("pbx_billing", "1001", {"pbx": 1, "subscription": to, "base": "SUB-1", **params}, actor)


def rename(world, name="wattle-gas", actor=LEAD, **params):
    wanted = {"pbx": 1, "group_name": name, "base": "wattle", **params}
    return world.runner.plan("rename_pbx", "1001", wanted, actor)


def renamed(world, plan=None):
    return world.finish(world.runner.start(plan or rename(world), LEAD, TYPED))


class TestBilling:
    def test_the_pbx_is_billed_to_the_chosen_subscription_and_back(self, house):
        plan = bill(house, "SUB-2", BILLING)
        assert [(one.before, one.after) for one in plan.effects] == [("SUB-1", "SUB-2")]
        done = house.finish(house.runner.start(plan, BILLING))
        assert done.run.state == "done", done.run.error
        assert shown(house)[0].subscription == "SUB-2"
        params = house.runner.undo_params(done.run, LEAD)
        back = house.runner.plan("pbx_billing", "1001", params, LEAD)
        assert house.finish(house.runner.start(back, LEAD)).run.state == "done"
        assert shown(house)[0].subscription == "SUB-1"
        assert house.runner.undo_params(done.run, LEAD) is None

    def test_what_cannot_be_is_refused(self, house):
        for to, params, says in (
            ("SUB-9", {}, "has no subscription SUB-9"),
            ("SUB-2", {"pbx": 2}, "no longer on this account"),
        ):
            plan = bill(house, to, **params)
            assert says in " ".join(plan.blockers)
            with pytest.raises(Blocked):
                house.runner.start(plan, LEAD)
        assert shown(house)[0].subscription == "SUB-1"
        with pytest.raises(NotAllowed):
            bill(house, "SUB-2", VIEWER)

    def test_a_subscription_that_ended_is_offered_as_one(self, house):
        later = house.services.today() + timedelta(days=40)
        with writing(house.services.engine) as connection:
            ended = update(subscription).where(subscription.c.number == "SUB-2").values(status="Cancelled", ends=later)
            connection.execute(ended)
            there = {one.number: one.label_on(later) for one in pbxs.list_subscriptions(connection, "1001")}
        assert there["SUB-2"].endswith(f"Cancelled · ended {later:%-d %b %Y}")
        assert bill(house, "SUB-2").warnings == (
            f"The subscription SUB-2 is cancelled, not active; it ends {later:%-d %b %Y}.",
        )

    def test_an_undo_after_a_later_change_is_not_offered(self, house):
        done = house.finish(house.runner.start(bill(house, "SUB-2"), LEAD)).run
        with writing(house.services.engine) as connection:
            pbxs.change_subscription(connection, "1001", 1, before="SUB-2", after=None)
        assert house.runner.undo_params(done, LEAD) is None

    def test_a_colleague_in_between_is_told(self, house):
        plan = bill(house, "SUB-2")
        house.finish(house.runner.start(bill(house, None, OTHER), OTHER))
        with pytest.raises(Blocked, match="from SUB-1 to no subscription"):
            house.runner.start(plan, LEAD)


class TestPlan:
    def test_a_name_that_cannot_be_is_refused(self, house):
        for name, says in (
            ("mallee", "taken by the PBX Yard of account 2001"),
            ("Wattle Gas", "capital letters"),
        ):
            plan = rename(house, name)
            assert says in " ".join(plan.blockers)
            with pytest.raises(Blocked):
                house.runner.start(plan, LEAD, TYPED)
        assert shown(house)[0].group_name == "wattle"

    def test_a_login_somebody_else_has_is_refused(self, house):
        with writing(house.services.engine) as connection:
            owner = connection.execute(select(account.c.id).where(account.c.number == "2001")).scalar_one()
            values = {"account_id": owner, "pbx_id": 2, "extension": "1", "display_name": "X", "kind": "desk_phone"}
            connection.execute(insert(phone_user).values(**values, login="1002@wattle-gas"))
        assert "such as 1002@wattle-gas" in rename(house).blockers[0]

    def test_the_account_number_has_to_be_typed_and_the_right_to_be_there(self, house):
        for typed in (None, "", "1002", "#1001", "1001 Wattle"):
            with pytest.raises(WrongConfirmation):
                house.runner.start(rename(house), LEAD, Confirmation(typed=typed))
        with pytest.raises(NotAllowed):
            rename(house, actor=BILLING)
        assert logins(house)[0] == "999@wattle"

    @pytest.mark.parametrize(
        ("extension", "values"),
        [
            # Neither changes a count that the plan names.
            ("1002", {"email": "somebody.else@example.com"}),
            ("1002", {"extension": "1009", "login": "1009@wattle"}),
        ],
    )
    def test_an_extension_changed_meanwhile_gives_a_new_plan(self, house, extension, values):
        plan = rename(house)
        with writing(house.services.engine) as connection:
            connection.execute(update(phone_user).where(phone_user.c.extension == extension).values(**values))
        with pytest.raises(PlanChanged):
            house.runner.start(plan, LEAD, TYPED)


class TestRename:
    def test_every_login_changes_and_each_mailbox_gets_one_mail(self, house):
        done = renamed(house)
        assert done.run.state == "done", done.run.error
        assert shown(house)[0].group_name == "wattle-gas"
        assert logins(house) == ["999@wattle-gas", "1001@wattle-gas", "1002@wattle-gas", "1003@wattle-gas"]
        assert [(step.state, step.count) for step in done.steps] == [("done", 4), ("done", 2)]
        assert len(house.mail.messages()) == 2
        texts = {mail.recipients[0].casefold(): mail.text for mail in house.mail.messages()}
        assert "Extension 999: 999@wattle -> 999@wattle-gas" in texts["ada@example.com"]
        assert "Extension 1001: 1001@wattle -> 1001@wattle-gas" in texts["ada@example.com"]
        assert "1001" not in texts["ben@example.com"].split("Extension")[1]
        with house.services.engine.connect() as connection:
            kept = dict(items_of_step(connection, done.run.id, "logins"))
            assert kept["1003@wattle"] == "1003@wattle-gas"
            rows = [tuple(row) for row in connection.execute(select(sent_email.c.kind, sent_email.c.state))]
        assert rows == [(EmailKind.PBX_LOGIN_CHANGE.value, EmailState.ACCEPTED.value)] * 2

    def test_a_mail_server_away_stops_it_and_resume_mails_nobody_twice(self, house):
        domain = house.services.mailer.config.domain
        plan = rename(house)
        with writing(house.services.engine) as connection:
            make_email(
                connection,
                kind=EmailKind.PBX_LOGIN_CHANGE,
                message_id=message_id(f"{plan.id}:mails:ada@example.com", domain),
                sent_at=plan.made_at,
            )
        house.mail.fail("connect", times=1)
        failed = renamed(house, plan)
        assert failed.run.state == "failed"
        assert [step.state for step in failed.steps] == ["done", "failed"]
        assert logins(house)[0] == "999@wattle-gas"
        house.runner.resume(failed.run.id, LEAD)
        assert house.finish(failed.run.id).run.state == "done"
        assert [mail.recipients for mail in house.mail.messages()] == [("ben@example.com",)]

    def test_a_refused_recipient_does_not_keep_the_others_from_being_told(self, house):
        with writing(house.services.engine) as connection:
            connection.execute(update(phone_user).where(phone_user.c.extension == "1001").values(email="no address"))
        failed = renamed(house)
        assert failed.run.state == "failed"
        assert "refused 1 e-mail: no address" in (failed.run.error or "")
        assert len(house.mail.messages()) == 2

    def test_three_refused_in_a_row_are_the_mail_servers_trouble(self, house):
        people = {"999": "one", "1001": "two", "1002": "three", "1003": "ada@example.com"}
        with writing(house.services.engine) as connection:
            for extension, email in people.items():
                query = update(phone_user).where(phone_user.c.extension == extension)
                connection.execute(query.values(email=email))
        failed = renamed(house)
        assert "refused 3 e-mails: one, two, three. The rest were not tried." in (failed.run.error or "")
        assert house.mail.messages() == []
        # One that was taken in between: it is theirs, and everybody is tried.
        with writing(house.services.engine) as connection:
            query = update(phone_user).where(phone_user.c.extension == "1001")
            connection.execute(query.values(email="ben@example.com"))
            query = update(phone_user).where(phone_user.c.extension == "1003")
            connection.execute(query.values(email="four"))
        house.runner.resume(failed.run.id, LEAD)
        again = house.finish(failed.run.id)
        assert "refused 3 e-mails: one, three, four. The others have theirs." in (again.run.error or "")
        assert [mail.recipients for mail in house.mail.messages()] == [("ben@example.com",)]

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_a_login_that_does_not_stay_is_found_and_nobody_is_mailed(self, house):
        with writing(house.services.engine) as connection:
            connection.execute(
                text(
                    "create trigger odd after update of login on phone_user when new.extension = '1003' "
                    "begin update phone_user set login = 'odd' where id = new.id; end"
                )
            )
        failed = renamed(house)
        assert "1 login did not change to “wattle-gas”" in (failed.run.error or "")
        assert house.mail.messages() == []

    def test_each_mailbox_stands_in_what_was_done(self, house):
        done = renamed(house)
        kept = dict(house.runner.items(done.run.id, "mails"))
        assert kept == dict.fromkeys(("Ada@example.com", "ben@example.com"), "accepted by the mail server")

    def test_the_name_taken_between_plan_and_step_changes_nothing(self, house):
        with house.services.engine.connect() as connection:
            users = pbxs.list_extensions(connection, 1)
        with pytest.raises(pbxs.GroupNameTaken), writing(house.services.engine) as connection:
            pbxs.rename_group(connection, "1001", 1, before="wattle", after="mallee")
        assert logins(house) == [one.login for one in users]
        assert shown(house)[0].group_name == "wattle"


class TestSecondPerson:
    @pytest.fixture
    def four_eyes(self, house):
        settings = house.services.settings.model_copy(update={"four_eyes": True})
        object.__setattr__(house.services, "settings", settings)
        return house

    def approve(self, world, actor, typed="1001", name="wattle-gas"):
        request = world.runner.second_person.request("rename_pbx", "1001")
        world.runner.second_person.approve(request, rename(world, name, actor), actor, typed)

    def test_nobody_renames_alone(self, four_eyes):
        with pytest.raises(NeedsSecondPerson):
            four_eyes.runner.start(rename(four_eyes), LEAD, TYPED)
        four_eyes.runner.second_person.ask(rename(four_eyes), LEAD)
        with pytest.raises(NeedsSecondPerson):
            four_eyes.runner.start(rename(four_eyes), LEAD, TYPED)
        with pytest.raises(NotAllowed, match="somebody else"):
            self.approve(four_eyes, LEAD)
        with pytest.raises(NeedsSecondPerson):
            four_eyes.runner.start(rename(four_eyes), LEAD, TYPED)
        with pytest.raises(NotAllowed):
            self.approve(four_eyes, BILLING)
        assert shown(four_eyes)[0].group_name == "wattle"
        assert four_eyes.mail.messages() == []

    def test_with_a_second_person_it_runs_once(self, four_eyes):
        four_eyes.runner.second_person.ask(rename(four_eyes), LEAD)
        with pytest.raises(WrongConfirmation):
            self.approve(four_eyes, OTHER, "1002")
        self.approve(four_eyes, OTHER, "\u200b1001\u00a0")
        with pytest.raises(NeedsSecondPerson):
            four_eyes.runner.start(rename(four_eyes, "other-name"), LEAD, TYPED)
        assert renamed(four_eyes).run.state == "done"
        assert shown(four_eyes)[0].group_name == "wattle-gas"
        with four_eyes.services.engine.connect() as connection:
            told = audit.events_of_account(connection, "1001")
        assert {(one.phase, one.actor) for one in told if one.run_id is None} >= {
            ("asked", LEAD.email),
            ("approved", OTHER.email),
        }
        # The approval was for this one run.
        with pytest.raises(NeedsSecondPerson):
            four_eyes.runner.start(rename(four_eyes, "wattle", base="wattle-gas"), LEAD, TYPED)

    def test_what_changed_since_it_was_asked_cannot_be_approved(self, four_eyes):
        four_eyes.runner.second_person.ask(rename(four_eyes), LEAD)
        with writing(four_eyes.services.engine) as connection:
            connection.execute(update(phone_user).where(phone_user.c.extension == "1003").values(email="c@example.com"))
        with pytest.raises(PlanChanged):
            self.approve(four_eyes, OTHER)


def test_extensions_are_paged_and_found(house):
    with house.services.engine.connect() as connection:
        first = pbxs.list_extensions(connection, 1, limit=2)
        rest = pbxs.list_extensions(connection, 1, after=first[-1].extension, limit=9)
        assert [one.extension for one in first + rest] == ["999", "1001", "1002", "1003"]
        assert [one.extension for one in pbxs.list_extensions(connection, 1, text="BEN@")] == ["1002"]
        assert pbxs.list_extensions(connection, 1, text="%") == []
