"""Two emails beside each other: two professions' today, or today's and what was last approved or last sent.

A side is called `PROFESSION`, `approved:PROFESSION` or `sent:PROFESSION`.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from newsletter.model import DEFAULT, RenderedVariant, Standing, group_and_arm, variant_key
from newsletter.pipeline import previewing
from newsletter.pipeline.approvals import since_sent
from newsletter.pipeline.comparing import compared
from newsletter.pipeline.versions import SENT, Version, versions_of
from newsletter.web.studio.deeds import by_clock, heading_of, standing_of
from newsletter.web.studio.desk import Desk, State
from newsletter.web.studio.drawing import drawn
from newsletter.web.studio.framing import frame, refused_frame


@dataclass(frozen=True)
class Comparisons:
    """Answers the pages that compare."""

    desk: Desk

    async def page(self, request: Request, issue: str) -> Response:
        """Both sides: as they look, in a slider, and as text."""

        def made() -> Response:
            state = self.desk.state(issue)
            versions = _versions(issue, state)
            usual = usual_sides(state, versions)
            left, right = (
                request.query_params.get(side) or one for side, one in zip(("left", "right"), usual, strict=True)
            )
            groups = _groups(state, versions, (left, right))
            ours, theirs = (_shown(state, issue, _side(state, versions, one)) for one in (left, right))
            return drawn(
                "compare.html.j2",
                issue=issue,
                state=state,
                groups=groups,
                only_one=sum(len(sides) for _, sides in groups) == 1,
                heading=heading_of(issue, state),
                names=[_named(groups, one) for one in (left, right)],
                left=left,
                right=right,
                ours=ours,
                theirs=theirs,
                lines=_differences(ours.text.splitlines(), theirs.text.splitlines()) if ours and theirs else [],
                changes=compared(ours.html, theirs.html).changes if ours and theirs else 0,
            )

        return await run_in_threadpool(made)

    async def frame(self, request: Request, issue: str) -> Response:
        """The email of `side`; for its twin, with the blocks marked that differ from `other`."""
        query = request.query_params

        def made() -> Response:
            state = self.desk.state(issue)
            versions = _versions(issue, state)
            sides = [_side(state, versions, query.get(name, "")) for name in ("side", "other")]
            variant, other = sides
            shown, against = (_shown(state, issue, one) for one in sides)
            if variant is None or shown is None:
                return refused_frame()
            html = shown.html
            if "measure" in query and other is not None and against is not None:
                # The same two in the same order give the same numbers on both sides.
                first = query.get("at") != "right"
                both = compared(html, against.html) if first else compared(against.html, html)
                html = both.left if first else both.right
            html = previewing.in_scheme(html, "dark" if query.get("scheme") == "dark" else "light")
            return frame(previewing.with_pictures(state.workspace, html, variant), "measure" in query)

        return await run_in_threadpool(made)


def professions_of(state: State) -> list[dict[str, str]]:
    """Everybody who gets the issue, in each arm where something is tried: key, label, name and variant.

    The label is the profession's name with its arm; the variant is the key of what they read.
    """
    if state.built is None or state.built.inspection is None:
        return []
    known = state.built.inspection.edition.professions
    found = []
    for key, variant in previewing.choices(state.built).items():
        profession, arm = group_and_arm(key)
        name = "Everybody else" if profession == DEFAULT else known.get(profession).label
        found.append({"key": key, "label": _in_arm(name, arm), "name": name, "variant": variant})
    return found


def _versions(issue: str, state: State) -> tuple[Version, ...]:
    return versions_of(state.workspace, issue, standing_of(state)[0])


def _side(state: State, versions: tuple[Version, ...], name: str) -> RenderedVariant | None:
    """The mail that the side's name stands for; None for one there is not."""
    kind, colon, profession = name.rpartition(":")
    if colon:
        found = next((one for one in versions if one.kind == kind), None)
        return found.variant(*group_and_arm(profession)) if found else None
    known = previewing.choices(state.built) if state.built else {}
    return state.variant(profession) if profession in known else None


def _shown(state: State, issue: str, variant: RenderedVariant | None) -> previewing.Shown | None:
    return previewing.show(state.workspace, issue, variant) if variant else None


def usual_sides(state: State, versions: tuple[Version, ...]) -> tuple[str, str]:
    """The two sides that are the likeliest question: what was sent last (else approved) and what is now, where they
    differ; else two emails of now; else any that there are. Empty before the first good build."""
    every = professions_of(state)
    if not every:
        return "", ""
    then_and_now = [one for version in reversed(versions) for one in _then_and_now(state, version)]
    changed = next(((left, right) for left, right, same in then_and_now if not same), None)
    first = every[0]
    other = next((one for one in every if one["variant"] != first["variant"]), None)
    if changed or (other is None and then_and_now):
        return changed or then_and_now[0][:2]
    return first["key"], (other or first)["key"]


