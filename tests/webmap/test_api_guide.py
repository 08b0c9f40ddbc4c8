"""The commands of the API's guide do what the guide says."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from geogrid.domain.people import Post, Role
from geogrid.rules.follow import checked_code
from geogrid.settings import ROOT
from geogrid.store import people
from geogrid.store.session import session_scope
from tests.build_district import IN_A1, NOW
from webmap.installation import installation

GUIDE = (ROOT / "docs" / "guides" / "api.md").read_text("utf-8")
HERE = "http://127.0.0.1:8000"
WITH_VALUE = {"-X": "method", "-d": "data", "-o": "file"}


def commands(heading: str) -> list[list[str]]:
    """The curl commands of a section, as words."""
    section = GUIDE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```bash\n(.*?)```", section, re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("curl ")]


def run(client, words: list[str], **values: str):
    """Send what a curl command would."""
    asked, headers, address = {"method": "GET"}, {}, ""
    rest = iter(words)
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value.replace("$TOKEN", values["token"])
        elif word in WITH_VALUE:
            asked[WITH_VALUE[word]] = next(rest)
        else:
            address = word
    asked.pop("file", None)
    path = address.removeprefix(HERE).replace("$EVENT", values.get("event", "")).replace("$HOOK", values.get("hook", ""))
    return client.open(path, headers=headers, **asked)


@pytest.mark.parametrize("heading", ["The life of an event", "Units, people, programmes"])
def test_commands_of_the_guide_are_answered(small, heading):
    event = str(small.accept(IN_A1).id)
    found = commands(heading)
    assert len(found) >= 4
    for words in found:
        answer = run(small.guest(), words, token=small.token, event=event)
        assert answer.status_code == (201 if "POST" in words else 200), (words, answer.text)


def test_the_guide_draws_codes_that_are_taken():
    draws = re.search(r"^CODE=\$\((.*)\)$", GUIDE, re.MULTILINE)[1]
    drawn = {subprocess.run(["bash", "-c", draws], capture_output=True, text=True, check=True).stdout for _ in range(3)}
    assert len(drawn) == 3, "an example that everybody copies must not be one code"
    assert {checked_code(code) for code in drawn} == drawn


def test_webhooks_are_kept_as_the_guide_says(small):
    guest = small.guest()
    guest.get("/api/v1/events", headers=small.write())  # the key's account is made when it is first shown
    with session_scope(installation(small.app).engine) as session:
        account = people.by_login(session, "set-up-key", now=NOW)
        people.give_posts(session, account.id, [Post(Role.ADMINISTRATOR, unit="999901000000")], since=None, given_by="test")
    hook, statuses = "", []
    for words in commands("Webhooks"):
        answer = run(guest, words, token=small.token, hook=hook)
        hook = hook or answer.get_json()["id"]
        statuses.append(answer.status_code)
    assert statuses == [201, 200, 200, 200, 204]


def test_the_receiver_of_the_guide_knows_our_signature():
    from etl.carriers.webhook import signature

    scope: dict = {}
    exec(re.search(r"```python\n(.*?)```", GUIDE, re.DOTALL)[1], scope)
    body = b"{}"
    assert scope["is_ours"]("s", "17", signature("s", 17, body), body)
    assert not scope["is_ours"]("s", "18", signature("s", 17, body), body)
