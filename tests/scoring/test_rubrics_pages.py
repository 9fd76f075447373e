"""Rubrics through the running app: copied, changed, versioned once used, in and out as YAML."""

import re

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec.structs import replace

from room.scoring import drafting, shelf
from room.scoring.rubric import BadRubric, parse
from room.store import clients, interviews, rubrics


def form_of(text: str) -> dict:
    """What the editor's page would send unchanged."""
    fields: dict = {}
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and name[1] not in ("csrf", "do"):
            fields.setdefault(name[1], []).append(unescape(value[1]))
    for name, value in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>', text):
        fields[name] = unescape(value)
    for name, body in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', text, re.DOTALL
    ):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', body)
        fields[name] = (chosen[1] or chosen[2]) if chosen else ""
    return fields


def unescape(text: str) -> str:
    for sign, character in (
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#34;", '"'),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ):
        text = text.replace(sign, character)
    return text


def copied(held) -> str:
    answer = held.post(f"/rubrics/{held.rubric.id}/copy")
    assert answer.status_code == 303
    return answer.headers["location"].split("/")[2]


def row(held, rubric_id):
    with held.store.read() as conn:
        return rubrics.load(conn, held.owner, rubric_id)


def edit(held, rubric_id, **changes):
    fields = form_of(held.get(f"/rubrics/{rubric_id}/edit").text)
    return held.post(f"/rubrics/{rubric_id}", fields=fields | changes)


def test_a_shipped_rubric_is_copied_and_never_changed(alone):
    assert "Comes with Room" in alone.get("/rubrics").text
    page = alone.get(f"/rubrics/{alone.rubric.id}")
    assert "copy it to change it" in page.text
    assert alone.get(f"/rubrics/{alone.rubric.id}/edit").status_code == 303
    fields = form_of(alone.get(f"/rubrics/{copied(alone)}/edit").text)
    assert alone.post(f"/rubrics/{alone.rubric.id}", fields=fields).status_code == 409
    assert row(alone, alone.rubric.id).body == alone.rubric.body


def test_the_editor_gives_back_what_it_was_given(alone):
    rubric_id = copied(alone)
    before = row(alone, rubric_id).body
    assert edit(alone, rubric_id).status_code == 303
    assert row(alone, rubric_id).body == before


def test_a_version_that_nobody_used_is_changed_in_place(alone):
    rubric_id = copied(alone)
    answer = edit(alone, rubric_id, name="Ours")
    assert answer.headers["location"] == f"/rubrics/{rubric_id}"
    assert row(alone, rubric_id).body["name"] == "Ours"
    assert row(alone, rubric_id).version == 1


def test_a_used_version_stays_and_the_next_one_goes_to_the_clients(alone):
    rubric_id = copied(alone)
    with alone.store.begin() as conn:
        (client,) = clients.list_for(conn, alone.owner)
        clients.save(conn, type(client)(**{f: getattr(client, f) for f in client.__struct_fields__} | {"rubric_id": rubric_id}))  # fmt: skip
    alone.post(f"/score/{alone.id}/rubric", fields={"rubric": rubric_id})
    before = row(alone, rubric_id).body
    assert "used: a change makes version 2" in alone.get(f"/rubrics/{rubric_id}").text
    assert edit(alone, rubric_id).headers["location"] == f"/rubrics/{rubric_id}"  # nothing changed
    answer = edit(alone, rubric_id, name="Ours")
    made = answer.headers["location"].rpartition("/")[2]
    assert made != rubric_id
    assert row(alone, rubric_id).body == before
    assert (row(alone, made).version, row(alone, made).body["name"]) == (2, "Ours")
    with alone.store.read() as conn:
        assert clients.list_for(conn, alone.owner)[0].rubric_id == made
    assert alone.get(f"/rubrics/{rubric_id}/edit").headers["location"] == f"/rubrics/{made}/edit"
    fields = form_of(alone.get(f"/rubrics/{made}/edit").text)
    late = alone.post(f"/rubrics/{rubric_id}", fields=fields)
    assert late.status_code == 409
    assert "newer version" in late.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "needs a name"),
        ({"weight:0": "2"}, "write down why"),
        ({"weight:0": "much"}, "not a number"),
        ({"anchor:1:2": ""}, "anchor for level 2"),
        ({"definition:2": ""}, "a definition"),
        ({"expected:0": "junior many"}, "whole number"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(alone, changes, words):
    rubric_id = copied(alone)
    answer = edit(alone, rubric_id, use_for="For a long afternoon", **changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert "For a long afternoon" in answer.text


def test_rows_are_added_moved_and_removed_and_nothing_is_kept_by_that(alone):
    rubric_id = copied(alone)
    count = len(row(alone, rubric_id).body["competencies"])
    more = edit(alone, rubric_id, do="add").text
    assert len(form_of(more)["row"]) == count + 1
    less = edit(alone, rubric_id, do="remove:0").text
    assert len(form_of(less)["row"]) == count - 1
    moved = form_of(edit(alone, rubric_id, do="up:1").text)
    names = [c["name"] for c in row(alone, rubric_id).body["competencies"]]
    assert [moved["name:0"][0], moved["name:1"][0]] == [names[1], names[0]]
    assert len(row(alone, rubric_id).body["competencies"]) == count


@pytest.mark.parametrize("count", [3, 5, 7])
def test_another_number_of_levels_asks_for_other_anchors(alone, count):
    rubric_id = copied(alone)
    shown = form_of(edit(alone, rubric_id, do="levels", levels=str(count)).text)
    assert f"label:{count}" in shown
    assert f"label:{count + 1}" not in shown
    filled = {k: "Something that can be seen." for k in shown if k.startswith("anchor:")}
    filled |= {k: f"Word {k}" for k in shown if k.startswith("label:")}
    fields = shown | filled | {f"expected:{n}": "" for n in range(9)} | {"name": "Long"}
    assert alone.post(f"/rubrics/{rubric_id}", fields=fields).status_code == 303
    assert parse(row(alone, rubric_id).body).top == count


def test_the_preview_shows_the_anchors_and_keeps_nothing(alone):
    rubric_id = copied(alone)
    answer = edit(alone, rubric_id, do="preview", name="Tried <b>out</b>")
    assert "Preview: Tried &lt;b&gt;out&lt;/b&gt;" in answer.text
    assert row(alone, rubric_id).body["name"] != "Tried <b>out</b>"


def test_yaml_goes_out_and_comes_in_the_same(alone, rubrics):
    exported = alone.get(f"/rubrics/{alone.rubric.id}/rubric.yaml").text
    answer = alone.post("/rubrics/import", fields={"yaml": exported})
    made = row(alone, answer.headers["location"].rpartition("/")[2])
    assert made.key != alone.rubric.key  # a shipped one is not replaced from outside
    assert made.body["competencies"] == drafting.document(parse(alone.rubric.body))["competencies"]
    for rubric in rubrics:
        assert drafting.from_yaml(drafting.to_yaml(rubric)) == rubric


@pytest.mark.parametrize(
    "text",
    [
        "", "a: [", "- 1", "42", "rubrics: [3]", "x" * 400_001, "[" * 5_000,
        "a: &a [x,x]\nb: &b [*a,*a]\nname: [*b,*b]", "!!python/object/apply:os.system ['true']",
        "name: N\nid: n\ncompetencies: 3", "name: N\nid: n\ncompetencies: [{name: 1, anchors: 2}]",
        "name: N\nid: n\ncompetencies: [{id: a, name: A, definition: d, anchors: {1: a, 2: b, 3: c, 4: d}, probes: 3}]",
        "name: N\nid: n\ncompetencies: [{id: a, name: A, definition: d, anchors: {x: a}}]",
    ],
)  # fmt: skip
def test_a_strange_file_is_refused_with_a_sentence(text):
    with pytest.raises(BadRubric) as caught:
        drafting.from_yaml(text)
    assert str(caught.value).endswith(".")


@for_all(st.text(max_size=60))
def test_any_text_is_refused_with_a_sentence(text):
    with pytest.raises(BadRubric, match=r"\.$"):
        drafting.from_yaml(text)


def test_a_new_rubric_starts_empty_and_is_made_by_its_form(alone):
    fields = form_of(alone.get("/rubrics/new").text)
    fields |= {"name": "Talking", "name:0": "Listening", "definition:0": "Hears what is said."}
    fields |= {f"anchor:0:{n}": f"At {n}." for n in range(1, 5)}
    answer = alone.post("/rubrics", fields=fields)
    assert answer.status_code == 303
    assert row(alone, answer.headers["location"].rpartition("/")[2]).key == "talking"


def test_mallory_finds_no_rubric_of_iris(alone):
    rubric_id = copied(alone)
    for path in ("", "/edit", "/rubric.yaml"):
        assert alone.get(f"/rubrics/{rubric_id}{path}", "mallory").status_code == 404
    assert alone.post(f"/rubrics/{rubric_id}/copy", "mallory").status_code == 404
    assert alone.post(f"/rubrics/{rubric_id}", "mallory", {"name": "x"}).status_code == 404
    assert alone.get("/rubrics", None).status_code == 303


def test_every_shipped_rubric_is_known_as_shipped(alone):
    with alone.store.read() as conn:
        assert all(entry.is_shipped for entry in shelf.entries(conn, alone.owner))


# ------------------------------------------------------------------------------------------------ deleting


def test_an_unused_rubric_of_ones_own_is_deleted_and_clients_start_without_one(alone):
    own = copied(alone)
    with alone.store.begin() as conn:
        client = clients.load(conn, alone.owner, alone.client)
        clients.save(conn, replace(client, rubric_id=own))
    page = alone.get(f"/rubrics/{own}").text
    assert "Delete it" in page
    assert "Interviews of <bdi>Northline Freight</bdi> will start without a rubric." in page
    assert alone.post(f"/rubrics/{own}/delete").status_code == 303
    assert alone.get(f"/rubrics/{own}").status_code == 404
    with alone.store.read() as conn:
        assert clients.load(conn, alone.owner, alone.client).rubric_id is None


def test_a_rubric_that_came_with_room_or_was_used_stays(alone):
    own = copied(alone)
    with alone.store.begin() as conn:
        planned = interviews.load(conn, alone.owner, alone.id)
        plan = replace(planned.plan, rubric=own)
        interviews.save(conn, replace(planned, plan=plan))
    edit(alone, own, name="Ours, newer")
    with alone.store.read() as conn:
        newer = rubrics.versions(conn, alone.owner, rubrics.load(conn, alone.owner, own).key)[0].id
    assert newer != own
    for rubric_id, said in (
        (alone.rubric.id, "came with Room"),
        (own, "This rubric was used"),
        (newer, "This rubric was used"),
    ):
        assert "Delete it" not in alone.get(f"/rubrics/{rubric_id}").text
        answer = alone.post(f"/rubrics/{rubric_id}/delete")
        assert answer.status_code == 409
        assert said in answer.text
        assert alone.get(f"/rubrics/{rubric_id}").status_code == 200


def test_mallory_deletes_no_rubric_of_iris(alone):
    own = copied(alone)
    assert alone.post(f"/rubrics/{own}/delete", "mallory").status_code == 404
    assert alone.get(f"/rubrics/{own}").status_code == 200
