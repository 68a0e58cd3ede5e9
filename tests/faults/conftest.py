from tests.actions.conftest import _running, standin  # noqa: F401 - the same stand-in, with the same accounts
