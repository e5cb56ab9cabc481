"""Uses of features × the support table → judgements: who is affected, what they see, and how to fix it.

In: uses, the table, the clients asked for, and if known what part of an audience reads with what. Out: one judgement
per feature and line, the worst first. Uses that every client asked for understands, and those nobody is the worse for,
are no judgement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.checks.clients.cases import lacks
from newsletter.checks.clients.finding import NO_FORMATS, find_uses
from newsletter.checks.clients.harms import Effect, Harm, plainer
from newsletter.checks.clients.harms_css import CSS_EFFECTS
from newsletter.checks.clients.harms_html import HTML_EFFECTS
from newsletter.checks.clients.mail_clients import IDS, OUTLOOK_WINDOWS, USUAL, clients_in_words
from newsletter.checks.clients.shares import Part, part_of
from newsletter.checks.clients.table import SupportTable, Verdict, feature_page
from newsletter.checks.clients.uses import Use

SMALL_SHARE = 0.01
"""Below this part of an audience, what a client lacks is mentioned and no more, unless the settings say another."""
_ORDER = (Harm.LOST, Harm.BROKEN, Harm.PLAINER)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one feature does at one place, or at several once merged. `use` is the first of `uses`, in page order.

    `clients` are the ids affected; `part` is what they are of the audience, None when that is not known. `spared`: it
    would be worse if they were more.
    """

    feature: str
    title: str
    case: str
    harm: Harm
    clients: tuple[str, ...]
    sees: str
    fix: str
    url: str
    uses: tuple[Use, ...]
    part: Part | None = None
    spared: bool = False

    @property
    def use(self) -> Use:
        """The first place."""
        return self.uses[0]

    @property
    def severity(self) -> str:
        """error, warning or info."""
        return self.harm.value

    @property
    def clients_words(self) -> str:
        """The clients as people name them."""
        return clients_in_words(self.clients)

    @property
    def message(self) -> str:
        """One sentence of what is seen where, with the part of the audience if it is known; the fix is not in it."""
        return self.message_about("")

    def message_about(self, name: str) -> str:
        """The same sentence, naming what it is about."""
        part = "" if self.part is None else f", {self.part.words},"
        about = f" '{name}'" if name else ""
        return f"{self.title}{about}: in {self.clients_words}{part} {self.sees}."


def judge_html(
    html: str,
    table: SupportTable,
    clients: Sequence[str] = USUAL,
    shares: Mapping[str, float] | None = None,
    small: float = SMALL_SHARE,
    formats: Mapping[str, str] = NO_FORMATS,
) -> tuple[Judgement, ...]:
    """What the clients make of an HTML email, in lines of that HTML: find, then judge; `formats` as of `find_uses`."""
    return judge(find_uses(html, wanted_features(table, clients), formats), table, clients, shares, small)


def wanted_features(table: SupportTable, clients: Collection[str]) -> frozenset[str]:
    """The features whose uses can come to a judgement for these clients."""
    silent = {feature for feature, case in _EFFECTS if not case} - {one for one, _ in _EFFECTS_THAT_SPEAK}
    return table.doubtful(clients) - silent


def judge(
    uses: Iterable[Use],
    table: SupportTable,
    clients: Sequence[str] = USUAL,
    shares: Mapping[str, float] | None = None,
    small: float = SMALL_SHARE,
) -> tuple[Judgement, ...]:
    """One judgement per feature, case and line, the worst first and then in page order.

    `shares` maps clients and families of them to their part of the audience; those not named have none. What concerns
    at most less than `small` of it makes the mail plainer and no worse.
    """
    affected: dict[tuple[str, str, bool, bool], tuple[str, ...]] = {}
    places: dict[tuple[str, str, int, tuple[str, ...]], list[Use]] = {}
    for use in uses:
        key = (use.feature, use.case, use.concerns(True), use.concerns(False))
        if key not in affected:
            affected[key] = _affected(key, table, clients)
        if affected[key]:
            places.setdefault((use.feature, use.case, use.line, affected[key]), []).append(use)
    found = []
    for (feature, case, _, ids), here in places.items():
        effect = effect_of(feature, case, table)
        if effect.harm is not Harm.NONE:
            part = None if shares is None else part_of(ids, shares)
            harm = effect.harm if part is None or part.most >= small else Harm.PLAINER
            title, url, spared = table.title(feature), feature_page(feature), harm is not effect.harm
            all_here = tuple(here)
            found.append(
                Judgement(feature, title, case, harm, ids, effect.sees, effect.fix, url, all_here, part, spared)
            )
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.harm), one.use.start, one.feature)))


def merged(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """The same feature in the same case for the same clients, once for all its places, in the order given."""
    groups: dict[tuple[str, str, Harm, tuple[str, ...]], list[Judgement]] = {}
    for one in judgements:
        groups.setdefault((one.feature, one.case, one.harm, one.clients), []).append(one)
    return tuple(
        Judgement(
            one.feature, one.title, one.case, one.harm, one.clients, one.sees, one.fix, one.url,
            tuple(sorted((use for each in group for use in each.uses), key=lambda use: use.start)),
            one.part, one.spared,
        )
        for group in groups.values()
        for one in group[:1]
    )  # fmt: skip


def effect_of(feature: str, case: str, table: SupportTable) -> Effect:
    """What the lack of the feature does in this case; one nobody has written about makes the mail plainer."""
    for key in ((feature, case), (feature, "")):
        found = _EFFECTS.get(key)
        if found is not None:
            return found
    return plainer("it has no effect")


def _affected(key: tuple[str, str, bool, bool], table: SupportTable, clients: Sequence[str]) -> tuple[str, ...]:
    feature, case, outlook, others = key
    found = []
    for client in IDS:
        if client in clients and (outlook if client in OUTLOOK_WINDOWS else others):
            verdict = table.verdict(feature, client)
            if verdict is Verdict.NO or (verdict is Verdict.PARTIAL and lacks(feature, case, client)):
                found.append(client)
    return tuple(found)


_EFFECTS: dict[tuple[str, str], Effect] = {**CSS_EFFECTS, **HTML_EFFECTS}
_EFFECTS_THAT_SPEAK = [key for key, effect in _EFFECTS.items() if effect.harm is not Harm.NONE]
