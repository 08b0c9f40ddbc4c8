"""Which passwords are taken: forty of them under two policies; and codes of one time against the standard's own table."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from geogrid.rules.one_time import accepted_step, address_of, base32, code_of, step_at
from geogrid.rules.passwords import weakness

# password, taken by asvs, taken by mlps3. The login is "wang.xiaoming", the name 王小明.
FORTY = [
    ("", False, False),
    ("a", False, False),
    ("short-1A", False, False),
    ("Tr7!kw9Qz", False, False),
    ("Tr7!kw9Qzp", False, True),
    ("Tr7!kw9Qzp2m", True, True),
    ("correct horse battery staple", True, False),
    ("Correct horse battery staple", True, True),
    ("七里河边散步的黄昏很安静", True, False),
    ("七里河边散步的黄昏很安静Ab", True, True),
    ("purple-teapot-under-stairs", True, False),
    ("Purple-teapot-under-stairs", True, True),
    ("vbnmsdfg8246kx", True, False),
    ("Vbnmsdfg8246kx", True, True),
    ("password", False, False),
    ("password1234", False, False),
    ("Password1234!", False, False),
    ("P@ssw0rd2025", False, False),
    ("passw0rdpassw0rd", False, False),
    ("admin", False, False),
    ("Administrator1!", False, False),
    ("adminadminadmin", False, False),
    ("123456789012", False, False),
    ("Abcdefghijkl1", False, False),
    ("qwertyuiop12", False, False),
    ("Qwertyuiop1234!", False, False),
    ("1qaz2wsx3edc", False, False),
    ("1qaz@WSX3edc", False, False),
    ("aaaaaaaaaaaa", False, False),
    ("abababababab", False, False),
    ("Ab1!Ab1!Ab1!", False, False),
    ("wang.xiaoming", False, False),
    ("Wangxiaoming1!", False, False),
    ("王小明王小明王小明王小明", False, False),
    ("Hulan20250618", False, False),
    ("woaini5201314", False, False),
    ("geogrid-geogrid", False, False),
    ("Letmein!Letmein!", False, False),
    ("Kq" + "7!bT" * 31 + "xy", True, True),
    ("Kq7!bTz" * 30, False, False),
]


@pytest.mark.parametrize("policy", ["asvs", "mlps3"])
def test_forty_passwords_under_two_policies(policy):
    assert len(FORTY) == 40
    column = {"asvs": 1, "mlps3": 2}[policy]
    wrong = [
        (row[0], weakness(row[0], policy=policy, login="wang.xiaoming", name="王小明"))
        for row in FORTY
        if (not weakness(row[0], policy=policy, login="wang.xiaoming", name="王小明")) != row[column]
    ]
    assert not wrong


def test_codes_equal_the_table_of_rfc_6238():
    secret = b"12345678901234567890"
    table = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
    for at, code in table.items():
        assert code_of(secret, step_at(datetime.fromtimestamp(at, UTC))) == code


def test_a_code_counts_one_step_around_now_and_once():
    secret, at = b"12345678901234567890", datetime(2025, 6, 18, 7, 0, tzinfo=UTC)
    now = step_at(at)
    for step in range(now - 3, now + 4):
        expected = step if abs(step - now) <= 1 else None
        assert accepted_step(secret, code_of(secret, step), at=at, last_step=0) == expected
    assert accepted_step(secret, code_of(secret, now), at=at, last_step=now) is None
    assert accepted_step(secret, code_of(secret, now - 1), at=at, last_step=now) is None
    for odd in ("", "12345", "١٢٣٤٥٦", "abcdef", "0" * 40, "\x00"):
        assert accepted_step(secret, odd, at=at, last_step=0) is None


def test_the_address_is_what_apps_read():
    address = address_of(b"12345678901234567890", login="王.a", issuer="geogrid")
    assert address == (
        "otpauth://totp/geogrid%3A%E7%8E%8B.a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=geogrid&digits=6&period=30"
    )
    assert base32(b"12345678901234567890").isalnum()
