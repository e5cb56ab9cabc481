"""A provider of another distribution, so that whatever its code does is an answer of the contract or `ProviderFailed`.

What strangers raise, be it `SystemExit`, must neither end the program nor pass for one of its own errors; and what they
answer goes into the ledger only when it is an `Outcome`. A failure names the provider, and pauses the campaign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from threading import current_thread, main_thread
from typing import Any, cast

from newsletter.delivery.providers.contract import Mails, ProviderFailed
from newsletter.errors import NewsletterError
from newsletter.model import DeliveryId, Outcome, Result

_END = object()


class Guarded:
    """The provider as the contract wants it."""

    def __init__(self, provider: Any, name: str) -> None:
        """Raises whatever looking at it raises, and `ValueError` when it does not say what it needs to be given."""
        self._provider = provider
        self._name = name
        self.substitutes = bool(provider.substitutes)
        self.streams = bool(getattr(provider, "streams", False))
        self.group: int = provider.group
        self.connections: int = provider.connections
        for key, value in (("group", self.group), ("connections", self.connections)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"its {key} is {value!r}, not a number from 1")

    def connect(self) -> _GuardedConnection:
        connection = self._asked(self._provider.connect)
        wanted = ("deliver_stream", "lost", "close") if self.streams else ("deliver", "close")
        missing = self._asked(lambda: [one for one in wanted if not hasattr(connection, one)])
        if missing:
            raise ProviderFailed.of(
                self._name, f"connect() answered {_shown(connection)}, which has no {', '.join(missing)}"
            )
        return _GuardedConnection(connection, self._name)

    def already_carried(self, deliveries: Sequence[DeliveryId]) -> set[DeliveryId] | None:
        carried = self._asked(lambda: self._provider.already_carried(deliveries))
        if carried is not None and not isinstance(carried, AbstractSet | list | tuple):
            # Taken for a set of nobody, everybody would be mailed again.
            raise ProviderFailed.of(self._name, f"already_carried() answered {_shown(carried)}, neither a set nor None")
        return None if carried is None else self._asked(lambda: set(carried))

    def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except BaseException as error:  # whatever the code of strangers raises
            raise _failure(self._name, error) from error


class _GuardedConnection:
    """A connection of the provider's."""

    def __init__(self, connection: Any, name: str) -> None:
        self._connection = connection
        self._name = name
        self._failed = False

    @property
    def lost(self) -> str:
        try:
            return str(getattr(self._connection, "lost", "") or "")
        except BaseException as error:  # whatever the code of strangers raises
            raise self._failure(error) from error

    def deliver(self, mails: Sequence[Any], /) -> Iterator[Outcome]:
        answers = 0
        for outcome in self._outcomes(lambda: self._connection.deliver(mails)):
            answers += 1
            if answers > len(mails):
                break
            yield outcome
        if answers != len(mails):
            self._failed = True
            raise ProviderFailed.of(self._name, f"{len(mails)} mails and {answers} answers")

    def deliver_stream(self, mails: Mails, /) -> Iterator[Outcome]:
        return self._outcomes(lambda: self._connection.deliver_stream(mails))

    def close(self) -> None:
        try:
            self._connection.close()
        except BaseException as error:  # whatever the code of strangers raises
            # What went wrong before is what a person should read.
            if not self._failed or _asks_to_end(error):
                raise self._failure(error) from error

    def _outcomes(self, deliver: Callable[[], Iterable[Any]]) -> Iterator[Outcome]:
        answers: Iterator[Any] | None = None
        while True:
            try:
                answers = iter(deliver()) if answers is None else answers
                outcome = next(answers, _END)
            except BaseException as error:  # whatever the code of strangers raises
                raise self._failure(error) from error
            if outcome is _END:
                return
            if not _is_outcome(outcome):
                self._failed = True
                raise ProviderFailed.of(self._name, f"it answered {_shown(outcome)}, which is no outcome")
            yield cast(Outcome, outcome)

    def _failure(self, error: BaseException) -> BaseException:
        self._failed = True
        return _failure(self._name, error)


def _failure(name: str, error: BaseException) -> BaseException:
    """What to raise instead of the error: itself, when it is of the contract or a person wants to end."""
    if isinstance(error, NewsletterError) or _asks_to_end(error):
        return error
    return ProviderFailed.of(name, f"{type(error).__name__}: {error}".rstrip(": "))


def _asks_to_end(error: BaseException) -> bool:
    """Whether it is Ctrl-C, which reaches the main thread alone."""
    return isinstance(error, KeyboardInterrupt) and current_thread() is main_thread()


def _is_outcome(answer: Any) -> bool:
    """Whether the ledger can keep it."""
    kinds = isinstance(answer, Outcome) and isinstance(answer.result, Result) and isinstance(answer.suppress, bool)
    return kinds and all(map(_is_text, (answer.reason, answer.provider_id)))


def _is_text(value: Any) -> bool:
    """Whether it can be written to any database: PostgreSQL knows no NUL, and nobody half a surrogate pair."""
    return (
        isinstance(value, str)
        and (value.isascii() or not any("\ud800" <= one <= "\udfff" for one in value))
        and "\0" not in value
    )


def _shown(value: Any) -> str:
    """A stranger's value, so far as it can be shown."""
    try:
        return ascii(value)[:100]
    except Exception:  # its own __repr__ is a stranger's, too
        return f"a {type(value).__name__}"
