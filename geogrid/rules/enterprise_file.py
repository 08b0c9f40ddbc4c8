"""The classes of enterprises from their file, ``data/enterprises.toml``; every fault is named with its line."""

from __future__ import annotations

import re
import tomllib

from geogrid.domain.enterprises import EnterpriseRules
from geogrid.errors import EnterprisesInvalid
from geogrid.errors.family import Reason, Reasons
from geogrid.rules.programme import Fault
from geogrid.rules.reading import BROKEN, Reader
from geogrid.rules.toml_lines import Path, line_of, lines_of

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_DAYS, MOST_VISITS = 3660, 30


def parse_enterprises(text: str, name: str = "enterprises.toml") -> EnterpriseRules:
    """Parse the TOML ``text``; raises EnterprisesInvalid with every fault, each with its line."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        found = Fault(int(line.group(1)) if line else 1, name, Reason("this is no TOML: {error}", error=str(error)))
        raise EnterprisesInvalid(name=name, faults=Reasons([found]), where={"path": name, "line": found.line}) from error
    reader = Reader()
    rules = reader.build(EnterpriseRules, values, ())
    faults = list(reader.faults) + ([] if rules is BROKEN else _faults_of(rules))
    if faults:
        lines = lines_of(text)
        told = sorted((Fault(line_of(lines, path), ".".join(map(str, path)), why) for path, why in faults), key=lambda f: f.line)
        raise EnterprisesInvalid(name=name, faults=Reasons(told), where={"path": name, "line": told[0].line})
    made: EnterpriseRules = rules
    return made


def _faults_of(rules: EnterpriseRules) -> list[tuple[Path, Reason]]:
    faults: list[tuple[Path, Reason]] = []
    seen: set[str] = set()
    if not rules.classes:
        faults.append((("classes",), Reason("there is no class")))
    if not 1 <= rules.visits_a_day <= MOST_VISITS:
        faults.append((("visits_a_day",), Reason("it lies between 1 and {most}", most=MOST_VISITS)))
    for i, one in enumerate(rules.classes):
        if not CODE.fullmatch(one.code):
            faults.append((("classes", i, "code"), Reason("{value} is no code: small letters, digits, _", value=repr(one.code))))
        if one.code in seen:
            faults.append((("classes", i, "code"), Reason("{value} stands twice", value=repr(one.code))))
        seen.add(one.code)
        if not 1 <= one.visit_days <= MOST_DAYS:
            faults.append((("classes", i, "visit_days"), Reason("it lies between 1 and {most}", most=MOST_DAYS)))
    return faults
