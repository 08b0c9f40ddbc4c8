"""What can be missing or in the way on the machine."""

from __future__ import annotations

from geogrid.errors.family import SetupError


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


class FolderFull(SetupError):
    """The disk of {folder} is full: nothing can be written there. Make room and start again."""

    code = "setup.folder_full"


class FolderReadOnly(SetupError):
    """The folder {folder} cannot be written to ({reason}). Give this user the right to write there, or set GEOGRID_VAR
    to a folder of yours."""

    code = "setup.read_only"


class SocketPathTooLong(SetupError):
    """The socket path {path} has {length} bytes, and the system takes {most}. Set GEOGRID_VAR to a shorter folder."""

    code = "setup.socket_path"


class PortTaken(SetupError):
    """Port {port} is already in use. Stop what uses it (`./run stop`), or set {variable} to another port."""

    code = "setup.port_taken"


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


class DatabaseDown(SetupError):
    """The database does not answer: {reason}. Start it (`./run serve` in another terminal), or check GEOGRID_DATABASE_URL."""

    code = "setup.database_down"


class ProfileNotSynthetic(SetupError):
    """The profile {profile} is a real district's; made-up data never bear its code. Name a synthetic one, such as 999901."""

    code = "setup.profile_not_synthetic"


class AuditHeadsBroken(SetupError):
    """Line {line} of {path} is no head of the audit's chain. Take the file as it was exported."""

    code = "audit.heads"
