"""Outside channels from their files: ``data/channels/<code>.toml`` to :class:`~geogrid.domain.outside.OutsideChannel`.

One file says everything of a channel but its secret. Every fault is named with its line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from string import Template
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from geogrid.domain.events import Channel
from geogrid.domain.outside import BackRule, OrderState, OutsideChannel
from geogrid.domain.programmes import Programme
from geogrid.errors import ChannelFileInvalid
from geogrid.rules.programme import Fault
from geogrid.rules.reading import BROKEN, Reader
from geogrid.rules.toml_lines import Path, line_of, lines_of

CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
SECRET = re.compile(r"[a-z_][a-z0-9_]{0,59}")
METHODS = ("POST", "PUT", "PATCH")
MOST_TRIES, MOST_WAIT_S, MOST_TIME_OUT_S = 50, 86_400, 60
# What a path and a body may name.
PLACEHOLDERS = ("number", "event", "round", "step", "words", "at", "unit")
FOR_PEOPLE = frozenset({Channel.PATROL, Channel.ONLINE, Channel.WALK_IN, Channel.WINDOW})


def parse_channel(text: str, name: str, programme: Programme | None = None) -> OutsideChannel:
    """Parse the TOML ``text`` of an outside channel.

    Parameters
    ----------
    name : that of the file, "12345.toml": the channel's code, and what faults are told by
    programme : under which its matters are opened; None: its steps and categories are not compared with any

    Raises
    ------
    ChannelFileInvalid
        with every fault, each with its line
    """
    channel, found = read(text, name, programme)
    if channel is None or found:
        listed = "; ".join(str(fault) for fault in found)
        raise ChannelFileInvalid(name=name, faults=listed, where={"path": name, "line": found[0].line})
    return channel


def read(text: str, name: str, programme: Programme | None = None) -> tuple[OutsideChannel | None, tuple[Fault, ...]]:
    """Return the channel (None where it cannot be built) and what is wrong with its file, in the order of lines."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        return None, (Fault(int(line.group(1)) if line else 1, name, str(error)),)
    reader = Reader()
    built = reader.build(OutsideChannel, values, ())
    faults, channel = list(reader.faults), None if built is BROKEN else built
    if channel is not None:
        faults += _faults_of(channel, name)
        faults += _unlike(channel, programme) if programme else []
    lines = lines_of(text)
    found = {Fault(line_of(lines, path), _shown(path), reason) for path, reason in faults}
    return channel, tuple(sorted(found, key=lambda fault: (fault.line, fault.path, fault.reason)))


