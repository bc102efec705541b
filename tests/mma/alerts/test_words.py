"""Text as numbers says the same as the text itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mma.alerts.words import Words

texts = st.lists(st.none() | st.text(max_size=3))
numbers = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1))


def counted(values: list[int | None]) -> Words:
    """A column of numbers that are the text."""
    return Words(
        np.array([v or 0 for v in values], dtype=np.int64), np.array([v is not None for v in values], dtype=np.bool_)
    )


def spelt(values: list[int | None]) -> list[str | None]:
    return [None if v is None else str(v) for v in values]


@given(texts)
def test_text_comes_back(values: list[str | None]) -> None:
    assert list(Words.of(values).text()) == values
    assert list(Words.none(len(values)).text()) == [None] * len(values)


@given(numbers)
def test_numbers_are_their_digits(values: list[int | None]) -> None:
    assert list(counted(values).text()) == spelt(values)


@given(texts, st.data())
def test_rows_are_taken_in_any_order_and_number(values: list[str | None], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(values) - 1)) if values else st.just([]))
    assert list(Words.of(values).take(np.array(rows, dtype=np.int64)).text()) == [values[i] for i in rows]


@given(texts, numbers, texts)
def test_columns_one_after_another(first: list[str | None], second: list[int | None], third: list[str | None]) -> None:
    parts = [Words.of(first), counted(second), Words.none(2), Words.of(third)]
    assert list(Words.concatenate(parts).text()) == [*first, *spelt(second), None, None, *third]
    both = [counted(second), Words.none(1), counted(second)]
    assert list(Words.concatenate(both).text()) == [*spelt(second), None, *spelt(second)]


@given(st.lists(st.tuples(st.none() | st.text(max_size=2), st.none() | st.integers(-5, 5))))
def test_what_is_unknown_comes_from_elsewhere(rows: list[tuple[str | None, int | None]]) -> None:
    words, others = Words.of([a for a, _ in rows]), counted([b for _, b in rows])
    expected = [b if a is None else a for (a, _), b in zip(rows, spelt([b for _, b in rows]), strict=True)]
    either = words.otherwise(others)
    assert list(either.text()) == expected
    assert list(either.filled("unknown").text()) == [e or "unknown" for e in expected]


@given(st.lists(st.text("ab", max_size=2)))
def test_the_same_word_has_the_same_number_wherever_it_comes_from(values: list[str]) -> None:
    twice = Words.concatenate([Words.of(values), Words.of(values[::-1])]).filled("")
    found = twice.numbers().tolist()
    text = [*values, *values[::-1]]
    assert len(set(zip(text, found, strict=True))) == len(set(text)) == len(set(found))
    assert all(0 <= n <= len(set(text)) for n in found)
