"""The storyboard's notation for typing."""

from hypothesis import given
from hypothesis import strategies as st

from room.demo.typing import final_text, keys


def play(notation: str) -> str:
    text = ""
    for key in keys(notation, 5):
        text = text[: len(text) - key.back] + key.text
    return text


def test_a_slip_is_typed_seen_and_taken_back_to_the_common_beginning() -> None:
    pressed = list(keys("⟨overlpa→overlap⟩", 10))
    assert [key.back for key in pressed].count(1) == 2
    assert next(key.wait_ms for key in pressed if key.back) == 400
    assert play("may ⟨overlpa→overlap⟩!") == "may overlap!"


def test_a_pause_waits_and_indentation_costs_no_time() -> None:
    pressed = list(keys("a⟨1.5⟩b\n        c", 10))
    assert [round(key.wait_ms) for key in pressed] == [100, 1600, 100, 100]
    assert pressed[2].text == "\n        "


@given(
    st.lists(
        st.one_of(
            st.text("ab \n", max_size=5),
            st.tuples(
                st.text("abc", min_size=1, max_size=4), st.text("abc", min_size=1, max_size=4)
            ),
            st.floats(0, 3),
        ),
        max_size=8,
    )
)
def test_what_is_typed_ends_as_the_final_text(pieces: list) -> None:
    notation = "".join(
        piece
        if isinstance(piece, str)
        else f"⟨{piece[0]}→{piece[1]}⟩"
        if isinstance(piece, tuple)
        else f"⟨{piece}⟩"
        for piece in pieces
    )
    assert play(notation) == final_text(notation)
