from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.shared.text import format_value, table_html


@pytest.mark.parametrize(
    ("value", "decimals", "told"),
    [
        (0.0, 3, "0"),
        (0.0004, 3, "<0.001"),
        (-0.0004, 3, ">-0.001"),
        (0.0006, 3, "0.001"),
        (0.004, 2, "<0.01"),
        (2e-17, 3, "<0.001"),
        (12.50, 3, "12.5"),
        (1234.0, 3, "1,234"),
        (1234567, 3, "1,234,567"),
        (float("nan"), 3, "–"),
        (None, 3, "–"),
        (True, 3, "True"),
        (pd.Timestamp("2026-03-01"), 3, "2026-03-01"),
    ],
)
def test_a_number_that_is_not_zero_is_not_shown_as_zero(value, decimals, told):
    assert format_value(value, decimals) == told


def test_p_values_have_two_digits_and_none_is_zero():
    frame = pd.DataFrame({"term": ["a", "b", "c", "d"], "p_value": [6.4e-5, 0.01234, 0.19, np.nan]})
    text = table_html(frame, "Terms")
    cells = [part.split("</td>")[0] for part in text.split("<td>")[1:]]
    assert cells == ["&lt;0.001", "0.012", "0.19", "–"]
    assert '<th scope="col">p value</th>' in text
