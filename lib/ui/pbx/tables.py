"""The table of a PBX's extensions."""

from collections.abc import Iterable

import pandas as pd

from lib.store.pbxs import Extension

KINDS = {"desk_phone": "Desk phone", "cloud_mobile": "Cloud mobile", "jet_phone": "Jet Phone"}


def extensions_frame(extensions: Iterable[Extension]) -> pd.DataFrame:
    """One row for each extension."""
    return pd.DataFrame(
        [(one.extension, one.name, one.login, KINDS.get(one.kind, one.kind), one.email or "") for one in extensions],
        columns=["Extension", "Name", "Login", "Kind", "E-mail"],
        dtype="string",
    )
