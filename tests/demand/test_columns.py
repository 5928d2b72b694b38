from __future__ import annotations

import numpy as np
import pytest

from stockout.demand.columns import for_columns, some_columns


@pytest.mark.parametrize("columns", [0, 1, 7, 64, 65, 200])
def test_every_column_is_worked_on_once(columns: int) -> None:
    count = np.zeros(columns)

    def work(at: slice) -> None:
        count[at] += 1

    for_columns(work, columns, width=32)
    assert (count == 1).all()


def test_an_error_in_one_block_comes_out() -> None:
    def work(at: slice) -> None:
        if at.stop == 100:
            raise ValueError("in the last block")

    with pytest.raises(ValueError, match="last block"):
        for_columns(work, 100, width=10)


@pytest.mark.parametrize("columns", [[], [3], [2, 3, 4], [0, 2, 5], [5, 4, 3], [1, 1]])
def test_some_columns_are_copies_of_those_asked_for(columns: list[int]) -> None:
    matrix = np.arange(24.0).reshape(4, 6)
    wanted = np.array(columns, dtype=np.int64)
    found = some_columns(matrix, wanted)
    np.testing.assert_array_equal(found, matrix[:, wanted])
    found += 1
    np.testing.assert_array_equal(matrix, np.arange(24.0).reshape(4, 6))
