"""What the provisioning API keeps, by the requests that the Account Manager makes."""

import contextlib
import json
import socket
import sqlite3

import pytest

from tests.calls.conftest import Lab, fresh_number, rule
from tests.kamailio import DEPLOYED, HOST, Kamailio, require_kamailio


def ask(lab, *numbers):
    status, answer = lab.sbc.call("POST", "/v1/rules/query", [{"number": number} for number in numbers])
    assert status == 200
    return answer


def held(lab, account, after=""):
    status, answer = lab.sbc.call("POST", "/v1/rules/by-account", {"account": account, "after": after})
    assert status == 200
    return answer


def kept(one):
    return {name: one[name] for name in ("account", "state", "trunk", "rev")}


def test_health_has_the_version(lab):
    status, answer = lab.sbc.call("GET", "/v1/health")
    assert status == 200
    assert answer["db"] is True
    assert answer["version"].startswith("kamailio 5.")


def test_what_was_written_is_what_calls_use(lab):
    one, other, missing = (
        rule(fresh_number(), "allowed"),
        rule(fresh_number(), "suspended", rev=999_999_999),
        "+61491570804",
    )
    lab.put(one, other)
    assert ask(lab, other["number"], missing, one["number"]) == [
        {"number": other["number"], "rule": kept(other)},
        {"number": missing, "rule": None},
        {"number": one["number"], "rule": kept(one)},
    ]
    assert ask(lab) == []


def test_an_older_revision_changes_nothing_and_an_equal_one_may_be_sent_again(lab):
    number = fresh_number()
    lab.put(rule(number, "suspended", rev=5))
    late, new = rule(number, "allowed", rev=4), rule(fresh_number(), "allowed", rev=1)
    assert lab.sbc.call("PUT", "/v1/rules", [late, new]) == (200, {"received": 2, "applied": 1})
    assert [one["rule"]["state"] for one in ask(lab, number, new["number"])] == ["suspended", "allowed"]
    lab.put(rule(number, "suspended", rev=5))
    lab.put(rule(number, "allowed", rev=6, account="1009", trunk="mel-1"))
    assert ask(lab, number)[0]["rule"] == {"account": "1009", "state": "allowed", "trunk": "mel-1", "rev": 6}


def test_deleting_is_repeatable_and_keeps_the_revision(lab):
    number = fresh_number()
    lab.put(rule(number, "allowed", rev=9))
    for _ in range(2):
        assert lab.sbc.call("POST", "/v1/rules/delete", [{"number": number}]) == (200, {"deleted": 1})
        assert ask(lab, number) == [{"number": number, "rule": None}]
    for late in (1, 9):
        assert lab.sbc.call("PUT", "/v1/rules", [rule(number, "allowed", rev=late)]) == (
            200,
            {"received": 1, "applied": 0},
        )
        assert ask(lab, number) == [{"number": number, "rule": None}]
    lab.put(rule(number, "allowed", rev=10))
    assert lab.sbc.call("POST", "/v1/rules/forget", [{"number": number}]) == (200, {"forgotten": 1})
    assert ask(lab, number) == [{"number": number, "rule": None}]
    lab.put(rule(number, "allowed", rev=1))


@pytest.mark.parametrize("stated", [None, 7], ids=["as it was", "up to a revision"])
def test_a_write_whose_last_byte_comes_after_a_deletion_changes_nothing(lab, stated):
    number = fresh_number()
    lab.put(rule(number, "allowed", rev=6))
    late = json.dumps([rule(number, "allowed", rev=6 if stated is None else 7)]).encode()
    with socket.create_connection((HOST, lab.sbc.http_port), timeout=10) as slow:
        head = f"PUT /v1/rules HTTP/1.1\r\nHost: sbc\r\nAuthorization: Bearer {lab.sbc.token}\r\n"
        slow.sendall(f"{head}Content-Length: {len(late)}\r\n\r\n".encode() + late[:-1])
        gone = {"number": number} | ({} if stated is None else {"rev": stated})
        assert lab.sbc.call("POST", "/v1/rules/delete", [gone]) == (200, {"deleted": 1})
        slow.sendall(late[-1:])
        assert b'"applied":0' in slow.recv(4096)
    assert ask(lab, number) == [{"number": number, "rule": None}]
    lab.refused_in(number, 404)
    lab.sbc.stop()
    lab.sbc.start()
    assert ask(lab, number) == [{"number": number, "rule": None}]


