"""One run of a campaign: all that it needs, and how it stands while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock
from typing import Any

from newsletter.delivery.messages import Assembler
from newsletter.delivery.providers.contract import Provider, ProviderFailed
from newsletter.delivery.substitution import SubstitutionAssembler
from newsletter.delivery.supply import DomainPace
from newsletter.delivery.throttle import Throttle
from newsletter.model import Campaign
from newsletter.store.database import Database


@dataclass(slots=True)
class Sending:
    """All that a run of the loop needs; `stop` may be set from elsewhere, and the loop drains and ends."""

    database: Database
    campaign: Campaign
    provider: Provider[Any]
    assembler: Assembler | SubstitutionAssembler
    """Makes what the provider takes."""
    throttle: Throttle
    now: Callable[[], datetime]
    stop: Event
    called: str = ""
    """What people call the provider; without it, its class is named."""
    limit: int | None = None
    pace: DomainPace | None = None
    until: datetime | None = None
    """When the run ends by itself, such as at quiet hours."""
    progress: Callable[[int], None] = lambda settled: None
    wait: Callable[[float], object] | None = None
    """How to wait for seconds before connecting again; without one, `stop` ends the wait."""
    hold: int | None = None
    """The hold of the campaign that this run has taken; without one, no other process can take it over."""
    verify: Callable[[], None] = lambda: None
    """Raises when the campaign may be another process's by now; asked every second."""
    failures: list[BaseException] = field(default_factory=list)
    halted: Event = field(default_factory=Event)
    reached: bool = False
    carrying: set[float] = field(default_factory=set)
    _settled: int = 0
    _lock: Lock = field(default_factory=Lock)

    @property
    def over(self) -> bool:
        """Whether the run is ending: told to, its time is up, or something failed for good."""
        late = self.until is not None and self.now() >= self.until
        return self.stop.is_set() or self.halted.is_set() or bool(self.failures) or late

    @property
    def left(self) -> int | None:
        """How many more it may settle, of all of its passes."""
        return None if self.limit is None else max(0, self.limit - self._settled)

    def settled(self, number: int) -> None:
        """So many more have an outcome."""
        with self._lock:
            self._settled += number
        self.progress(number)

    def failed(self, what: str) -> ProviderFailed:
        """Its own code did: the campaign has to wait for whoever wrote it."""
        name = self.called or f"{type(self.provider).__module__}.{type(self.provider).__qualname__}"
        return ProviderFailed.of(name, what)

    def go_on(self) -> None:
        """Nobody has it paused any more."""
        self.halted.clear()
