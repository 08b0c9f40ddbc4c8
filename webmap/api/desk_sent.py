"""Bodies that the desk sends: JSON objects of known fields, refused by the name of the field that is wrong."""

from __future__ import annotations

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError

from geogrid.errors import FieldUnknown, MediaTypeUnsupported
from webmap.api.base import JSON
from webmap.api.query_faults import refusal_of
from webmap.api.strict_json import parse_object
from webmap.roles import whole_body

LONGEST_KEY = 100
Form = TypeVar("Form", bound="Sent")


class Sent(BaseModel):
    """A body; a field nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", strict=False)


def sent(form: type[Form]) -> Form:
    """Return the body of the current request as ``form``.

    Raises
    ------
    MediaTypeUnsupported, JsonError
        where it is no JSON object
    FieldMissing, FieldUnknown, FieldType, RequestInvalid
        what is wrong with one of its fields, by name
    """
    if request.mimetype != JSON:
        raise MediaTypeUnsupported(got=request.mimetype, wanted=JSON)
    payload = parse_object(whole_body())
    for name in payload:
        if name not in form.model_fields:
            raise FieldUnknown(field=name, known=", ".join(form.model_fields), where={"path": name})
    try:
        return form.model_validate(payload)
    except ValidationError as error:
        raise refusal_of(error.errors()[0]) from None
