"""Agreement over many interviews of an account, from the cards that are kept."""

import msgspec

from room.scoring import filing, history, statistics
from room.store import interviews, members


def test_ten_double_rated_interviews_are_needed_and_then_printed(held):
    held.score(level=3, **{"evidence:understanding": ["p_first"]})
    page = held.get("/scorecards").text
    assert "0 interviews scored by several people" in page
    held.score("ron", level=2, name="Ron Adeyemi")
    page = held.get("/scorecards").text
    assert "1 interview scored by several people" in page
    assert "alpha" not in page
    for number in range(9):
        another(held, number)
    page = held.get("/scorecards").text
    assert "10 interviews were scored by several people" in page
    assert "alpha, ordinal" in page
    assert "Only you see this" in page
    assert "of a level more" in page  # Iris gives 3 where Ron gives 2
    with held.store.read() as conn:
        found = history.over(conn, held.seals, held.owner)
    assert found.agreement.exact == 9 * 3
    assert found.severity == statistics.severity(
        [(3, 2)] * 6 + ([(2, 2)] * 3 + [(3, 2)] * 3) * 9, 0
    )
    assert "10 interviews" not in held.get("/scorecards", "mallory").text


def another(held, number):
    """One more interview, scored by both: half of the levels equal."""
    now = held.clock.wall_ms() + number
    with held.store.begin() as conn:
        first = interviews.load(conn, held.owner, held.id)
        row = interviews.create(
            conn, held.owner, client_id=held.client, candidate_name=f"Cand {number}", candidate_zone="UTC",
            role_title="Engineer", starts_at_ms=now, zone="UTC", plan=first.plan, lead_name="Iris Rey", level="mid", now_ms=now,
        )  # fmt: skip
        held.seals.create(conn, held.owner, row.id, now)
        interviews.mark_started(conn, held.owner, row.id, now)
        interviews.mark_ended(conn, held.owner, row.id, now + 1, cut_short=False)
        lead = members.lead_of(conn, held.owner, row.id)
        ron = members.add(conn, held.owner, row.id, role="rater", name="Ron", now_ms=now)
        ids = [c["id"] for c in held.rubric.body["competencies"]]
        for member, levels in ((lead, [2, 2, 2, 3, 3, 3]), (ron, [2] * 6)):
            ratings = tuple(filing.Scorecard().rating(c) for c in ids)
            ratings = tuple(msgspec.structs.replace(r, level=n) for r, n in zip(ratings, levels, strict=True))  # fmt: skip
            card = filing.Scorecard(ratings, "yes", "high")
            filing.submit(conn, held.seals, held.owner, row.id, member.id, card=card, name="N N", zone="UTC", at_ms=now)  # fmt: skip


def test_the_minutes_from_end_to_signature_are_told(alone):
    with alone.store.read() as conn:
        assert filing.usual_minutes(filing.standings(conn, alone.owner)) is None
    alone.score(**{"evidence:understanding": ["p_first"]})
    alone.sign()
    with alone.store.read() as conn:
        (due,) = filing.standings(conn, alone.owner)
    assert due.minutes_to_signature == 13  # held for 47 minutes of the first hour
    assert "13 min after the end" in alone.get("/scorecards").text
    with alone.store.read() as conn:
        assert filing.usual_minutes(filing.standings(conn, alone.owner)) == 13
