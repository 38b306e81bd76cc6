"""`python -m scripts.latrines`: the pictures beside the kinds of latrine in the household questionnaire, drawn by us.

Each is a cut through the ground, and shows what tells the kinds apart: what one sits on, whether water flushes it, and
where it goes. Illustrations: what is hygienic is said by the rules of the questionnaire, never by a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image, ImageDraw

TO = Path(__file__).parents[1] / "survey" / "form" / "pictures"
WIDE, HIGH = 240, 180  # drawn four times as large, so that lines come out smooth
FINE = 4
GROUND = 92  # where the earth begins
INK, EARTH, PAPER, WATER, WASTE, GRASS = "#1b1b1b", "#e3c9a0", "#ffffff", "#4d9fdd", "#8a5a2b", "#3f8f3f"
COLOURS = 24
Point = tuple[float, float]


class Drawing:
    """Lines on paper, in units of the finished picture."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDE * FINE, HIGH * FINE), PAPER)
        self.pen = ImageDraw.Draw(self.image)

    def line(self, *points: Point, width: float = 3, colour: str = INK) -> None:
        self.pen.line(_fine(points), colour, round(width * FINE), joint="curve")
        for x, y in points:  # round ends
            self.disc(x, y, width / 2, colour)

    def dashed(self, start: Point, end: Point, dash: float = 7, gap: float = 6) -> None:
        """A wall through which water seeps."""
        (x, y), (to_x, to_y) = start, end
        length = ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5
        across, down = (to_x - x) / length, (to_y - y) / length
        at = 0.0
        while at < length:
            stop = min(at + dash, length)
            self.line((x + across * at, y + down * at), (x + across * stop, y + down * stop))
            at = stop + gap

    def area(self, *points: Point, colour: str = PAPER) -> None:
        self.pen.polygon(_fine(points), colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: str = PAPER) -> None:
        self.pen.rectangle(_fine([(left, top), (right, bottom)]), colour)

    def disc(self, x: float, y: float, radius: float, colour: str = INK) -> None:
        self.pen.ellipse(_fine([(x - radius, y - radius), (x + radius, y + radius)]), colour)

    def shape(self, *points: Point, colour: str = PAPER) -> None:
        """A closed outline, filled."""
        self.area(*points, colour=colour)
        self.line(*points, points[0])

    def arrow(self, start: Point, end: Point, colour: str = WATER) -> None:
        (x, y), (to_x, to_y) = start, end
        length = ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5
        across, down = (to_x - x) / length, (to_y - y) / length
        self.line(start, end, colour=colour)
        for side in (1, -1):
            back = (to_x - 7 * across - side * 5 * down, to_y - 7 * down + side * 5 * across)
            self.line(end, back, colour=colour)

    # What several kinds have

    def earth(self, top: float = GROUND) -> None:
        self.box(0, top, WIDE, HIGH, EARTH)
        self.line((0, top), (WIDE, top))

    def hut(self, left: float, right: float, top: float = 8, bottom: float = GROUND) -> None:
        self.line((left, bottom), (left, top + 14))
        self.line((right, bottom), (right, top + 14))
        self.line((left - 10, top + 18), ((left + right) / 2, top), (right + 10, top + 18), width=4)

    def bowl_to_sit(self, x: float) -> None:
        """A flush toilet with its cistern, from the side; its foot stands on the ground at x."""
        self.shape((x - 30, 40), (x - 13, 40), (x - 13, 66), (x - 30, 66), colour="#dcecf8")
        self.shape((x - 16, 64), (x + 22, 64), (x + 16, 78), (x + 6, 82), (x + 6, GROUND), (x - 14, GROUND))
        self.line((x - 12, 62), (x + 25, 62), width=4)

    def pan_to_squat(self, x: float) -> None:
        """A pan in the floor with two places for the feet."""
        self.shape((x - 20, GROUND - 3), (x + 20, GROUND - 3), (x + 10, GROUND + 14), (x - 6, GROUND + 14))
        for left in (x - 36, x + 22):
            self.box(left, GROUND - 9, left + 14, GROUND - 2, INK)

    def pipe(self, *points: Point) -> None:
        self.line(*points, width=9)
        self.line(*points, width=4, colour=WATER)

    def pour(self, x: float, y: float) -> None:
        """A bucket tipped out."""
        self.shape((x - 10, y - 14), (x + 12, y - 20), (x + 14, y), (x + 2, y + 5), colour="#dcecf8")
        for drop in range(3):
            left, top = x - 11 - 2 * drop, y - 8 + 14 * drop
            self.line((left, top), (left - 2, top + 9), colour=WATER, width=4)

    def seeps(self, *arrows: tuple[Point, Point]) -> None:
        for start, end in arrows:
            self.arrow(start, end)


