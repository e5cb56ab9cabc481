"""What tests that kill a sender share: moments that differ each time, and requests small enough for many kills."""

from __future__ import annotations

import os
import random

SEED = "NEWSLETTER_TEST_SEED"
"""The environment's name for the seed to try again."""
FULL_REQUEST = 1000
SMALL_REQUEST = 50


def random_moments() -> random.Random:
    """Other moments each time; the seed is printed, which pytest shows when the test fails."""
    seed = int(os.environ.get(SEED) or random.SystemRandom().randrange(1_000_000))
    print(f"the moments are those of {SEED}={seed}")
    return random.Random(seed)


def ask_in_small_requests() -> None:
    """Begin a run with this, and what it asks of SendGrid holds at most `SMALL_REQUEST` people."""
    from newsletter.delivery.providers.sendgrid import SendGrid

    SendGrid.group = SMALL_REQUEST
