"""A chain of seals notices every change of its records but a cut end; a head kept outside notices that too."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from geogrid.rules.chain import Head, Verifier, canonical, sealed

RECORDS = [
    {"id": i, "at": datetime(2025, 6, 18, 9, i, tzinfo=UTC), "actor": "person:甲", "details": {"n": i}} for i in range(1, 9)
]


def verified(chain, heads=()):
    verifier = Verifier(heads)
    for seal, record in chain:
        if not verifier.follow(seal, record):
            break
    return verifier.end()


def chain_of(records=RECORDS):
    return list(zip(sealed(None, records), records, strict=True))


def test_an_untouched_chain_holds_however_it_was_sealed():
    assert verified(chain_of()) is None
    first = sealed(None, RECORDS[:3])
    then = sealed(Head(first[-1].seq, first[-1].hash), RECORDS[3:])
    assert [*first, *then] == sealed(None, RECORDS)


@pytest.mark.parametrize(("tamper", "seq", "record_id"), [
    (lambda c: [*c[:3], (c[3][0], {**c[3][1], "actor": "person:乙"}), *c[4:]], 4, 4),
    (lambda c: [*c[:3], (c[3][0], {**c[3][1], "details": {"n": 5}}), *c[4:]], 4, 4),
    (lambda c: [*c[:3], (c[3][0], None), *c[4:]], 4, 4),
    (lambda c: c[:3] + c[4:], 4, None),
    (lambda c: [*c[:2], (c[2][0], c[3][1]), (c[3][0], c[2][1]), *c[4:]], 3, 3),
    (lambda c: [*c[:3], (replace(c[3][0], hash=bytes(32)), c[3][1]), *c[4:]], 4, 4),
    (lambda c: c[1:], 1, None),
])  # fmt: skip
def test_the_first_bad_record_is_named(tamper, seq, record_id):
    broken = verified(tamper(chain_of()))
    assert broken is not None
    assert (broken.seq, broken.record_id) == (seq, record_id)


def test_a_cut_end_and_a_chain_written_anew_are_seen_by_a_head_kept_outside():
    chain = chain_of()
    kept = Head(8, chain[-1][0].hash)
    assert verified(chain[:5]) is None
    assert verified(chain[:5], [kept]).reason == "the end of the chain was cut off"
    anew = chain_of([{**record, "actor": "person:乙"} for record in RECORDS])
    assert verified(anew) is None
    assert verified(anew, [kept]).seq == 8


def test_the_same_instant_in_another_zone_is_the_same_record():
    shanghai = timezone(timedelta(hours=8))
    moved = [{**record, "at": record["at"].astimezone(shanghai)} for record in RECORDS]
    assert [canonical(record) for record in moved] == [canonical(record) for record in RECORDS]
