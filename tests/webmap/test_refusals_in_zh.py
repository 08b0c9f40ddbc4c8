"""What is refused is told to a Chinese reader in Chinese: no sentence of a library reaches anybody through any route."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from geogrid import errors
from geogrid.domain.people import Role
from geogrid.settings import ROOT
from geogrid.texts import catalogue
from tests.build_district import IN_A1
from tests.build_installation import DISTRICT, payload
from tests.webmap.test_matrix import OF_AN_EVENT, ROUTES
from webmap.api.query_faults import DAY, KINDS, OTHER, SENTENCES, TIME
from webmap.errors import SAID

ZH = {"Accept-Language": "zh-CN", "Accept": "application/json"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Two words of letters side by side: no code, name of a field or list of codes that a message repeats is written so.
ENGLISH = re.compile(r"[A-Za-z]{2,} [A-Za-z']{2,}")
ALERT = re.compile(r'<(\w+)[^>]*role="alert"[^>]*>(.*?)</\1>', re.DOTALL)
NAMED = ("WGS 84", "U+0000", "CGCS2000", "GCJ-02", "BD-09")  # names that are the same in every language
SAMPLES = ROUTES | OF_AN_EVENT
BROKEN = (b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe{}", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"[" * 40, b'{"zz": 1}', b"{}")
# These need a login of their own, or end the one that asks.
APART = {"/logout", "/login", "/login/code", "/account/sessions", "/account/password", "/account/second-factor"}
WRONG: tuple[Any, ...] = (None, [{}], {"x": {}}, True, -1, 10**30, 1.5, "", "x" * 5000, "a\0b", "nonesuch", ["\ud800"])


@pytest.fixture(scope="module")
def asking(shared):
    """A commander, an administrator and a dispute: paths of matters name it."""
    readers = [shared.login_as(role, unit=DISTRICT) for role in (Role.COMMANDER, Role.ADMINISTRATOR)]
    event = readers[0].post("/api/v1/events", json=payload(IN_A1, kind="dispute")).get_json()
    return readers, {"{event}": event["id"], "{number}": event["number"]}


def path_of(name: tuple[str, str], named: dict[str, str]) -> str:
    path = SAMPLES[name].path.partition("?")[0]
    for mark, value in named.items():
        path = path.replace(mark, value)
    return path


def told(answer) -> str:
    """What an answer says to a reader; nothing where it refused nothing."""
    if answer.status_code < 400:
        return ""
    body = answer.get_json(silent=True)
    said = str(body["message"]) if body else " ".join(words for _, words in ALERT.findall(answer.text))
    for name in NAMED:
        said = said.replace(name, "")
    return said


def is_told_in_zh(said: str) -> bool:
    return not said or (CHINESE.search(said) is not None and ENGLISH.search(said) is None)


def refusals(asking, name: tuple[str, str], **sent: Any) -> Iterator[tuple[int, str]]:
    readers, named = asking
    for reader in readers:
        headers = ZH | sent.get("headers", {})
        more = {key: value for key, value in sent.items() if key != "headers"}
        answer = reader.open(path_of(name, named), method=name[0], headers=headers, **more)
        yield answer.status_code, told(answer)
        if answer.status_code != 403:
            return


def english(asking, name, **sent: Any) -> list[tuple[Any, ...]]:
    return [(name, code, said) for code, said in refusals(asking, name, **sent) if not is_told_in_zh(said) or code == 500]


WRITES = sorted(name for name in SAMPLES if name[0] in {"POST", "PUT", "DELETE"} and name[1] not in APART)
READS = sorted(name for name in SAMPLES if name[0] == "GET" and name[1] not in APART)


@pytest.mark.parametrize("name", WRITES, ids=" ".join)
def test_bodies_that_are_none(asking, name):
    found = []
    for body in BROKEN:
        found += english(asking, name, data=body, content_type="application/json")
    found += english(asking, name, data=b"<x/>", content_type="text/xml")
    found += english(asking, name, data={"do": "nonesuch", "month": "x", "kind": "x", "state": "x", "key": "x"})
    assert found == []


def described(shared) -> dict[str, Any]:
    return shared.guest().get("/api/v1/openapi.json").get_json()


def operations(described: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The operations of the API by method and path with its variables emptied, as ``shape`` empties those of a rule."""
    return {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path)): one
        for path, ways in described["paths"].items()
        for method, one in ways.items()
    }


def shape(rule: str) -> str:
    return re.sub(r"<[^>]*>", "{}", rule)


