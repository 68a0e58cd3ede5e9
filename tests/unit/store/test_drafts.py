"""Drafts of forms: one for each account, person and form, for a day."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from lib.actions.engine.durable.sweeper import Sweeper
from lib.store.drafts import KEPT, Draft, drop_draft, drop_old_drafts, find_draft, save_draft
from lib.store.engine import writing
from lib.store.schema import form_draft

JO = ("41990", "jo@example.com", "contact_bill_to")


def keep(engine, place=JO, **typed):
    with writing(engine) as connection:
        save_draft(connection, *place, typed=typed, began_with={"city": "Perth"})


def kept(engine, place=JO):
    with engine.connect() as connection:
        return find_draft(connection, *place)


def age(engine, by):
    with writing(engine) as connection:
        connection.execute(update(form_draft).values(saved_at=datetime.now(UTC) - by))


def rows(engine):
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(form_draft)).scalar_one()


@pytest.mark.sqlite_only
def test_the_last_draft_counts_and_is_one_persons(engine):
    keep(engine, city="Carlton")
    keep(engine, city="Dubbo", fax="")
    assert kept(engine).typed == {"city": "Dubbo", "fax": ""}
    assert kept(engine).began_with == {"city": "Perth"}
    for other in (("41990", "bo@example.com", JO[2]), ("266942", *JO[1:]), (*JO[:2], "contact_sold_to")):
        assert kept(engine, other) is None
        keep(engine, other, city="Hobart")
    assert kept(engine).typed["city"] == "Dubbo"
    with writing(engine) as connection:
        drop_draft(connection, *JO)
    assert kept(engine) is None
    assert rows(engine) == 3


@pytest.mark.sqlite_only
def test_a_draft_is_kept_for_a_day(engine):
    keep(engine, city="Carlton")
    age(engine, KEPT - timedelta(minutes=1))
    assert kept(engine).typed == {"city": "Carlton"}
    age(engine, KEPT + timedelta(seconds=1))
    assert kept(engine) is None
    keep(engine, ("266942", *JO[1:]), city="Hobart")
    assert rows(engine) == 1, "an old one goes with the next that is kept"


@pytest.mark.sqlite_only
def test_old_drafts_go_by_themselves(engine):
    keep(engine, city="Carlton")
    age(engine, KEPT + timedelta(seconds=1))
    keeping = Sweeper(_Services(engine), "executor")
    keeping.clear_drafts()
    assert rows(engine) == 0
    with writing(engine) as connection:
        assert drop_old_drafts(connection) == 0


def test_a_printed_draft_shows_nothing_of_the_person():
    draft = Draft(typed={"city": "Carlton"}, began_with={"city": "Perth"}, saved_at=datetime.now(UTC))
    assert "Carlton" not in repr(draft)
    assert "Perth" not in str(draft)


class _Services:
    """As much of the services as the sweeper's housekeeping needs."""

    def __init__(self, engine):
        self.engine = engine
