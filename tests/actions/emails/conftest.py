"""An account with a PBX, whose rename mails two people."""

from tests.actions.pbx.test_pbx import house

__all__ = ["house"]
