"""The check of a Zuora tenant, printed for a person at a terminal."""

import sys
from dataclasses import replace

from pydantic import ValidationError

from lib.clients.zuora.check.reading import Finding
from lib.clients.zuora.check.writing import WriteCheck
from lib.clients.zuora.client import ZuoraConfig
from lib.settings import Settings

_MARKS = {True: "ok  ", False: "FAIL", None: "note"}


def check_tenant(account: str | None = None, write: str | None = None, *, on_production: bool = False) -> int:
    """Print what the Account Manager may do in its tenant; 1 when something it needs is missing, else 0.

    Changes nothing without `write`, the number or id of a test account whose notes are changed and restored.
    """
    try:
        # Not settings.load(), which makes secrets for the demo: a check must not leave files.
        settings = Settings()
    except ValidationError as error:
        fields = ", ".join("AM_" + "_".join(map(str, problem["loc"])).upper() for problem in error.errors())
        return _print(False, f"These settings cannot be used: {fields}. Correct them, then check again.")
    secret = settings.zuora_client_secret.get_secret_value()
    if not (settings.zuora_url and settings.zuora_client_id and secret):
        return _print(False, "Set AM_ZUORA_URL, AM_ZUORA_CLIENT_ID and AM_ZUORA_CLIENT_SECRET first.")
    tenant = WriteCheck(
        ZuoraConfig(
            url=settings.zuora_url,
            client_id=settings.zuora_client_id,
            client_secret=secret,
            version=settings.zuora_version,
            # One try: a second one would hide what the person is looking for.
            patience=replace(settings.zuora_patience, attempts=1),
            read_back_seconds=settings.zuora_read_back_seconds,
            entity_id=settings.zuora_entity_id,
            org_ids=settings.zuora_org_ids,
        )
    )
    try:
        worst = max(_print_finding(finding) for finding in tenant.check(account))
        if write is not None and not worst:
            worst = max(_print_finding(one) for one in tenant.check_writing(write, on_production=on_production))
        elif write is not None:
            worst = _print(False, "Nothing was written, because of what failed above.")
        return worst
    finally:
        tenant.close()


def _print_finding(finding: Finding) -> int:
    if finding.warns:
        sys.stdout.write(f"warn  {finding.sentence}\n")
        return 0
    return _print(finding.good, finding.sentence)


def _print(good: bool | None, sentence: str) -> int:
    sys.stdout.write(f"{_MARKS[good]}  {sentence}\n")
    return 1 if good is False else 0
