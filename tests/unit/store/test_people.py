"""A person who may sign in is read with all of their roles."""

import pytest
from sqlalchemy import insert

from lib.domain.permissions import Role
from lib.store.engine import make_engine, writing
from lib.store.people import find_person
from lib.store.schema import metadata, person, person_role


@pytest.fixture
def engine(tmp_path):
    made = make_engine(f"sqlite:///{tmp_path / 'hub.db'}")
    metadata.create_all(made)
    yield made
    made.dispose()


@pytest.mark.parametrize("roles", [set(), {Role.READ_ONLY}, {Role.SUPPORT_LEAD, Role.BILLING}])
def test_a_person_is_read_with_all_of_their_roles_and_no_other_ones(engine, roles):
    with writing(engine) as connection:
        for name, has in (("jo", roles), ("other", {Role.ADMIN})):
            values = {"username": name, "email": f"{name}@provider.example", "name": name}
            made = connection.execute(insert(person).values(values)).inserted_primary_key[0]
            for role in has:
                connection.execute(insert(person_role).values(person_id=made, role=role.value))
    with engine.connect() as connection:
        assert find_person(connection, " JO ").roles == roles
        assert find_person(connection, "nobody") is None
