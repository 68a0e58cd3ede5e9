"""A stand-in for the SBC's provisioning API, with a state of its own."""

from lib.standins.sbc.faults import Fault
from lib.standins.sbc.records import Change, RuleRecord
from lib.standins.sbc.server import SbcStandin
from lib.standins.sbc.state import SbcState

__all__ = ["Change", "Fault", "RuleRecord", "SbcStandin", "SbcState"]
