"""Text messages through any gateway that speaks HTTP: URL, headers and body are templates of the settings.

``${phone}``, ``${text}``, ``${name}``, ``${id}`` (the same at every try) and ``${secret_<name>}`` are filled in, escaped for
where they stand: in the URL percent-encoded, in the body as ``encode`` says (``json``: within quotes; ``form``; ``plain``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from string import Template
from urllib.parse import quote, quote_plus

from etl.carriers.asking import ask, check_status
from etl.carriers.config import CarrierSettings
from geogrid.domain.notices import Delivery
from geogrid.errors import CarrierDown, CarriersInvalid

SECRET = "secret_"  # how the placeholder of a secret begins
KEY_HEADER = "Idempotency-Key"


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _in_url(text: str) -> str:
    return quote(text, safe="")


def _plain(text: str) -> str:
    return text


ENCODINGS: dict[str, Callable[[str], str]] = {"json": _in_json, "form": quote_plus, "plain": _plain}
TYPES = {
    "json": "application/json; charset=utf-8",
    "form": "application/x-www-form-urlencoded",
    "plain": "text/plain; charset=utf-8",
}


def send(delivery: Delivery, settings: CarrierSettings) -> None:
    """Hand the text to the gateway; where the settings name an ``answer``, its words must match, whatever the status."""
    told = {
        "phone": delivery.to.address,
        "text": delivery.notice.texts.get(settings.get("language", "zh"), ""),
        "name": delivery.to.name,
        "id": str(delivery.id),
    }
    encode = settings.get("encode", "json")
    if encode not in ENCODINGS:
        raise CarriersInvalid(name="carriers.toml", reason=f"message.encode is {encode}; known: {', '.join(ENCODINGS)}")
    headers = {"Content-Type": TYPES[encode], KEY_HEADER: told["id"]}
    headers |= {name: _filled(str(value), told, settings, _plain) for name, value in settings.get("headers", {}).items()}
    answer = ask(
        settings.name,
        _filled(settings.values["url"], told, settings, _in_url),
        method=settings.get("method", "POST"),
        headers=headers,
        body=_filled(settings.get("body", ""), told, settings, ENCODINGS[encode]).encode(),
        timeout_s=settings.get("timeout_s", 10),
        allow_private=settings.get("allow_private", False),
    )
    check_status(settings.name, answer, tuple(settings.get("accepted", ())))
    wanted = settings.get("answer", "")
    if wanted and not re.search(wanted, answer.text):
        raise CarrierDown(carrier=settings.name, reason=f"it answered {answer.status}, and not what was agreed")


def _filled(template: str, told: dict[str, str], settings: CarrierSettings, encode: Callable[[str], str]) -> str:
    """Fill a template; secrets are read only where one is named. Raises CarriersInvalid for a placeholder nobody fills."""
    found = Template(template)
    if not found.is_valid():
        raise CarriersInvalid(name="carriers.toml", reason=f"{template!r} is no template: write $$ for a dollar sign")
    values = dict(told)
    for name in found.get_identifiers():
        if name.startswith(SECRET):
            values[name] = settings.secret(name[len(SECRET) :])
        elif name not in told:
            raise CarriersInvalid(name="carriers.toml", reason=f"${{{name}}} is filled by nothing; known: {', '.join(told)}")
    return found.substitute({name: encode(value) for name, value in values.items()})
