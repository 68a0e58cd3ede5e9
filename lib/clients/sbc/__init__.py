"""The session border controller: the port that everything else uses, and the adapter for the reference SBC."""

from lib.clients.sbc.kamailio import KamailioSbc, SbcConfig
from lib.clients.sbc.port import RULES_A_REQUEST, AuthRule, Health, HeldRule, PutResult, RuleState, Sbc

__all__ = [
    "RULES_A_REQUEST",
    "AuthRule",
    "Health",
    "HeldRule",
    "KamailioSbc",
    "PutResult",
    "RuleState",
    "Sbc",
    "SbcConfig",
]
