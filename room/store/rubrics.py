"""Rubrics of an account; past scorecards keep the version that they used. `room.scoring` reads a body."""

from room.store.versions import Version, Versions

RubricRow = Version

_rubrics = Versions("rubrics", "u")
rubrics = _rubrics.table
create, load, change, remove = _rubrics.create, _rubrics.load, _rubrics.change, _rubrics.remove
versions, find_by_key, list_for = _rubrics.versions, _rubrics.find_by_key, _rubrics.list_for
