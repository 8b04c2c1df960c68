"""Words that stand out: given these texts and those, which words?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx.salient import LEAST_TEXTS, Text, salient

USUAL = [Text(f"The machine is fine and the coffee is good number {i}", "en") for i in range(60)]


def told(texts: list[Text], others: list[Text] | None = None) -> list[str]:
    return [word.word for word in salient(texts, USUAL if others is None else others)]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        pytest.param([Text("The machine leaks", "en")] * 9, ["leaks"], id="a new word"),
        pytest.param([Text("The machine is fine and the coffee is good", "en")] * 9, [], id="nothing new"),
        pytest.param([Text("leaking", "en"), Text("It leaks", "en"), Text("leaked", "en")] * 4, ["it", "leaking"],
                     id="forms of one word count together"),
        pytest.param([Text("leaks " * 50, "en")] * (LEAST_TEXTS - 1), [], id="few texts tell nothing"),
        pytest.param([Text("دستگاه نشت می‌کند", "fa")] * 9, ["دستگاه", "می‌کند", "نشت"], id="any script"),
        pytest.param([Text("Perde acqua", "it")] * 9, ["acqua", "perde"], id="any language"),
        pytest.param([Text("LEAKS"), Text("leaks!"), Text("Leaks,")] * 3, ["leaks"], id="no case, no marks"),
        pytest.param([Text("machine machine", "en"), Text("the coffee leaks", "en")] * 9, ["leaks"], id="everyday words say nothing"),
        pytest.param([], [], id="no texts"),
    ],
)  # fmt: skip
def test_words_that_stand_out(texts: list[Text], words: list[str]) -> None:
    assert sorted(told(texts)) == words


def test_where_nobody_wrote_before_nothing_stands_out() -> None:
    assert salient([Text("the machine leaks")] * 9, []) == []


def test_counted_by_texts() -> None:
    word = salient([Text("leaks leaks leaks")] * 5 + [Text("fine")] * 5, USUAL)[0]
    assert (word.word, word.texts, word.share, word.before) == ("leaks", 5, 0.5, 0)


@given(st.lists(st.text(max_size=30), max_size=12))
def test_texts_set_against_themselves_stand_out_in_nothing(texts: list[str]) -> None:
    same = [Text(text, "en") for text in texts]
    assert salient(same, same) == []
