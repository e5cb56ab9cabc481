"""The direction of dependence, held by reading the imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src/newsletter"
SHARED = {
    "model", "errors", "files", "broken_yaml", "colors", "expressions", "lines", "markup", "amounts", "settings",
    "settings_reading", "store", "cache", "records",
}  # fmt: skip
PHASES = {
    "content", "audience", "rendering", "checks", "campaigns", "reviewing", "composing", "delivery", "feedback",
    "reporting",
}  # fmt: skip
COMPOSING = {"pipeline", "workers"}
ENTRY = {"cli", "web"}
LIBRARY_ROOMS = {
    "yaml": ("files.py", "broken_yaml.py"),
    "jinja2": ("rendering/", "reviewing/page.py", "web/"),
    "starlette": ("web/",),
    "uvicorn": ("web/",),
    "watchfiles": ("web/",),
    "premailer": ("rendering/inlining.py",),
    "cssutils": ("rendering/inlining.py",),
    "tinycss2": ("rendering/", "checks/clients/css.py", "colors.py"),
    "cssselect": ("rendering/",),
    "sqlalchemy": ("store/",),
    "alembic": ("store/upgrading.py", "store/migrations/"),
    "psycopg": ("store/",),
    "click": ("cli/",),
    "rich": ("cli/",),
    "babel": ("rendering/scene.py", "audience/places.py"),
    "smtplib": ("delivery/providers/smtp.py",),
    "sendgrid": ("delivery/providers/sendgrid_client.py",),
    "python_http_client": ("delivery/providers/sendgrid_client.py",),
    "PIL": ("content/images.py", "rendering/"),
    "resvg_py": ("rendering/resvg.py",),
    "fontpkg_noto_sans": ("rendering/resvg.py",),
    "nh3": ("content/sanitising.py",),
    "markdown_it": ("content/markdown.py", "content/footnotes.py"),
    "feedparser": ("content/feeds.py",),
    "idna": ("lines.py",),
    "email_validator": ("audience/addresses.py",),
    "sqlglot": ("audience/where.py",),
    "rapidfuzz": ("audience/aliases.py",),
    "dns": ("delivery/name_servers.py",),
    "spellchecker": ("checks/spelling.py",),
    "ruamel": ("audience/aliases.py", "campaigns/approvals_file.py", "composing/tree.py"),
    "python_calamine": ("audience/spreadsheets.py",),
}
FILES = sorted(SOURCE.rglob("*.py"))


def _imports(path: Path) -> set[str]:
    """Every module the file imports, dotted; relative ones with a leading dot."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found |= {f"{base}.{name.name}" for name in node.names}
    return found


def _room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def _rooms_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in _imports(path) if name.startswith("newsletter.") and name.count(".") >= 1}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_what_lies_below_it(path: Path) -> None:
    room, imported = _room(path), _rooms_imported(path) - {"__version__"}
    if room in SHARED:
        allowed = SHARED
    elif room in PHASES:
        allowed = SHARED | {room}
    elif room in COMPOSING:
        allowed = SHARED | PHASES | COMPOSING
    else:
        # Entry points see values, files and settings; phases and the store only through the pipeline.
        allowed = {"model", "errors", "files", "settings", "settings_reading", "pipeline", room}
        # A command starts the web app, which knows of no command.
        allowed |= {"web"} if room == "cli" else set()
    assert imported <= allowed, f"{room} imports {sorted(imported - allowed)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_library_is_known_in_one_room(path: Path) -> None:
    name = path.relative_to(SOURCE).as_posix()
    for module in _imports(path):
        rooms = LIBRARY_ROOMS.get(module.split(".")[0])
        assert rooms is None or name.startswith(rooms), f"{module} belongs in {rooms}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_are_absolute_so_that_these_tests_see_them(path: Path) -> None:
    assert not [module for module in _imports(path) if module.startswith(".")]


def test_every_room_is_known_here() -> None:
    assert {_room(path) for path in FILES} <= SHARED | PHASES | COMPOSING | ENTRY | {"__init__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 420


def test_the_reader_of_imports_sees_those_inside_functions_and_those_for_types_only(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(
        "def f():\n    import yaml.nodes\nif TYPE_CHECKING:\n    from newsletter import web\n"
    )
    assert _imports(tmp_path / "x.py") == {"yaml.nodes", "newsletter.web"}


def test_a_build_loads_nothing_that_only_other_commands_need() -> None:
    loaded = (
        "import sys, newsletter.cli.composing; from newsletter.checks.registry import all_checks; all_checks(); "
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    others = {"sqlalchemy", "rich", "starlette", "sendgrid", "feedparser", "smtplib", "ssl", "requests", "dateutil"}
    assert "newsletter.checks.client_support" in modules
    assert modules.isdisjoint({*others, "newsletter.checks.clients.judging"})
