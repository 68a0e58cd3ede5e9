"""Read the settings of one process, and check that it can start with them."""

import tempfile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lib.settings.demo_secrets import demo_secrets
from lib.settings.safety import refuse_unsafe
from lib.settings.values import Environment, Settings, SettingsError


def load(**overrides: Any) -> Settings:
    """Read the settings, fill in generated secrets for the demo, and refuse a start that is not safe.

    Raises:
        SettingsError: with the name of the setting, when a value is malformed or the environment forbids it.
    """
    try:
        given = Settings(**overrides)
    except ValidationError as invalid:
        wrong = "; ".join(
            f"AM_{str(error['loc'][0]).upper() if error['loc'] else 'SETTINGS'}: {error['msg']}"
            for error in invalid.errors(include_input=False, include_url=False)
        )
        raise SettingsError(wrong) from None
    if given.env is Environment.DEMO:
        _require_writable(given.data_dir, "AM_DATA_DIR")
        given = given.model_copy(update=demo_secrets(given))
    refuse_unsafe(given)
    for url, setting in ((given.database, "AM_DATABASE_URL"), (given.engine_database, "AM_ENGINE_DATABASE_URL")):
        if url.startswith("sqlite:///") and (path := url.removeprefix("sqlite:///").partition("?")[0]):
            inside = Path(path).parent == given.data_dir
            _require_writable(Path(path).parent, "AM_DATA_DIR" if inside else setting, Path(path))
    return given


def _require_writable(folder: Path, setting: str, file: Path | None = None) -> None:
    """Create the folder and check that this process may write in it: SQLite puts files next to each database."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        if file is not None and file.exists():
            with file.open("r+b"):
                pass
    except OSError as error:
        what, where = ("the file", file) if file is not None and folder.is_dir() else ("the folder", folder)
        raise SettingsError(
            f"{what} {where} cannot be written ({error.strerror or type(error).__name__}). Let the user that runs the "
            f"Account Manager write there, or name another place with {setting}."
        ) from error
