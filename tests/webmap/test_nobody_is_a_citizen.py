"""Who acts as a citizen or as the platform reaches every matter: no account and no key gets there, whichever way it tries."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy.exc import IntegrityError

from geogrid.cli import root
from geogrid.domain.people import Role
from tests.build_district import IN_A1

DISTRICT = "999901000000"
NOBODY = [Role.CITIZEN, Role.SYSTEM]


@pytest.mark.parametrize("role", NOBODY)
def test_the_page_and_the_command_refuse_the_post(shared, role):
    admin = shared.login_as(Role.ADMINISTRATOR, unit=DISTRICT)
    form = {"login": f"as-{role.value}", "name": "测试", "role": role.value, "unit": DISTRICT}
    assert admin.post("/admin/people", data=form).status_code == 422
    other = shared.login_as(Role.OFFICER, unit=DISTRICT).person_id
    assert admin.post(f"/admin/people/{other}", data={"do": "give", **form}).status_code == 422
    environ = {"GEOGRID_VAR": str(shared.settings.var_dir), "GEOGRID_DATABASE_URL": shared.url, "GEOGRID_LANGUAGE": "en"}
    given = CliRunner().invoke(root, ["account", "posts", f"p{other.hex}", "--give", role.value, DISTRICT], env=environ)
    assert given.exit_code != 0
    added = ["account", "add", "somebody", "--name", "x", "--role", role.value]
    assert CliRunner().invoke(root, added, env=environ).exit_code == 2
    found = admin.get(f"/api/v1/people?role={role.value}").get_json()
    assert found["people"] == []


@pytest.mark.parametrize("role", NOBODY)
def test_the_database_refuses_it_too_so_that_no_key_can_hold_it(shared, role):
    with pytest.raises(IntegrityError, match="role_of_staff"):
        shared.login_as(role, unit=DISTRICT)


def test_the_key_of_the_set_up_takes_no_step_of_citizens(small):
    event = small.accept(IN_A1)
    path = f"/api/v1/events/{event.id}"
    offered = small.guest().get(f"{path}/possible-steps", headers=small.write()).get_json()["steps"]
    assert "urge" in {one["step"] for one in offered}, "as a dispatcher"
    refused = small.guest().post(f"{path}/steps", json={"step": "rate", "details": {"rating": 5}}, headers=small.write())
    assert refused.status_code in {403, 409}
    told = small.guest().get(f"{path}/steps", headers=small.write()).get_json()["steps"]
    assert {one["kind"] for one in told} == {"report", "assign"}
