"""The pages of docs/ that the model writes say what the model says."""

from collections.abc import Callable

import pytest

from cx.folders import PROJECT
from tests.reference_docs import PAGES


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_page_is_as_the_model_writes_it(name: str, page: Callable[[], str]) -> None:
    written = (PROJECT / "docs" / name).read_text(encoding="utf-8")
    assert written == page(), "run: python -m tests.reference_docs"