def _shown(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "file"


# -- the file by itself -----------------------------------------------------------------------------------------------


def _faults_of(channel: OutsideChannel, name: str) -> Iterator[tuple[Path, str]]:
    if not CODE.fullmatch(channel.code) or name not in {channel.code, f"{channel.code}.toml"}:
        yield ("code",), f"{channel.code!r} is not the name of its file, of small letters, digits and _"
    if channel.channel in FOR_PEOPLE:
        yield ("channel",), f"{channel.channel.value} is for people; a system comes by hotline, department or superior"
    try:
        ZoneInfo(channel.time.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield ("time", "zone"), f"{channel.time.zone!r} is no time zone"
    yield from _kinds(channel)
    yield from _sending(channel)
    for i, rule in enumerate(channel.back):
        yield from _back(rule, ("back", i))
    yield from _answers(channel)


def _kinds(channel: OutsideChannel) -> Iterator[tuple[Path, str]]:
    seen: set[str] = set()
    if channel.kinds and not channel.fields.kind:
        yield ("fields",), "kinds are told apart, but no field says which"
    if not channel.kinds and channel.otherwise is None:
        yield (), "neither kinds nor otherwise: no order could be taken"
    for i, rule in enumerate(channel.kinds):
        if not rule.theirs:
            yield ("kinds", i), "theirs is empty"
        for theirs in rule.theirs:
            if theirs in seen:
                yield ("kinds", i, "theirs"), f"{theirs!r} stands twice"
            seen.add(theirs)


def _sending(channel: OutsideChannel) -> Iterator[tuple[Path, str]]:
    if channel.send is None:
        if channel.back:
            yield ("back", 0), "something is to be told, but [send] says not where"
        return
    parts = urlsplit(channel.send.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        yield ("send", "url"), "it begins with https:// and names a host, no password, no question"
    if channel.send.secret and not SECRET.fullmatch(channel.send.secret):
        yield (
            ("send", "secret"),
            "it names a file of var/secrets: small letters, digits, _; the secret itself never stands here",
        )
    if set(_named(channel.send.value)) - {"secret"}:
        yield ("send", "value"), "only ${secret} is filled here"
    if "secret" in _named(channel.send.value) and not channel.send.secret:
        yield ("send", "value"), "${secret} is asked for, but secret names no file"
    if not 1 <= channel.send.time_out_s <= MOST_TIME_OUT_S:
        yield ("send", "time_out_s"), f"it lies between 1 and {MOST_TIME_OUT_S}"
    retry = channel.retry
    limits = {"first_s": (retry.first_s, MOST_WAIT_S), "longest_s": (retry.longest_s, MOST_WAIT_S)}
    for field, (value, most) in {**limits, "most_tries": (retry.most_tries, MOST_TRIES)}.items():
        if not 1 <= value <= most:
            yield ("retry", field), f"it lies between 1 and {most}"


def _back(rule: BackRule, path: Path) -> Iterator[tuple[Path, str]]:
    if rule.state is OrderState.RECEIVED:
        yield (*path, "state"), "received is where an order begins; nothing is told of it"
    if rule.method not in METHODS:
        yield (*path, "method"), f"{rule.method} is none of {', '.join(METHODS)}"
    if not rule.path.startswith("/"):
        yield (*path, "path"), "it begins with /"
    if not rule.steps:
        yield (*path, "steps"), "no step calls for it"
    for field in ("path", "body"):
        template = getattr(rule, field)
        if not Template(template).is_valid():
            yield (*path, field), "it is no template: write $$ for a dollar sign"
        elif unknown := sorted(set(_named(template)) - set(PLACEHOLDERS)):
            yield (*path, field), f"${{{unknown[0]}}} is filled by nothing; known: {', '.join(PLACEHOLDERS)}"


def _answers(channel: OutsideChannel) -> Iterator[tuple[Path, str]]:
    answer = channel.answer
    if not answer.field and (answer.accepted or answer.duplicate or answer.refused):
        yield ("answer",), "codes are told apart, but no field says which"
    if answer.field and not answer.accepted:
        yield ("answer", "accepted"), "no code means that it was taken"
    codes = [*answer.accepted, *answer.duplicate, *answer.refused]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield ("answer",), f"{code!r} means two things"


def _named(template: str) -> list[str]:
    found = Template(template)
    return found.get_identifiers() if found.is_valid() else []


# -- beside its programme ---------------------------------------------------------------------------------------------


def _unlike(channel: OutsideChannel, programme: Programme) -> Iterator[tuple[Path, str]]:
    """Give what the programme of the channel does not know."""
    steps = {step.code: step for step in programme.steps}
    categories = {category.code: category for category in programme.categories}
    told: list[str] = []
    for i, rule in enumerate(channel.back):
        for step in rule.steps:
            if step not in steps:
                yield ("back", i, "steps"), f"{programme.code} has no step {step}"
            if step in told:
                yield ("back", i, "steps"), f"{step} is told already"
            told.append(step)
    if channel.again and channel.again not in steps:
        yield ("again",), f"{programme.code} has no step {channel.again}"
    if channel.channel.value not in {rule.code for rule in programme.channels}:
        yield ("channel",), f"{programme.code} has no channel {channel.channel.value}"
    rules = [(("kinds", i), rule) for i, rule in enumerate(channel.kinds)]
    rules += [(("otherwise",), channel.otherwise)] if channel.otherwise else []
    for path, kind in rules:
        if kind.category and kind.category not in categories:
            yield (*path, "category"), f"{programme.code} has no category {kind.category}"
        elif kind.category and categories[kind.category].kind is not kind.kind:
            yield (*path, "category"), f"{kind.category} is of kind {categories[kind.category].kind.value}"
