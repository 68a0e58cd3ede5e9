"""What people paste into the search box, over the demo's accounts, on both databases."""

import json
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import insert, select, text, update

from lib.demo import seed_hub
from lib.store import migrate, schema, search
from lib.store.engine import make_engine, writing
from tests.common.factories import put_account

CASES = Path(__file__).parents[2] / "cases"
ASKED = json.loads((CASES / "search_texts.json").read_text())
OURS = json.loads((CASES / "search_texts_more.json").read_text())
SHARED = {"55500075"}
"""A local number without its area code: several accounts have one."""
OPENED = {
    "266 942": "266942",
    "266,942": "266942",
    "#266942": "266942",
    "Account 266942": "266942",
    "41990 - Riley Fencing": "41990",
    "Riley Fencing, 41990": "41990",
    "tel:03-5550-0075": "266942",
    "Adam Lewis <adam.lewis@riley-fencing.example>": "41990",
    # The person must choose one of the two.
    "41990 - Thompson Physiotherapy": None,
    "41990 266942": None,
    "41990 adam.lewis@riley-fencing.example 266942": None,
    "please suspend 266942": None,
    # It may also be the start of a phone number.
    "0266942": None,
}
"""Text -> the account that it opens at once, if it names exactly one."""


def wrong(connection, case):
    """The answer of the search to this text, if it is not the expected one."""
    found = search.search(connection, case["text"])
    hits = [hit.number for hit in found.hits]
    first = hits[:1] if case["text"] not in SHARED else [number for number in hits if number == case["want"]]
    if case["want"] == "?" or (first == [case["want"]] * bool(case["want"]) and found.exact in (None, case["want"])):
        return None
    return ascii(case["text"]), case["want"], found.exact, hits[:3]


@pytest.fixture(scope="module")
def demo_rows(tmp_path_factory):
    """The demo's accounts and their search terms. Filling a demo takes longer than all the searches, so it is done
    once."""
    url = f"sqlite:///{tmp_path_factory.mktemp('searched') / 'hub.db'}"
    migrate.upgrade(url)
    engine = make_engine(url)
    seed_hub(engine)
    with engine.connect() as connection:
        names = ("id", "number", "name", "status", "created_at", "changed_at")
        accounts = connection.execute(select(*(schema.account.c[name] for name in names))).mappings().all()
        terms = connection.execute(select(schema.search_term)).mappings().all()
    engine.dispose()
    return [dict(row) for row in accounts], [dict(row) for row in terms]


def test_every_pasted_text_finds_the_account_that_is_meant_and_opens_it_only_when_it_is_sure(engine, demo_rows):
    accounts, terms = demo_rows
    with writing(engine) as connection:
        connection.execute(insert(schema.account), accounts)
        connection.execute(insert(schema.search_term), terms)
        connection.execute(text("analyze"))
    with engine.connect() as connection:
        assert [found for case in ASKED + OURS if (found := wrong(connection, case))] == []
        assert {typed: search.search(connection, typed).exact for typed in OPENED} == OPENED


def test_terms_of_an_older_program_are_folded_by_the_upgrade(empty_database_url):
    migrate.upgrade(empty_database_url)
    engine = make_engine(empty_database_url)
    with writing(engine) as connection:
        search.reindex(connection, put_account(connection, "40215", name="D'Élan & O'Brien Pâtisserie"))
        # As the program before this one left it.
        connection.execute(text("delete from search_term where term = 'delan & obrien patisserie'"))
        old = {"term": "d'élan & o'brien pâtisserie"}
        connection.execute(update(schema.search_term).where(schema.search_term.c.kind == "name").values(old))
        assert search.search(connection, "D'Elan").hits == []
    config = migrate._config()
    with migrate.migrating(empty_database_url) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0006")
    migrate.upgrade(empty_database_url)
    with engine.connect() as connection:
        for typed in ("D'Elan", "delan & o", "patisserie elan", "D’Élan"):
            assert [hit.number for hit in search.search(connection, typed).hits] == ["40215"], typed
    engine.dispose()
