"""Starts servers of a soak in processes of their own, and kills them."""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

from tests.faults.soak.process import OPEN, serve
from tests.faults.soak.world import World

START_SECONDS = 60


@dataclass
class Server:
    """One process of a server, from its start to its kill."""

    process: BaseProcess
    pipe: Any
    executor: str
    world: World | None = None
    opened: bool = False

    def wait_until_open(self) -> None:
        """Wait until it has started: no server can start while the disk is full."""
        if not self.opened:
            assert self.pipe.poll(START_SECONDS), "the server did not open"
            assert self.pipe.recv() == OPEN
            self.opened = True

    def kill(self) -> int:
        """Send kill -9 to its process group, and return the newest event before that. The process has ended when this
        returns.
        """
        newest = self.world.newest() if self.world else 0
        # If it ended before, its process id may now belong to another process.
        if self.process.pid is not None and self.process.is_alive():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.join(30)
        self.pipe.close()
        return newest


def start(world: World, point: str | None = None) -> Server:
    """Start a server in its own process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([serve.__module__])
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(world.settings(), world.log, theirs, point))
    process.start()
    theirs.close()
    try:
        assert ours.poll(START_SECONDS), "the server did not start"
        return Server(process, ours, ours.recv(), world)
    except BaseException:
        process.kill()
        process.join(30)
        raise


@contextlib.contextmanager
def servers(world: World, count: int) -> Iterator[list[Server]]:
    """Start `count` servers. Those that still run at the end are killed, also after an error."""
    living: list[Server] = []
    try:
        for _ in range(count):
            living.append(start(world))
        yield living
    finally:
        for server in living:
            server.kill()
