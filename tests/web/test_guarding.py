"""Who the studio answers: a real server, asked as a browser on this machine or a page elsewhere would."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.requests import Request

from newsletter.errors import SettingsError
from newsletter.web.studio.asking import is_local, refuse_elsewhere
from newsletter.web.studio.guarding import is_own
from tests.conftest import REPOSITORY
from tests.studio import Running, running


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("studio") / "workspace"
    _sample(root)
    (root.parent / "outside.txt").write_text("a secret of this machine", "utf-8")
    with running(root) as found:
        yield found


def _sample(root: Path) -> None:
    root.mkdir()
    for name in ("issues", "audiences", "static", "templates"):
        shutil.copytree(REPOSITORY / name, root / name)
    shutil.copy2(REPOSITORY / "newsletter.yaml", root)


def test_nobody_is_answered_without_the_token(studio: Running) -> None:
    for path in ("/", "/issues/open-source-in-care", "/assets/studio.css", "/events"):
        for cookie in ("", f"newsletter-studio-{studio.port}=guess", "newsletter-studio-1=" + studio.token):
            assert studio.ask(path, cookie=cookie)[0] == 401
    assert studio.ask("/?token=guess", cookie="")[0] == 401
    # A frame of an open page, after the studio was started again, is answered nothing at all, so its email stays.
    status, _, body = studio.ask("/issues/open-source-in-care/frame", cookie="", sec_fetch_dest="iframe")
    assert (status, body) == (204, "")


def test_the_token_leaves_the_address_at_once_for_a_cookie_no_script_and_no_other_site_has(studio: Running) -> None:
    status, headers, _ = studio.ask(f"/issues/every-block?token={studio.token}&profession=default", cookie="")
    assert (status, headers["location"]) == (303, "/issues/every-block?profession=default")
    parts = {part.strip().lower() for part in headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= parts


def test_the_welcome_leads_to_no_other_server(studio: Running) -> None:
    _, headers, _ = studio.ask(f"//evil.example/x?token={studio.token}", cookie="")
    assert headers["location"].startswith("/") and not headers["location"].startswith("//")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", "a@127.0.0.1:{port}"]
)
def test_a_name_of_somebody_else_that_points_here_is_refused(studio: Running, host: str) -> None:
    status, _, body = studio.ask("/", host=host.format(port=studio.port))
    assert status == 400
    assert "Open source in care" not in body


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_elsewhere_gets_nothing_even_with_the_cookie(studio: Running, site: str) -> None:
    assert studio.ask("/", sec_fetch_site=site)[0] == 403
    assert studio.ask("/issues/open-source-in-care/frame", sec_fetch_site=site)[0] == 403


def test_a_request_of_another_origin_is_refused(studio: Running) -> None:
    own = f"http://127.0.0.1:{studio.port}"
    assert studio.ask("/", origin="https://evil.example")[0] == 403
    assert studio.ask("/", origin="null")[0] == 403
    assert studio.ask("/", origin=own)[0] == 200
    assert studio.ask("/", "POST")[0] == 403


POSTS = [f"/issues/open-source-in-care/{one}" for one in ("subscribers", "subscriber", "tests", "decisions", "edits")]


@pytest.mark.parametrize("path", POSTS)
def test_nothing_is_done_for_a_page_elsewhere_or_without_the_token(studio: Running, path: str) -> None:
    texts = {"part": "example", "address": "nobody", "to": "nobody", "by": "", "profession": "", "content": ""}
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": f"http://localhost:{studio.port + 1}"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ):
        assert studio.post(path, texts, **headers)[0] == 403, headers
    assert studio.post(path, texts, cookie="")[0] == 401
    assert studio.post(path, texts, cookie=f"newsletter-studio-{studio.port}=guess")[0] == 401
    assert studio.post(f"{path}?token={studio.token}", texts, cookie="")[0] == 401
    assert studio.post(path, texts, host="evil.example")[0] == 400
    assert studio.ask(path)[0] == 405
    assert studio.post(path.replace("open-source-in-care", "..%2f.."), texts)[0] == 404


@pytest.mark.parametrize("path", POSTS)
def test_what_no_page_of_the_studio_sends_is_refused_in_words(studio: Running, path: str) -> None:
    for content, kind in ((b"part=a", "application/x-www-form-urlencoded"), (b"{}", "text/plain")):
        status, body = studio.post(path, content, content_type=kind)
        assert (status, body) == (422, '{"problem":"the studio takes JSON."}')
    for wrong in (b"{", b"[]", b'{"part": 1}', b"\xff", b'{"part": "' + b"x" * 70_000 + b'"}'):
        status, body = studio.post(path, wrong)
        assert (status, "problem" in body) == (422, True)


@pytest.mark.parametrize(
    "texts",
    [
        {"do": "add", "gap": "0.0", "kind": "image", "file": "../../../outside.txt"},
        {"do": "add", "gap": "0.0", "kind": "image", "file": "/etc/passwd"},
        {"do": "add", "gap": "0.0", "kind": "../../page"},
        {"do": "move", "source": "../0", "gap": "0.0"},
        {"do": "move", "source": "0.0", "gap": "99.0"},
        {"do": "target", "source": "0.0", "for": "<script>"},
        {"do": "write", "text": "title: taken"},
        {"do": "undo"},
        {},
    ],
)
def test_an_edit_writes_nothing_but_blocks_of_the_issue(studio: Running, texts: dict[str, str]) -> None:
    sheet = studio.ask("/issues/open-source-in-care/compose/sheet")[2]
    seen = sheet.split('data-seen="')[1].split('"')[0]
    status, body = studio.post("/issues/open-source-in-care/edits", {"seen": seen, **texts})
    assert (status, list(json.loads(body))) == (422, ["problem"])
    assert studio.ask("/issues/open-source-in-care/compose/sheet")[2] == sheet


def test_a_subscriber_is_shown_by_a_word_that_only_this_studio_knows(studio: Running) -> None:
    found = json.loads(studio.post(POSTS[0], {"part": "a"})[1])["found"]
    assert 0 < len(found) <= 8
    chosen = json.loads(studio.post(POSTS[1], {"address": found[0]["address"]})[1])
    assert found[0]["address"] not in chosen["reader"]
    for query in ("", "&measure"):
        address = f"/issues/open-source-in-care/frame?reader={chosen['reader']}{query}"
        status, headers, _ = studio.ask(address)
        # A picture elsewhere could carry the person's values to whoever serves it.
        assert status == 200
        assert "img-src data:;" in headers["content-security-policy"]
    assert studio.ask("/issues/open-source-in-care/frame?reader=guess")[0] == 422
    assert studio.ask("/issues/open-source-in-care/parts?reader=" + found[0]["address"])[0] == 422


def test_the_list_asks_no_other_server_for_pictures(studio: Running) -> None:
    assert "/frame?still" in studio.ask("/")[2]
    for query, policy in (("?still", "img-src data:;"), ("", "img-src data: https: http:;")):
        assert policy in studio.ask(f"/issues/open-source-in-care/frame{query}")[1]["content-security-policy"]


def test_an_issue_that_was_removed_is_named_with_its_file(studio: Running) -> None:
    status, body = studio.post("/issues/gone/edits", {"do": "undo"})
    assert status == 404
    assert json.loads(body)["problem"].startswith("issues/gone/issue.yaml is not there (any more).")
    assert "issues/gone/issue.yaml is not there" in studio.ask("/issues/gone/parts")[2]


def test_the_review_file_has_no_origin_and_stands_in_no_other_page(studio: Running) -> None:
    status, headers, body = studio.ask("/issues/open-source-in-care/review?save")
    assert (status, headers["content-disposition"]) == (200, 'attachment; filename="review-open-source-in-care.html"')
    policy = headers["content-security-policy"].split("; ")
    assert "frame-ancestors 'none'" in policy and "sandbox allow-scripts allow-popups" in policy
    assert "Open source in care" in body
    assert studio.ask("/issues/open-source-in-care/review", sec_fetch_site="cross-site")[0] == 403


def test_subscribers_are_shown_on_this_computer_only() -> None:
    for client, local in ((("127.0.0.1", 5), True), (("::1", 5), True), (("192.168.1.7", 5), False), (None, False)):
        request = Request({"type": "http", "client": client, "headers": []})
        assert is_local(request) is local
        if not local:
            with pytest.raises(SettingsError, match="only shown to a browser on the computer"):
                refuse_elsewhere(request)


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../../../../../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/pages.py",
        "/assets/..%2f..%2fpages.py",
        "/issues/..%2f..%2foutside.txt",
        "/issues/%2e%2e/frame",
        "/issues/../../outside.txt",
        "/cards/..",
        "/issues/open-source-in-care/look/..%2f..%2fissue.yaml",
        "/issues/open-source-in-care/look/headers",
    ],
)
def test_no_address_leads_to_a_file(studio: Running, path: str) -> None:
    status, _, body = studio.ask(path)
    assert status == 404
    assert "secret of this machine" not in body and "root:" not in body and "import" not in body


def test_every_page_may_run_only_the_studios_own_scripts_and_stand_in_no_other_page(studio: Running) -> None:
    for path in ("/", "/issues/open-source-in-care", "/issues/open-source-in-care/all", "/nowhere"):
        _, headers, body = studio.ask(path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert " style=" not in body and "onclick" not in body
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_the_email_has_no_origin_and_runs_no_script(studio: Running) -> None:
    _, headers, _ = studio.ask("/issues/open-source-in-care/frame?profession=practitioner")
    policy = headers["content-security-policy"].split("; ")
    assert "sandbox" in policy and "default-src 'none'" in policy
    assert not [part for part in policy if part.startswith(("script-src", "sandbox "))]


def test_its_twin_has_no_origin_and_runs_only_what_carries_a_word_nobody_can_guess(studio: Running) -> None:
    policies = [studio.ask("/issues/open-source-in-care/frame?measure")[1]["content-security-policy"] for _ in "ab"]
    assert all(one.startswith("sandbox allow-scripts; default-src 'none'") for one in policies)
    assert all("script-src 'nonce-" in one and "connect-src" not in one for one in policies)
    assert policies[0] != policies[1]


def test_on_all_addresses_of_a_machine_only_addresses_are_answered_and_no_names() -> None:
    assert is_own(["192.168.1.7:80"], "0.0.0.0", 80)
    assert is_own(["192.168.1.7"], "0.0.0.0", 80)
    assert is_own(["[fe80::1]:8000"], "::", 8000)
    assert not is_own(["evil.example:80"], "0.0.0.0", 80)
    assert not is_own(["192.168.1.7:80"], "127.0.0.1", 80)
    assert not is_own(["127.0.0.1:80", "evil.example:80"], "127.0.0.1", 80)
    assert not is_own(["[::1"], "::1", 80)


def test_who_has_no_key_reads_why_on_a_page_that_may_do_nothing(studio: Running) -> None:
    status, headers, body = studio.ask("/", cookie="")
    assert status == 401
    assert "Open the link that <code>newsletter preview</code> printed" in body
    policy = headers["content-security-policy"].split("; ")
    digest = b64encode(sha256(body.partition("<style>")[2].partition("</style>")[0].encode()).digest()).decode()
    assert policy[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in body and "src=" not in body and "href=" not in body
