"""Data leaves only by downloads that check the permission and are in the audit: no page has another way."""

import ast
import json
import re

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import SQLAlchemyError

from lib.actions.engine.handing_out import Parcel, hand_out
from lib.domain.permissions import Permission
from lib.settings import PROJECT
from lib.store import emergency
from lib.store.audit import verify_chain
from lib.store.emails import EmailFilter
from lib.store.engine import writing
from lib.store.schema import action_event, person_role
from lib.store.schema import person as people
from lib.ui.activity.export import account_lines
from lib.ui.emails.export import emails_csv
from lib.ui.emergency.export import details_csv
from lib.ui.navigation import ACTIVITY, BILLING
from lib.ui.runs.panel import receipt_file
from tests.pages.activity.test_activity import lines, shown
from tests.pages.conftest import demo, press, rerun_until, said, sound, the_one

CODE = [path for folder in ("lib/ui", "pages") for path in (PROJECT / folder).rglob("*.py")]
# The parts of Streamlit that show data with a download or hand out a file, and the files that may call them.
ONE_WAY = {
    "dataframe": "lib/ui/widgets/tables.py",
    "data_editor": "lib/ui/widgets/tables.py",
    "plotly_chart": "lib/ui/billing/chart.py",
    "download_button": "lib/ui/widgets/downloads.py",
    "table": "lib/ui/widgets/tables.py",
}
NO_WAY = {
    "altair_chart",
    "area_chart",
    "bar_chart",
    "bokeh_chart",
    "echarts_chart",
    "graphviz_chart",
    "json",
    "line_chart",
    "map",
    "pydeck_chart",
    "pyplot",
    "scatter_chart",
    "vega_lite_chart",
    "write",
}


def own_ways(source: str, name: str) -> list[str]:
    """The calls in this code that only another file may make."""
    found = []
    for one in ast.walk(ast.parse(source)):
        if not isinstance(one, ast.Attribute):
            continue
        verb, of_streamlit = one.attr, ast.unparse(one.value) == "st"
        if name != ONE_WAY.get(verb, name) or (verb in NO_WAY and of_streamlit):
            found.append(f"{name}:{one.lineno} {ast.unparse(one)}")
    return found


@pytest.mark.parametrize("path", sorted(CODE), ids=lambda path: str(path.relative_to(PROJECT)))
def test_tables_charts_and_downloads_are_drawn_in_one_place(path):
    assert not own_ways(path.read_text(), path.relative_to(PROJECT).as_posix())


@pytest.mark.parametrize(
    "source",
    ["st.dataframe(x)", "box.dataframe(x)", "draw = st.data_editor", "st.write(x)", "st.bar_chart(x)", "a.table(x)"],
)
def test_the_check_sees_a_way_of_its_own(source):
    assert own_ways(source, "page.py")


def test_a_chart_has_no_bar_with_downloads(house):
    (chart,) = house.open("viewer", BILLING.path, account=demo("overdue").number).get("plotly_chart")
    assert json.loads(chart.proto.config)["displayModeBar"] is False


# ------------------------------------------------------------------ every download is in the audit
def exported(house, number: str) -> list[tuple]:
    with house.app.services.engine.connect() as connection:
        rows = connection.execute(
            select(action_event).where(action_event.c.kind == "export", action_event.c.account == number)
        ).all()
        assert verify_chain(connection) is None
    return [(row.phase, row.actor, row.details["what"], row.details.get("rows")) for row in rows]


def rename(house, number: str):
    app = press(house.details(number), "Edit")
    app.text_input(key="new_name").set_value("Banksia & Sons")
    press(app, "Preview")
    press(app, "Rename account")
    run = the_one(app.query_params["run"])
    rerun_until(app, lambda _: house.app.runner.progress(run).run.state == "done")
    return house.app.runner.progress(run).run


def ways(house, one):
    """Each download of an account's data, by its name in the audit."""
    with house.app.services.engine.connect() as connection:
        versions = emergency.list_versions(connection, one.number)
    found = {
        "sent_emails": lambda who: emails_csv(house.at(one.number, who), EmailFilter(), "Australia/Perth"),
        "audit_events": lambda who: account_lines(house.at(one.number, who)),
    }
    if versions:
        found["emergency_details"] = lambda who: details_csv(house.at(one.number, who), versions[0])
    return found