def plain(schema: dict[str, Any], schemas: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed, the first of several ways taken."""
    while "$ref" in schema or "anyOf" in schema or "allOf" in schema:
        if "$ref" in schema:
            last = schema["$ref"].rsplit("/", 1)[-1]
            schema = held.get("$defs", {}).get(last) or schemas.get(last, {})
        else:
            schema = (schema.get("anyOf") or schema["allOf"])[0]
    return schema


def fitting(schema: dict[str, Any], schemas: dict[str, Any], held: dict[str, Any]) -> Any:
    schema = plain(schema, schemas, held)
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("format") == "uuid":
        return str(uuid4())
    if schema.get("format") == "date-time":
        return "2025-06-18T15:00:00+08:00"
    if schema.get("format") == "date":
        return "2025-06-18"
    return {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}.get(schema.get("type", ""), "说明")


def bodies(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """For each field of a body each wrong value, the other fields fitting; and the body without the field."""
    whole = plain(schema, schemas, schema)
    fields = whole.get("properties", {})
    good = {name: fitting(one, schemas, schema) for name, one in fields.items() if name in whole.get("required", ())}
    for name in fields:
        yield {other: value for other, value in good.items() if other != name}
        for wrong in WRONG:
            yield good | {name: wrong}


API_WRITES = [name for name in WRITES if name[1].startswith("/api/")]


@pytest.mark.parametrize("name", API_WRITES, ids=" ".join)
def test_fields_of_bodies_that_are_wrong(shared, asking, name):
    whole = described(shared)
    content = operations(whole)[name[0], shape(name[1])].get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        pytest.skip("takes no JSON")
    schemas, found = whole.get("components", {}).get("schemas", {}), []
    for body in bodies(content["application/json"]["schema"], schemas):
        found += english(asking, name, data=json.dumps(body), content_type="application/json")
    assert found == []


API_READS = [name for name in READS if name[1].startswith("/api/") and "/docs" not in name[1]]


@pytest.mark.parametrize("name", API_READS, ids=" ".join)
def test_parameters_that_are_wrong(shared, asking, name):
    one, found = operations(described(shared)).get((name[0], shape(name[1])), {}), []
    for parameter in (p["name"] for p in one.get("parameters", ()) if p["in"] == "query"):
        for wrong in ("", "x" * 3000, "-1", "9" * 30, "nonesuch", "a\0b"):
            found += english(asking, name, query_string={parameter: wrong, "lang": "zh"})
    found += english(asking, name, query_string={"nonesuch": "1"})
    assert found == []


PARAMETERS = """q day first last month period by part paper after since department reading as_of edition window programme unit
year kind before purpose order state"""


@pytest.mark.parametrize("name", [name for name in READS if not name[1].startswith("/api/")], ids=" ".join)
def test_addresses_of_pages_that_are_wrong(asking, name):
    found = []
    for wrong in ("nonesuch", "9" * 30):
        for parameter in PARAMETERS.split():
            found += english(asking, name, query_string={parameter: wrong})
    assert found == []


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere", "/api/v1/events/x", "/ledger/nowhere"])
def test_what_is_not_there(asking, path):
    (commander, _), _ = asking
    for method in ("GET", "PATCH", "DELETE", "POST", "TRACE"):
        answer = commander.open(path, method=method, headers=ZH)
        assert answer.status_code >= 400 and is_told_in_zh(told(answer)), (method, answer.text)


def test_a_body_too_large_a_strange_host_and_who_is_nobody(small):
    """On an installation of its own: what the others ask of theirs counts against one address."""
    commander = small.client()
    for answer, status in (
        (commander.post("/api/v1/events", data=b" " * 20_000_000, content_type="application/json", headers=ZH), 413),
        (commander.get("/health", headers=ZH | {"Host": "elsewhere.example"}), 400),
        (small.guest().get("/api/v1/events", headers=ZH), 401),
        (small.guest().post("/login", headers=ZH | {"Sec-Fetch-Site": "cross-site"}), 403),
    ):
        assert answer.status_code == status and is_told_in_zh(told(answer)), answer.text


def test_every_kind_of_fault_has_its_chinese():
    known = catalogue("zh")
    said = {*SENTENCES.values(), *KINDS.values(), *SAID.values(), DAY, TIME, OTHER}
    assert [sentence for sentence in sorted(said) if (None, sentence) not in known] == []


# -- what code says -----------------------------------------------------------------------------------------------------


def said_in(words: ast.JoinedStr) -> Iterator[str]:
    """What an f-string says by itself."""
    yield from (str(part.value) for part in words.values if isinstance(part, ast.Constant))


def said_by(path) -> Iterator[tuple[int, str]]:
    """Lines that raise an error with a reason whose words no catalogue has."""
    known = {message for _, message in catalogue("zh")}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name == "Reason" and node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value not in known:
            yield node.lineno, str(node.args[0].value)
        cls = getattr(errors, name, None)
        if not (isinstance(cls, type) and issubclass(cls, errors.GeogridError)) or issubclass(cls, UNREAD):
            continue
        for value in (keyword.value for keyword in node.keywords if keyword.arg in cls.worded):
            for one in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
                if isinstance(one, ast.Constant) and re.search("[a-z]{3}", str(one.value)) and one.value not in known:
                    yield node.lineno, str(one.value)
                if isinstance(one, ast.JoinedStr) and re.search("[a-z]{2}", "".join(said_in(one))):
                    yield node.lineno, ast.unparse(one)


# Told on a terminal to who runs the platform, or about files of geography: they name paths, columns and commands.
UNREAD = (errors.SetupError, errors.FrameInvalid, errors.OptionInvalid, errors.GeometryError, errors.AssetUnavailable)
SPOKEN = ("webmap", "layers", "geogrid/actions", "geogrid/rules", "geogrid/channels", "geogrid/store")
FILES = sorted(path for room in SPOKEN for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_reason_that_code_gives_has_its_chinese(path):
    """A reason is a sentence of the catalogue, with values as ``Reason("...", name=value)``: an f-string has no translation."""
    assert list(said_by(path)) == []
