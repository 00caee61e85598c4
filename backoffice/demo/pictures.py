"""Drawn signatures and photos, so that no real one is needed."""

import io
import math
from random import Random

from PIL import Image, ImageDraw

from backoffice.core import attachments
from backoffice.core.attachments import Upload


def _upload(image: Image.Image, name: str) -> Upload:
    content = io.BytesIO()
    image.save(content, "PNG")
    return attachments.prepare(name, content.getvalue())


def signature(rng: Random) -> Upload:
    """A scribble as a finger leaves it on the screen."""
    image = Image.new("L", (360, 120), 255)
    pen = ImageDraw.Draw(image)
    a, b, phase = rng.uniform(2, 6), rng.uniform(5, 11), rng.uniform(0, 6)
    points = [(30 + 300 * t / 60, 60 + 32 * math.sin(a * t / 9 + phase) * math.cos(b * t / 23)) for t in range(61)]
    pen.line(points, fill=20, width=3, joint="curve")
    pen.line([(40, 100), (310, 94)], fill=20, width=2)
    return _upload(image, "signature.png")


def scan(rng: Random) -> Upload:
    """A sheet with lines of writing and a round seal."""
    image = Image.new("RGB", (420, 594), (250, 248, 240))
    pen = ImageDraw.Draw(image)
    pen.rectangle((30, 30, 390, 560), outline=(90, 90, 90))
    for y in range(70, 440, 26):
        pen.line((45, y, 45 + rng.randint(120, 330), y + rng.randint(-1, 1)), fill=(40, 40, 90), width=2)
    pen.ellipse((250, 440, 350, 540), outline=(190, 30, 30), width=4)
    return _upload(image, "voucher.png")


def photo(rng: Random) -> Upload:
    """A pump beside a puddle, seen from the front."""
    image = Image.new("RGB", (640, 480), (176, 184, 190))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 340, 640, 480), fill=(120, 118, 112))
    pen.rectangle((250, 110, 390, 250), fill=(20, 90, 150))
    for y in range(120, 245, 14):
        pen.line((250, y, 390, y), fill=(12, 60, 110), width=3)
    pen.ellipse((210, 230, 430, 350), fill=(30, 110, 175), outline=(10, 50, 90), width=4)
    pen.rectangle((110, 275, 530, 305), fill=(90, 96, 100))
    pen.ellipse((180, 370, 180 + rng.randint(160, 320), 430), fill=(70, 110, 140))
    return _upload(image, f"IMG_{rng.randint(1000, 9999)}.png")
