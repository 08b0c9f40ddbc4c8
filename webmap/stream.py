"""``geogrid stream``: the live stream, a small process of its own.

A thread a listener would hang every page at the ninth listener; here each is a greenlet. Only ids of steps and of tiles
are sent, so no rights are decided here. Nothing of this process may load the geometry stack.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Serve the stream until SIGTERM or SIGINT. The patches of gevent come before anything that opens a socket."""
    from gevent import monkey

    monkey.patch_all()
    from geogrid.cli import command_language
    from geogrid.errors import GeogridError
    from geogrid.settings import read_settings
    from webmap.stream_server import serve

    try:
        serve(read_settings(os.environ))
    except GeogridError as error:
        print(f"{error.code}: {error.message(command_language(os.environ))}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
