"""Frame numbers as barcodes in the picture."""

from __future__ import annotations

from realtime_style.frames import Frame

BARCODE_NUMBERS = 2**16
"""Frame numbers are drawn modulo this."""

_BITS = 16
CELLS = _BITS + 3  # white, black, the bits from the highest down, parity
_MIN_CONTRAST = 32  # grey levels between the white and the black cell


def draw_barcode(frame: Frame, n: int) -> None:
    """Draw `n`, modulo 65,536, into the upper left corner of `frame`, which is at least 19 px wide.

    The row of black and white cells is large enough to survive H.264.
    """
    cell = _cell_px(frame)
    n %= BARCODE_NUMBERS
    bits = [n >> shift & 1 for shift in reversed(range(_BITS))]
    for position, bit in enumerate([1, 0, *bits, n.bit_count() & 1]):
        frame[:cell, position * cell : (position + 1) * cell] = 255 * bit


def read_barcode(frame: Frame) -> int:
    """Read the number drawn by `draw_barcode`, also from a darker, lighter or inverted frame.

    The frame has the size it was drawn at. Raises ValueError for a missing or damaged barcode.
    """
    cell = _cell_px(frame)
    edge = cell // 4
    strip = frame[edge : cell - edge, : cell * CELLS].mean(axis=(0, 2))
    levels = [float(strip[i * cell + edge : (i + 1) * cell - edge].mean()) for i in range(CELLS)]
    white, black = levels[:2]
    if abs(white - black) < _MIN_CONTRAST:
        raise ValueError(
            f"no barcode in this frame: its white is {white:.0f}, its black {black:.0f}"
        )
    bits = [(level - black) / (white - black) > 0.5 for level in levels[2:]]
    n = int("".join("01"[bit] for bit in bits[:_BITS]), 2)
    if n.bit_count() & 1 != bits[_BITS]:
        raise ValueError(
            f"the barcode in this frame is damaged: it reads {n}, but its parity is wrong"
        )
    return n


def _cell_px(frame: Frame) -> int:
    """Side of a cell in pixels: as large as fits, at most 16."""
    cell = int(min(16, frame.shape[1] // CELLS, frame.shape[0]))
    if cell < 1:
        size = f"{frame.shape[1]}x{frame.shape[0]}"
        raise ValueError(
            f"a frame of {size} px is too small for a barcode, which needs a width of {CELLS} px"
        )
    return cell