def picture(drawing: Drawing) -> Image.Image:
    """The drawing as it is kept."""
    small = drawing.image.resize((WIDE, HIGH), Image.Resampling.LANCZOS)
    return small.quantize(COLOURS, dither=Image.Dither.NONE)


def _fine(points: Iterable[Point]) -> list[Point]:
    return [(x * FINE, y * FINE) for x, y in points]


def septic_tank(draw: Drawing) -> None:
    """Flushed into a closed tank of three chambers, which runs over into a pipe."""
    draw.earth()
    draw.hut(14, 84)
    draw.bowl_to_sit(50)
    draw.box(96, 112, 222, 168)
    draw.box(96, 126, 222, 168, WATER)
    draw.box(96, 152, 138, 168, WASTE)
    draw.line((96, 112), (222, 112), (222, 168), (96, 168), (96, 112), width=5)
    draw.line((138, 124), (138, 168), width=4)
    draw.line((180, 124), (180, 168), width=4)
    draw.pipe((50, GROUND + 3), (50, 120), (104, 122))
    draw.pipe((216, 126), (238, 126))
    draw.line((200, 112), (200, 60), width=6)
    draw.line((194, 60), (206, 60), width=6)


def half_septic(draw: Drawing) -> None:
    """Flushed into a tank with walls and no floor: what is thin goes into the ground."""
    draw.earth()
    draw.hut(14, 84)
    draw.bowl_to_sit(50)
    draw.box(124, 112, 206, 156)
    draw.box(124, 128, 206, 156, WATER)
    draw.box(124, 146, 206, 156, WASTE)
    draw.line((124, 156), (124, 112), (206, 112), (206, 156), width=5)
    draw.line((165, 122), (165, 156), width=4)
    draw.pipe((50, GROUND + 3), (50, 120), (130, 124))
    draw.seeps(*(((x, 158), (x, 174)) for x in (136, 152, 178, 194)))


def pour_flush(draw: Drawing) -> None:
    """Flushed by hand into a pit whose walls let the water through."""
    draw.earth()
    draw.hut(14, 94)
    draw.pan_to_squat(54)
    draw.pour(80, 52)
    draw.box(146, 110, 196, 160)
    draw.box(146, 140, 196, 160, WASTE)
    draw.line((138, 108), (204, 108), width=5)
    draw.dashed((146, 112), (146, 160))
    draw.dashed((196, 112), (196, 160))
    draw.dashed((146, 160), (196, 160))
    draw.pipe((58, GROUND + 16), (58, 122), (142, 122))
    draw.seeps(((142, 142), (122, 142)), ((200, 128), (222, 128)), ((200, 148), (222, 148)), ((171, 162), (171, 176)))


def two_vaults(draw: Drawing) -> None:
    """Two vaults on the ground, each with its hole: one in use, the other closed while it rots; ash, no water."""
    draw.earth(158)
    draw.hut(70, 200, top=4, bottom=98)
    draw.shape((64, 98), (206, 98), (206, 158), (64, 158), colour="#f1f1f1")
    draw.box(72, 112, 131, 154, PAPER)
    draw.box(139, 112, 198, 154, PAPER)
    draw.area((76, 154), (102, 128), (128, 154), colour=WASTE)
    draw.box(139, 122, 198, 154, WASTE)
    draw.line((135, 98), (135, 158), width=5)
    draw.box(92, 96, 112, 112, PAPER)
    for x in (82, 114):
        draw.box(x, 90, x + 10, 97, INK)
    draw.line((156, 94), (182, 94), width=6)  # the lid of the closed hole
    draw.line((169, 92), (169, 86), width=4)
    draw.shape((44, 118), (64, 118), (64, 158), (44, 158), colour="#f1f1f1")
    draw.shape((22, 138), (44, 138), (44, 158), (22, 158), colour="#f1f1f1")
    draw.area((208, 158), (222, 134), (238, 158), colour="#9a9a9a")  # ash
    draw.line((208, 158), (222, 134), (238, 158))


def ventilated(draw: Drawing) -> None:
    """A hole over a pit, and a pipe above the roof, with a net, that carries smell and flies away."""
    draw.earth()
    draw.box(54, 96, 190, 160)
    draw.area((54, 160), (54, 144), (90, 128), (124, 142), (190, 150), (190, 160), colour=WASTE)
    draw.line((54, 92), (54, 160), (190, 160), (190, 92), width=5)
    draw.hut(62, 148)
    for left, right in ((44, 92), (112, 164), (178, 200)):
        draw.line((left, GROUND), (right, GROUND), width=7)
    for x in (78, 114):
        draw.box(x, GROUND - 10, x + 12, GROUND - 3, INK)
    draw.box(165, 14, 177, GROUND + 4)
    draw.line((165, GROUND + 4), (165, 12), width=4)
    draw.line((177, GROUND + 4), (177, 12), width=4)
    draw.line((160, 12), (182, 12), width=3)
    for x in (166, 171, 176):
        draw.line((x, 6), (x, 12), width=1.5)
    draw.line((160, 6), (182, 6), width=3)
    draw.arrow((171, 84), (171, 26), colour="#777777")
    draw.arrow((120, 112), (156, 112), colour="#777777")


