"""Start an action, watch it, resume or abandon it, and prove afterwards what was done.

The road of every button: `plan -> start -> (progress)* -> receipt`. `start` checks everything the browser may
have been shown long ago once more: permission, typed text, age of the plan, the facts it was made from.
"""

import os
import socket
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from lib.actions.catalogue import ACTIONS
from lib.actions.engine.action import new_run_id
from lib.actions.engine.durable import step_engine
from lib.actions.engine.errors import (
    AccountBusy,
    ActionError,
    NeedsSecondPerson,
    NotAllowed,
    NotResumable,
    OtherAccount,
    PlanExpired,
    WrongConfirmation,
)
from lib.actions.engine.ground import Ground, look_again, on_firm_ground
from lib.actions.engine.plan import Confirmation, Plan, Weight
from lib.actions.engine.progress import Progress, progress_of
from lib.actions.engine.receipt import Receipt, receipt_of
from lib.actions.engine.second_person import SecondPerson
from lib.actions.engine.stepping import Stepper, hand_over
from lib.actions.engine.sweeper import Sweeper
from lib.actions.engine.who import as_now, require_now
from lib.actions.numbers.keeper import RuleKeeper
from lib.domain.audience import is_staff
from lib.domain.permissions import Identity
from lib.domain.texts import trimmed
from lib.services import Services
from lib.store import audit, items, runs
from lib.store.engine import writing
from lib.store.runs import Run

log = structlog.get_logger(__name__)
Spend = Callable[[Connection], None]


