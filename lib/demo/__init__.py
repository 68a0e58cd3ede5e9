"""One made-up world, loaded into the Hub and the stand-ins. They differ only where a difference is planted."""

from lib.demo.hub import seed_hub
from lib.demo.people import DEMO_SIGN_INS, SignIn
from lib.demo.sbc import load_sbc, sbc_rules
from lib.demo.world import notable
from lib.demo.zuora import load_zuora, zuora_records

__all__ = [
    "DEMO_SIGN_INS",
    "SignIn",
    "load_sbc",
    "load_zuora",
    "notable",
    "sbc_rules",
    "seed_hub",
    "zuora_records",
]
