"""The provider that speaks to SendGrid's Web API v3: up to 1,000 personalizations of one template in a request.

SendGrid has no idempotency key, so what its answer means is all there is (facts at twilio.com/docs/sendgrid):

    202, or 200 in the sandbox       accepted; `X-Message-Id` is kept
    200 without the sandbox          uncertain: only 202 says that it is queued
    400                              all refused: whoever is to blame is found and rejected, the others sent again
    413                              too large: halved
    429                              waits until the time it names, deferred when that is far away
    401, 403, other 3xx and 4xx      nothing was sent, and nothing would be: stop, and say so
    5xx, no answer to what was sent  uncertain, until its events tell (`sendgrid_events`)
    no connection, no TLS            unsent
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.delivery.providers.contract import ProviderAway, ProviderGone, ProviderRefuses
from newsletter.delivery.providers.sendgrid_client import Answer, Client, NoAnswer, NotBegun
from newsletter.delivery.providers.sendgrid_requests import (
    MOST_RECIPIENTS,
    Body,
    Encoded,
    MailOptions,
)
from newsletter.errors import ended
from newsletter.model import DeliveryId, Outcome, Personalization, Result, Template

HOST = "https://api.sendgrid.com"
LONGEST_WAIT = 120.0
"""Seconds to wait for a rate limit to end; those who would wait longer are deferred."""

_PLACE = re.compile(r"personalizations(?:\.|\[)(\d+)")
_ALL_ALIKE = 10
"""So many refused in the same words and nobody accepted: it is not the recipients."""
_MOST_DOUBTS = 3
"""Requests in a row without an answer, over all connections, after which no more are put in doubt."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where to send and with which key; the key is never shown."""

    key: str = field(repr=False)
    host: str = HOST
    options: MailOptions = field(default_factory=MailOptions)


class SendGrid:
    """An account at SendGrid."""

    substitutes = True
    group = MOST_RECIPIENTS

    def __init__(
        self,
        account: Account,
        connections: int,
        wait: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
        connect: Callable[[str, str], Client] = Client,
    ) -> None:
        """`wait(seconds)` answers True when the run is ending; `clock` counts Unix seconds."""
        self._account = account
        self.connections = connections
        self._wait = wait
        self._clock = clock
        self._connect = connect
        self.state = _Shared()

    def connect(self) -> _SendGridConnection:
        client = self._connect(self._account.key, self._account.host)
        return _SendGridConnection(self._account, client, self._wait, self._clock, self.state)

    def already_carried(self, deliveries: Sequence[DeliveryId]) -> None:
        return None


class _Shared:
    """What the connections learn for each other: when requests are welcome again, and whether any is answered."""

    not_before = 0.0
    doubts = 0
    reached = False


class _Ended(Exception):
    """The run is ending while a rate limit lasts."""


class _SendGridConnection:
    def __init__(
        self,
        account: Account,
        client: Client,
        wait: Callable[[float], object],
        clock: Callable[[], float],
        shared: _Shared,
    ) -> None:
        self._account = account
        self._client = client
        self._wait = wait
        self._clock = clock
        self._shared = shared
        self._bodies: dict[str, tuple[Template, Body]] = {}

    def deliver(self, mails: Sequence[Personalization], /) -> Iterator[Outcome]:
        outcomes: dict[int, Outcome] = {}
        gone: ProviderGone | None = None
        try:
            body = self._body(mails[0].template)
            recipients = _expressible(body, mails, outcomes)
            for request in body.requests(recipients):
                self._settle(body, request, outcomes)
        except ProviderGone as error:
            gone = error
        except _Ended:
            pass
        unsent = Outcome(Result.UNSENT)
        yield from (outcomes.get(place, unsent) for place in range(len(mails)))
        if gone is not None:
            raise gone

    def close(self) -> None:
        """The library opens a connection for each request and closes it."""

    def _body(self, template: Template) -> Body:
        kept = self._bodies.get(template.key)
        if kept is None or kept[0] is not template:
            self._bodies[template.key] = kept = (template, Body(template, self._account.options))
        return kept[1]

    def _settle(self, body: Body, request: list[Encoded], outcomes: dict[int, Outcome]) -> None:
        """Send, and again in parts, until everyone of the request has an outcome."""
        refused: dict[int, Outcome] = {}
        accepted = False
        parts = [request]
        while parts:
            part = parts.pop()
            answer = self._answer(body, part, outcomes)
            if answer is None:
                continue
            if answer.status == 400:
                guilty, innocent = _guilty(answer, part)
                refused.update(guilty)
                _refuse_if_all_alike(refused, accepted, answer)
                parts += innocent
            elif answer.status == 413:
                if len(part) == 1:
                    refused[part[0].place] = Outcome(Result.REJECTED, f"SendGrid: too large. {_words(answer)}".strip())
                else:
                    parts += _halves(part)
            else:
                accepted = True
                taken = Outcome(Result.ACCEPTED, provider_id=answer.headers.get("x-message-id", ""))
                outcomes |= dict.fromkeys((one.place for one in part), taken)
        outcomes |= refused

    def _answer(self, body: Body, part: list[Encoded], outcomes: dict[int, Outcome]) -> Answer | None:
        """The answer if it is an acceptance, 400 or 413; None when the outcome is settled already."""
        waited = 0.0
        while True:
            waited += self._wait_for_turn()
            try:
                answer = self._client.send(body.request(part))
            except NotBegun as error:
                if not self._shared.reached:
                    raise ProviderAway(
                        f"{self._account.host} cannot be reached: {error}. Nothing was lost; try again later."
                    ) from None
                outcomes |= dict.fromkeys((one.place for one in part), Outcome(Result.UNSENT, f"{error}"))
                return None
            except NoAnswer as error:
                self._doubt(part, f"SendGrid gave no answer: {error}", outcomes)
                return None
            self._shared.reached = True
            if answer.status >= 500:
                self._doubt(part, f"SendGrid answered {answer.status}. {_words(answer)}".strip(), outcomes)
                return None
            if answer.status == 200 and not self._account.options.sandbox:
                self._doubt(part, "SendGrid answered 200, and only 202 means that it took the mail", outcomes)
                return None
            self._shared.doubts = 0
            if answer.status == 429:
                pause = _pause(answer, self._clock())
                if waited + pause > LONGEST_WAIT:
                    late = Outcome(Result.DEFERRED, "429 SendGrid's rate limit")
                    outcomes |= dict.fromkeys((one.place for one in part), late)
                    return None
                self._shared.not_before = max(self._shared.not_before, self._clock() + pause)
                continue
            if answer.status in (200, 202, 400, 413):
                return answer
            raise ProviderRefuses(self._hide(_refusal(answer)))

    def _wait_for_turn(self) -> float:
        """Seconds waited until requests are welcome; raises `_Ended`."""
        pause = self._shared.not_before - self._clock()
        if pause <= 0:
            return 0.0
        if self._wait(pause):
            raise _Ended
        return pause

    def _doubt(self, part: list[Encoded], reason: str, outcomes: dict[int, Outcome]) -> None:
        reason = self._hide(reason)
        outcomes |= dict.fromkeys((one.place for one in part), Outcome(Result.UNCERTAIN, reason))
        self._shared.doubts += 1
        if self._shared.doubts >= _MOST_DOUBTS:
            raise ProviderGone(
                f"{ended(reason)} Nobody knows whether the last {self._shared.doubts} requests were taken, so no "
                "more are sent. Look at status.sendgrid.com, then run the same command again."
            )

    def _hide(self, text: str) -> str:
        return text.replace(self._account.key, "…") if self._account.key else text


