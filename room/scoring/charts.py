"""Charts as SVG, made on the server. Shape carries the meaning, so that a grey print says the same.

Colours stand as attributes (for the PDF) with a class beside them, which the page's style sheet takes over for its theme.
Every chart has its numbers in a table beside it; the words in its `title` are its summary.
"""

from collections.abc import Sequence
from html import escape

from room.scoring.course import Course
from room.scoring.evidence import Moment

INK, LINE, FAINT, SURFACE, AMBER, BAND = (
    "#1B1A18",
    "#CFCBC3",
    "#6B675F",
    "#FFFFFF",
    "#E8A220",
    "#F0EEEA",
)

TRACK_HEIGHT, MIDDLE = 32, 16


def clock(ms: int) -> str:
    """Interview time as people read it: 23:18, or 1:02:05 from an hour on."""
    seconds = max(0, ms) // 1000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def track(count: int, levels: Sequence[int | None], label: str) -> str:
    """One competency: a line for each of `count` levels, a mark for each rater who gave one.

    Equal levels of two raters are one mark with a ring around it. The first rater's mark is filled, the second's hollow.
    """

    def x(level: int) -> str:
        return f"{(level - 0.5) * 100 / count:.2f}%"

    parts = [
        f'<line x1="{x(n)}" y1="0" x2="{x(n)}" y2="{TRACK_HEIGHT}" stroke="{LINE}" class="s-line"/>'
        for n in range(1, count + 1)
    ]
    given = [(rater, level) for rater, level in enumerate(levels) if level is not None]
    if len({level for _, level in given}) > 1:
        low, high = min(level for _, level in given), max(level for _, level in given)
        parts.append(
            f'<line x1="{x(low)}" y1="{MIDDLE}" x2="{x(high)}" y2="{MIDDLE}" stroke="{INK}" '
            'stroke-width="2" class="s-ink"/>'
        )
    for level in sorted({level for _, level in given}):
        raters = [rater for rater, at in given if at == level]
        parts.append(_mark(x(level), MIDDLE, raters))
    # Places along the track are shares of its width, so that marks keep their size on any paper and screen.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="track" width="100%" height="{TRACK_HEIGHT}" role="img" '
        f'fill="none"><title>{escape(label)}</title>{"".join(parts)}</svg>'
    )


def key_mark(raters: Sequence[int], name: str) -> str:
    """The mark of these raters, as it stands beside their name in the chart's key."""
    return _svg(24, 24, "keymark", f"Mark of {name}", [_mark("12", 12, raters)], is_sign=True)


def bookmark() -> str:
    """The sign of evidence beside a time."""
    shape = f'<path d="M3 1.5h8v11l-4-3-4 3z" fill="{AMBER}" class="f-pin"/>'
    return _svg(14, 14, "tick-mark", "Evidence", [shape], is_sign=True)


def outcome(*, passed: bool) -> str:
    """The sign beside a test: a tick or a cross; the word stands beside it."""
    colour, name = ("#1A6B3C", "s-pass") if passed else ("#B0271F", "s-fail")
    path = "M2.5 7.4l3 3 6-6.6" if passed else "M3.3 3.3l7.4 7.4M10.7 3.3l-7.4 7.4"
    shape = f'<path d="{path}" stroke="{colour}" stroke-width="1.6" class="{name}"/>'
    return _svg(14, 14, "tick-mark", "Passed" if passed else "Failed", [shape], is_sign=True)


def _mark(x: str, y: int, raters: Sequence[int]) -> str:
    hollow = f'fill="{SURFACE}" stroke="{INK}" stroke-width="2" class="f-surface s-ink"'
    dot = f'<circle cx="{x}" cy="{y}" r="6.5" fill="{INK}" class="f-ink"/>'
    if len(raters) > 1:
        return f'<circle cx="{x}" cy="{y}" r="10" {hollow}/>{dot}'
    if raters[0] == 0:
        return dot
    if raters[0] == 1:
        return f'<circle cx="{x}" cy="{y}" r="6.5" {hollow}/>'
    return f'<svg x="{x}" y="{y}" overflow="visible"><path d="M-7 0L0 -7L7 0L0 7Z" {hollow}/></svg>'


