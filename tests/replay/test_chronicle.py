"""The chronicle against the documents of Yjs itself: after every edit both have the same text."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text

from room.replay.chronicle import Chronicle, NoChronicle

ROOT, FILE = "f:f_main", "f_main"
WORDS = ("a", "b\n", "word ", "é", "😀", "ẞ\n\n")


def change(doc, dice):
    """Something is typed or deleted somewhere; the update."""
    text = doc.get(ROOT, type=Text)
    before, size = doc.get_state(), len(str(text).encode())
    whole = str(text)
    at = dice.randrange(len(whole) + 1)
    with doc.transaction():
        if size and dice.random() < 0.35:
            end = min(len(whole), at + dice.randrange(1, 8))
            del text[len(whole[:at].encode()) : len(whole[:end].encode())]
        if dice.random() < 0.75:
            text.insert(min(len(str(text).encode()), len(whole[:at].encode())), dice.choice(WORDS))
    return doc.get_update(before)


def meet(server, docs, dice):
    """Some of those who typed apart get what the server has."""
    for doc in docs:
        if dice.random() < 0.4:
            doc.apply_update(server.get_update(doc.get_state()))


@settings(max_examples=250, deadline=None)
@given(seed=st.integers(0, 2**32), people=st.integers(1, 4), edits=st.integers(1, 80))
def test_the_chronicle_says_after_every_edit_what_the_document_says(seed, people, edits):
    dice = random.Random(seed)
    server: Doc = Doc(client_id=1)
    server.get(ROOT, type=Text).insert(0, "def main():\n    pass\n")
    docs = [Doc(client_id=dice.randrange(2, 2**32)) for _ in range(people)]
    for doc in docs:
        doc.apply_update(server.get_update())
    chronicle = Chronicle()
    chronicle.open(server.get_update())
    said = [str(server.get(ROOT, type=Text))]
    for _ in range(edits):
        update = change(dice.choice(docs), dice)
        server.apply_update(update)
        chronicle.take(update)
        said.append(str(server.get(ROOT, type=Text)))
        meet(server, docs, dice)
    assert chronicle.edits == edits
    for number, text in enumerate(said):
        assert chronicle.text(FILE, number) == text


def test_what_was_typed_apart_for_long_is_in_the_documents_order():
    for seed in range(40):
        dice = random.Random(seed)
        server: Doc = Doc(client_id=1)
        docs = [Doc(client_id=9 - number) for number in range(4)]
        updates = [[change(doc, dice) for _ in range(60)] for doc in docs]
        chronicle = Chronicle()
        while any(updates):
            update = dice.choice([mine for mine in updates if mine]).pop(0)
            server.apply_update(update)
            chronicle.take(update)
        assert chronicle.text(FILE, chronicle.edits) == str(server.get(ROOT, type=Text))


def test_a_catching_up_that_brings_again_what_is_here_adds_the_rest():
    doc: Doc = Doc(client_id=5)
    text = doc.get(ROOT, type=Text)
    text.insert(0, "one")
    chronicle = Chronicle()
    chronicle.open(doc.get_update())
    text.insert(3, " two")
    text.insert(7, " three")
    chronicle.take(doc.get_update())
    assert chronicle.text(FILE, 0) == "one"
    assert chronicle.text(FILE, 1) == "one two three"


def test_an_edit_before_what_it_builds_on_is_refused():
    doc: Doc = Doc(client_id=5)
    text = doc.get(ROOT, type=Text)
    text.insert(0, "one")
    before = doc.get_state()
    text.insert(3, " two")
    chronicle = Chronicle()
    with pytest.raises(NoChronicle):
        chronicle.take(doc.get_update(before))
    before = doc.get_state()
    del text[0:2]
    with pytest.raises(NoChronicle):
        Chronicle().take(doc.get_update(before))


def test_another_kind_of_content_is_refused():
    doc: Doc = Doc(client_id=5)
    text = doc.get(ROOT, type=Text)
    text.insert(0, "bold", {"weight": 700})
    with pytest.raises(NoChronicle):
        Chronicle().open(doc.get_update())