@dataclass(frozen=True, slots=True)
class Changed:
    """What the page says of an issue that is not what was sent any more."""

    at: str
    """When it was sent, by the clock of the workspace."""
    what: str
    """What differs, in words; empty where nobody can tell."""
    left: str
    right: str
    """The two sides that show it; empty where what was sent is not known any more."""


def changed_since_sent(issue: str, state: State, standing: Standing | None, profession: str) -> Changed | None:
    """What differs from what was last sent, best seen in what the profession reads; None when nothing does."""
    since = since_sent(state.workspace, state.built, standing) if state.built and standing else None
    if since is None:
        return None
    sent = next((one for one in versions_of(state.workspace, issue, standing) if one.kind == SENT), None)
    pairs = _then_and_now(state, sent) if sent else []
    other = [one for one in pairs if not one[2]]
    left, right, _ = next((one for one in other if one[1] == profession), (other or pairs or [("", "", False)])[0])
    what = "; ".join(since.changed)
    if not what and other:
        some, all_of_them = (len({group_and_arm(one[1])[0] for one in those}) for those in (other, pairs))
        what = f"what {some} of {all_of_them} professions read" if all_of_them > 1 else "what everybody reads"
    return Changed(by_clock(f"{since.at:%Y-%m-%d %H:%M} UTC", state.workspace.settings.time_zone), what, left, right)


def _then_and_now(state: State, version: Version) -> list[tuple[str, str, bool]]:
    """For everybody whose email of then and of now is known: both sides, and whether they are the same."""
    return [
        (f"{version.kind}:{one['key']}", one["key"], then.content_hash == now.content_hash)
        for one in professions_of(state)
        if (then := _then(version, one["key"])) is not None and (now := state.variant(one["key"])) is not None
    ]


def _groups(
    state: State, versions: tuple[Version, ...], chosen: tuple[str, ...]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be chosen: a version in words, and (name, label) of each different email of it.

    Those who read the same are one choice, called after the first of them; what is `chosen` is always there.
    """
    every = professions_of(state)
    found = [("As it is now", _distinct("", [(one["key"], one["label"], one["variant"]) for one in every], chosen))]
    for version in versions:
        there = _of_its_arms(every, version) | {one["key"]: one["label"] for one in every}
        read = [(key, label, then.key) for key, label in there.items() if (then := _then(version, key)) is not None]
        found.append((version.words, _distinct(f"{version.kind}:", read, chosen)))
    return [(words, sides) for words, sides in found if sides]


def _then(version: Version, key: str) -> RenderedVariant | None:
    return version.variant(*group_and_arm(key))


def _distinct(kind: str, read: list[tuple[str, str, str]], chosen: tuple[str, ...]) -> list[tuple[str, str]]:
    """Of (key, label, variant read) one for each variant, called after how many read it."""
    alike: dict[str, list[tuple[str, str]]] = {}
    for key, label, variant in read:
        alike.setdefault(variant, []).append((kind + key, label))
    sides = []
    for same in alike.values():
        asked = [one for one in same if one[0] in chosen]
        others = f" and {len(same) - 1} more" if len(same) > 1 else ""
        sides += [(name, label + others) for name, label in asked or same[:1]]
    return sides


def _of_its_arms(every: list[dict[str, str]], version: Version) -> dict[str, str]:
    """Key and label of each profession in each arm that the version tried; today's may be others, or none."""
    names = {group_and_arm(one["key"])[0]: one["name"] for one in every}
    return {variant_key(key, arm): _in_arm(name, arm) for key, name in names.items() for arm in version.arms}


def _in_arm(label: str, arm: str) -> str:
    """The arm first: what does not fit into a narrow list is cut off at the end."""
    return f"Arm {arm}: {label}" if arm else label


def _named(groups: list[tuple[str, list[tuple[str, str]]]], name: str) -> str:
    """What a side is called by people."""
    found = (
        f"{label}, {words[:1].lower()}{words[1:]}" for words, sides in groups for key, label in sides if key == name
    )
    return next(found, name)


def _differences(left: list[str], right: list[str]) -> list[tuple[str, str, str]]:
    """(same, gone, new or changed; the left line; the right line), in reading order."""
    found: list[tuple[str, str, str]] = []
    for kind, left_from, left_to, right_from, right_to in SequenceMatcher(None, left, right, False).get_opcodes():
        ours, theirs = left[left_from:left_to], right[right_from:right_to]
        for at in range(max(len(ours), len(theirs))):
            mine = ours[at] if at < len(ours) else ""
            other = theirs[at] if at < len(theirs) else ""
            found.append(({"equal": "same", "delete": "gone", "insert": "new"}.get(kind, "changed"), mine, other))
    return found
