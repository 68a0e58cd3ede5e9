"""Troubles of a machine: its disk is full for a while, its clocks are set by an hour.

A full disk is a small file system in memory, which only root may mount. libfaketime sets the clock of every process of
the tests, including PostgreSQL and the servers; the time that passes is not changed.
"""

import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_CLOCK = "FAKETIME_TIMESTAMP_FILE"
if _CLOCK in os.environ:
    # Python sleeps until a moment, which libfaketime gets wrong; it gets a wait of some seconds right.
    time.sleep = lambda seconds: threading.Event().wait(seconds) and None


@contextlib.contextmanager
def prepared() -> Iterator[tuple[list[str], dict[str, str]]]:
    """The troubles this machine can have, and the environment that the tests need for them."""
    troubles, environment = [], {}
    if os.geteuid() == 0:
        troubles.append("disk")
    with tempfile.TemporaryDirectory() as folder:
        library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
        if library is not None:
            # PostgreSQL runs as another user, and reads it too.
            Path(folder).chmod(0o755)
            clock = Path(folder, "clock")
            clock.write_text("+0s\n")
            environment = {
                "LD_PRELOAD": str(library),
                _CLOCK: str(clock),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_DISABLE_SHM": "1",
            }
            troubles.append("clock")
        yield troubles, environment


def set_clock(seconds: int) -> None:
    """Set every clock this many seconds ahead of the true time; a negative number sets it back."""
    clock = Path(os.environ[_CLOCK])
    draft = clock.with_suffix(".draft")
    draft.write_text(f"{seconds:+d}s\n")
    draft.replace(clock)


@contextlib.contextmanager
def small_disk(folder: Path, *, megabytes: int = 96) -> Iterator[None]:
    """Mount a file system on the folder that is small enough to be filled."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """Inside this block no more byte can be written to the folder."""
    filler = folder / "filler"
    try:
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 4096)
        yield
    finally:
        filler.unlink()
