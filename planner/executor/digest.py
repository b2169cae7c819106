"""A hash of what a value holds: equal values, equal hash, in every process and on every machine.

A pickle will not do: it depends on which equal strings are the same object. Who holds a frame or a sparse matrix has
imported what it is of; a worker process, which hashes nothing, starts in a fifth of the time without.
"""

import hashlib
import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import fields, is_dataclass
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

_SCALARS = (bool, int, str, bytes, float, complex, type(None))


def digest(value: Any) -> str:
    """SHA-256 of the content of a value, in hex.

    Plain values, dataclasses (their fields), arrays, sparse matrices, frames, mappings and sets in any order, and
    whatever tells its content to ``pickle``.

    Raises:
        TypeError: something in it does not tell its content.
    """
    hashed = hashlib.sha256()
    for part in _parts(value):
        hashed.update(len(part).to_bytes(8, "little"))
        hashed.update(part)
    return hashed.hexdigest()


def _parts(value: Any) -> Iterator[bytes | memoryview]:
    """The content as a sequence of bytes, each value led by its type."""
    if isinstance(value, type | FunctionType | BuiltinFunctionType):
        yield f"name {value.__module__}.{value.__qualname__}".encode()
        return
    kind = type(value)
    yield f"{kind.__module__}.{kind.__qualname__}".encode()
    if kind in _SCALARS:
        yield value if isinstance(value, bytes) else (value.hex() if isinstance(value, float) else repr(value)).encode()
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        yield f"{value.dtype.str} {value.shape}".encode()
        yield np.ascontiguousarray(value).reshape(-1).view(np.uint8).data
    elif isinstance(value, Mapping):
        yield "".join(sorted(digest(pair) for pair in value.items())).encode()
    elif isinstance(value, Set):
        yield "".join(sorted(map(digest, value))).encode()
    else:
        for part in _members(value):
            yield digest(part).encode()


def _members(value: Any) -> Iterator[Any]:
    """What a compound value is made of, in order."""
    if isinstance(value, tuple | list):
        yield from value
    elif isinstance(value, np.ndarray):
        yield value.shape
        yield value.ravel().tolist()
    elif is_dataclass(value):
        for field in fields(value):
            yield field.name
            yield getattr(value, field.name)
    elif (pandas := sys.modules.get("pandas")) and isinstance(value, pandas.DataFrame):
        yield [*value.columns]
        yield [str(dtype) for dtype in value.dtypes]
        yield pandas.util.hash_pandas_object(value).to_numpy()
    elif (sparse := sys.modules.get("scipy.sparse")) and sparse.issparse(value):
        rows = value.tocsr()
        yield from (rows.shape, rows.indptr, rows.indices, rows.data)
    else:
        yield from _pickled(value)


def _pickled(value: Any) -> Iterator[Any]:
    """The members that an object tells ``pickle``."""
    reduced = value.__reduce_ex__(4)
    if isinstance(reduced, str):
        yield reduced
        return
    for part in reduced:
        yield [*part] if isinstance(part, Iterator) else part
