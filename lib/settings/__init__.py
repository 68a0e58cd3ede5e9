"""The settings. `values.py` lists them, `load()` reads and checks them."""

from lib.settings.loading import load
from lib.settings.safety import LOOPBACK
from lib.settings.values import PROJECT, Environment, Settings, SettingsError

__all__ = ["LOOPBACK", "PROJECT", "Environment", "Settings", "SettingsError", "load"]
