"""The write lock of SQLite after a failed write: nobody waits while somebody keeps the error."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from lib.actions.engine.durable.patience import DatabaseGone, Patience
from lib.store.engine import make_engine, writing


def test_a_connection_that_broke_lets_go_of_the_write_lock_while_its_error_is_kept(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'hub.db'}")
    with writing(engine) as connection:
        connection.execute(text("create table noted (word text)"))
    with pytest.raises(OperationalError) as kept, writing(engine) as connection:
        connection.execute(text("pragma query_only = on"))
        connection.execute(text("insert into noted values ('lost')"))
    assert kept.value.connection_invalidated
    with engine.connect().execution_options(write=True) as connection:
        # The default is half a minute: too long for a test that fails.
        connection.connection.dbapi_connection.execute("pragma busy_timeout = 100")
        with connection.begin():
            connection.execute(text("insert into noted values ('kept')"))
        assert connection.execute(text("select word from noted")).scalars().all() == ["kept"]
    engine.dispose()


def test_work_that_deadlocks_with_itself_is_not_done_again():
    done = []

    def work():
        done.append(1)
        raise DatabaseGone("It waited.") from OperationalError("insert", {}, Exception("away"))

    with pytest.raises(DatabaseGone, match="It waited"):
        Patience(0, attempts=5, first_wait=0).carry(work)
    assert done == [1]
