"""Start an action, watch it, resume or abandon it, and show afterwards what was done.

Every button does `plan -> start -> (progress)* -> receipt`. The page may be old, so `start` checks everything again:
permission, typed text, age of the plan, the facts it was made from.
"""

import os
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from lib.actions.engine.action import Action
from lib.actions.engine.durable import step_engine
from lib.actions.engine.durable.journal import append
from lib.actions.engine.durable.stepping import Stepper
from lib.actions.engine.durable.sweeper import Sweeper
from lib.actions.engine.errors import ActionError, NeedsSecondPerson, NotAllowed, NotResumable, OtherAccount
from lib.actions.engine.plan import Confirmation, Plan
from lib.actions.engine.reading import RunReader
from lib.actions.engine.starting.begin import Spend, begin_run, busy
from lib.actions.engine.starting.checks import require_confirmed, require_own
from lib.actions.engine.starting.ground import on_firm_ground
from lib.actions.engine.starting.planning import Planner
from lib.actions.engine.starting.second_person import SecondPerson
from lib.actions.engine.who import as_now, require_now
from lib.domain.permissions import Identity
from lib.services import Services
from lib.store import audit, runs
from lib.store.engine import writing
from lib.store.runs import Run

log = structlog.get_logger(__name__)


class Background(Protocol):
    """Work that each process does next to its runs, from its start to its end."""

    def start(self) -> None:
        """Start a thread."""

    def stop(self) -> None:
        """End, and wait a moment for the current round."""


