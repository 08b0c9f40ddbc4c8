"""What can be wrong with a report, its times, its words, its photos."""

from __future__ import annotations

from geogrid.errors.family import ConflictError, InputError, UnavailableError


class ReportInvalid(InputError):
    """The report cannot be accepted: {reason}."""

    code = "report.invalid"


class ReportIdConflict(ConflictError):
    """A different report with the id {id} is already stored; the first one is kept. Send a new report under a new id."""

    code = "report.id_conflict"


class TimeInvalid(InputError):
    """The time {value!r} cannot be used: {reason}. Send it as ISO 8601 with its offset, such as 2025-06-18T15:00:00+08:00."""

    code = "time.invalid"


class TimeForm(TimeInvalid):
    """{value!r} is no time of the form that is needed here. Send ISO 8601 with its offset: 2025-06-18T15:00:00+08:00."""

    code = "time.form"


class TimeWithoutOffset(TimeInvalid):
    """The time {value!r} has no offset from UTC. Send it with one, such as 2025-06-18T15:00:00+08:00."""

    code = "time.no_offset"


class TimeFuture(TimeInvalid):
    """The time {value!r} lies more than {most_min} minutes ahead of the server's clock. Check the clock of the device."""

    code = "time.future"


class TimeOrder(TimeInvalid):
    """The step {step} at {value!r} lies before the step that it follows. Mend the times of this row."""

    code = "time.order"


class TimeAbsurd(TimeInvalid):
    """The time {value!r} lies before {earliest}. Check the clock of the device."""

    code = "time.absurd"


class FieldMissing(ReportInvalid):
    """The field {field} is missing. Send it."""

    code = "report.field_missing"


class FieldUnknown(ReportInvalid):
    """The field {field} is unknown. Known fields: {known}."""

    code = "report.field_unknown"


class FieldType(ReportInvalid):
    """The field {field} must be {wanted}, not {got}."""

    code = "report.field_type"


class FieldValue(ReportInvalid):
    """The value {value!r} of the field {field} is unknown. Known values: {known}."""

    code = "report.field_value"


class ReportIdInvalid(ReportInvalid):
    """The id {value!r} is no UUID. Make one for each report, such as 3f0c6c1e-8d0e-4f43-9a55-0d2a4c1f7b60."""

    code = "report.id"


class ReportWithoutPlace(ReportInvalid):
    """The channel {channel} needs a position. Send point and datum, or tap the place on the map."""

    code = "report.no_point"


class TextUnstorable(ReportInvalid):
    """The field {field} holds a character that cannot be stored: {character}. Remove it."""

    code = "text.unstorable"


class TextTooLong(ReportInvalid):
    """The field {field} has {length} characters, more than {most}. Shorten it."""

    code = "text.too_long"


class TextEmpty(ReportInvalid):
    """The field {field} is empty. Say in a few words what it is about."""

    code = "text.empty"


class PhotosPromisedInvalid(ReportInvalid):
    """The field photos must be a list of up to {most} different SHA-256 sums in lower-case hexadecimal."""

    code = "report.photos"


class ChannelUnknown(InputError):
    """The channel {channel!r} is unknown. Known channels: {known}."""

    code = "channel.unknown"


class PhotoInvalid(InputError):
    """The photo cannot be stored: {reason}."""

    code = "photo.invalid"


class PhotoHash(PhotoInvalid):
    """The bytes have the SHA-256 {got}, not {sha256}: they were cut or changed on the way. Send the photo again."""

    code = "photo.sha256"
    retry = True


class PhotoType(PhotoInvalid):
    """The file is no JPEG, PNG or WebP picture, whatever its name says. Take the photo again or convert it."""

    code = "photo.type"


class PhotoTooLarge(PhotoInvalid):
    """The photo has {size}, more than {most}. Shrink it and send it again."""

    code = "photo.too_large"


class PhotosTooMany(PhotoInvalid):
    """The event has {most} photos already, the most that are kept. Send this one with another report."""

    code = "photo.too_many"


class StorageFull(UnavailableError):
    """The disk of the server is full: nothing was stored. Keep the report and send it again later."""

    code = "storage.full"


class PhotoDamaged(PhotoInvalid):
    """The photo is damaged: it cannot be read to its end. Send it again, or take it anew."""

    code = "photo.damaged"


class StepNotAllowed(ConflictError):
    """The step {step} is not allowed while the event is {state}."""

    code = "step.not_allowed"


class PlaceUncovered(ConflictError):
    """No grid covers {name}. Name the grid by hand, or choose another place."""

    code = "place.uncovered"


class EventNotWaiting(ConflictError):
    """The event {number} does not wait to be placed: it is {state} and has the grid {grid}."""

    code = "event.not_waiting"
