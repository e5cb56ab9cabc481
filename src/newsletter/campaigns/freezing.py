"""RenderedVariants ⇄ the bytes that are frozen with a campaign.

A frozen campaign needs no file of the issue any more: whatever is edited meanwhile, everybody gets the same mail.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence

from newsletter.model import Approval, Context, MergeField, Picture, RenderedVariant, Where

_VARIANT = "variant/"
_PICTURE = "picture/"
FORCED = "forced"
APPROVALS = "approvals"


def pack(variants: Sequence[RenderedVariant], forced: str = "", approvals: Sequence[Approval] = ()) -> dict[str, bytes]:
    """The variants, and each picture once, by name; why it is sent in spite of findings, if it is; who approved it."""
    packed = {_VARIANT + one.key: _pack_variant(one) for one in variants}
    pictures = {picture.name: picture for one in variants for picture in one.pictures}
    reason = {FORCED: forced.encode()} if forced else {}
    approved = {APPROVALS: _pack_approvals(approvals)} if approvals else {}
    return packed | {_PICTURE + name: picture.content for name, picture in pictures.items()} | reason | approved


def reason(contents: Mapping[str, bytes]) -> str:
    """Why the campaign is sent in spite of findings; empty when there were none."""
    return contents.get(FORCED, b"").decode()


def approved_by(contents: Mapping[str, bytes]) -> tuple[str, ...]:
    """The reviewers who approved what was frozen."""
    return tuple(one["by"] for one in json.loads(contents.get(APPROVALS, b"[]")))


def unpack(contents: Mapping[str, bytes]) -> tuple[RenderedVariant, ...]:
    """What `pack` made, as it was."""
    return tuple(_unpack_variant(content, contents) for name, content in contents.items() if name.startswith(_VARIANT))


def _pack_approvals(approvals: Sequence[Approval]) -> bytes:
    told = [
        {"by": one.by, "at": one.at.isoformat(), "comment": one.comment, "content_hash": one.content_hash}
        for one in approvals
    ]
    return json.dumps(told).encode()


def _pack_variant(variant: RenderedVariant) -> bytes:
    data = {
        "key": variant.key,
        "professions": variant.professions,
        "subject": variant.subject,
        "preheader": variant.preheader,
        "html": variant.html,
        "text": variant.text,
        "merge_fields": [
            [one.token, one.source, one.context.value, one.where.path, one.where.line] for one in variant.merge_fields
        ],
        "pictures": [[one.name, one.media_type, one.width, one.height] for one in variant.pictures],
        "content_hash": variant.content_hash,
        "arm": variant.arm,
    }
    return zlib.compress(json.dumps(data).encode())


def _unpack_variant(content: bytes, contents: Mapping[str, bytes]) -> RenderedVariant:
    data = json.loads(zlib.decompress(content))
    return RenderedVariant(
        key=data["key"],
        professions=tuple(data["professions"]),
        subject=data["subject"],
        preheader=data["preheader"],
        html=data["html"],
        text=data["text"],
        merge_fields=tuple(
            MergeField(token, source, Context(context), Where(path, line))
            for token, source, context, path, line in data["merge_fields"]
        ),
        pictures=tuple(
            Picture(name, media_type, width, height, contents[_PICTURE + name])
            for name, media_type, width, height in data["pictures"]
        ),
        content_hash=data["content_hash"],
        # Campaigns that an earlier version of the program froze have no arms.
        arm=data.get("arm", ""),
    )
