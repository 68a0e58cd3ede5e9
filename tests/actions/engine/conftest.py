"""A runner that is handed toys: what the engine does is seen without any outside system."""

import shutil
from collections.abc import Iterator

import pytest

from lib.actions.engine.runner import Runner
from lib.services import Services
from lib.settings import Settings
from tests.actions.conftest import ADMIN, LEAD, OTHER, VIEWER
from tests.actions.engine.toy import HardToy, Toy, ToyWorld
from tests.people import let_in


class Part:
    """Work beside the runs, which only says whether it is going on."""

    def __init__(self, _services: Services, executor_id: str) -> None:
        self.executor_id = executor_id
        self.at_work = False

    def start(self) -> None:
        self.at_work = True

    def stop(self) -> None:
        self.at_work = False


@pytest.fixture
def toys(request, engine, database_url, tmp_path) -> Iterator[ToyWorld]:
    let_in(engine, LEAD, OTHER, VIEWER, ADMIN)
    on_sqlite = database_url.startswith("sqlite")
    # On PostgreSQL the step engine has its tables beside those of the Hub.
    if on_sqlite:
        shutil.copy(request.getfixturevalue("_engine_file"), tmp_path / "engine.db")
    settings = Settings(
        data_dir=tmp_path,
        database_url=database_url,
        engine_database_url=f"sqlite:///{tmp_path / 'engine.db'}" if on_sqlite else "",
        executor_beat_seconds=0.2,
        executor_dead_seconds=1.5,
        step_retry_seconds=0.1,
    )
    services = Services(settings=settings, engine=engine, zuora=None, sbc=None, mailer=None)
    toy, hard_toy, parts = Toy(), HardToy(), []

    def part(services: Services, executor_id: str) -> Part:
        parts.append(Part(services, executor_id))
        return parts[-1]

    runner = Runner(services, {one.kind: one for one in (toy, hard_toy)}, background=[part])
    runner.open()
    world = ToyWorld(services, runner, toy, hard_toy, parts)
    yield world
    world.runner.close()
