"""What is served of a photo: its pixels, upright, and nothing else that came in the file."""

from __future__ import annotations

import io
import warnings
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageOps

from geogrid.errors import PhotoInvalid
from geogrid.errors.family import Reason

MOST_PIXELS = 64_000_000
LONGEST_SIDE_PX = 2048
QUALITY = 85


@lru_cache(maxsize=32)
def as_shown(path: Path) -> bytes:
    """Return the photo at ``path`` as a JPEG drawn anew: no EXIF, no thumbnail, no trailing bytes; at most 2,048 px wide.

    Raises
    ------
    PhotoInvalid
        for a file that is no whole picture, or of more pixels than ``MOST_PIXELS`` (checked before they are unpacked).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise PhotoInvalid(
                        reason=Reason("it has {width} x {height} pixels, too many", width=image.width, height=image.height)
                    )
                image.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
                upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoInvalid(reason="it is no whole picture") from error
    upright.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    drawn = io.BytesIO()
    clean.save(drawn, "JPEG", quality=QUALITY, optimize=True)
    return drawn.getvalue()
