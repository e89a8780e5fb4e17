"""Makes a screenshot small: a PNG of 8-bit RGB or RGBA, not interlaced, becomes one with at most 256 colours.

What a browser draws has few colours besides the shades at the edges of letters. So the most frequent ones are kept, except
where one nearly the same is kept already: a small red dot stays red. Every other becomes the nearest of them. Format: PNG
(ISO/IEC 15948), chunks IHDR, PLTE, IDAT; filters in section 9.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256
#: Colour types and how many bytes each pixel has.
CHANNELS = {2: 3, 6: 4}

Colour = bytes


def reduced(png: bytes) -> bytes:
    """The same picture. Raises ValueError for a PNG of another kind."""
    width, height, pixels = _pixels(png)
    counted = Counter(pixels)
    kept = _kept([colour for colour, _ in counted.most_common()])
    index = {colour: min(range(len(kept)), key=lambda at: _apart(kept[at], colour)) for colour in counted}
    packed = bytes(index[pixel] for pixel in pixels)
    lines = b"".join(b"\0" + packed[at : at + width] for at in range(0, width * height, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", b"".join(kept)), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in parts)


def _kept(colours: list[Colour]) -> list[Colour]:
    """As many as fit, the first ones first, all of them further apart than what is left out is from one of them."""
    for apart in range(0, 255, 3):
        kept: list[Colour] = []
        for colour in colours:
            if all(_apart(one, colour) > apart**2 for one in kept):
                kept.append(colour)
            if len(kept) > COLOURS:
                break
        else:
            return kept
    raise AssertionError("no two colours are so far apart")


def _apart(one: Colour, other: Colour) -> int:
    red, green, blue = one[0] - other[0], one[1] - other[1], one[2] - other[2]
    return red * red + green * green + blue * blue


def _pixels(png: bytes) -> tuple[int, int, list[Colour]]:
    chunks = list(_chunks(png))
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth != 8 or kind not in CHANNELS or interlaced:
        raise ValueError("only plain 8-bit RGB and RGBA")
    size = CHANNELS[kind]
    data = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    stride = width * size
    above = bytes(stride)
    pixels: list[Colour] = []
    for start in range(0, len(data), stride + 1):
        above = _unfiltered(data[start], data[start + 1 : start + 1 + stride], above, size)
        pixels += [above[at : at + 3] for at in range(0, stride, size)]
    return width, height, pixels


def _unfiltered(kind: int, line: bytes, above: bytes, size: int) -> bytes:
    found = bytearray(line)
    for at in range(len(found)):
        left = found[at - size] if at >= size else 0
        up = above[at]
        corner = above[at - size] if at >= size else 0
        found[at] = (found[at] + (0, left, up, (left + up) // 2, _paeth(left, up, corner))[kind]) & 255
    return bytes(found)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not png.startswith(SIGNATURE):
        raise ValueError("not a PNG")
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