def _expressible(body: Body, mails: Sequence[Personalization], outcomes: dict[int, Outcome]) -> list[Encoded]:
    """Those SendGrid can be told of; the others are rejected with the reason."""
    found: list[Encoded] = []
    for place, mail in enumerate(mails):
        one = body.encoded(place, mail)
        if isinstance(one, str):
            outcomes[place] = Outcome(Result.REJECTED, one)
        else:
            found.append(one)
    return found


def _guilty(answer: Answer, part: list[Encoded]) -> tuple[dict[int, Outcome], list[list[Encoded]]]:
    """Whom the answer blames, and the others, in the parts to send them again in.

    Fields such as `personalizations.3.to` name the recipient; without one it takes halving. Blame for anything else is
    everybody's: raises `ProviderRefuses`.
    """
    errors = _errors(answer)
    fields = [str(one.get("field") or "") for one in errors]
    of_the_mail = bool(fields) and all(fields) and not any(name.startswith("personalizations") for name in fields)
    if of_the_mail and not part[0].own_request:
        raise ProviderRefuses(f"SendGrid refuses the mail itself, whoever it goes to: {_words(answer)}")
    if len(part) == 1:
        return {part[0].place: Outcome(Result.REJECTED, f"SendGrid: {_words(answer)}")}, []
    blamed: dict[int, str] = {}
    for one, name in zip(errors, fields, strict=True):
        place = _PLACE.search(name)
        if place and int(place[1]) < len(part):
            blamed.setdefault(int(place[1]), str(one.get("message") or "refused"))
    if blamed:
        guilty = {part[at].place: Outcome(Result.REJECTED, f"SendGrid: {words}"[:300]) for at, words in blamed.items()}
        innocent = [one for at, one in enumerate(part) if at not in blamed]
        return guilty, [innocent] if innocent else []
    return {}, _halves(part)


def _refuse_if_all_alike(refused: Mapping[int, Outcome], accepted: bool, answer: Answer) -> None:
    reasons = {outcome.reason for outcome in refused.values()}
    if not accepted and len(refused) >= _ALL_ALIKE and len(reasons) == 1:
        raise ProviderRefuses(
            f"SendGrid refuses everybody in the same words: {ended(_words(answer))} Nobody was mailed."
        )


def _halves(part: list[Encoded]) -> list[list[Encoded]]:
    middle = (len(part) + 1) // 2
    return [part[middle:], part[:middle]]


def _pause(answer: Answer, now: float) -> float:
    """Seconds until the next request is welcome: `Retry-After`, or `X-RateLimit-Reset` as Unix time; at least one."""
    for name, past in (("retry-after", 0.0), ("x-ratelimit-reset", now)):
        try:
            return max(1.0, float(answer.headers[name]) - past)
        except (KeyError, ValueError):
            continue
    return 5.0


def _refusal(answer: Answer) -> str:
    words = ended(_words(answer))
    if answer.status == 401:
        return f"SendGrid refuses the API key (401): {words} Set SENDGRID_API_KEY to a key that may send mail."
    if answer.status == 403:
        return f"SendGrid does not let this account send this (403): {words} Look at the sender's verification."
    return f"SendGrid answered {answer.status}: {words} Nothing was sent."


def _errors(answer: Answer) -> list[dict[str, object]]:
    try:
        found = json.loads(answer.body)["errors"]
    except (ValueError, KeyError, TypeError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _words(answer: Answer) -> str:
    said = " ".join(str(one.get("message") or "") for one in _errors(answer))
    return " ".join((said or answer.body.decode("utf-8", "replace")).split())[:300] or "no reason given."
