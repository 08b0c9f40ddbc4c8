"""Keys of other systems and tokens of walls: shown once, never listed, ended by time or by hand; bound to who asks from where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from geogrid.actions import accounts, keys
from geogrid.actions.accounts import SETUP_KEY, NewAccount
from geogrid.domain.people import Post, Role
from geogrid.errors import AccountInvalid, LoginTaken, NotFoundError
from geogrid.store import keys as stored
from geogrid.store import people
from tests.build_district import NOW, TOWNSHIP_A

DISTRICT = "999901000000"
AT = datetime(2025, 6, 18, 7, 0, tzinfo=UTC)
OFFICER = (Post(Role.OFFICER, unit=DISTRICT),)


@pytest.fixture
def program(session) -> people.Person:
    keys.add_program(session, "Hotline", "热线系统", OFFICER, now=NOW, at=AT, by="test")
    return people.by_login(session, "hotline", now=NOW)


def make(session, program, name="hotline-1", **more) -> keys.Made:
    return keys.make_key(session, program, name=name, at=AT, by="test", **more)


def test_a_program_has_no_password_and_its_key_stands_nowhere_in_the_database(session, program):
    made = make(session, program)
    assert program.integration and not program.must_change
    rows = session.execute(text("SELECT people::text FROM people UNION ALL SELECT api_keys::text FROM api_keys")).all()
    assert made.secret not in str(rows) and made.secret not in repr(made)
    assert made.secret not in str(stored.list_keys(session))
    found = stored.find_key(session, made.secret, now=NOW)
    assert (found.name, people.posts_of(found.held), found.expires_at) == ("hotline-1", OFFICER, AT + timedelta(days=365))
    assert stored.find_key(session, made.secret + "x", now=NOW) is None


def test_a_key_ends_with_its_day_its_revocation_or_its_account(session, program):
    made = make(session, program, days=1)

    def state(at: datetime) -> str:
        return keys.state_of(stored.find_key(session, made.secret, now=NOW), at=at)

    assert state(AT + timedelta(hours=23, minutes=59)) == "in use"
    assert state(AT + timedelta(days=1)) == "ended"
    accounts.disable(session, program, at=AT)
    assert state(AT) == "disabled"
    accounts.enable(session, program)
    assert keys.revoke_key(session, "hotline-1", at=AT) == program.id
    assert state(AT) == "revoked"
    with pytest.raises(NotFoundError):
        keys.revoke_key(session, "hotline-1", at=AT)


def test_a_key_of_another_program_is_not_revoked_by_its_name_alone(session, program):
    make(session, program)
    other = keys.add_program(session, "other", "其他系统", OFFICER, now=NOW, at=AT, by="test")
    with pytest.raises(NotFoundError):
        keys.revoke_key(session, "hotline-1", at=AT, person_id=other)


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "a b"}, {"name": "x" * 61}, {"name": SETUP_KEY}, {"days": 0}, {"days": 1097}, {"days": -1}]
)
def test_what_cannot_be_kept_is_refused(session, program, wrong):
    with pytest.raises(AccountInvalid):
        make(session, program, **wrong)
    assert stored.list_keys(session) == []


def test_a_name_is_one_key_s_for_good(session, program):
    """The audit names keys by their names: one that came back would answer for what another did."""
    make(session, program)
    keys.revoke_key(session, "hotline-1", at=AT)
    with pytest.raises(AccountInvalid, match="had, this name"):
        make(session, program)


def test_people_get_no_key_and_programs_no_post_that_asks_for_a_second_factor(session, program):
    new = NewAccount("li.na", "李娜", OFFICER, password="correct horse battery")
    accounts.create(session, new, now=NOW, at=AT, by="test")
    with pytest.raises(AccountInvalid, match="keys are for programs"):
        make(session, people.by_login(session, "li.na", now=NOW))
    for role in (Role.ADMINISTRATOR, Role.PLANNER):
        posts = (Post(role, unit=DISTRICT),)
        with pytest.raises(AccountInvalid, match="second factor"):
            keys.add_program(session, "p2", "系统", posts, now=NOW, at=AT, by="test")
        with pytest.raises(AccountInvalid, match="second factor"):
            accounts.set_posts(session, program, posts, now=NOW, by="test")
    with pytest.raises(LoginTaken):
        keys.add_program(session, "hotline", "系统", OFFICER, now=NOW, at=AT, by="test")


def test_the_last_use_is_written_down_at_most_once_a_minute(session, program):
    made = make(session, program)

    def used_after(at: datetime) -> datetime | None:
        stored.use_key(session, made.secret, at=at)
        return stored.find_key(session, made.secret, now=NOW).used_at

    assert used_after(AT) == AT
    assert used_after(AT + timedelta(seconds=59)) == AT
    assert used_after(AT + timedelta(seconds=61)) == AT + timedelta(seconds=61)


# -- tokens of screens on a wall --------------------------------------------------------------------------------------


def token(session, name="lobby", **more) -> keys.Made:
    return keys.make_token(session, name=name, **{"unit": TOWNSHIP_A, "at": AT, "by": "test", **more})


def test_a_token_is_found_until_it_ends_or_is_revoked_and_never_listed(session):
    made = token(session, days=2)
    assert made.secret not in str(stored.list_tokens(session)) + str(
        session.execute(text("SELECT wall_tokens::text FROM wall_tokens")).all()
    )
    found = stored.find_token(session, made.secret, at=AT)
    assert (found.view, found.unit, found.network) == ("map", TOWNSHIP_A, "")
    assert stored.find_token(session, made.secret, at=AT + timedelta(days=2)) is None
    keys.revoke_token(session, "lobby", at=AT)
    assert stored.find_token(session, made.secret, at=AT) is None
    with pytest.raises(NotFoundError):
        keys.revoke_token(session, "lobby", at=AT)


@pytest.mark.parametrize(
    "wrong", [{"unit": "12"}, {"unit": ""}, {"network": "here"}, {"network": "10.0.0.0/40"}, {"days": 0}, {"name": " "}]
)
def test_a_token_that_cannot_be_kept_is_refused(session, wrong):
    with pytest.raises(AccountInvalid):
        token(session, **wrong)
    assert stored.list_tokens(session) == []


@pytest.mark.parametrize(
    ("network", "address", "may"),
    [("", "203.0.113.9", True), ("", "", True), ("10.1.2.7", "10.1.2.7", True), ("10.1.2.7", "10.1.2.8", False),
     ("10.1.2.0/24", "10.1.2.200", True), ("10.1.2.0/24", "10.1.3.1", False), ("10.1.2.0/24", "::ffff:10.1.2.9", True),
     ("10.1.2.0/24", "::1", False), ("fd00::/8", "fd12::1", True), ("fd00::/8", "10.1.2.1", False),
     ("10.1.2.0/24", "", False), ("10.1.2.0/24", "unix:", False)],
)  # fmt: skip
def test_a_bound_token_is_taken_from_its_network_alone(session, network, address, may):
    token(session, network=network)
    (row,) = stored.list_tokens(session)
    assert keys.may_ask_from(row.network, address) is may
