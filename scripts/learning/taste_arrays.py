"""Models of taste as plain arrays: the settings that scoring needs, and what was learned.

Conventions
-----------
Arrays are named as the model's attributes are; a setting is an array of no dimensions. ``model``
holds the name under which :data:`scripts.learning.taste.MODELS` knows the class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray


class KeptAsArrays:
    """A model whose class names its settings, each with its type, and its arrays."""

    name: str
    SETTINGS: ClassVar[Mapping[str, Callable[[Any], Any]]]
    ARRAYS: ClassVar[tuple[str, ...]]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays that the model can be rebuilt from."""
        return {
            "model": np.array(self.name),
            **{key: np.array(getattr(self, key)) for key in self.SETTINGS},
            **{key: getattr(self, key) for key in self.ARRAYS},
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild a model from its arrays."""
        model = cls(**{key: kind(arrays[key]) for key, kind in cls.SETTINGS.items()})
        for key in cls.ARRAYS:
            setattr(model, key, np.asarray(arrays[key]))
        return model
