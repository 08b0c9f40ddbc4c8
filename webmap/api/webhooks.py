"""Webhooks over HTTP: administrators say which other systems are told of steps and clocks."""

from __future__ import annotations

from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from etl.carriers.asking import check_url
from etl.carriers.config import WEBHOOK, read_carriers
from geogrid.actions import webhooks
from geogrid.domain.events import StepKind
from geogrid.domain.people import Role
from geogrid.domain.webhooks import Webhook, WebhookFilter
from geogrid.errors import CarrierError, MediaTypeUnsupported, RequestInvalid
from geogrid.rules.webhooks import secret_of
from geogrid.store import audit
from geogrid.store import webhooks as stored
from geogrid.store.session import session_scope
from webmap.api.base import JSON, Refusal, blueprint
from webmap.api.bodies import instant
from webmap.api.events import answer
from webmap.api.query_faults import in_words
from webmap.api.strict_json import parse_object
from webmap.api.tags import HOOKS
from webmap.installation import installation
from webmap.login import current_actor
from webmap.roles import roles, whole_body

NEEDED: dict[str, Any] = {"tags": [HOOKS], "security": [{"token": []}]}
REFUSALS = {"401": Refusal, "403": Refusal}


class FilterBody(BaseModel):
    """Of what a receiver is told. Neither ``steps`` nor ``phases``: of everything; one of them: of what is named."""

    model_config = ConfigDict(extra="forbid")

    steps: list[StepKind] = Field(
        default_factory=list, max_length=60, description="kinds of steps", examples=[["dispatch", "close"]]
    )
    phases: list[str] = Field(default_factory=list, max_length=60, description="phases that clocks enter", examples=[["overdue"]])
    unit: str = Field("", max_length=12, description="12 digits: events of this district, township or village alone")
    department: str = Field("", max_length=60, description="events that this department has to do with alone")

    def chosen(self) -> WebhookFilter:
        """Return the filter."""
        return WebhookFilter(tuple(dict.fromkeys(self.steps)), tuple(dict.fromkeys(self.phases)), self.unit, self.department)


class NewHookBody(FilterBody):
    """A receiver to be told."""

    name: str = Field(max_length=60)
    url: str = Field(max_length=500, description="https://, a public address", examples=["https://example.org/geogrid"])


class ChangedHookBody(FilterBody):
    """What a receiver is told from now on, as a whole; its address and secret stay."""

    enabled: bool = True


class HookBody(BaseModel):
    """A receiver."""

    id: UUID
    name: str
    url: str
    steps: list[StepKind]
    phases: list[str]
    unit: str
    department: str
    enabled: bool
    created_at: str
    created_by: str


class MadeHookBody(HookBody):
    """A receiver just made, with its secret: shown this once."""

    secret: str


class HooksBody(BaseModel):
    """All receivers."""

    webhooks: list[HookBody]


class HookPath(BaseModel):
    """The id of a webhook."""

    webhook_id: UUID


Form = TypeVar("Form", bound=BaseModel)


@blueprint.post(
    "/webhooks",
    summary="Tell another system what happens",
    request_body=RequestBody(content={JSON: {"schema": NewHookBody.model_json_schema()}}, required=True),
    responses={"201": MadeHookBody, "415": Refusal, **REFUSALS},
    **NEEDED,
)
@roles(Role.ADMINISTRATOR)
def add_webhook() -> Response:
    """201 with the secret under which every request to the address is signed; it is shown this once."""
    here, sent = installation(), _sent(NewHookBody)
    _check_address(sent.url)
    with session_scope(here.engine) as session:
        hook = webhooks.add(session, sent.name.strip(), sent.url, sent.chosen(), now=here.now(), by=current_actor().id)
        _audit(session, "add", hook)
    made = _body(hook) | {"secret": secret_of(webhooks.signing_key(here.settings.var_dir), hook)}
    response = answer(made, 201)
    response.headers["Location"] = f"{request.path}/{hook.id}"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/webhooks", summary="List webhooks", responses={"200": HooksBody, **REFUSALS}, **NEEDED)
@roles(Role.ADMINISTRATOR)
def list_webhooks() -> Response:
    """Return all webhooks by name, without their secrets."""
    with session_scope(installation().engine) as session:
        return answer({"webhooks": [_body(hook) for hook in stored.every(session)]})


@blueprint.get("/webhooks/<uuid:webhook_id>", summary="Read one webhook", responses={"200": HookBody, **REFUSALS}, **NEEDED)
@roles(Role.ADMINISTRATOR)
def get_webhook(path: HookPath) -> Response:
    """Return a webhook without its secret."""
    with session_scope(installation().engine) as session:
        return answer(_body(webhooks.found(session, path.webhook_id)))


@blueprint.put(
    "/webhooks/<uuid:webhook_id>",
    summary="Change of what a webhook is told",
    request_body=RequestBody(content={JSON: {"schema": ChangedHookBody.model_json_schema()}}, required=True),
    responses={"200": HookBody, "415": Refusal, **REFUSALS},
    **NEEDED,
)
@roles(Role.ADMINISTRATOR)
def change_webhook(path: HookPath) -> Response:
    """Return the webhook as it is from now on. Another address is another webhook: add it and remove this one."""
    sent = _sent(ChangedHookBody)
    with session_scope(installation().engine) as session:
        hook = webhooks.change(session, path.webhook_id, sent.chosen(), enabled=sent.enabled)
        _audit(session, "change", hook)
        return answer(_body(hook))


@blueprint.delete("/webhooks/<uuid:webhook_id>", summary="Remove a webhook", responses={"204": None, **REFUSALS}, **NEEDED)
@roles(Role.ADMINISTRATOR)
def remove_webhook(path: HookPath) -> Response:
    """204; nothing more is sent to its address, nor what was waiting."""
    with session_scope(installation().engine) as session:
        hook = webhooks.found(session, path.webhook_id)
        stored.remove(session, hook.id)
        _audit(session, "remove", hook)
    return Response(status=204)


def _sent(form: type[Form]) -> Form:
    """Return the body as ``form``; raises what is wrong with its first field that does not fit."""
    if request.mimetype != JSON:
        raise MediaTypeUnsupported(got=request.mimetype, wanted=JSON)
    try:
        return form.model_validate(parse_object(whole_body()))
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"])
        raise RequestInvalid(name=name, reason=in_words(fault), where={"path": name}) from error


def _check_address(url: str) -> None:
    """Raise RequestInvalid for an address to which nothing would be sent: what the carrier refuses is not kept."""
    here = installation()
    carrier = read_carriers(here.settings, synthetic=here.district.profile.synthetic).by_name[WEBHOOK]
    try:
        check_url(WEBHOOK, url, allow_private=carrier.get("allow_private", False))
    except CarrierError as error:
        raise RequestInvalid(name="url", reason=error.values["reason"], where={"path": "url"}) from error


def _audit(session: Session, what: Literal["add", "change", "remove"], hook: Webhook) -> None:
    details = {"name": hook.name, "host": urlsplit(hook.url).hostname, "enabled": hook.enabled}
    told = {"object_kind": "webhook", "object_id": str(hook.id), "details": details, "address": request.remote_addr or ""}
    audit.write(session, actor=current_actor().id, action=f"webhook.{what}", now=installation().now(), **told)


def _body(hook: Webhook) -> dict[str, Any]:
    told = {"id": str(hook.id), "name": hook.name, "url": hook.url, **stored.columns_of(hook.filter)}
    return {**told, "enabled": hook.enabled, "created_at": instant(hook.created_at), "created_by": hook.created_by}
