"""JSON into its shape, also from several threads at once."""

from __future__ import annotations

import threading
from typing import Any, TypeVar, cast

import msgspec

Shape = TypeVar("Shape")
_decoders: dict[object, msgspec.json.Decoder[Any]] = {}
_making = threading.Lock()


def decoded(text: str | bytes | bytearray, shape: type[Shape]) -> Shape:
    """msgspec's errors when it is not of the shape.

    msgspec (0.22) keeps what it learns of a Struct while it still learns it. A second thread that decodes the same
    one for the first time then reads a null pointer, and the process is gone without a word: one thread at a time.
    """
    decoder = _decoders.get(shape)
    if decoder is None:
        with _making:
            decoder = _decoders.setdefault(shape, msgspec.json.Decoder(shape))
    return cast(Shape, decoder.decode(text))
