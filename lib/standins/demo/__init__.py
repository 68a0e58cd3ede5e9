"""One synthetic world, told to the Hub and to the Zuora stand-in; they differ only where that is planted."""

from lib.standins.demo.hub import seed_hub
from lib.standins.demo.people import DEMO_SIGN_INS, SignIn
from lib.standins.demo.world import notable
from lib.standins.demo.zuora import load_zuora, zuora_records

__all__ = ["DEMO_SIGN_INS", "SignIn", "load_zuora", "notable", "seed_hub", "zuora_records"]
