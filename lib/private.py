"""Files and folders that only their owner can read, whatever the umask: the product stores personal data."""

import contextlib
import os
import stat
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_OTHERS = 0o077
# SQLite's files next to a database. A new one gets the mode of the database, an old one keeps its own.
JOURNALS = ("-wal", "-shm", "-journal")


def make_folder(path: Path) -> None:
    """Create the folder for its owner alone. An existing one keeps its mode: it may not be ours.

    Raises:
        OSError: it does not exist and cannot be created.
    """
    path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)


def make_file(path: Path) -> None:
    """Create the file, or close an existing one and SQLite's journals next to it, for its owner alone.

    A file that cannot be created or changed stays as it is: whoever opens it next says why.
    """
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    for one in (path, *(path.with_name(path.name + end) for end in JOURNALS)):
        _close(one, FILE_MODE)


def close_to_others(folder: Path) -> list[str]:
    """Remove the rights of others from a folder and each file in it. Returns the names of those that stay open.

    Links are not followed, and folders inside are not changed: nobody else gets past this folder.

    Raises:
        OSError: the folder cannot be read.
        ValueError: everybody writes into this folder, such as the system's for temporary files.
    """
    if folder.stat().st_mode & stat.S_ISVTX or folder == Path(folder.anchor):
        raise ValueError(f"{folder} is a folder that others use, too")
    _close(folder, FOLDER_MODE)
    kept = [folder]
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.is_symlink():
            _close(path, FILE_MODE)
            kept.append(path)
    return [path.name for path in kept if _is_open(path)]


def _close(path: Path, mode: int) -> None:
    # A journal may disappear at any moment, and a file may be somebody else's.
    with contextlib.suppress(OSError):
        if not path.is_symlink() and _is_open(path):
            path.chmod(mode)


def _is_open(path: Path) -> bool:
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & _OTHERS)
    except FileNotFoundError:
        return False
