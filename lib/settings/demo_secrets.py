"""The secrets that the demo makes for itself at its first start."""

import contextlib
import json
import secrets
import uuid
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from lib.private import make_folder
from lib.settings.values import Settings

DEMO_SECRETS = "demo-secrets.json"


def demo_secrets(settings: Settings) -> dict[str, Any]:
    """Secrets that the demo needs, made at its first start and stored in a file that only its owner can read."""
    known = _kept_secrets(settings.data_dir)
    fill: dict[str, Any] = {}
    if not settings.cookie_key.get_secret_value():
        fill["cookie_key"] = SecretStr(known["cookie_key"])
    if settings.uses_standin_zuora:
        fill["zuora_client_id"] = known["zuora_client_id"]
        fill["zuora_client_secret"] = SecretStr(known["zuora_client_secret"])
    if settings.uses_standin_sbc:
        fill["sbc_token"] = SecretStr(known["sbc_token"])
    if settings.uses_standin_mail:
        # The stand-in listens only on this machine, without encryption.
        fill["mail_security"] = "none"
    return fill


def _kept_secrets(folder: Path) -> dict[str, str]:
    """The demo's secrets from their file. One that an earlier version did not need is added."""
    path = folder / DEMO_SECRETS
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    made = {
        "cookie_key": secrets.token_urlsafe(48),
        # Zuora's client ids are UUIDs of exactly 36 characters.
        "zuora_client_id": str(uuid.uuid4()),
        "zuora_client_secret": secrets.token_urlsafe(24),
        "sbc_token": secrets.token_urlsafe(24),
    }
    if made.keys() <= known.keys():
        return known
    make_folder(folder)
    draft = path.with_suffix(f".{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(made | known))
    if known:
        draft.replace(path)
    else:
        # A link never replaces: when two first starts happen at once, one file wins and both read it.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    kept: dict[str, str] = json.loads(path.read_text())
    return kept
