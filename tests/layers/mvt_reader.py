"""A small reader of vector tiles (version 2), independent of what wrote them: layers, properties, first points."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Feature:
    kind: int
    properties: dict
    points: list[tuple[int, int]]


def read_tile(data: bytes) -> dict[str, list[Feature]]:
    """Return the features of a tile by layer."""
    layers = [_layer(bytes(value)) for number, value in _fields(data) if number == 3]
    return dict(layers)


def _layer(data: bytes) -> tuple[str, list[Feature]]:
    name, keys, values, raw = "", [], [], []
    for number, value in _fields(data):
        if number == 1:
            name = value.decode()
        elif number == 2:
            raw.append(value)
        elif number == 3:
            keys.append(value.decode())
        elif number == 4:
            values.append(_value(value))
    return name, [_feature(item, keys, values) for item in raw]


def _value(data: bytes):
    number, value = next(_fields(data))
    return value.decode() if number == 1 else _zigzag(value) if number == 6 else value


def _feature(data: bytes, keys: list[str], values: list) -> Feature:
    found = dict(_fields(data))
    tags = list(_varints(found.get(2, b"")))
    properties = {keys[tags[i]]: values[tags[i + 1]] for i in range(0, len(tags), 2)}
    return Feature(found[3], properties, _points(list(_varints(found[4]))))


def _points(commands: list[int]) -> list[tuple[int, int]]:
    found, x, y, i = [], 0, 0, 0
    while i < len(commands):
        command, count = commands[i] & 7, commands[i] >> 3
        i += 1
        for _ in range(count if command != 7 else 0):
            x, y = x + _zigzag(commands[i]), y + _zigzag(commands[i + 1])
            found.append((x, y))
            i += 2
    return found


def _zigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _varints(data: bytes):
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0


def _fields(data: bytes):
    i = 0

    def varint() -> int:
        nonlocal i
        value = shift = 0
        while True:
            byte = data[i]
            i += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while i < len(data):
        tag = varint()
        if tag & 7 == 2:
            length = varint()
            yield tag >> 3, data[i : i + length]
            i += length
        elif tag & 7 == 0:
            yield tag >> 3, varint()
        else:
            width = 8 if tag & 7 == 1 else 4
            yield tag >> 3, data[i : i + width]
            i += width
