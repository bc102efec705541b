"""How Python looks for garbage while very many rows go by."""

from __future__ import annotations

import gc

NEW_OBJECTS, YOUNG_PASSES, OLD_PASSES = 100_000, 50, 100


def look_seldom() -> None:
    """Look for cycles of garbage less often than by default, and never among what is there now.

    A batch makes some hundred thousand objects and no cycles; looking through all of them again and again costs
    as much as half of the telling. What is not in a cycle is freed at once in any case.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG_PASSES, OLD_PASSES)
