"""`python -m lib.clients.zuora --check [--account KEY] [--write KEY]`: what the Hub may do in its tenant."""

import argparse
import sys
from dataclasses import replace

from pydantic import ValidationError

from lib.clients.zuora.check.reading import Finding
from lib.clients.zuora.check.writing import WriteCheck
from lib.clients.zuora.client import ZuoraConfig
from lib.settings import Settings

_MARKS = {True: "ok  ", False: "FAIL", None: "note"}


def main(arguments: list[str]) -> int:
    """Print the findings; 1 when one of them keeps the Hub from working, else 0."""
    parser = argparse.ArgumentParser(prog="python -m lib.clients.zuora", description="Changes nothing without --write.")
    parser.add_argument("--check", action="store_true", required=True, help="ask the tenant what the Hub may do")
    parser.add_argument("--account", metavar="KEY", help="number or id of the account to read")
    parser.add_argument(
        "--write", metavar="KEY", help="number or id of a test account whose notes are changed and restored"
    )
    parser.add_argument("--on-production", action="store_true", help="let --write do so outside a sandbox")
    options = parser.parse_args(arguments)
    try:
        # Not settings.load(), which makes secrets for the demo: a check leaves nothing behind.
        settings = Settings()
    except ValidationError as error:
        fields = ", ".join("AM_" + "_".join(map(str, problem["loc"])).upper() for problem in error.errors())
        return _say(False, f"These settings have no usable value: {fields}.")
    secret = settings.zuora_client_secret.get_secret_value()
    if not (settings.zuora_url and settings.zuora_client_id and secret):
        return _say(False, "Set AM_ZUORA_URL, AM_ZUORA_CLIENT_ID and AM_ZUORA_CLIENT_SECRET first.")
    tenant = WriteCheck(
        ZuoraConfig(
            url=settings.zuora_url,
            client_id=settings.zuora_client_id,
            client_secret=secret,
            version=settings.zuora_version,
            # A person waits for it, and a second try would hide what they look for.
            patience=replace(settings.zuora_patience, attempts=1),
            read_back_seconds=settings.zuora_read_back_seconds,
            entity_id=settings.zuora_entity_id,
            org_ids=settings.zuora_org_ids,
        )
    )
    try:
        worst = max(_tell(finding) for finding in tenant.check(options.account))
        if options.write is not None and not worst:
            worst = max(_tell(one) for one in tenant.check_writing(options.write, on_production=options.on_production))
        elif options.write is not None:
            worst = _say(False, "Nothing was written, because of what failed above.")
        return worst
    finally:
        tenant.close()


def _tell(finding: Finding) -> int:
    if finding.warns:
        sys.stdout.write(f"warn  {finding.sentence}\n")
        return 0
    return _say(finding.good, finding.sentence)


def _say(good: bool | None, sentence: str) -> int:
    sys.stdout.write(f"{_MARKS[good]}  {sentence}\n")
    return 1 if good is False else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
