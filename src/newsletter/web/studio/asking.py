"""What a page of the studio asks for: a small JSON object in, another out; what goes wrong is told in words.

JSON, because no form of another site can send it without asking first; the guard has refused those already.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from newsletter.errors import NewsletterError, SettingsError
from newsletter.pipeline import previewing
from newsletter.pipeline.workspace import Workspace
from newsletter.web.studio.guarding import is_loopback

_OPTION = re.compile(r"^(?:--[a-z]+:? ?)+")
"""What the command would call the field."""
_MOST = 64 * 1024
"""Bytes; a comment and an address need no more."""


async def answered(request: Request, act: Callable[[Mapping[str, str]], Mapping[str, object]]) -> Response:
    """What `act` makes of the texts in the request; 422 and `problem` when it refuses."""
    try:
        return JSONResponse(await run_in_threadpool(act, await _texts(request)))
    except NewsletterError as error:
        return JSONResponse({"problem": _OPTION.sub("", str(error))}, 422)


class NoSuchIssue(HTTPException):
    """The address names an issue that is not in the workspace; `detail` says so to a marketer."""


def issue_of(request: Request, workspace: Workspace) -> str:
    """The issue that the address names; raises `NoSuchIssue`, which names the file that would make it one."""
    issue: str = request.path_params["issue"]
    if not previewing.is_issue(workspace.root, issue):
        missing = f"issues/{issue}/issue.yaml is not there (any more)."
        raise NoSuchIssue(404, f"{missing} Was it removed or renamed? Put it back, or choose an issue from the list.")
    return issue


def is_local(request: Request) -> bool:
    """Whether the browser is on this computer."""
    return request.client is not None and is_loopback(request.client.host)


def refuse_elsewhere(request: Request) -> None:
    """Raise `SettingsError` for a browser on another computer: subscribers are shown on this one only."""
    if not is_local(request):
        raise SettingsError("subscribers are only shown to a browser on the computer that the studio runs on.")


async def _texts(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise SettingsError("the studio takes JSON.")
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > _MOST:
            raise SettingsError(f"that is longer than {_MOST // 1024} KB.")
    try:
        found = json.loads(content)
    except ValueError as error:
        raise SettingsError("the studio takes JSON.") from error
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise SettingsError("the studio takes a JSON object of texts.")
    return found