def test_each_export_is_an_event_with_who_what_and_how_many_rows(house, own):
    expected = []
    for what, export in ways(house, own).items():
        file = export("billing").decode("utf-8-sig")
        rows = len(file.splitlines()) - (0 if what == "audit_events" else 1)
        expected.append(("done", "billing@demo.example", what, rows))
    assert len(expected) == 3
    assert exported(house, own.number) == expected


def test_a_receipt_is_handed_out_to_the_staff_and_is_an_event(house, own):
    run = rename(house, own.number)
    page = receipt_file(house.at(own.number, "viewer"), run).decode()
    assert "Banksia &amp; Sons" in page
    assert exported(house, own.number) == [("done", "viewer@demo.example", "receipt", len(run.steps))]
    with pytest.raises(PermissionError):
        receipt_file(house.at(own.number, "customer"), run)
    assert exported(house, own.number)[1:] == [("refused", "customer@demo.example", "receipt", None)]


def test_people_without_the_permission_get_nothing_and_the_refusal_is_an_event(house, own):
    for what, export in ways(house, own).items():
        for who in ("nobody", "", "viewer", "customer"):
            with pytest.raises(PermissionError):
                export(who)
        assert exported(house, own.number)[-2:] == [
            ("refused", "viewer@demo.example", what, None),
            ("refused", "customer@demo.example", what, None),
        ]


def test_without_its_event_no_file_is_handed_out(house, own):
    engine, given = house.app.services.engine, []
    with writing(engine) as connection:
        refuse = "create trigger full before insert on action_event begin select raise(abort, 'disk full'); end"
        connection.execute(text(refuse))
    try:
        for export in ways(house, own).values():
            with pytest.raises(SQLAlchemyError):
                given.append(export("lead"))
    finally:
        with writing(engine) as connection:
            connection.execute(text("drop trigger full"))
    assert not given
    assert exported(house, own.number) == []


def test_somebody_who_loses_access_while_the_file_is_made_does_not_get_it(house, own):
    def make(_reader):
        with writing(house.app.services.engine) as connection:
            who = select(people.c.id).where(people.c.username == "billing").scalar_subquery()
            connection.execute(update(person_role).where(person_role.c.person_id == who).values(role="read_only"))
        return b"file", 1

    try:
        with pytest.raises(PermissionError):
            hand_out(house.app.services, house.identity("billing"), Parcel("sent_emails", own.number), make)
    finally:
        with writing(house.app.services.engine) as connection:
            who = select(people.c.id).where(people.c.username == "billing").scalar_subquery()
            connection.execute(update(person_role).where(person_role.c.person_id == who).values(role="billing"))
    assert exported(house, own.number) == [("refused", "billing@demo.example", "sent_emails", None)]


def test_an_export_of_all_accounts_says_so(house):
    services = house.app.services
    everything = Parcel("sent_emails", None, Permission.EXPORT)
    assert hand_out(services, house.identity("lead"), everything, lambda _: (b"x", 2)) == b"x"
    with services.engine.connect() as connection:
        (row,) = connection.execute(
            select(action_event).where(action_event.c.kind == "export", action_event.c.account.is_(None))
        ).all()
    assert (row.details["accounts"], row.details["text"]) == ("all", "2 rows of sent e-mails of all accounts.")


def test_the_filter_is_recorded_without_the_names_in_it(house, own):
    wanted = EmailFilter(text="Zebediah", recipient="quokka@customer.example", kind="jet_phone_login")
    emails_csv(house.at(own.number, "lead"), wanted, "Australia/Perth")
    app = house.open("lead", ACTIVITY.path, account=own.number, kind="Export")
    assert lines(app) == ["Export of sent e-mails · Demo lead · 0 rows"]
    told = shown(app)
    assert "only those of the kind Jet Phone login details, with a text in the subject, to one recipient." in told
    assert not re.search("zebediah|quokka", told, re.IGNORECASE)


def test_a_refused_export_is_on_the_activity_page(house, own):
    with pytest.raises(PermissionError):
        account_lines(house.at(own.number, "viewer"))
    app = sound(house.open("lead", ACTIVITY.path, account=own.number))
    assert lines(app)[0] == "Refused: Export of the events of the audit · Demo viewer"
    assert "Nothing was handed out" in shown(app)
    assert "could not be read" not in said(app)
