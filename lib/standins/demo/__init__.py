"""One synthetic world, told to the Hub and to the stand-ins; they differ only where that is planted."""

from lib.standins.demo.hub import seed_hub
from lib.standins.demo.people import DEMO_SIGN_INS, SignIn
from lib.standins.demo.sbc import load_sbc, sbc_rules
from lib.standins.demo.world import notable
from lib.standins.demo.zuora import load_zuora, zuora_records

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