class Runner:
    """The verbs of every action in this process. One per process; `open` starts it, `close` ends it."""

    def __init__(self, services: Services) -> None:
        self.services = services
        # Unique per process: two living processes with one id would take each other's runs.
        self.executor_id = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._sweeper = Sweeper(services, self.executor_id)
        self._keeper = RuleKeeper(services, self.executor_id)
        self.second_person = SecondPerson(services, self.executor_id)

    def open(self) -> None:
        """Join the processes that carry out runs, and begin to look after runs of dead ones."""
        settings = self.services.settings
        options = step_engine.Options(
            database=settings.engine_database,
            executor_id=self.executor_id,
            step_attempts=settings.step_attempts,
            step_retry_seconds=settings.step_retry_seconds,
            patience_seconds=settings.database_patience_minutes * 60,
        )
        try:
            self._sweeper.beat()
            step_engine.launch(options, Stepper(self.services, self.executor_id))
        except BaseException:
            self._sweeper.leave()
            raise
        self._sweeper.start()
        self._keeper.start()

    def close(self) -> None:
        """Leave in good order: runs under way are taken over at once by another process."""
        self._keeper.stop()
        self._sweeper.rest()
        step_engine.stop()
        self._sweeper.leave()

    # ------------------------------------------------------------------ plan and start
    def plan(
        self, kind: str, account: str, params: Mapping[str, Any], actor: Identity, *, opened: str | None = None
    ) -> Plan:
        """Read live state and say what would happen; changes nothing. `opened`: the account whose page asks.

        Raises:
            NotAllowed: the person may not do this now, or is signed out; the attempt is in the audit.
        """
        actor = self._require(kind, account, actor)
        return self._plan(self.services, kind, account, params, actor, opened)

    def _plan(
        self,
        services: Services,
        kind: str,
        account: str,
        params: Mapping[str, Any],
        actor: Identity,
        opened: str | None,
    ) -> Plan:
        action = ACTIONS[kind]
        made_at = datetime.now(UTC)
        draft = action.draft(services, account, params, actor)
        return Plan(
            **dict(draft),
            id=new_run_id(kind, account),
            kind=kind,
            account=account,
            params=action.normalise(params),
            made_by=actor.email,
            made_at=made_at,
            expires_at=made_at + timedelta(minutes=self.services.settings.plan_minutes),
            opened=opened,
        )

    def start(
        self, plan: Plan, actor: Identity, confirmation: Confirmation | None = None, *, opened: str | None = None
    ) -> str:
        """Begin what the plan says, and return the run's id. Starting one plan twice starts one run.

        `opened` is the account the person's browser names at the click; a plan starts on the page it was made on.

        Raises:
            NotAllowed, OtherAccount, Blocked, WrongConfirmation, PlanExpired: as they say; nothing was done.
            PlanChanged: with a fresh plan and what is new in it.
            AccountBusy: an open run holds the account.
        """
        given = confirmation or Confirmation()
        try:
            actor = self._require(plan.kind, plan.account, actor, log_refusal=False)
            who = actor
            return on_firm_ground(lambda: self._begin(plan, who, given, self._check(plan, who, given, opened)))
        except ActionError as refusal:
            self._record_refusal(plan.kind, plan.account, actor, refusal, plan.id)
            raise

    def _check(self, plan: Plan, actor: Identity, given: Confirmation, opened: str | None) -> Spend:
        self._require_own(plan, actor, opened)
        if ACTIONS[plan.kind].weight is Weight.HARD and trimmed(given.typed or "") != plan.account:
            raise WrongConfirmation(
                f"Nothing was done: “{given.typed or ''}” is not the number of this account. Type {plan.account}."
            )
        if lack := ACTIONS[plan.kind].lacking(plan, given):
            raise WrongConfirmation(f"Nothing was done. {lack}")
        with self.services.engine.connect() as connection:
            if runs.get_run(connection, plan.id) is not None:
                # A second click on the same plan: `_begin` answers with the run it started.
                return lambda _connection: None
        ground = self._require_unchanged(plan, actor)
        spend = self.second_person.check(plan, actor)

        def take(connection: Connection) -> None:
            ground.require(connection)
            spend(connection)

        return take

    def ask(self, plan: Plan, actor: Identity, *, opened: str | None = None) -> None:
        """Put the plan before a second person. Starts nothing.

        Raises:
            NotAllowed, OtherAccount, Blocked, PlanExpired, PlanChanged: as for `start`; nobody was asked.
        """
        try:
            actor = self._require(plan.kind, plan.account, actor, log_refusal=False)
            self._require_own(plan, actor, opened)
            on_firm_ground(lambda: self.second_person.ask(plan, actor, self._require_unchanged(plan, actor)))
        except ActionError as refusal:
            self._record_refusal(plan.kind, plan.account, actor, refusal, plan.id)
            raise

    def approve(self, plan: Plan, actor: Identity, typed: str | None, *, opened: str | None = None) -> None:
        """As the second person: approve the plan on the screen, which has to be the one that was asked about.

        Raises:
            NeedsSecondPerson: nobody asked, or somebody approved it already.
            NotAllowed, OtherAccount, WrongConfirmation, Blocked, PlanExpired, PlanChanged: not approved.
        """
        try:
            actor = self._require(plan.kind, plan.account, actor, log_refusal=False)
            self._require_own(plan, actor, opened)
            request = self.second_person.request(plan.kind, plan.account)
            if request is None or request.approved_by is not None:
                raise NeedsSecondPerson("Not approved: nobody is asking for a second person on this account.")
            on_firm_ground(
                lambda: self.second_person.approve(request, plan, actor, typed, self._require_unchanged(plan, actor))
            )
        except ActionError as refusal:
            self._record_refusal(plan.kind, plan.account, actor, refusal, plan.id)
            raise

    def _require_own(self, plan: Plan, actor: Identity, opened: str | None) -> None:
        if plan.made_by != actor.email:
            raise NotAllowed("This plan was made by somebody else. Make your own before you start.")
        if plan.opened != opened:
            raise OtherAccount(plan.opened, opened)

    def _require_unchanged(self, plan: Plan, actor: Identity) -> Ground:
        """Raise unless the plan is young, and a plan made now would be the same; returns what that one stands on."""
        # A plan from the future is one from before the clock was set back: nobody can say how old it is.
        if not plan.made_at <= datetime.now(UTC) < plan.expires_at:
            raise PlanExpired("Nothing was done: the plan is too old to rely on. Make a new one and look at it again.")

        def draft(services: Services) -> Plan:
            # Who acts is a part of the ground: it is asked again in the transaction that acts.
            now = require_now(services, actor, ACTIONS[plan.kind].permission, plan.account)
            return self._plan(services, plan.kind, plan.account, plan.params, now, plan.opened)

        return look_again(plan, self.services, draft)

    def _begin(self, plan: Plan, actor: Identity, given: Confirmation, spend: Spend) -> str:
        row = {
            "id": plan.id,
            "kind": plan.kind,
            "account": plan.account,
            "lane": ACTIONS[plan.kind].lane,
            "actor": actor.email,
            "actor_name": actor.name,
            "params": plan.params,
            "plan": plan.model_dump(mode="json", exclude={"details"}),
            "steps": list(plan.steps),
            "reason": given.reason,
            "note": _note(given),
        }
        engine = self.services.engine
        try:
            with writing(engine) as connection:
                if runs.get_run(connection, plan.id) is not None:
                    return plan.id
                # First, so that what `spend` reads again can change no more.
                runs.require_free(connection, row, plan.claims)
                spend(connection)
                runs.insert_run(connection, row, plan.claims)
                audit.append_event(
                    connection,
                    kind=plan.kind,
                    phase="started",
                    actor=actor.email,
                    run_id=plan.id,
                    account=plan.account,
                    details={"params": plan.params, **given.model_dump(exclude={"typed"})},
                    executor=self.executor_id,
                )
        except runs.Claimed as claimed:
            if claimed.by.id == plan.id:
                return plan.id  # the same click from another thread or process was a moment faster
            raise self._busy(claimed.by) from claimed
        except IntegrityError as error:
            # Another process was faster by less than a transaction; its constraint speaks for it.
            with engine.connect() as connection:
                if runs.get_run(connection, plan.id) is not None:
                    return plan.id
                holder = runs.holder_after(connection, error, [plan.account, *plan.claims])
            if holder is None:
                raise
            raise self._busy(holder) from error
        # A crash from here on is repaired by the sweeper, which enqueues what the engine never got.
        hand_over(self._written(plan.id))
        log.info("run started", run=plan.id, kind=plan.kind, account=plan.account)
        return plan.id

    # ------------------------------------------------------------------ after the start
    def resume(self, run_id: str, actor: Identity, *, opened: str | None = None) -> None:
        """Go on with a failed run from the step that failed. `opened`: the account whose page asks.

        Raises:
            NotAllowed: the person may not do this kind of action.
            OtherAccount: the run has nothing to do with that account.
            NotResumable: the run is not waiting.
            AccountBusy: a contact of the account is being changed; two runs never move at once.
        """
        run, actor = self._waiting(run_id, actor, opened)
        try:
            with writing(self.services.engine) as connection:
                require_now(self.services, actor, ACTIONS[run.kind].permission, run.account, connection)
                if not runs.resume_run(connection, run_id):
                    raise NotResumable(f"Somebody else resumed or abandoned {run_id} just now.")
                self._record(connection, run, actor, "resumed", {"error": run.error})
        except runs.Claimed as claimed:
            raise self._busy(claimed.by) from claimed
        try:
            step_engine.rewind(run_id)
        except step_engine.AWAY as error:
            # The Resume is in the audit; the sweeper tells the engine again.
            log.warning("run waits for the step engine", run=run_id, why=type(error).__name__)

    def abandon(self, run_id: str, actor: Identity, reason: str, *, opened: str | None = None) -> None:
        """Give up a failed run: what it did stays, what it did not do is not done, the account is free again.

        Raises:
            NotAllowed: the person may not do this kind of action.
            OtherAccount: the run has nothing to do with the account whose page asks.
            NotResumable: the run is not waiting, or no reason was given.
        """
        run, actor = self._waiting(run_id, actor, opened)
        if not reason.strip():
            raise NotResumable("Say why the action is abandoned; the next person will want to know.")
        with writing(self.services.engine) as connection:
            require_now(self.services, actor, ACTIONS[run.kind].permission, run.account, connection)
            if not runs.move_run(connection, run_id, expect=["failed"], state="abandoned", error=run.error):
                raise NotResumable(f"Somebody else resumed or abandoned {run_id} just now.")
            self._record(connection, run, actor, "abandoned", {"reason": reason.strip()})

    def undo_params(self, run: Run, actor: Identity) -> dict[str, Any] | None:
        """The params that would take this run back, for somebody who may; None when it cannot be undone now."""
        action = ACTIONS.get(run.kind)
        if action is None or run.state != "done" or not actor.may(action.permission, run.account):
            return None
        return action.undo(self.services, run)

    # Pages name the `reader`, the person who is to see what is read: a customer's account admin gets no run at all.
    def progress(self, run_id: str, reader: Identity | None = None) -> Progress:
        """Where the run is now, step by step.

        Raises:
            KeyError: there is no such run.
            NotAllowed: the reader may not see runs.
        """
        _require_reader(reader)
        with self.services.engine.connect() as connection:
            run = runs.get_run(connection, run_id)
            if run is None:
                raise KeyError(run_id)
            return progress_of(run, audit.events_of_run(connection, run_id))

    def receipt(self, run_id: str, reader: Identity | None = None) -> Receipt:
        """What was done: who, when, why, each step with before and after.

        Raises:
            KeyError: there is no such run.
            NotAllowed: the reader may not see runs.
        """
        progress = self.progress(run_id, reader)
        return receipt_of(
            progress, {step.name: self.items(run_id, step.name) for step in progress.steps if step.has_items}
        )

    def items(self, run_id: str, step: str, reader: Identity | None = None) -> list[tuple[str, str]]:
        """What the step did to each of its items, as (item, words).

        Raises:
            NotAllowed: the reader may not see runs.
        """
        _require_reader(reader)
        with self.services.engine.connect() as connection:
            return items.items_of_step(connection, run_id, step)

    def open_run(self, account: str, reader: Identity | None = None) -> Run | None:
        """The run that holds this account now, or None.

        Raises:
            NotAllowed: the reader may not see runs.
        """
        _require_reader(reader)
        with self.services.engine.connect() as connection:
            return runs.open_run(connection, account)

    def open_runs(self, account: str, reader: Identity | None = None) -> list[Run]:
        """Every open run on this account: the one that holds it, and one that changes a contact beside it.

        Raises:
            NotAllowed: the reader may not see runs.
        """
        _require_reader(reader)
        with self.services.engine.connect() as connection:
            return runs.open_runs(connection, account)

    # ------------------------------------------------------------------ the parts they share
    def _written(self, run_id: str) -> Run:
        with self.services.engine.connect() as connection:
            run = runs.get_run(connection, run_id)
        assert run is not None, "the run was committed a moment ago"
        return run

    def _waiting(self, run_id: str, actor: Identity, opened: str | None) -> tuple[Run, Identity]:
        """The failed run, and the person as they are now. Who may not do this does not learn how it stands."""
        with self.services.engine.connect() as connection:
            run = runs.get_run(connection, run_id)
        if run is None:
            as_now(self.services, actor)
            raise NotResumable(f"There is no run {run_id}.")
        actor = self._require(run.kind, run.account, actor)
        if opened is not None and not run.concerns(opened):
            raise OtherAccount(run.account, opened)
        if run.state != "failed":
            raise NotResumable(f"The run {run_id} is {run.state}; only a failed run can be resumed or abandoned.")
        return run, actor

    def _require(self, kind: str, account: str, actor: Identity, *, log_refusal: bool = True) -> Identity:
        """The person as they are at this moment, who may do this."""
        try:
            return require_now(self.services, actor, ACTIONS[kind].permission, account)
        except NotAllowed as refusal:
            if log_refusal:
                self._record_refusal(kind, account, actor, refusal, None)
            raise

    def _busy(self, run: Run) -> AccountBusy:
        return AccountBusy(run, local_time(run.created_at, self.services.settings.time_zone))

    def _record(self, connection: Connection, run: Run, actor: Identity, phase: str, details: dict[str, Any]) -> None:
        audit.append_event(
            connection,
            kind=run.kind,
            phase=phase,
            actor=actor.email,
            run_id=run.id,
            account=run.account,
            details=details,
            executor=self.executor_id,
        )

    def _record_refusal(
        self, kind: str, account: str, actor: Identity, refusal: ActionError, plan_id: str | None
    ) -> None:
        with writing(self.services.engine) as connection:
            audit.append_event(
                connection,
                kind=kind,
                phase="refused",
                actor=actor.email,
                account=account,
                details={"why": type(refusal).__name__, "text": str(refusal), "plan": plan_id},
                executor=self.executor_id,
            )


def _require_reader(reader: Identity | None) -> None:
    """Raise unless this person may see runs; None is the engine itself."""
    if reader is not None and not is_staff(reader):
        raise NotAllowed("Nothing is shown: what our staff did is for our staff to read.")


def _note(given: Confirmation) -> str | None:
    """The note as it is kept: with the reason for going against a pinned one."""
    why = (given.override or "").strip()
    override = f"Pinned note overridden: {why}" if why else None
    return "\n".join(text for text in ((given.note or "").strip(), override) if text) or None


def local_time(moment: datetime, zone: str) -> str:
    """A moment as people say it: `14:02` today, `21 Nov 14:02` on another day."""
    there = moment.astimezone(ZoneInfo(zone))
    same_day = there.date() == datetime.now(ZoneInfo(zone)).date()
    return there.strftime("%H:%M") if same_day else there.strftime("%-d %b %H:%M")
