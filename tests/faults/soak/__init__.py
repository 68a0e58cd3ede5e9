"""Deactivations under `kill -9`: accounts, servers that deactivate them, and kills at random moments.

`make soak` runs `python -m tests.faults.soak`, which runs the tests here with many kills; they check what is left and
print a table. It also fills the disk of the servers now and then, and sets all clocks by an hour, forward and back:
see `tests/faults/machine.py`.
"""

import pytest

# A failed check then shows both values, as in a test.
pytest.register_assert_rewrite("tests.faults.soak.checks")
