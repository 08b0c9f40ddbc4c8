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
from geogrid.domain.outside import BackRule, KindRule, OrderState, OutsideChannel
from geogrid.domain.programmes import Programme
from geogrid.errors import ChannelFileInvalid
from geogrid.errors.family import Reason, Reasons
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
        raise ChannelFileInvalid(name=name, faults=Reasons(found), where={"path": name, "line": found[0].line})
    return channel


def read(text: str, name: str, programme: Programme | None = None) -> tuple[OutsideChannel | None, tuple[Fault, ...]]:
    """Return the channel (None where it cannot be built) and what is wrong with its file, in the order of lines."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        return None, (Fault(int(line.group(1)) if line else 1, name, Reason("this is no TOML: {error}", error=str(error))),)
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


def _faults_of(channel: OutsideChannel, name: str) -> Iterator[tuple[Path, Reason]]:
    if not CODE.fullmatch(channel.code) or name not in {channel.code, f"{channel.code}.toml"}:
        yield ("code",), Reason("{code} is not the name of its file, of small letters, digits and _", code=repr(channel.code))
    if channel.channel in FOR_PEOPLE:
        yield (
            ("channel",),
            Reason("{channel} is for people; a system comes by hotline, department or superior", channel=channel.channel.value),
        )
    try:
        ZoneInfo(channel.time.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield ("time", "zone"), Reason("{value} is no time zone", value=repr(channel.time.zone))
    yield from _kinds(channel)
    yield from _sending(channel)
    for i, rule in enumerate(channel.back):
        yield from _back(rule, ("back", i))
    yield from _answers(channel)


def _kinds(channel: OutsideChannel) -> Iterator[tuple[Path, Reason]]:
    seen: set[str] = set()
    if channel.kinds and not channel.fields.kind:
        yield ("fields",), Reason("kinds are told apart, but no field says which")
    if not channel.kinds and channel.otherwise is None:
        yield (), Reason("neither kinds nor otherwise: no order could be taken")
    for i, rule in enumerate(channel.kinds):
        if not rule.theirs:
            yield ("kinds", i), Reason("theirs is empty")
        for theirs in rule.theirs:
            if theirs in seen:
                yield ("kinds", i, "theirs"), Reason("{value} stands twice", value=repr(theirs))
            seen.add(theirs)


def _sending(channel: OutsideChannel) -> Iterator[tuple[Path, Reason]]:
    if channel.send is None:
        if channel.back:
            yield ("back", 0), Reason("something is to be told, but [send] says not where")
        return
    parts = urlsplit(channel.send.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        yield ("send", "url"), Reason("it begins with https:// and names a host, no password, no question")
    if channel.send.secret and not SECRET.fullmatch(channel.send.secret):
        yield (
            ("send", "secret"),
            Reason("it names a file of var/secrets: small letters, digits, _; the secret itself never stands here"),
        )
    if set(_named(channel.send.value)) - {"secret"}:
        yield ("send", "value"), Reason("only {known} is filled here", known="${secret}")
    if "secret" in _named(channel.send.value) and not channel.send.secret:
        yield ("send", "value"), Reason("{known} is asked for, but secret names no file", known="${secret}")
    if not 1 <= channel.send.time_out_s <= MOST_TIME_OUT_S:
        yield ("send", "time_out_s"), Reason("it lies between 1 and {most}", most=MOST_TIME_OUT_S)
    retry = channel.retry
    limits = {"first_s": (retry.first_s, MOST_WAIT_S), "longest_s": (retry.longest_s, MOST_WAIT_S)}
    for field, (value, most) in {**limits, "most_tries": (retry.most_tries, MOST_TRIES)}.items():
        if not 1 <= value <= most:
            yield ("retry", field), Reason("it lies between 1 and {most}", most=most)


def _back(rule: BackRule, path: Path) -> Iterator[tuple[Path, Reason]]:
    if rule.state is OrderState.RECEIVED:
        yield (*path, "state"), Reason("received is where an order begins; nothing is told of it")
    if rule.method not in METHODS:
        yield (*path, "method"), Reason("{value} is none of {known}", value=rule.method, known=", ".join(METHODS))
    if not rule.path.startswith("/"):
        yield (*path, "path"), Reason("it begins with /")
    if not rule.steps:
        yield (*path, "steps"), Reason("no step calls for it")
    for field in ("path", "body"):
        template = getattr(rule, field)
        if not Template(template).is_valid():
            yield (*path, field), Reason("it is no template: write $$ for a dollar sign")
        elif unknown := sorted(set(_named(template)) - set(PLACEHOLDERS)):
            yield (
                (*path, field),
                Reason("{value} is filled by nothing; known: {known}", value=f"${{{unknown[0]}}}", known=", ".join(PLACEHOLDERS)),
            )


def _answers(channel: OutsideChannel) -> Iterator[tuple[Path, Reason]]:
    answer = channel.answer
    if not answer.field and (answer.accepted or answer.duplicate or answer.refused):
        yield ("answer",), Reason("codes are told apart, but no field says which")
    if answer.field and not answer.accepted:
        yield ("answer", "accepted"), Reason("no code means that it was taken")
    codes = [*answer.accepted, *answer.duplicate, *answer.refused]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield ("answer",), Reason("{value} means two things", value=repr(code))


def _named(template: str) -> list[str]:
    found = Template(template)
    return found.get_identifiers() if found.is_valid() else []


# -- beside its programme ---------------------------------------------------------------------------------------------


def _unlike(channel: OutsideChannel, programme: Programme) -> Iterator[tuple[Path, Reason]]:
    """Give what the programme of the channel does not know."""
    steps = {step.code: step for step in programme.steps}
    categories = {category.code: category for category in programme.categories}
    told: list[str] = []
    for i, rule in enumerate(channel.back):
        for step in rule.steps:
            if step not in steps:
                yield ("back", i, "steps"), Reason("{programme} has no step {step}", programme=programme.code, step=step)
            if step in told:
                yield ("back", i, "steps"), Reason("{step} is told already", step=step)
            told.append(step)
    if channel.again and channel.again not in steps:
        yield ("again",), Reason("{programme} has no step {step}", programme=programme.code, step=channel.again)
    if channel.channel.value not in {rule.code for rule in programme.channels}:
        yield (
            ("channel",),
            Reason("{programme} has no channel {channel}", programme=programme.code, channel=channel.channel.value),
        )
    rules: list[tuple[Path, KindRule]] = [(("kinds", i), rule) for i, rule in enumerate(channel.kinds)]
    rules += [(("otherwise",), channel.otherwise)] if channel.otherwise else []
    for path, kind in rules:
        if kind.category and kind.category not in categories:
            yield (
                (*path, "category"),
                Reason("{programme} has no category {category}", programme=programme.code, category=kind.category),
            )
        elif kind.category and categories[kind.category].kind is not kind.kind:
            yield (
                (*path, "category"),
                Reason("{category} is of kind {kind}", category=kind.category, kind=categories[kind.category].kind.value),
            )
