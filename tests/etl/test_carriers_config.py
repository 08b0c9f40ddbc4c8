"""The file of carriers: what is set up without one, which faults it can have, where secrets come from."""

from __future__ import annotations

import pytest

from etl.carriers.config import read_carriers
from etl.carriers.registry import tried
from geogrid.errors import CarriersInvalid
from geogrid.settings import read_settings
from tests.etl.gateways import delivery, told


def settings(tmp_path, **more):
    return read_settings({"GEOGRID_VAR": str(tmp_path), **more})


def test_without_a_file_a_made_up_district_writes_and_a_real_one_says_that_nothing_is_set_up(tmp_path):
    assert read_carriers(settings(tmp_path), synthetic=True).everything_to == "file"
    real = read_carriers(settings(tmp_path), synthetic=False)
    assert "not set up" in tried(delivery(), real).error


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[pigeon]\n", "pigeon is no carrier"),
        ("[message]\n", "message.url is missing"),
        ('[message]\nurl = "x"\nspeed = 1\n', "message.speed is unknown"),
        ('[message]\nurl = "x"\ntimeout_s = "1"\n', "message.timeout_s"),
        ('everything_to = "file"\n', "everything_to names file"),
        ("[message\n", "at line 1"),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(tmp_path, text, reason):
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(CarriersInvalid, match=reason):
        read_carriers(settings(tmp_path, GEOGRID_CARRIERS=str(path)), synthetic=False)


def test_secrets_come_from_the_environment_or_a_file(tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "sms").write_text("from file\n")
    assert told(tmp_path).secret("sms") == "from file"
    assert told(tmp_path).secret("key") == "s3cret"
    for name in ("../secrets/sms", "none"):
        with pytest.raises(CarriersInvalid):
            told(tmp_path).secret(name)
