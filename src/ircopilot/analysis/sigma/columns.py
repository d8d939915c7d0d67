"""Arrow tables to numpy: fields as distinct values and codes.

`to_numpy`, `fill_null` and taking by a numpy array are avoided: the first call of each makes Arrow load pandas, which
costs half a second and 60 MB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ircopilot.analysis.sigma.fields import Place

Codes = npt.NDArray[np.int32]


@dataclass(slots=True)
class Column:
    """One field of some events: its distinct values, and for each event the index of its value."""

    values: list[str]
    codes: Codes


def as_text(value: str | bytes | None) -> str:
    """Arrow hands over strings as bytes or text, depending on the server."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""


def numbers_of(array: Any) -> npt.NDArray[Any]:
    """An array of numbers without nulls."""
    return np.from_dlpack(array)


def times_of(column: pa.ChunkedArray[Any]) -> npt.NDArray[np.int64]:
    """A column of whole numbers without nulls."""
    parts = [numbers_of(c).astype(np.int64) for c in column.chunks]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def rows_at(places: npt.NDArray[np.int64]) -> pa.Array[Any]:
    """Positions in the form that `take` wants."""
    given: Any = np.ascontiguousarray(places, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), len(given), [None, pa.py_buffer(given)])


def dictionary_of(column: pa.ChunkedArray[Any]) -> Column:
    """Distinct values and codes; null is the empty string, bytes that are not UTF-8 are replaced."""
    chunks = _encode(column)
    if not chunks:
        return Column([""], np.zeros(0, dtype=np.int32))
    values = [as_text(v) for v in chunks[0].dictionary.to_pylist()]
    return Column([*values, ""], np.concatenate([_codes(c.indices, len(values)) for c in chunks]))


def _codes(indices: Any, absent: int) -> Codes:
    codes = numbers_of(indices.fill_null(absent) if indices.null_count else indices)
    return codes.astype(np.int32)


def _encode(column: pa.ChunkedArray[Any]) -> list[Any]:
    """The chunks as dictionary arrays of one dictionary."""
    if not pa.types.is_dictionary(column.type):
        whole: Any = column.combine_chunks()  # one dictionary at once is many times faster than one a chunk
        column = pa.chunked_array([c.dictionary_encode() for c in getattr(whole, "chunks", [whole])])
    return list((column.unify_dictionaries() if column.num_chunks > 1 else column).chunks)


def originals_of(names: Any, texts: Any) -> dict[Place, Column]:
    """The original fields out of each event's list of their names and list of their texts."""
    size = len(names)
    flat = dictionary_of(pa.chunked_array([c.flatten() for c in names.chunks], type=names.type.value_type))
    lengths = [numbers_of(c.value_lengths()) for c in names.chunks]
    events = np.repeat(np.arange(size), np.concatenate(lengths) if lengths else 0)
    values: Any = pa.chunked_array([c.flatten() for c in texts.chunks], type=texts.type.value_type).combine_chunks()
    order = np.argsort(flat.codes.astype(np.uint16), kind="stable")  # by radix, being short numbers
    ends = np.cumsum(np.bincount(flat.codes, minlength=len(flat.values)))
    columns = {}
    for name, start, end in zip(flat.values, [0, *ends.tolist()], ends.tolist(), strict=False):
        if start == end:
            continue
        at = order[start:end][::-1]  # the first of several of one name counts, being written last
        column = dictionary_of(pa.chunked_array([values.take(rows_at(at))]))
        codes = np.full(size, len(column.values) - 1, dtype=np.int32)
        codes[events[at]] = column.codes
        columns[Place("", name)] = Column(column.values, codes)
    return columns
