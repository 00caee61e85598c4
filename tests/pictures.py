"""Small real pictures for uploads."""

import base64
import io

from PIL import Image


def png(width: int = 40, height: int = 20) -> bytes:
    """A PNG with one line across it."""
    image = Image.new("RGB", (width, height), "white")
    for x in range(width):
        image.putpixel((x, height // 2), (0, 0, 0))
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def signature() -> str:
    """A drawn signature as the browser posts it."""
    return "data:image/png;base64," + base64.b64encode(png(300, 100)).decode()
