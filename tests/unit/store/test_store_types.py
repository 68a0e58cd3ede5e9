from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select
from sqlalchemy.exc import StatementError

from lib.store.types import BigId, UtcDateTime

metadata = MetaData()
moments = Table(
    "moment", metadata, Column("id", BigId, primary_key=True), Column("at", UtcDateTime), Column("what", String(9))
)


@pytest.fixture
def connection(engine):
    with engine.begin() as opened:
        metadata.create_all(opened)
        yield opened


def _kept(connection, moment):
    id_ = connection.execute(insert(moments).values(at=moment).returning(moments.c.id)).scalar_one()
    return connection.execute(select(moments.c.at).where(moments.c.id == id_)).scalar_one()


def test_a_moment_comes_back_in_utc(connection):
    melbourne = timezone(timedelta(hours=11))
    kept = _kept(connection, datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=melbourne))
    assert kept == datetime(2026, 3, 1, 22, 30, 15, 123456, tzinfo=UTC)
    assert kept.utcoffset() == timedelta(0)


def test_no_moment_stays_none(connection):
    assert _kept(connection, None) is None


def test_a_moment_without_a_zone_is_refused(engine):
    with engine.connect() as connection, pytest.raises(StatementError, match="without a time zone"):
        connection.execute(insert(moments).values(at=datetime(2026, 3, 2)))


def test_moments_of_different_zones_compare_as_moments(connection):
    early = datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=11)))
    late = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
    connection.execute(insert(moments), [{"at": late, "what": "late"}, {"at": early, "what": "early"}])
    ordered = connection.execute(select(moments.c.what).order_by(moments.c.at)).scalars().all()
    assert ordered == ["early", "late"]
    found = select(moments.c.what).where(moments.c.at < datetime(2026, 3, 1, 22, 30, tzinfo=UTC))
    assert connection.execute(found).scalars().all() == ["early"]


def test_ids_grow_by_themselves(connection):
    statement = insert(moments).values(what="x").returning(moments.c.id)
    first = connection.execute(statement).scalar_one()
    assert connection.execute(statement).scalar_one() == first + 1


def test_ids_are_wide_where_the_database_can(engine):
    assert isinstance(BigId.dialect_impl(engine.dialect), Integer)
    name = BigId.compile(dialect=engine.dialect)
    assert name == ("INTEGER" if engine.dialect.name == "sqlite" else "BIGINT")
