"""Renderings → findings: the checks of an issue's parts, or of its mails as a whole, less what authors ignore.

What the checks found in a variant is kept in `build/.cache` for as long as nothing has changed that they read: the
variant, the files its authors wrote (a line may move), the templates, the settings, the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from newsletter.cache import FOLDER, Pack, program_digest
from newsletter.checks.change import check_change, weight_of
from newsletter.checks.clients.mail_clients import USUAL
from newsletter.checks.clients.shares import rounded
from newsletter.checks.clients.table import SupportTable, load_table
from newsletter.checks.crowd import RULES as CROWD_RULES
from newsletter.checks.crowd import Crowd, check_crowd
from newsletter.checks.ignores import Sifted, ignores_in, not_asked, sift
from newsletter.checks.mail import Mail, Weight, nobody
from newsletter.checks.merge_defaults import bare_fields
from newsletter.checks.online import addresses_in
from newsletter.checks.page import Page
from newsletter.checks.places import IssuePlaces
from newsletter.checks.profession_names import check_names
from newsletter.checks.registry import problems_in
from newsletter.checks.run import as_chosen, findings_of, gathered, run_checks
from newsletter.checks.subject import Subject
from newsletter.colors import as_hex
from newsletter.delivery.messages import envelope_of, list_unsubscribe
from newsletter.errors import FileProblems
from newsletter.files import decode_text, shown
from newsletter.model import Article, ClientMix, Finding, RenderedVariant, Severity, Theme, Trace, Where
from newsletter.pipeline.workspace import Workspace, now
from newsletter.records import NotPlain, from_record, to_record
from newsletter.rendering.arms import issue_of
from newsletter.rendering.layout import Templates
from newsletter.rendering.render import Edition, Rendering, render_variant
from newsletter.rendering.tracing import Tracer
from newsletter.settings import FILE

Gaps = Callable[[str], int]
"""A merge field's name → how many of the audience have no value for it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the checks are to look at: the mail clients by their ids, and whether every small difference is told."""

    clients: tuple[str, ...] = USUAL
    notes: bool = False
    fresh: bool = False
    """Take no findings from earlier runs."""
    online: bool = False
    """Ask whether links and pictures answer."""
    named: bool = False
    """A person named the clients, and wants to know of them however few they are."""


AS_USUAL = Asked()


