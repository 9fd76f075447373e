"""The rubrics of an account: which are shipped, which are used, and what saving one does.

A shipped rubric is only copied. A version that an interview or a scorecard names stays as it is: saving makes the next one, and
clients that had the rubric get it for new interviews. A version that nobody used yet is changed in place.
"""

import msgspec
from sqlalchemy import Connection

from room import content
from room.scoring import drafting
from room.scoring.rubric import BadRubric, Rubric, parse
from room.store import clients, interviews, rubrics, scorecards
from room.store.rubrics import RubricRow


class Shipped(Exception):
    """A rubric that came with Room is not changed, only copied."""


class Overtaken(Exception):
    """The page was made from a version that is not the newest any more."""


class Used(Exception):
    """An interview or a scorecard names one of its versions."""


class Entry(msgspec.Struct, frozen=True):
    row: RubricRow
    rubric: Rubric
    is_shipped: bool
    is_used: bool
    clients: tuple[str, ...]
    """Names of the clients whose interviews start with it."""


def is_shipped(row: RubricRow) -> bool:
    return row.key in {body["id"] for body in content.load("rubrics")["rubrics"]}


def used(conn: Connection, owner_id: str) -> set[str]:
    """Ids of the versions that an interview or a scorecard names."""
    planned = {i.plan.rubric for i in interviews.list_for(conn, owner_id) if i.plan.rubric}
    return planned | {card.rubric_id for card in scorecards.list_of_owner(conn, owner_id)}


def entries(conn: Connection, owner_id: str) -> list[Entry]:
    """The newest version of each rubric, the account's own first."""
    named = clients.list_for(conn, owner_id)
    in_use = used(conn, owner_id)
    found = [
        Entry(
            row,
            parse(row.body),
            is_shipped(row),
            row.id in in_use,
            tuple(client.name for client in named if client.rubric_id == row.id),
        )
        for row in rubrics.list_for(conn, owner_id)
    ]
    return sorted(found, key=lambda entry: entry.is_shipped)


def _free_key(conn: Connection, owner_id: str, name: str) -> str:
    return drafting.free_id(name, {row.key for row in rubrics.list_for(conn, owner_id)})


def add(conn: Connection, owner_id: str, rubric: Rubric, now_ms: int) -> RubricRow:
    """A new rubric of one's own, version 1, under a key that is free."""
    key = _free_key(conn, owner_id, rubric.name)
    body = drafting.document(msgspec.structs.replace(rubric, key=key, version=1))
    return rubrics.create(conn, owner_id, key=key, version=1, body=body, now_ms=now_ms)


def copy(conn: Connection, owner_id: str, rubric_id: str, now_ms: int) -> RubricRow:
    """A copy to change. Raises NotFound."""
    source = parse(rubrics.load(conn, owner_id, rubric_id).body)
    name = f"{source.name}, copy"
    return add(conn, owner_id, msgspec.structs.replace(source, name=name), now_ms)


def save(conn: Connection, owner_id: str, rubric_id: str, rubric: Rubric, now_ms: int) -> RubricRow:
    """Keep what was written over the version `rubric_id`; the row that holds it now.

    Raises:
        NotFound: no such rubric.
        Shipped: it can only be copied.
        Overtaken: there is a newer version.
    """
    row = rubrics.load(conn, owner_id, rubric_id)
    if is_shipped(row):
        raise Shipped(row.key)
    newest = rubrics.find_by_key(conn, owner_id, row.key)
    if newest is None or newest.id != row.id:
        raise Overtaken(row.key)
    if row.id not in used(conn, owner_id):
        kept = msgspec.structs.replace(rubric, key=row.key, version=row.version)
        return rubrics.change(conn, row, drafting.document(kept))
    kept = msgspec.structs.replace(rubric, key=row.key, version=row.version + 1)
    if drafting.document(kept) | {"version": row.version} == drafting.document(parse(row.body)):
        return row
    made = rubrics.create(
        conn, owner_id, key=row.key, version=kept.version, body=drafting.document(kept), now_ms=now_ms
    )  # fmt: skip
    for client in clients.list_for(conn, owner_id):
        if client.rubric_id == row.id:
            clients.save(conn, msgspec.structs.replace(client, rubric_id=made.id))
    return made


def is_deletable(conn: Connection, owner_id: str, row: RubricRow) -> bool:
    """It did not come with Room, and none of its versions was ever used."""
    in_use = used(conn, owner_id)
    return not is_shipped(row) and not any(
        version.id in in_use for version in rubrics.versions(conn, owner_id, row.key)
    )


def starters(conn: Connection, owner_id: str, row: RubricRow) -> tuple[str, ...]:
    """Names of the clients whose interviews start with some version of this rubric."""
    ids = {version.id for version in rubrics.versions(conn, owner_id, row.key)}
    return tuple(c.name for c in clients.list_for(conn, owner_id) if c.rubric_id in ids)


def delete(conn: Connection, owner_id: str, rubric_id: str) -> None:
    """Take a rubric away, all its versions; clients that started with it start with none.

    Raises:
        NotFound: no such rubric.
        Shipped: it comes with Room.
        Used: something was planned or scored with it.
    """
    row = rubrics.load(conn, owner_id, rubric_id)
    if is_shipped(row):
        raise Shipped(row.key)
    if not is_deletable(conn, owner_id, row):
        raise Used(row.key)
    ids = {version.id for version in rubrics.versions(conn, owner_id, row.key)}
    for client in clients.list_for(conn, owner_id):
        if client.rubric_id in ids:
            clients.save(conn, msgspec.structs.replace(client, rubric_id=None))
    rubrics.remove(conn, owner_id, row.key)


__all__ = [
    "BadRubric", "Entry", "Overtaken", "Shipped", "Used", "add", "copy", "delete", "entries", "is_deletable", "is_shipped",
    "save", "starters", "used",
]  # fmt: skip
