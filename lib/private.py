"""Files and folders for their owner alone: what the product keeps is personal data, whatever the umask says."""

import contextlib
import os
import stat
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_OTHERS = 0o077
# What SQLite writes beside a database. It gives a new one the mode of the database, and leaves an old one as it is.
JOURNALS = ("-wal", "-shm", "-journal")


def make_folder(path: Path) -> None:
    """The folder, for its owner alone when it is new. One that is there keeps its mode: it may not be ours.

    Raises:
        OSError: it is not there and cannot be made.
    """
    path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)


def make_file(path: Path) -> None:
    """The file, empty when it is new, for its owner alone also when it was there; so with SQLite's journals beside it.

    A file that cannot be made or changed stays as it is: whoever opens it next says why.
    """
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    for one in (path, *(path.with_name(path.name + end) for end in JOURNALS)):
        _close(one, FILE_MODE)


def close_to_others(folder: Path) -> list[str]:
    """Take the rights of others from a folder and from each file in it. Returns the names of those that stay open.

    Links are not followed, and what is in folders below is not touched: this folder keeps others out.

    Raises:
        OSError: the folder cannot be read.
        ValueError: the folder is one that everybody writes into, such as the system's for temporary files.
    """
    if folder.stat().st_mode & stat.S_ISVTX or folder == Path(folder.anchor):
        raise ValueError(f"{folder} is a folder that others use as well")
    _close(folder, FOLDER_MODE)
    kept = [folder]
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.is_symlink():
            _close(path, FILE_MODE)
            kept.append(path)
    return [path.name for path in kept if _is_open(path)]


def _close(path: Path, mode: int) -> None:
    # A journal may be gone at any moment, and a file may be somebody else's.
    with contextlib.suppress(OSError):
        if not path.is_symlink() and _is_open(path):
            path.chmod(mode)


def _is_open(path: Path) -> bool:
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & _OTHERS)
    except FileNotFoundError:
        return False