def pit_with_seat(draw: Drawing) -> None:
    """A pit in the earth, straight below a seat; no water and no pipe."""
    draw.earth()
    draw.box(78, 96, 162, 164)
    draw.area((78, 164), (78, 150), (120, 128), (162, 150), (162, 164), colour=WASTE)
    draw.line((78, 92), (82, 140), (78, 164), (162, 164), (159, 136), (162, 92), width=3)
    draw.hut(52, 188)
    draw.line((52, GROUND), (104, GROUND), width=7)
    draw.line((136, GROUND), (188, GROUND), width=7)
    draw.shape((96, 56), (108, 56), (108, GROUND), (96, GROUND), colour="#d9d9d9")
    draw.shape((132, 56), (144, 56), (144, GROUND), (132, GROUND), colour="#d9d9d9")
    draw.line((90, 54), (109, 54), width=6)
    draw.line((131, 54), (150, 54), width=6)
    draw.line((120, 66), (120, 118), width=2, colour="#777777")
    draw.arrow((120, 100), (120, 120), colour="#777777")


def another(draw: Drawing) -> None:
    """Two that are none of the others: boards over an open hole, and a hut on stilts over water."""
    draw.box(0, 108, 112, HIGH, EARTH)
    draw.line((0, 108), (112, 108))
    draw.area((24, 110), (88, 110), (80, 160), (32, 160), colour=PAPER)
    draw.area((30, 160), (34, 146), (56, 134), (78, 148), (82, 160), colour=WASTE)
    draw.line((22, 108), (32, 160), (80, 160), (90, 108))
    draw.line((14, 104), (46, 104), width=7)
    draw.line((66, 104), (98, 104), width=7)
    for x in (8, 104):
        draw.line((x, 108), (x, 46), width=4)
    for y in (52, 66, 80, 94):
        draw.line((8, y), (24, y), width=2)
        draw.line((88, y), (104, y), width=2)
    draw.box(124, 138, WIDE, HIGH, WATER)
    waves = [(x, 138 - 4 * (at % 2)) for at, x in enumerate(range(124, WIDE + 10, 10))]
    draw.line(*waves, width=2, colour="#1b6fb0")
    for x in (156, 214):
        draw.line((x, 96), (x, 172), width=4)
    draw.line((146, 96), (176, 96), width=6)
    draw.line((194, 96), (224, 96), width=6)
    draw.hut(156, 214, top=22, bottom=96)
    draw.line((185, 100), (185, 122), width=2, colour="#777777")
    draw.arrow((185, 110), (185, 126), colour="#777777")
    draw.line((118, 14), (118, 172), width=1.5, colour="#9a9a9a")


def none_at_all(draw: Drawing) -> None:
    """No hut: trees and grass; the outline of a hut struck out."""
    draw.earth(140)
    for x, y in ((36, 60), (206, 70)):
        draw.line((x, 140), (x, y), width=7, colour=WASTE)
        for dx, dy in ((-16, 0), (16, 0), (0, -16), (0, 8)):
            draw.disc(x + dx, y + dy, 18, GRASS)
    for x in range(12, 232, 16):
        draw.line((x - 4, 130), (x, 140), (x + 5, 128), width=2, colour=GRASS)
    for left, right in (((88, 140), (88, 64)), ((154, 140), (154, 64)), ((76, 70), (121, 44)), ((121, 44), (166, 70))):
        draw.dashed(left, right)
    for start, end in (((84, 58), (160, 134)), ((160, 58), (84, 134))):
        draw.line(start, end, width=8, colour="#c62828")


KINDS: dict[str, Callable[[Drawing], None]] = {
    "tu_hoai": septic_tank,
    "ban_tu_hoai": half_septic,
    "tham_doi": pour_flush,
    "hai_ngan": two_vaults,
    "ong_thong_hoi": ventilated,
    "dao_be_ngoi": pit_with_seat,
    "khong_hvs": another,
    "khong_co": none_at_all,
}


def main() -> None:
    for name, kind in KINDS.items():
        drawing = Drawing()
        kind(drawing)
        path = TO / f"nha_tieu_{name}.png"
        picture(drawing).save(path, optimize=True)
        print(f"{path.name} {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
