"""What the story's people judged: the second rater's moments, two scorecards, their remarks, and the signed report."""

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection

from room.demo.performance import Performance
from room.desk import schedule
from room.replay import glimpses
from room.replay.authorship import lines
from room.scoring import filing
from room.scoring.score import Point, Rating, Scorecard, Words
from room.session.ids import CompetencyId
from room.store import shares
from room.store.engine import Store
from room.store.sealing import Seals

DAY_MS: Final = 86_400_000
AFTER_LAST_CARD_MS: Final = 40 * 60_000
"""When the remarks and the report are signed, after the second scorecard."""


def judge(
    conn: Connection, store: Store, seals: Seals, played: Performance, story: dict[str, Any]
) -> None:
    """File everything that was judged, at the times that the story gives."""
    interview = played.interview
    owner = interview.owner_id
    day = schedule.local(played.start_ms, interview.candidate_zone).date()
    moments: dict[str, str] = dict(played.player.pins)
    signed_ms = {card["by"]: _signed_ms(day, card["signed"]) for card in story["scorecards"]}

    for pin in story["replay_pins"]:
        moments[pin["id"]] = filing.add_moment(
            conn,
            seals,
            owner,
            interview.id,
            played.member_ids[pin["by"]],
            at_ms=round(pin["at"] * 1000),
            text=pin["text"],
            competency=pin["competency"],
            now_ms=signed_ms[pin["by"]] - 30 * 60_000,
        )
    words = _words(story, moments)
    for card in story["scorecards"]:
        filing.submit(
            conn,
            seals,
            owner,
            interview.id,
            played.member_ids[card["by"]],
            card=_scorecard(card, moments),
            name=card["signed"]["name"],
            zone=card["signed"]["zone"],
            at_ms=signed_ms[card["by"]],
        )
    at_ms = max(signed_ms.values()) + AFTER_LAST_CARD_MS
    for difference in story["agreement"]["differences"]:
        for who in signed_ms:
            filing.remark(
                conn,
                seals,
                owner,
                interview.id,
                played.member_ids[who],
                competency=difference["competency"],
                text=difference[who],
                at_ms=at_ms,
            )
    case = filing.load_case(conn, seals, owner, interview.id)
    written = filing.Written(
        lines(case.recorded),
        glimpses.starters(case.recorded),
        glimpses.around(case.recorded, [(m.id, m.at_ms) for m in case.moments]),
    )
    lead = next(
        card["signed"]
        for card in story["scorecards"]
        if story["people"][card["by"]]["role"] == "lead"
    )
    filing.sign_report(
        conn,
        seals,
        owner,
        interview.id,
        words=words,
        written=written,
        name=lead["name"],
        zone=lead["zone"],
        at_ms=at_ms,
    )
    letter = story["letter"]
    filing.save_letter(
        conn,
        seals,
        owner,
        interview.id,
        subject=letter["subject"],
        text=letter["text"],
        at_ms=at_ms,
        is_shown=True,
    )
    shares.create(
        conn,
        store.link_key,
        owner,
        interview.id,
        label=story["session"]["client"]["name"],
        with_replay=True,
        expires_at_ms=played.start_ms + interview.retention_days * DAY_MS,
        now_ms=at_ms,
    )


def _signed_ms(day: date, signed: dict[str, Any]) -> int:
    clock = datetime.strptime(signed["local"], "%H:%M").time()  # noqa: DTZ007 - a wall clock; the zone follows
    return schedule.moment(day, clock, signed["zone"])


def _scorecard(card: dict[str, Any], moments: dict[str, str]) -> Scorecard:
    ratings = []
    for competency, told in card["ratings"].items():
        is_observed = told["level"] != "NO"
        ratings.append(
            Rating(
                CompetencyId(competency),
                level=told["level"] if is_observed else None,
                not_observed=not is_observed,
                reason=told.get("reason", "").strip(),
                comment=told.get("comment", "").strip(),
                evidence=tuple(moments[pin] for pin in told.get("evidence", ())),
            )
        )
    return Scorecard(
        ratings=tuple(ratings),
        decision=card["decision"],
        confidence=card["confidence"],
        confidence_reason=card["confidence_reason"],
        not_for_report=card.get("not_for_report", ""),
    )


def _words(story: dict[str, Any], moments: dict[str, str]) -> Words:
    report = story["report"]

    def points(told: list[dict[str, Any]]) -> tuple[Point, ...]:
        return tuple(
            Point(
                text=point["text"],
                at_ms=round(point["at"] * 1000),
                pins=tuple(moments[pin] for pin in point["pins"]),
            )
            for point in told
        )

    return Words(
        summary=report["summary"].strip(),
        strengths=points(report["strengths"]),
        doubts=points(report["doubts"]),
        follow_up=tuple(report["follow_up"]),
        method=report["method"].strip(),
    )
