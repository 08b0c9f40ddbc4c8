"""A body of texts: what was sent, by the names of a form, or the first thing that is wrong with it."""

from __future__ import annotations

from flask import request
from pydantic import BaseModel

from geogrid.channels import kind_of
from geogrid.errors import FieldMissing, FieldType, FieldUnknown, MediaTypeUnsupported
from webmap.api.base import JSON
from webmap.api.strict_json import parse_object
from webmap.roles import whole_body


def sent_texts(form: type[BaseModel]) -> dict[str, str]:
    """Return the texts of the body as ``form`` has them; raises what is wrong with one by name."""
    if request.mimetype != JSON:
        raise MediaTypeUnsupported(got=request.mimetype, wanted=JSON)
    payload = parse_object(whole_body())
    for name, value in payload.items():
        if name not in form.model_fields:
            raise FieldUnknown(field=name, known=", ".join(form.model_fields), where={"path": name})
        if not isinstance(value, str):
            raise FieldType(field=name, wanted="text", got=kind_of(value), where={"path": name})
    for name, field in form.model_fields.items():
        if name not in payload and field.is_required():
            raise FieldMissing(field=name, where={"path": name})
    return {name: payload.get(name, field.default) for name, field in form.model_fields.items()}