@dataclass(frozen=True)
class Inspection:
    """The inspection of one issue: `folders` hold its templates, `templates` is a digest of them."""

    workspace: Workspace
    edition: Edition
    theme: Theme
    folders: Sequence[Path]
    templates: str
    gaps: Gaps = nobody
    last: Callable[[], Weight | None] = lambda: None
    asked: Asked = AS_USUAL
    crowd: Callable[[], Crowd | None] = lambda: None
    """Counts who the issue is for."""
    mix: Callable[[], ClientMix | None] = lambda: None
    """Counts what they read with."""
    pulse: Callable[[], None] = lambda: None
    """Called before each variant is checked; what it raises ends the inspection."""
    _texts: dict[str, str] = field(default_factory=dict)

    def quick(self, renderings: Sequence[Rendering]) -> Sifted:
        """What the checks of the issue's parts find: for a build."""
        self._refuse_unknown_rules()
        subjects = [self._subject(one) for one in renderings]
        found = run_checks(subjects)
        return self._sifted(found, subjects, judged=False)

    def whole(self, renderings: Sequence[Rendering], everybody: bool = True) -> Sifted:
        """What all checks find; `everybody`: no variant was left out."""
        self._refuse_unknown_rules()
        subjects = [self._subject(one) for one in renderings]
        if self.asked.online:
            found = [self._found(one) for one in subjects]
        else:
            path = self.workspace.root / FOLDER / f"{self.edition.issue.id}.findings"
            with Pack(path, self.asked.fresh) as pack:
                found = [self._kept(pack, one) for one in subjects]
                pack.close(everything=everybody)
        every = [*(one for each in found for one in each), *self._of_all(), *self._unlike_last(subjects)]
        return self._sifted(gathered(every), subjects, judged=everybody)

    @cached_property
    def weighed_by(self) -> ClientMix | None:
        """What the people read with; None when nothing is known, or nothing is asked of mail clients."""
        return None if self.edition.settings.checks.get("client-support") == "off" else self.mix()

    def page_of(self, one: Rendering) -> tuple[Page, IssuePlaces]:
        """The rendering as a tree, and what tells where each of its elements was written."""
        mail = self._mail(self._subject(one))
        assert isinstance(mail.places, IssuePlaces)
        return mail.page, mail.places

    def read(self, path: str) -> str:
        """The text of a file that findings name; nothing when it cannot be read."""
        if path not in self._texts:
            try:
                self._texts[path] = decode_text((self.workspace.root / path).read_bytes(), path).text
            except (OSError, FileProblems):
                self._texts[path] = ""
        return self._texts[path]

    def _subject(self, one: Rendering) -> Subject:
        issue = issue_of(self.edition.issue, one.rendered.arm)
        return Subject(issue, self.edition.settings, self.theme, one.variant, one.rendered)

    def _sifted(self, found: Sequence[Finding], subjects: Sequence[Subject], judged: bool) -> Sifted:
        shown = {article.where.path for one in subjects for article in _in_full(one)}
        own = {self.edition.issue.where.path, *shown}
        paths = dict.fromkeys([*sorted(own), FILE, *(one.where.path for one in found)])
        ignores = [one for path in paths if path for one in ignores_in(self.read(path), path)]
        asked = self.asked
        unasked = not_asked(self.edition.settings.checks, asked.notes, asked.named, asked.online)
        sifted = sift(found, ignores, own if judged else (), unasked)
        told = as_chosen(sifted.findings, self.edition.settings.checks)
        few = [one for one in told if one.severity is Severity.INFO and one.share is not None]
        return replace(sifted, findings=gathered(one for one in told if self.asked.notes or one not in few))

    def _of_all(self) -> tuple[Finding, ...]:
        """What is no variant's: blocks that nobody reads, and the people themselves.

        They are counted anew each time, because they come and go without a file changing.
        """
        edition, chosen = self.edition, self.edition.settings.checks
        found = [*check_names(edition.issue, edition.professions, edition.keys)]
        if any(chosen.get(rule.name) != "off" for rule in CROWD_RULES):
            crowd = self.crowd()
            found += check_crowd(crowd) if crowd else ()
        told = as_chosen(found, chosen)
        return tuple(one for one in told if self.asked.notes or one.severity is not Severity.INFO)

    def _unlike_last(self, subjects: Sequence[Subject]) -> tuple[Finding, ...]:
        """How the variants together weigh beside the last issue."""
        chosen = self.edition.settings.checks
        last = self.last() if chosen.get("unlike-last") != "off" else None
        if last is None or not subjects:
            return ()
        weights = {one.rendered.key: weight_of("", one.rendered.html, one.rendered.text) for one in subjects}
        found = as_chosen(check_change(weights, last, self._mail(subjects[0]).key("sections")), chosen)
        return tuple(one for one in found if self.asked.notes or one.severity is not Severity.INFO)

    def _refuse_unknown_rules(self) -> None:
        if self.edition.settings.checks:
            problems = problems_in(self.edition.settings)
            if problems:
                raise FileProblems(problems)

    def _kept(self, pack: Pack, subject: Subject) -> tuple[Finding, ...]:
        self.pulse()
        key = self._key(subject)
        kept = pack.get(key)
        if kept is not None:
            try:
                found: tuple[Finding, ...] = from_record(kept, lambda name: name)
                return found
            except NotPlain:
                pass
        found = self._found(subject)
        pack.keep(key, to_record(found).encode("utf-8", "surrogatepass"))
        return found

    def _found(self, subject: Subject) -> tuple[Finding, ...]:
        mail = self._mail(subject)
        if self.asked.online:
            # Loads TLS, which no other check needs.
            from newsletter.pipeline.online import broken_addresses

            broken = broken_addresses(addresses_in(mail), self.workspace.root / FOLDER, now())
            mail = replace(mail, broken=broken)
        return findings_of(replace(subject, mail=mail))

    def _key(self, subject: Subject) -> str:
        rendered = subject.rendered
        digest = sha256(f"{self._shared} {rendered.key} {rendered.content_hash}".encode())
        for article in subject.articles():
            path = article.where.path
            digest.update(f"{path} {len(self.read(path))} {self.read(path)}".encode("utf-8", "surrogatepass"))
        for picture in rendered.pictures:
            digest.update(f"{picture.name} {picture.source} {picture.findings}".encode())
        gaps = {name: self.gaps(name) for name in bare_fields(rendered.merge_fields)}
        digest.update(str(gaps).encode())
        return f"findings/{digest.hexdigest()}"

    @cached_property
    def _shared(self) -> str:
        """A digest over what all variants are made from besides their own articles."""
        issue = self.edition.issue
        settings = self.edition.settings.model_dump_json(exclude={"root"})
        one = self.asked
        asked = f"{one.clients} {one.named} {one.notes} {self._support.snapshot} {self._shares}"
        texts = (self.read(issue.where.path), self.read(FILE), str(issue.findings), asked)
        parts = (program_digest(), self.templates, settings, *texts)
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def _mail(self, subject: Subject) -> Mail:
        rendered = subject.rendered
        places = IssuePlaces(
            subject.issue,
            self.edition.settings.site_url,
            self.read,
            lambda: self._trace(subject, rendered),
            self._styles,
            {one.name: one.source for one in rendered.pictures},
        )
        return Mail(
            name=rendered.key,
            html=rendered.html,
            page=Page(rendered.html),
            places=places,
            subject=rendered.subject,
            preheader=rendered.preheader,
            text=rendered.text,
            title=self.edition.issue.title,
            headers=self._headers,
            pictures={f"{self._pictures_at}{one.name}": one.content for one in rendered.pictures},
            merge_fields=rendered.merge_fields,
            support=self._support,
            clients=self.asked.clients,
            shares=self._shares,
            small_share=0.0 if self.asked.named else self.edition.settings.mail_clients.small_share,
            notes=self.asked.notes,
            gaps=self.gaps,
            brand=self._brand,
            known_words=self._known_words,
        )

    @cached_property
    def _pictures_at(self) -> str:
        """What the `src` of a picture begins with that lies in the workspace."""
        images = self.edition.settings.images
        return f"{images.base_url}/" if images.mode == "link" else "cid:"

    @cached_property
    def _brand(self) -> Mapping[str, Where]:
        """The brand's own colours, and where each is chosen."""
        settings = self.edition.settings
        chosen = (("colors", settings.brand.colors), ("dark_colors", settings.brand.dark_colors))
        return {
            as_hex(color): settings.where("brand", key, role)
            for key, colors in chosen
            for role, color in colors.items()
        }

    @cached_property
    def _known_words(self) -> tuple[str, ...]:
        """What the settings say, and the names that are the workspace's own."""
        settings = self.edition.settings
        labels = [name for one in self.edition.professions.by_key.values() for name in (one.label, one.plural)]
        return (*settings.spelling.words, settings.brand.name, settings.sender.name, *labels)

    @cached_property
    def _headers(self) -> Mapping[str, str]:
        """The headers every message has that checks look at."""
        envelope = envelope_of(self.edition.settings, self.edition.issue.id)
        one_click = {"list-unsubscribe-post": "List-Unsubscribe=One-Click"} if envelope.public_url else {}
        return {
            "from": envelope.sender_address,
            "reply-to": envelope.reply_to,
            "list-id": envelope.list_id,
            "list-unsubscribe": list_unsubscribe(envelope.unsubscribe_links("id")),
            **one_click,
        }

    def _trace(self, subject: Subject, rendered: RenderedVariant) -> Trace | None:
        """Where each tag was written; None when drawing it to look at does not give the very same HTML."""
        # The key names no profession that has a variant of its own when variants that read the same became one.
        key = subject.variant.profession.key
        drawn = render_variant(replace(self.edition, issue=subject.issue), self._traced, key, subject.variant)
        trace = self._tracer.trace(drawn.html)
        return trace if trace.html == rendered.html else None

    @cached_property
    def _shares(self) -> Mapping[str, float] | None:
        return None if self.weighed_by is None else rounded(self.weighed_by)

    @cached_property
    def _support(self) -> SupportTable:
        return load_table(self.workspace.root / FOLDER)

    @cached_property
    def _styles(self) -> tuple[str, ...]:
        """The style files, then the templates, of each the workspace's own first.

        None of another theme, and none that a file of the workspace stands in for.
        """
        mine = f"{self.theme.name}.css.j2"
        found: dict[Path, Path] = {}
        for kind in ("**/*.css.j2", "**/*.html.j2"):
            for folder in self.folders:
                for path in sorted(folder.glob(kind)):
                    if path.parent.name != "themes" or path.name == mine:
                        found.setdefault(path.relative_to(folder), path)
        return tuple(shown(path, self.workspace.root) for path in found.values())

    @cached_property
    def _tracer(self) -> Tracer:
        return Tracer()

    @cached_property
    def _traced(self) -> Templates:
        return Templates(self.folders, self.workspace.root, self._tracer)


def _in_full(subject: Subject) -> Iterator[Article]:
    """The articles whose every line is in the mail."""
    for block in subject.blocks():
        article = block.fields.get("article")
        if isinstance(article, Article) and block.fields.get("show") == "full":
            yield article
