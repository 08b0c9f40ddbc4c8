"""Every exception of the house. The docstring is the English message; catalogues hold the other languages.

A message says what is wrong, and what to do next. ``code`` is stable and machine-readable; ``where`` names the place
(``path``, ``row``, ``feature`` or ``lonlat``); ``retry`` tells a client whether sending the same again can help.
The HTTP status of each class is in ``webmap.errors``, the only table of its kind.
"""

from __future__ import annotations

from typing import Any, ClassVar

from geogrid.texts import translate


class GeogridError(Exception):
    """Something went wrong in geogrid: {reason}."""

    code: ClassVar[str] = "internal"
    retry: ClassVar[bool] = False

    def __init__(self, *, where: dict[str, Any] | None = None, **values: Any) -> None:
        self.where = where or {}
        self.values = values
        super().__init__(self.message("en"))

    def message(self, language: str) -> str:
        """Return the message in ``language`` with its values filled in; English where there is no translation."""
        template = translate(" ".join((type(self).__doc__ or "").split()), language)
        return template.format_map(_Shown(self.values))


class _Shown(dict[str, Any]):
    """Values of a message; one that is missing shows as its own name instead of hiding the message behind a KeyError."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


# -- families ---------------------------------------------------------------------------------------------------------


class InputError(GeogridError):
    """The input cannot be accepted: {reason}."""

    code = "input.invalid"


class CoordError(InputError):
    """The coordinates {lon}, {lat} cannot be used. Send longitude and latitude in decimal degrees."""

    code = "coord.invalid"


class GeometryError(InputError):
    """The geometry cannot be used: {reason}. Mend it in a GIS and load it again."""

    code = "geom.invalid"


class FileError(InputError):
    """The file {name} cannot be read: {reason}."""

    code = "file.invalid"


class ConflictError(GeogridError):
    """The request conflicts with what is stored: {reason}."""

    code = "conflict"


class NotFoundError(GeogridError):
    """{what} was not found. Check its code or number."""

    code = "not_found"


class AccessError(GeogridError):
    """This needs a permission that the request does not carry."""

    code = "access.denied"


class SetupError(GeogridError):
    """The installation is not ready: {reason}. {mend}"""

    code = "setup"


class UnavailableError(GeogridError):
    """The service is not available just now: {reason}. Try again in a little while; nothing was lost."""

    code = "unavailable"
    retry = True


# -- coordinates ------------------------------------------------------------------------------------------------------


class CoordNotFinite(CoordError):
    """The coordinates are not finite numbers. Send longitude and latitude in decimal degrees."""

    code = "coord.not_finite"


class CoordType(CoordError):
    """A coordinate must be a number, not {got}. Send 126.6, not "126.6"."""

    code = "coord.type"


class CoordRange(CoordError):
    """The coordinates {lon}, {lat} are outside the range of longitude and latitude."""

    code = "coord.range"


class CoordNullIsland(CoordError):
    """The coordinates are 0, 0: the device had no position. Wait for a position or tap the place on the map."""

    code = "coord.null_island"


class CoordSwapped(CoordError):
    """Longitude and latitude look swapped: did you mean longitude {lat}, latitude {lon}? Send longitude first."""

    code = "coord.swapped"


class CoordFar(CoordError):
    """The place {lon}, {lat} is {distance_km} km away from the district. Check the place and the coordinate system."""

    code = "coord.far"


class CoordLooksProjected(CoordError):
    """The coordinates {lon}, {lat} look like metres, not degrees. State the coordinate system or convert them first."""

    code = "coord.looks_projected"


class DatumUnknown(CoordError):
    """The coordinate system {datum!r} is unknown or not stated. State one of: {known}."""

    code = "coord.datum"


class AccuracyInvalid(CoordError):
    """The accuracy {accuracy_m} m is not usable. Send metres above 0 and up to {most_m}, or leave it out."""

    code = "coord.accuracy"


# -- geometry ---------------------------------------------------------------------------------------------------------


class GeometrySelfIntersection(GeometryError):
    """The border of {code} crosses itself at {lon}, {lat}. Mend it in a GIS and load it again."""

    code = "geom.self_intersection"


class GeometryEmpty(GeometryError):
    """The geometry of {code} is empty or has no area."""

    code = "geom.empty"


class GeometryType(GeometryError):
    """{code} is a {got}; {wanted} is needed here."""

    code = "geom.type"


class GeometryTooLarge(GeometryError):
    """The geometry of {code} has {vertices} vertices, more than {most}. Simplify it with a coverage-aware tool."""

    code = "geom.too_large"


class FrameInvalid(InputError):
    """The {what} cannot be used: {reason}."""

    code = "frame.invalid"


class FrameWithoutCrs(InputError):
    """The {what} do not state their coordinate system. Set it (frame.set_crs) or state the datum; it is never guessed."""

    code = "frame.no_crs"


class GeometryRingOpen(GeometryError):
    """A ring of {code} has only {vertices} different vertices at {lon}, {lat}; a border needs three or more."""

    code = "geom.ring_open"


class GeometryNested(GeometryError):
    """The rings of {code} do not fit together at {lon}, {lat}: {reason}. Mend it in a GIS and load it again."""

    code = "geom.rings"


# -- editions and assignment ------------------------------------------------------------------------------------------


class EditionNotInForce(SetupError):
    """No edition of the grids is in force. Load grids with `geogrid load`, then run `geogrid edition activate`."""

    code = "edition.none"


class EditionState(ConflictError):
    """The edition {name} is {state}; only a loaded edition can be activated."""

    code = "edition.state"


class EditionSuspicious(ConflictError):
    """{count} of {total} {kind} share no area with their old selves. If that is meant, activate again with --accept-moved."""

    code = "edition.moved"


class EditionBaseChanged(ConflictError):
    """Another edition was activated meanwhile. Look at what changed, then activate {name} again."""

    code = "edition.base_changed"


class EditionIncomplete(InputError):
    """The edition {name} has no {kind}. Load them into it, then activate it again."""

    code = "edition.incomplete"


# -- reports ----------------------------------------------------------------------------------------------------------


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


# -- set-up -----------------------------------------------------------------------------------------------------------


class PostgisMissing(SetupError):
    """No PostgreSQL {least_postgres} or newer with PostGIS and pgRouting was found. {mend}"""

    code = "setup.postgis_missing"


class PostgisTooOld(SetupError):
    """{found} is too old; {wanted} or newer is needed. {mend}"""

    code = "setup.postgis_old"


class ClusterFailed(SetupError):
    """The database cluster in {folder} did not come up: {reason}. Its log is {log}."""

    code = "setup.cluster"


class ClusterBusy(SetupError):
    """Another process has held the lock {lock} for {seconds} s. Wait until it is done or end it, then start again."""

    code = "setup.cluster_busy"


class ClusterLocked(SetupError):
    """A lock file says that a server already uses {folder}. If none runs (after a crash), delete {lock} and start again."""

    code = "setup.cluster_locked"


class ClusterOwner(SetupError):
    """The database cluster in {folder} belongs to {owner}. Run the command as {owner} or as root."""

    code = "setup.cluster_owner"


class ClusterVersion(SetupError):
    """The database in {folder} was made by PostgreSQL {made_by}, which is not installed. Install it, or dump and load again."""

    code = "setup.cluster_version"


class DiskFull(SetupError):
    """The disk of {folder} has {free_mb} MB free; at least {least_mb} MB are needed. Make room and start again."""

    code = "setup.disk_full"


class SocketPathTooLong(SetupError):
    """The socket path {path} has {length} bytes, and the system takes {most}. Set GEOGRID_VAR to a shorter folder."""

    code = "setup.socket_path"


class PortTaken(SetupError):
    """Port {port} is already in use. Stop what uses it (`./run stop`), or set {variable} to another port."""

    code = "setup.port_taken"


# -- requests ---------------------------------------------------------------------------------------------------------


class CoordText(CoordError):
    """{got!r} is not a decimal number. Send decimal degrees with digits 0-9 and a point, such as 126.6."""

    code = "coord.text"


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


class AssetUnavailable(SetupError):
    """The browser package {package} could not be fetched: {reason}. {mend}"""

    code = "setup.asset_unavailable"


class AssetChanged(SetupError):
    """The browser package {package} is not what was pinned: {reason}. Do not use it; compare webmap/assets.toml
    with its source."""

    code = "setup.asset_changed"


class AlreadyRunning(SetupError):
    """This installation is running already (process {pid}). Open it, or stop it first: ./run stop"""

    code = "setup.running"


class PartFailed(SetupError):
    """The part {part} ended with code {exit_code}. Its last words: {words} (all of them: {log})"""

    code = "setup.part_failed"


class StepFailed(SetupError):
    """The step {part} ended with code {exit_code}; what it said stands above. Mend that and start again."""

    code = "setup.step_failed"
