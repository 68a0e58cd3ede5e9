"""`python -m lib`: the command line. `python -m lib --help` lists its commands."""

import sys

from lib import logs
from lib.commands.line import main

if __name__ == "__main__":
    logs.take_over()
    sys.exit(main())
