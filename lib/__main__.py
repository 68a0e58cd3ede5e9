"""`python -m lib`: everything that is done from a terminal. `python -m lib --help` lists it."""

import sys

from lib import logs
from lib.commands.line import main

if __name__ == "__main__":
    logs.take_over()
    sys.exit(main())
