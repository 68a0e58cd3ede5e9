"""Kills servers at random moments, and fills their disk."""

import random
import time
from collections.abc import Callable

from sqlalchemy import select

from lib.store import schema
from tests.actions.conftest import wait_for
from tests.faults import machine
from tests.faults.soak.process import AT_ONCE
from tests.faults.soak.server import START_SECONDS, Server, start
from tests.faults.soak.world import World


def soak(world: World, living: list[Server], kills: int, seed: int) -> dict[str, int]:
    """Kill a random server at a random moment and start it again, `kills` times.

    Returns executor id -> the newest event when it was killed, once every account is done or a run has failed.
    """
    chance = random.Random(seed)
    killed: dict[str, int] = {}
    end = time.monotonic() + 60 + (15 + 5 * len(world.troubles)) * kills
    while len(killed) < kills and time.monotonic() < end:
        position = chance.randrange(len(living))
        victim = living[position]
        # Most kills hit a server during a step, some while it starts or takes runs over.
        amid = chance.random() < 0.8
        wait_for(lambda ready=(victim, amid): _is_ready(world, len(living), *ready), bool, START_SECONDS)
        time.sleep(chance.uniform(0, 0.8))
        if "clock" in world.troubles and chance.random() < 0.5:
            machine.set_clock(chance.choice((-3600, 0, 3600)))
            time.sleep(chance.uniform(0, 0.8))
        assert victim.process.is_alive(), "a server ended that nobody killed"
        if "disk" in world.troubles and chance.random() < 0.4:
            _fill_disk(world, living, chance, lambda last=victim: killed.update({last.executor: last.kill()}))
        else:
            killed[victim.executor] = victim.kill()
        living[position] = start(world)
        world.age(victim.executor)
    wait_for(world.settled, bool, max(end - time.monotonic(), 1))
    return killed


def _fill_disk(world: World, living: list[Server], chance: random.Random, kill: Callable[[], None]) -> None:
    """Fill the disk for some seconds and then kill: while it is full no server could be started again."""
    for server in living:
        server.wait_until_open()
    newest = world.newest()
    for server in living:
        world.hurt.setdefault(server.executor, []).append(newest)
    with machine.full(world.folder):
        time.sleep(chance.uniform(0.5, 4))
        if chance.random() < 0.5:
            kill()
            return
    # The servers must go on with their work by themselves.
    time.sleep(chance.uniform(0, 3))
    kill()


def _is_ready(world: World, count: int, victim: Server, amid: bool) -> bool:
    """True when there is work for `count` servers and, if the victim is to be killed `amid` its steps, it has begun
    one."""
    # Checked again at every call: another server may have taken all the work.
    while world.waiting() < AT_ONCE * count:
        world.add()
    event = schema.action_event
    begun = select(event.c.sequence).where(event.c.executor == victim.executor, event.c.phase == "begin").limit(1)
    with world.engine.connect() as connection:
        return not amid or connection.execute(begun).first() is not None
