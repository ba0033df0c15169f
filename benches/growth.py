#!/usr/bin/env python3
"""Draws how cost grows: reads docs/pictures/growth.csv, writes the pictures beside it as SVG.

    (cargo bench --bench speed -- --growth && cargo bench --bench memory -- --growth &&
     cargo bench --bench serve -- --growth) >docs/pictures/growth.csv
    benches/growth.py
"""

import csv
import math
from collections import defaultdict
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "docs/pictures"

WIDTH, HEIGHT = 470, 350
# Room around the plot: left, top, right, bottom.
LEFT, TOP, RIGHT, BOTTOM = 66, 62, 18, 52

# Told apart by everybody, in print as well: each has a mark of its own.
COLOURS = ["#0b62a4", "#c4500a"]
INK, GRID, GOAL = "#222222", "#dddddd", "#777777"
FONT = "font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif\""


@dataclass
class Panel:
    title: str
    figure: str
    x: str
    y: str
    # The name of a line in the CSV, and in the picture.
    lines: dict[str, str]
    log: bool = True
    # What was promised, and in words.
    goal: tuple[float, str] | None = None
    points: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


PICTURES = {
    "growth-page": [
        Panel("A page, by its series", "series", "series on the page", "nanoseconds a series",
              {"compress": "compress", "render": "render"}, goal=(60, "render: 60 ns")),
        Panel("100,000 series, by accounts", "accounts", "accounts that share them", "milliseconds a page",
              {"all of them changed": "all accounts changed", "one of them changed": "one account changed"}),
    ],
    "growth-klar": [
        Panel("Klar's rows: speed", "klar", "rows of an answer, 556 B each", "MB a second of CPU",
              {"MB a second": "read and added up"}, log=False, goal=(300, "300 MB/s")),
        Panel("Klar's rows: memory", "klar", "rows of an answer, 556 B each", "MiB at most, above idle",
              {"peak memory in MiB": "allocated meanwhile"}, log=False, goal=(16, "16 MiB")),
    ],
    "growth-scrapers": [
        Panel("10,000 series as gzip: answers", "serve", "scrapers at once", "answers a second",
              {"ours: answers a second": "revenue-exporter", "nginx: answers a second": "nginx, the same bytes"}, log=False),
        Panel("10,000 series as gzip: time", "serve", "scrapers at once", "milliseconds, 99 % within",
              {"ours: 99 % within ms": "revenue-exporter", "nginx: 99 % within ms": "nginx, the same bytes"},
              goal=(25, "64 scrapers: 25 ms")),
    ],
}


class Axis:
    """From values to places on the paper."""

    def __init__(self, values: list[float], begin: float, end: float, log: bool, tight: bool):
        self.log, self.begin, self.end = log, begin, end
        if log:
            self.low, self.high = math.log10(min(values)), math.log10(max(values))
            if not tight:
                self.low, self.high = math.floor(self.low), math.ceil(self.high)
            powers = [10.0**power for power in range(math.floor(self.low), math.ceil(self.high) + 1)]
            within = [value for value in powers if self.low - 1e-9 <= math.log10(value) <= self.high + 1e-9]
            # A few places that were measured say more than powers of ten.
            self.ticks = sorted(set(values)) if tight and len(set(values)) <= 5 else within
            all_minor = [digit * power for power in powers for digit in range(2, 10)]
            self.minor = [value for value in all_minor if self.low < math.log10(value) < self.high]
        else:
            step = steps(max(values) * 1.05)
            self.low, self.high = 0, math.ceil(max(values) * 1.05 / step) * step
            self.ticks = [step * count for count in range(round(self.high / step) + 1)]
            self.minor = []

    def at(self, value: float) -> float:
        place = math.log10(value) if self.log else value
        return self.begin + (place - self.low) / (self.high - self.low) * (self.end - self.begin)


def steps(most: float) -> float:
    """A round step that divides 0 to `most` by four to eight."""
    power = 10 ** math.floor(math.log10(most / 4))
    return next(step * power for step in (1, 2, 5, 10) if most / (step * power) <= 8)


def number(value: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def text(x: float, y: float, words: str, *, size=12, anchor="middle", colour=INK, more="") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"{more}>'
            f"{escape(words)}</text>")


def line(x1: float, y1: float, x2: float, y2: float, colour: str, more="") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{more}/>'


def mark(which: int, x: float, y: float) -> str:
    colour = COLOURS[which]
    if which == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"/>'


def panel(it: Panel) -> list[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    xs = [x for points in it.points.values() for x, _ in points]
    ys = [y for points in it.points.values() for _, y in points] + ([it.goal[0]] if it.goal else [])
    across, up = Axis(xs, LEFT, right, True, True), Axis(ys, bottom, TOP, it.log, False)
    out = [text(LEFT, 22, it.title, size=15, anchor="start", more=' font-weight="600"')]
    for axis, draw in ((across, lambda at: (at, TOP, at, bottom)), (up, lambda at: (LEFT, at, right, at))):
        out += [line(*draw(axis.at(value)), GRID, ' stroke-opacity="0.45"') for value in axis.minor]
        out += [line(*draw(axis.at(value)), GRID) for value in axis.ticks]
    out += [text(across.at(tick), bottom + 18, number(tick)) for tick in across.ticks]
    out += [text(LEFT - 8, up.at(tick) + 4, number(tick), anchor="end") for tick in up.ticks]
    out += [line(LEFT, bottom, right, bottom, INK), line(LEFT, TOP, LEFT, bottom, INK)]
    out.append(text((LEFT + right) / 2, HEIGHT - 12, it.x, size=13))
    middle = (TOP + bottom) / 2
    out.append(text(16, middle, it.y, size=13, more=f' transform="rotate(-90 16 {middle:.1f})"'))
    if it.goal:
        at = up.at(it.goal[0])
        out.append(line(LEFT, at, right, at, GOAL, ' stroke-width="1.5" stroke-dasharray="6 4"'))
        # On the side of the line where there is room, to the left, where curves are lower.
        below = sorted(ys)[len(ys) // 2] > it.goal[0] and not it.log
        out.append(text(LEFT + 8, at + (17 if below else -6), f"goal: {it.goal[1]}", anchor="start", colour=GOAL))
    legend = LEFT
    for which, (name, shown) in enumerate(it.lines.items()):
        places = [(across.at(x), up.at(y)) for x, y in it.points[name]]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[which]}" stroke-width="2.2"/>')
        out += [mark(which, x, y) for x, y in places]
        out += [mark(which, legend + 5, 42), text(legend + 15, 46, shown, size=13, anchor="start", colour=COLOURS[which])]
        legend += 34 + 7.3 * len(shown)
    return out


def picture(panels: list[Panel]) -> str:
    whole = WIDTH * len(panels)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {HEIGHT}" width="{whole}" height="{HEIGHT}" {FONT}>',
           f'<rect width="{whole}" height="{HEIGHT}" fill="white"/>']
    for place, it in enumerate(panels):
        out += [f'<g transform="translate({place * WIDTH} 0)">', *panel(it), "</g>"]
    return "\n".join([*out, "</svg>", ""])


def main() -> None:
    points = defaultdict(list)
    with (FOLDER / "growth.csv").open() as file:
        for row in csv.DictReader(file):
            points[row["figure"], row["line"]].append((float(row["x"]), float(row["y"])))
    for name, panels in PICTURES.items():
        for it in panels:
            it.points = {line: sorted(points[it.figure, line]) for line in it.lines}
        (FOLDER / f"{name}.svg").write_text(picture(panels))


if __name__ == "__main__":
    main()
