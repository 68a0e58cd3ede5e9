"""An action for tests of the engine: two values in memory, one step for each, and what a test wants to go wrong."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from lib.actions.engine.action import Action, Job, Step, StepReport, Wish
from lib.actions.engine.plan import Confirmation, Draft, Effect, Plan
from lib.actions.engine.progress import Progress
from lib.actions.engine.runner import Runner
from lib.clients.errors import Rejected
from lib.domain.permissions import Permission
from lib.services import Services
from tests.actions.conftest import LEAD, wait_for

ACCOUNT, OLD, NEW = "1001", "old", "new"


class Toy(Action[dict[str, str]]):
    """Gives both values another text. It looks first, so a value that is there already is not set again."""

    kind = "toy"
    verb = "Set it"
    permission = Permission.ACCOUNT_RENAME

    def __init__(self) -> None:
        self.steps = (
            Step("first", "Set the first value", self._set),
            Step("second", "Set the second value", self._set),
        )
        self.values = {"first": OLD, "second": OLD}
        self.did: list[str] = []
        """The steps that changed their value, in order."""
        self.jobs: list[Job] = []
        self._before: dict[str, list[Callable[[], None]]] = defaultdict(list)

    def before(self, step: str, happens: Callable[[], None]) -> None:
        """Let this happen at the next attempt at the step, before it does its work."""
        self._before[step].append(happens)

    def slow(self, step: str = "first", seconds: float = 1.0) -> None:
        """The next attempt at the step takes so long."""
        self.before(step, lambda: time.sleep(seconds))

    def fail(self, step: str = "first", error: Exception | None = None) -> None:
        """The next attempt at the step ends with this error, which is not an error of our database unless given."""

        def happens() -> None:
            raise error or Rejected("Toyland", "set the value", writes=True, detail="Not today", request_id="req-1")

        self.before(step, happens)

    def look(self, services: Services, wish: Wish) -> dict[str, str]:
        return dict(self.values)

    def decide(self, found: dict[str, str], wish: Wish) -> Draft:
        text = wish.params["text"]
        wrong = [name for name, value in found.items() if value != text]
        return Draft(
            title=f"Set the toy to {text}",
            effects=tuple(Effect(system="Hub", text=name, before=found[name], after=text) for name in wrong),
            steps=tuple(step.name for step in self.steps) if wrong else (),
            facts={"found": found},
        )

    def _set(self, job: Job) -> StepReport:
        self.jobs.append(job)
        if self._before[job.step]:
            self._before[job.step].pop(0)()
        before, after = self.values[job.step], job.params["text"]
        if before != after:
            self.values[job.step] = after
            self.did.append(job.step)
        return job.done(f"It is {after}.", changed=before != after, before=before, after=after)


class HardToy(Toy):
    """The same for an action that needs the account's number typed."""

    kind = "hard_toy"
    hard = True


@dataclass
class ToyWorld:
    """A runner that knows toys only, on a Hub without any account."""

    services: Services
    runner: Runner
    toy: Toy
    hard_toy: HardToy
    background: list[object] = field(default_factory=list)

    def plan(self, text: str = NEW, actor=LEAD, kind: str = "toy") -> Plan:
        return self.runner.plan(kind, ACCOUNT, {"text": text}, actor)

    def start(self, text: str = NEW, given: Confirmation | None = None) -> str:
        return self.runner.start(self.plan(text), LEAD, given)

    def start_slowly(self, seconds: float = 1.0) -> str:
        """A run that is in its first step for a second."""
        self.toy.slow(seconds=seconds)
        run_id = self.start()
        wait_for(lambda: self.runner.progress(run_id).steps[0].state, lambda state: state == "running")
        return run_id

    def finish(self, run_id: str, seconds: float = 20) -> Progress:
        """Wait until the run has ended or failed."""
        return wait_for(lambda: self.runner.progress(run_id), lambda now: now.run.state != "running", seconds)

    def reopen(self) -> None:
        """End the runner's process, so to speak, and start it again."""
        self.runner.close()
        self.runner.open()
