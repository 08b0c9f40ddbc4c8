"""Encrypted connections: the local authority, what is refused, and a real server asked over TLS."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from geogrid.errors import SetupError
from geogrid.settings import read_settings
from tests.build_installation import HERE, free_port, running, small_installation
from webmap.tls import make_local, probe_context, tls_of

NOW = datetime.now(UTC)


def settings(tmp_path, **more):
    return read_settings({"GEOGRID_VAR": str(tmp_path), **more})


def test_a_certificate_is_made_once_renewed_in_time_and_its_keys_are_nobodys_elses(tmp_path):
    first = make_local(tmp_path, ["grid.example", "10.1.2.3"], now=NOW)
    assert {"localhost", "127.0.0.1", "::1", "grid.example", "10.1.2.3"} <= set(first.names)
    before = first.cert.read_bytes()
    make_local(tmp_path, ["grid.example"], now=NOW + timedelta(days=300))
    assert first.cert.read_bytes() == before
    authority = (tmp_path / "authority.crt").read_bytes()
    make_local(tmp_path, ["grid.example"], now=NOW + timedelta(days=380))
    assert first.cert.read_bytes() != before
    assert (tmp_path / "authority.crt").read_bytes() == authority
    for name in ("server.key", "authority.key"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_new_name_is_signed_for(tmp_path):
    make_local(tmp_path, [], now=NOW)
    assert "other.example" in make_local(tmp_path, ["other.example"], now=NOW).names


def test_what_cannot_be_used_is_refused_with_what_to_do(tmp_path):
    made = make_local(tmp_path / "tls", [], now=NOW)
    good = {"GEOGRID_TLS_CERT": str(made.cert), "GEOGRID_TLS_KEY": str(made.key)}
    assert tls_of(settings(tmp_path)) is None
    assert "localhost" in tls_of(settings(tmp_path, **good)).names
    other = make_local(tmp_path / "other", [], now=NOW)
    old = make_local(tmp_path / "old", [], now=NOW - timedelta(days=500))
    broken = [
        {**good, "GEOGRID_TLS_CERT": str(tmp_path / "none")},
        {**good, "GEOGRID_TLS_KEY": ""},
        {**good, "GEOGRID_TLS_KEY": str(other.key)},
        {"GEOGRID_TLS_CERT": str(old.cert), "GEOGRID_TLS_KEY": str(old.key)},
    ]
    for told in broken:
        with pytest.raises(SetupError):
            tls_of(settings(tmp_path, **told))
    made.key.chmod(0o644)
    with pytest.raises(SetupError, match="others can read"):
        tls_of(settings(tmp_path, **good))


def answered(address: str, trust, process, seconds: float = 60.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, process.stderr.read()
        try:
            return urllib.request.urlopen(address, timeout=5, context=trust)
        except urllib.error.HTTPError as error:
            return error
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{address} did not answer")


def test_pages_and_stream_are_served_encrypted_and_cookies_are_bound_to_the_host(fresh_database, tmp_path):
    ports = {"GEOGRID_PORT": str(free_port()), "GEOGRID_STREAM_PORT": str(free_port())}
    made = make_local(tmp_path / "var" / "tls", [], now=NOW)
    told = {"GEOGRID_TLS_CERT": str(made.cert), "GEOGRID_TLS_KEY": str(made.key)}
    with small_installation(tmp_path / "var", fresh_database, **ports) as small:
        encrypted = replace(small.settings, tls_cert=str(made.cert), tls_key=str(made.key))
        trust = probe_context(encrypted)
        with (
            running("serve --workers 1 --threads 4 --tls", encrypted, **told) as web,
            running("stream", encrypted, **told) as live,
        ):
            page = answered(f"https://{HERE}:{encrypted.port}/login", trust, web)
            assert page.headers["Strict-Transport-Security"]
            assert "__Host-" in page.headers["Set-Cookie"] and "Secure" in page.headers["Set-Cookie"]
            assert f"https://{HERE}:{encrypted.stream_port}" in page.headers["Content-Security-Policy"]
            health = answered(f"https://{HERE}:{encrypted.stream_port}/health", trust, live)
            assert health.status in {200, 503}
            with pytest.raises((urllib.error.URLError, ConnectionError)):
                urllib.request.urlopen(f"http://{HERE}:{encrypted.port}/login", timeout=5)
