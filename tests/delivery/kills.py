"""Moments to kill a sender at: others each time, and the same again when a test failed."""

from __future__ import annotations

import os
import random

SEED = "NEWSLETTER_TEST_SEED"
"""The environment's name for the seed to try again."""


def random_moments() -> random.Random:
    """Other moments each time; the seed is printed, which pytest shows when the test fails."""
    seed = int(os.environ.get(SEED) or random.SystemRandom().randrange(1_000_000))
    print(f"the moments are those of {SEED}={seed}")
    return random.Random(seed)