class Runner(RunReader):
    """Plans, starts, resumes and abandons runs. One per process; `open` starts it, `close` ends it."""

    def __init__(
        self,
        services: Services,
        actions: Mapping[str, Action[Any]],
        background: Iterable[Callable[[Services, str], Background]] = (),
    ) -> None:
        """`actions`: by kind. Each part of `background` is made with the id of this process."""
        super().__init__(services, actions)
        # Unique per process: two live processes with one id would take each other's runs.
        self.executor_id = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.second_person = SecondPerson(services, actions, self.executor_id)
        self._planner = Planner(services, actions)
        self._sweeper = Sweeper(services, self.executor_id)
        self._background = [make(services, self.executor_id) for make in background]

    def open(self) -> None:
        """Join the processes that carry out runs, and begin to look after runs of dead ones."""
        try:
            self._sweeper.beat()
            stepper = Stepper(self.services, self.actions, self.executor_id)
            step_engine.launch(self.services.settings, self.executor_id, stepper)
        except BaseException:
            self._sweeper.leave()
            raise
        self._sweeper.start()
        for part in self._background:
            part.start()

    def close(self) -> None:
        """Leave in good order: another process takes over the current runs at once."""
        for part in reversed(self._background):
            part.stop()
        self._sweeper.rest()
        step_engine.stop()
        self._sweeper.leave()

    # ------------------------------------------------------------------ plan and start
    def plan(
        self, kind: str, account: str, params: Mapping[str, Any], actor: Identity, *, opened: str | None = None
    ) -> Plan:
        """Read the current state and say what would happen; changes nothing. `opened`: the account whose page asks.

        Raises:
            NotAllowed: the person may not do this now, or is signed out; the attempt is in the audit.
        """
        with self._refusal_on_record(kind, account, actor, of=NotAllowed):
            actor = self._require(kind, account, actor)
        return self._planner.plan(kind, account, params, actor, opened)

    def start(
        self, plan: Plan, actor: Identity, confirmation: Confirmation | None = None, *, opened: str | None = None
    ) -> str:
        """Start the plan and return the run's id. Starting one plan twice starts one run.

        `opened` is the account that the browser shows at the click; a plan starts on the page it was made on.

        Raises:
            NotAllowed, OtherAccount, Blocked, WrongConfirmation, PlanExpired: nothing was done.
            PlanChanged: nothing was done; it has a new plan and what is different in it.
            AccountBusy: an open run holds the account.
        """
        given = confirmation or Confirmation()
        lane = self.actions[plan.kind].lane
        with self._refusal_on_record(plan.kind, plan.account, actor, plan.id):
            who = self._require(plan.kind, plan.account, actor)

            def begin() -> str:
                spend = self._check(plan, who, given, opened)
                return begin_run(self.services, self.executor_id, plan, lane, who, given, spend)

            return on_firm_ground(begin)

    def _check(self, plan: Plan, actor: Identity, given: Confirmation, opened: str | None) -> Spend:
        require_own(plan, actor, opened)
        require_confirmed(self.actions[plan.kind], plan, given)
        with self.services.engine.connect() as connection:
            if runs.get_run(connection, plan.id) is not None:
                # A second click on the same plan is answered with the run it started.
                return lambda _connection: None
        ground = self._planner.require_unchanged(plan, actor)
        spend = self.second_person.check(plan, actor)

        def take(connection: Connection) -> None:
            ground.require(connection)
            spend(connection)

        return take

    def ask(self, plan: Plan, actor: Identity, *, opened: str | None = None) -> None:
        """Ask a second person to approve the plan. Starts nothing.

        Raises:
            NotAllowed, OtherAccount, Blocked, PlanExpired, PlanChanged: as for `start`; nobody was asked.
        """
        with self._refusal_on_record(plan.kind, plan.account, actor, plan.id):
            who = self._require(plan.kind, plan.account, actor)
            require_own(plan, who, opened)
            on_firm_ground(lambda: self.second_person.ask(plan, who, self._planner.require_unchanged(plan, who)))

    def approve(self, plan: Plan, actor: Identity, typed: str | None, *, opened: str | None = None) -> None:
        """As the second person: approve the plan on the screen, which must be the one that was asked about.

        Raises:
            NeedsSecondPerson: nobody asked, or somebody approved it already.
            NotAllowed, OtherAccount, WrongConfirmation, Blocked, PlanExpired, PlanChanged: not approved.
        """
        with self._refusal_on_record(plan.kind, plan.account, actor, plan.id):
            who = self._require(plan.kind, plan.account, actor)
            require_own(plan, who, opened)
            request = self.second_person.request(plan.kind, plan.account)
            if request is None or request.approved_by is not None:
                raise NeedsSecondPerson("Not approved: nobody is asking for a second person on this account.")

            def approve() -> None:
                ground = self._planner.require_unchanged(plan, who)
                self.second_person.approve(request, plan, who, typed, ground)

            on_firm_ground(approve)

    # ------------------------------------------------------------------ after the start
    def resume(self, run_id: str, actor: Identity, *, opened: str | None = None) -> None:
        """Go on with a failed run from the step that failed. `opened`: the account whose page asks.

        Raises:
            NotAllowed: the person may not do this kind of action.
            OtherAccount: the run has nothing to do with that account.
            NotResumable: the run is not waiting.
            AccountBusy: a contact of the account is being changed; two runs never move at the same time.
        """
        run, actor = self._waiting(run_id, actor, opened)
        try:
            with writing(self.services.engine) as connection:
                require_now(self.services, actor, self.actions[run.kind].permission, run.account, connection)
                if not runs.resume_run(connection, run_id):
                    raise NotResumable(f"Somebody else resumed or abandoned {run_id} a moment ago.")
                append(connection, run, "resumed", {"error": run.error}, executor=self.executor_id, actor=actor.email)
        except runs.Claimed as claimed:
            raise busy(self.services, claimed.by) from claimed
        try:
            step_engine.rewind(run_id)
        except SQLAlchemyError as error:
            # The Resume is in the audit; the sweeper hands it to the engine later.
            log.warning("run waits for the step engine", run=run_id, why=type(error).__name__)

    def abandon(self, run_id: str, actor: Identity, reason: str, *, opened: str | None = None) -> None:
        """Give up a failed run: finished steps are kept, the rest are skipped, and the account is unlocked.

        Raises:
            NotAllowed: the person may not do this kind of action.
            OtherAccount: the run has nothing to do with the account whose page asks.
            NotResumable: the run is not waiting, or no reason was given.
        """
        run, actor = self._waiting(run_id, actor, opened)
        if not reason.strip():
            raise NotResumable("Not abandoned: type a reason. Your colleagues will see it in the receipt.")
        with writing(self.services.engine) as connection:
            require_now(self.services, actor, self.actions[run.kind].permission, run.account, connection)
            if not runs.move_run(connection, run_id, expect=["failed"], state="abandoned", error=run.error):
                raise NotResumable(f"Somebody else resumed or abandoned {run_id} a moment ago.")
            details = {"reason": reason.strip()}
            append(connection, run, "abandoned", details, executor=self.executor_id, actor=actor.email)

    def _waiting(self, run_id: str, actor: Identity, opened: str | None) -> tuple[Run, Identity]:
        """The failed run, and the person as they are now. A person who may not do this does not learn its state."""
        with self.services.engine.connect() as connection:
            run = runs.get_run(connection, run_id)
        if run is None:
            as_now(self.services, actor)
            raise NotResumable(f"There is no run {run_id}.")
        with self._refusal_on_record(run.kind, run.account, actor, of=NotAllowed):
            actor = self._require(run.kind, run.account, actor)
        if opened is not None and not run.concerns(opened):
            raise OtherAccount(run.account, opened)
        if run.state != "failed":
            raise NotResumable(f"The run {run_id} is {run.state}; only a failed run can be resumed or abandoned.")
        return run, actor

    # ------------------------------------------------------------------ what they share
    def _require(self, kind: str, account: str, actor: Identity) -> Identity:
        """The person as they are at this moment, when they may do this."""
        return require_now(self.services, actor, self.actions[kind].permission, account)

    @contextmanager
    def _refusal_on_record(
        self,
        kind: str,
        account: str,
        actor: Identity,
        plan_id: str | None = None,
        *,
        of: type[ActionError] = ActionError,
    ) -> Iterator[None]:
        """Write into the audit that the person was refused in here, by an error `of` this class."""
        try:
            yield
        except of as refusal:
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
            raise
