"""What stands on the button by which a file is chosen: the page's words, without script, and one for several files."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import COMMUNE

BUTTON = '<label class="button button-second" for="{}">{}</label><input'


@pytest.mark.usefixtures("small_round")
@pytest.mark.parametrize(
    ("address", "field", "words"),
    [
        (f"/desk/{COMMUNE}/police", "file", "Chọn tệp"),
        (f"/desk/{COMMUNE}/corrections", "file", "Chọn tệp"),
        (f"/desk/{COMMUNE}/supports/list", "file", "Chọn tệp"),
        ("/exchange/", "bundles", "Chọn các tệp"),
    ],
)
def test_the_button_of_a_file_is_in_the_language_of_the_page(
    login_as: Any, address: str, field: str, words: str
) -> None:
    page = login_as("supervisor").get(address)
    assert page.status_code == 200
    assert BUTTON.format(field, words) in page.text
