"""Models of the model store, each loaded once in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

from consentguard.vision.models.store import ModelStore

Part = TypeVar("Part")

_LOADED: Final[dict[tuple[Callable[[ModelStore], Any], ModelStore], Any]] = {}
_LOADING: Final = threading.RLock()


def loaded(load: Callable[[ModelStore], Part]) -> Part:
    """What `load` makes of the model store, made once however many guards there are. Raises ModelUnavailable."""
    key = (load, ModelStore.default())
    with _LOADING:
        if key not in _LOADED:
            _LOADED[key] = load(key[1])
        part: Part = _LOADED[key]
        return part
