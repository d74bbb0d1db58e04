"""A small picture as SVG: lines over a number that doubles, the other axis in powers of ten."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 40, 56
COLOURS = {"blue": "#3366cc", "orange": "#d9730d", "green": "#2e8b57", "grey": "#777777"}


@dataclass(frozen=True)
class Line:
    """Points (x, y), y above 0; dashed where it was not measured but follows."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: str
    dashed: bool = False


def svg(title: str, across: str, up: str, lines: Sequence[Line], limit: tuple[str, float]) -> str:
    """Return the picture; `limit` is a level with its name."""
    xs = sorted({x for line in lines for x, _ in line.points})
    ys = [y for line in lines for _, y in line.points] + [limit[1]]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def x_at(x: float) -> float:
        share = math.log2(x / xs[0]) / (math.log2(xs[-1] / xs[0]) or 1)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y_at(y: float) -> float:
        return TOP + (high - math.log10(y)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def text(x: float, y: float, words: str, more: str = "") -> str:
        return f'<text x="{x:.0f}" y="{y:.0f}" {more}>{escape(words)}</text>'

    def rule(x1: float, y1: float, x2: float, y2: float, more: str) -> str:
        return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {more}/>'

    end = WIDTH - RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13" fill="#222222" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        text(LEFT, 24, title, 'font-size="15" font-weight="bold"'),
        text((LEFT + end) / 2, HEIGHT - 14, across, 'text-anchor="middle"'),
        text(18, HEIGHT / 2, up, f'text-anchor="middle" transform="rotate(-90 18 {HEIGHT / 2})"'),
    ]
    for power in range(low, high + 1):
        for step in (1, 2, 5):
            level = step * 10.0**power
            if level <= 10.0**high:
                y = y_at(level)
                parts.append(rule(LEFT, y, end, y, 'stroke="#dddddd"'))
                parts.append(text(LEFT - 8, y + 4, f"{level:g}", 'text-anchor="end"'))
    for x in xs:
        parts.append(text(x_at(x), HEIGHT - BOTTOM + 20, f"{x:g}", 'text-anchor="middle"'))
    y = y_at(limit[1])
    parts.append(rule(LEFT, y, end, y, 'stroke="#bb2222" stroke-dasharray="2 3"'))
    parts.append(text(end + 8, y + 4, limit[0], 'fill="#bb2222"'))
    taken = [y]
    for line in lines:
        colour = COLOURS[line.colour]
        way = " ".join(f"{x_at(x):.1f},{y_at(y):.1f}" for x, y in line.points)
        dash = 'stroke-dasharray="7 5"' if line.dashed else ""
        parts.append(
            f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2.5" {dash}/>'
        )
        if not line.dashed:
            parts += [
                f'<circle cx="{x_at(x):.1f}" cy="{y_at(y):.1f}" r="3.5" fill="{colour}"/>'
                for x, y in line.points
            ]
        name_at = y_at(line.points[-1][1])
        while any(abs(name_at - other) < 16 for other in taken):
            name_at += 2
        taken.append(name_at)
        parts.append(text(end + 8, name_at + 4, line.name, f'fill="{colour}"'))
    return "\n".join([*parts, "</svg>", ""])
