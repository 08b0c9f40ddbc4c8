"""Lines of TOML: a fault stands where a person looks for it."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.rules.toml_lines import line_of, lines_of

TEXT = '''# a comment with [[brackets]] and key = 1
code = "x"   # [table]
title = { zh = "一 [二", en = "a = b" }

[working_time]
hours = [
    "08:30-12:00",  # a comment ] in an array
    ["nested"],
]
day_ends = "17:00"

[[clocks]]
code = "one"
[clocks.lights]
staff = { running = "green" }

[[clocks]]  # the second
code = """
[[clocks]]
code = "not a key"
"""
"quoted key" = 1
dotted.key = 2
[clocks.lights]
staff = 1
[[forms]]
[[forms.fields]]
code = "a"
[[forms.fields]]
code = "b"
'''
PLACES = {
    ("code",): 2,
    ("title",): 3,
    ("title", "zh"): 3,
    ("working_time",): 5,
    ("working_time", "hours"): 6,
    ("working_time", "hours", 1): 6,
    ("working_time", "day_ends"): 10,
    ("clocks", 0): 12,
    ("clocks", 0, "code"): 13,
    ("clocks", 0, "lights", "staff"): 15,
    ("clocks", 1): 17,
    ("clocks", 1, "code"): 18,
    ("clocks", 1, "quoted key"): 22,
    ("clocks", 1, "dotted", "key"): 23,
    ("clocks", 1, "lights"): 24,
    ("forms", 0, "fields", 0, "code"): 28,
    ("forms", 0, "fields", 1, "code"): 30,
    ("nowhere",): 1,
}


@pytest.mark.parametrize(("path", "line"), PLACES.items(), ids=str)
def test_a_place_has_its_line(path, line):
    tomllib.loads(TEXT)
    assert line_of(lines_of(TEXT), path) == line


KEY = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
VALUE = st.sampled_from(['"x"', "1", "[1, 2]", "[\n 1,\n 2,\n]", '"""\n[a]\nb = 1\n"""', "{ a = 1 }", "'#'", '"\\" ["'])


@given(tables=st.lists(st.tuples(KEY, st.dictionaries(KEY, VALUE, min_size=1, max_size=4)), min_size=1, max_size=6))
def test_every_key_of_every_table_in_an_array_has_the_line_it_was_written_on(tables):
    """Tables of random names and values, written down with the line of each key noted."""
    lines, places, numbers = list[str](), dict[tuple, int](), dict[str, int]()
    for name, values in tables:
        number = numbers[name] = numbers.get(name, -1) + 1
        lines += f"[[{name}]]".split("\n")
        places[(name, number)] = len(lines)
        for key, value in values.items():
            places[(name, number, key)] = len(lines) + 1
            lines += f"{key} = {value}".split("\n")
    text = "\n".join(lines)
    tomllib.loads(text)
    found = lines_of(text)
    assert {path: line_of(found, path) for path in places} == places