def test_a_file_from_before_learns_to_keep_deletions(tmp_path):
    require_kamailio()
    (tmp_path / "data").mkdir()
    old, _, _ = (DEPLOYED / "schema-sqlite.sql").read_text().partition("-- What was deleted")
    number = fresh_number()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "rules.db")) as connection:
        connection.executescript(old)
        connection.execute("insert into sbc_rule values (?, '2003', 'allowed', 'syd-1', 4)", [number])
        connection.commit()
    with Kamailio(tmp_path) as sbc:
        lab = Lab(sbc, tmp_path)
        assert ask(lab, number)[0]["rule"]["rev"] == 4
        assert sbc.call("POST", "/v1/rules/delete", [{"number": number}]) == (200, {"deleted": 1})
        assert sbc.call("PUT", "/v1/rules", [rule(number, "allowed", rev=4)]) == (200, {"received": 1, "applied": 0})


def test_an_account_is_read_in_pages_of_a_thousand_in_the_order_of_numbers(lab):
    rules = [rule(fresh_number(), "allowed", account="2001") for _ in range(1003)]
    lab.put(*rules[500:1000])
    lab.put(*rules[:500], *rules[1000:])
    first = held(lab, "2001")
    assert [one["number"] for one in first] == [one["number"] for one in rules[:1000]]
    second = held(lab, "2001", after=first[-1]["number"])
    assert [one["number"] for one in second] == [one["number"] for one in rules[1000:]]
    assert held(lab, "2001", after=second[-1]["number"]) == []
    assert held(lab, "2001x") == []
    numbers = [one["number"] for one in rules[:1000]]
    assert [one["number"] for one in ask(lab, *numbers)] == numbers
    assert lab.sbc.call("POST", "/v1/rules/delete", [{"number": number} for number in numbers]) == (
        200,
        {"deleted": 1000},
    )
    assert [one["number"] for one in held(lab, "2001")] == [one["number"] for one in rules[1000:]]


def test_a_row_that_calls_do_not_use_yet_shows_until_the_rules_are_reloaded(lab):
    """As after a backup of the database was put back."""
    here, gone, new = fresh_number(), fresh_number(), fresh_number()
    lab.put(rule(here, "allowed", account="2002"), rule(gone, "allowed", account="2002"))
    with contextlib.closing(sqlite3.connect(lab.sbc.folder / "data" / "rules.db")) as connection:
        connection.execute("update sbc_rule set state = 'suspended', rev = 2 where number = ?", [here])
        connection.execute("delete from sbc_rule where number = ?", [gone])
        connection.execute("insert into sbc_rule values (?, '2002', 'allowed', 'mel-1', 3)", [new])
        connection.commit()
    row = {"number": here, "state": "suspended", "trunk": "syd-1", "rev": 2}
    added = {"number": new, "state": "allowed", "trunk": "mel-1", "rev": 3}
    assert held(lab, "2002") == [{**row, "live": "2002,allowed,syd-1,1"}, {**added, "live": ""}]
    assert ask(lab, gone)[0]["rule"]["state"] == "allowed"
    assert lab.sbc.call("POST", "/v1/reload") == (200, {"reloaded": True})
    assert held(lab, "2002") == [{**row, "live": "2002,suspended,syd-1,2"}, {**added, "live": "2002,allowed,mel-1,3"}]
    assert ask(lab, gone) == [{"number": gone, "rule": None}]