def timeline(course: Course, moments: Sequence[Moment], label: str, *, width: int = 1000) -> str:
    """Stages above, then runs and tests, then evidence, over minutes."""
    length = max(course.length_ms, 1)
    band, runs_y, pins_y, axis_y = 22, 42, 66, 92

    def x(ms: int) -> float:
        return round(min(max(ms, 0), length) * (width - 2) / length + 1, 1)

    parts: list[str] = []
    for stage in course.stages:
        left, right = x(stage.from_ms), x(stage.to_ms)
        wide = max(1.0, right - left - 2)
        parts.append(
            f'<rect x="{left}" y="0" width="{wide:.1f}" height="{band}" rx="3" fill="{BAND}" class="f-band"/>'
        )
        room = int((wide - 10) / 6.6)
        title = (
            stage.title
            if len(stage.title) <= room
            else stage.title[: max(0, room - 1)].rstrip() + "…"
        )
        if room > 2:
            parts.append(
                f'<text x="{left + 6:.1f}" y="15" font-size="12" fill="{INK}" class="f-ink">{escape(title)}</text>'
            )
    parts.append(f'<path d="M0 {runs_y}H{width}" stroke="{LINE}" class="s-line"/>')
    for run in course.runs:
        at = x(run.at_ms)
        if run.kind == "run":
            parts.append(
                f'<path d="M{at} {runs_y - 7}V{runs_y + 7}" stroke="{FAINT}" stroke-width="2" class="s-faint"/>'
            )
        elif run.is_passed:
            parts.append(
                f'<rect x="{at - 5:.1f}" y="{runs_y - 5}" width="10" height="10" fill="{INK}" class="f-ink"/>'
            )
        else:
            parts.append(
                f'<circle cx="{at}" cy="{runs_y}" r="5" fill="{SURFACE}" stroke="{INK}" stroke-width="2" '
                'class="f-surface s-ink"/>'
            )
    for hint in course.hints:
        at = x(hint.at_ms)
        parts.append(
            f'<path d="M{at - 5:.1f} {runs_y - 12}H{at + 5:.1f}L{at} {runs_y - 5}Z" fill="{FAINT}" class="f-faint"/>'
        )
    for moment in moments:
        at = x(moment.at_ms)
        parts.append(
            f'<path d="M{at - 4.5:.1f} {pins_y - 8}H{at + 4.5:.1f}V{pins_y + 7}L{at} {pins_y + 3}'
            f'L{at - 4.5:.1f} {pins_y + 7}Z" fill="{AMBER}" class="f-pin"/>'
        )
    parts += _axis(length, width, axis_y)
    return _svg(width, 104, f"timeline w{width}", label, parts)


def _axis(length_ms: int, width: int, y: int) -> list[str]:
    minutes = length_ms / 60_000
    room = max(2, width // 90)
    step = next((s for s in (1, 2, 5, 10, 15, 30, 60, 120) if minutes / s <= room), 240)
    out = [f'<path d="M0 {y - 12}H{width}" stroke="{LINE}" class="s-line"/>']
    ticks = [*range(0, int(minutes) + 1, step)]
    for tick in ticks:
        at = tick * (width - 2) / minutes + 1 if minutes else 1
        anchor = "start" if at < 20 else "end" if at > width - 20 else "middle"
        words = "0 min" if tick == 0 else str(tick)
        out.append(
            f'<text x="{at:.1f}" y="{y + 8}" font-size="11" text-anchor="{anchor}" fill="{FAINT}" '
            f'class="f-faint">{words}</text>'
        )
    return out


def _svg(
    width: float,
    height: float,
    name: str,
    label: str,
    parts: Sequence[str],
    *,
    is_sign: bool = False,
) -> str:
    """`is_sign`: the word stands beside it, so a screen reader skips it; the PDF's tags still carry its label."""
    said = 'role="img"' if label and not is_sign else 'aria-hidden="true"'
    title = f"<title>{escape(label)}</title>" if label else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" {said} fill="none">{title}{"".join(parts)}</svg>'
    )
