"""What can be wrong with a request, whatever it is about."""

from __future__ import annotations

from geogrid.errors.family import InputError, UnavailableError


class JsonError(InputError):
    """The body is not JSON: {reason} (line {line}, column {column})."""

    code = "json.syntax"


class JsonNan(JsonError):
    """The body holds {literal}, which is no JSON number. Leave the field out where there is no value."""

    code = "json.nan"


class JsonDuplicateKey(JsonError):
    """The field {name!r} stands twice in the body. Send it once."""

    code = "json.duplicate_key"


class JsonTooDeep(JsonError):
    """The body is nested deeper than {most} levels. Send a flat object."""

    code = "json.too_deep"


class JsonEncoding(JsonError):
    """The body is not UTF-8 text: {reason}. Send JSON in UTF-8."""

    code = "json.encoding"


class JsonNul(JsonError):
    """The body holds the character U+0000, which cannot be stored. Remove it."""

    code = "json.nul"


class RequestInvalid(InputError):
    """The request cannot be understood: {name}: {reason}."""

    code = "request.invalid"


class BodyTooLarge(InputError):
    """The body is larger than {most_kb} kB, the most that is taken here. Send less."""

    code = "body.too_large"


class MediaTypeUnsupported(InputError):
    """The media type {got!r} is not taken here. Send {wanted}."""

    code = "body.media_type"


class MethodNotAllowed(InputError):
    """The method {method} is not possible at this address. Possible: {possible}."""

    code = "request.method"


class TooManyRequests(UnavailableError):
    """Too many requests at once. Wait {wait_s} s and send again; nothing was lost."""

    code = "request.too_many"


class DatabaseSilent(UnavailableError):
    """The database does not answer. Try again in a little while; what was acknowledged is safe."""

    code = "unavailable.database"
