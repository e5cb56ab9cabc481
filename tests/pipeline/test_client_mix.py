"""What an audience reads with weighs what `check` finds, and is there to be looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from newsletter.cli.check_formats import summary
from newsletter.cli.main import newsletter
from newsletter.errors import FileProblems
from newsletter.model import ClientFamily, Event, EventKind, Finding, Outcome, Result, Segment, SubscriberStatus
from newsletter.pipeline.checking import Checked, asked_for, check_issue
from newsletter.pipeline.client_mix import client_mix
from newsletter.pipeline.workspace import open_store, open_workspace
from newsletter.store import campaigns, claiming, events, freezing, ledger
from newsletter.store import clients as kept_clients
from newsletter.store.ledger import Settlement
from tests.conftest import REPOSITORY, Workspace
from tests.people import Person, put_people

NOW = datetime.now(UTC)
# No Outlook for Windows shows WebP.
BLOCK = '<tr><td><img src="https://h.example.org/boat.webp" width="280" alt="A boat"></td></tr>\n'


def _opens(workspace: Workspace, told: Mapping[ClientFamily, int], campaign: str = "earlier") -> None:
    """So many people of the audience each opened a campaign in a client of the family."""
    families = [family for family, people in told.items() for _ in range(people)]
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    with open_store(opened) as database, database.begin() as connection:
        names = [f"{campaign}{n}@x.org" for n in range(len(families))]
        rows = [Person(one, one, *[""] * 6, SubscriberStatus.SUBSCRIBED, {}) for one in names]
        put_people(connection, rows, f"{campaign}.csv", NOW)
        frozen = freezing.FrozenCampaign(campaign, campaign, "crew", "h", {"v": b"x"}, {}, Segment(), ("first_name",))
        freezing.freeze(connection, frozen, NOW)
        found = campaigns.find_campaign(connection, campaign)
        assert found is not None
        claimed = claiming.claim(connection, found.id, 10_000, NOW)
        ledger.settle(connection, [Settlement(one.number, Outcome(Result.ACCEPTED)) for one in claimed], NOW)
        pairs = zip([one for one in claimed if one.address.startswith(campaign)], families, strict=True)
        told_of = [
            Event(one.delivery_id, campaign, EventKind.OPEN, NOW, f"{campaign}-{one.number}", client=family)
            for one, family in pairs
        ]
        events.record(connection, told_of, NOW)


@pytest.fixture
def boat(workspace: Workspace) -> Workspace:
    """A workspace whose issue shows a picture that Outlook for Windows does not."""
    workspace.write("templates/blocks/boat.html.j2", BLOCK)
    workspace.write("templates/blocks/boat.txt.j2", "A boat\n")
    text = (workspace.root / "issues/tides/issue.yaml").read_text("utf-8")
    workspace.write("issues/tides/issue.yaml", text + "      - {boat: true}\n")
    return workspace


def _checked(workspace: Workspace, notes: bool = False, clients: tuple[str, ...] = ()) -> Checked:
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    return check_issue(opened, "tides", asked=asked_for(clients, notes, False, False))


def _of_clients(checked: Checked) -> list[Finding]:
    """Those of the block; what the layout itself leaves plainer is told with the notes."""
    return [one for one in checked.findings if one.rule == "client-support" and "boat" in one.where.path]


GMAIL, APPLE, WINDOWS = ClientFamily.GMAIL, ClientFamily.APPLE, ClientFamily.OUTLOOK_WINDOWS


def test_without_a_database_nothing_is_weighed_and_none_is_made(boat: Workspace) -> None:
    checked = _checked(boat)
    (found,) = _of_clients(checked)
    assert (found.severity, found.share) == ("error", None)
    assert "audience" not in found.message
    assert "mail clients" not in checked.note
    assert not (boat.root / "var").exists()


def test_a_finding_says_what_part_of_the_audience_it_concerns(boat: Workspace) -> None:
    _opens(boat, {GMAIL: 100, APPLE: 76, WINDOWS: 24})
    checked = _checked(boat)
    (found,) = _of_clients(checked)
    assert (found.severity, found.share) == ("error", 0.12)
    assert "for Windows, about 12 % of this audience, the" in found.message
    assert "mail clients weighed by what 200 readers read with" in summary(checked)


def test_what_concerns_hardly_anybody_is_a_note_and_the_settings_say_who_is_hardly_anybody(boat: Workspace) -> None:
    _opens(boat, {GMAIL: 400, WINDOWS: 2})
    assert _of_clients(_checked(boat)) == []
    (found,) = _of_clients(_checked(boat, notes=True))
    assert (found.severity, found.share) == ("info", 0.005)
    settings = (boat.root / "newsletter.yaml").read_text("utf-8")
    boat.write("newsletter.yaml", settings + "mail_clients: {small_share: 0.5%}\n")
    (found,) = _of_clients(_checked(boat))
    assert found.severity == "error"
    boat.write("newsletter.yaml", settings + "mail_clients: {small_share: 0%}\n")
    assert [one.severity for one in _of_clients(_checked(boat))] == ["error"]


def test_clients_that_a_person_names_are_not_weighed_down_however_few_read_with_them(boat: Workspace) -> None:
    _opens(boat, {GMAIL: 400})
    assert _of_clients(_checked(boat)) == []
    named = _checked(boat, clients=("outlook-2019",))
    (found,) = _of_clients(named)
    assert (found.severity, found.share) == ("error", 0.0)
    assert "weighed" not in named.note
    assert _of_clients(_checked(boat)) == [], "what was found for the named is not kept for everybody"


@pytest.mark.parametrize("written", ["many", "1", "-1%", "100%", "true"])
def test_a_share_that_is_none_is_refused_at_its_line_with_how_to_write_one(workspace: Workspace, written: str) -> None:
    settings = (workspace.root / "newsletter.yaml").read_text("utf-8")
    workspace.write("newsletter.yaml", settings + f"mail_clients: {{small_share: {written}}}\n")
    with pytest.raises(FileProblems, match=r"newsletter.yaml:6: .*write a part of an audience as 1%"):
        open_workspace(workspace.root, {}, REPOSITORY / "templates")


def test_of_fewer_than_a_hundred_people_nothing_is_weighed_and_that_is_said(boat: Workspace) -> None:
    _opens(boat, {GMAIL: 99})
    checked = _checked(boat)
    (found,) = _of_clients(checked)
    assert (found.severity, found.share) == ("error", None)
    assert "mail clients count alike: of 99 readers is known what they read with, 100 are needed" in summary(checked)
    _opens(boat, {GMAIL: 1}, "another")
    assert _of_clients(_checked(boat)) == [], "nobody of a hundred reads with Outlook for Windows"


def test_what_the_checks_found_is_found_anew_only_when_the_mix_is_another(
    boat: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from newsletter.pipeline import inspecting

    looked = 0
    findings_of = inspecting.findings_of

    def counted(subject: object) -> object:
        nonlocal looked
        looked += 1
        return findings_of(subject)  # type: ignore[arg-type]

    monkeypatch.setattr(inspecting, "findings_of", counted)
    _opens(boat, {GMAIL: 360, WINDOWS: 40})
    _checked(boat)
    first = looked
    assert first > 0
    _opens(boat, {GMAIL: 1}, "second")
    assert [one.share for one in _of_clients(_checked(boat))] == [0.1]
    assert looked == first, "one open of four hundred"
    _opens(boat, {WINDOWS: 40}, "third")
    assert [one.share for one in _of_clients(_checked(boat))] == [0.18]
    assert looked == 2 * first


def test_the_opens_are_counted_once_until_an_event_is_added_or_the_day_ends(
    boat: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _opens(boat, {GMAIL: 3})
    counted: list[datetime] = []
    count = kept_clients.client_mix

    def noted(connection: object, audience: str, since: datetime) -> object:
        counted.append(since)
        return count(connection, audience, since)  # type: ignore[arg-type]

    monkeypatch.setattr(kept_clients, "client_mix", noted)
    opened = open_workspace(boat.root, {}, REPOSITORY / "templates")
    first = client_mix(opened, "crew")
    assert first is not None and first.people == {GMAIL: 3.0}
    assert client_mix(opened, "crew") == first
    assert len(counted) == 1
    _opens(boat, {WINDOWS: 1}, "second")
    again = client_mix(opened, "crew")
    assert again is not None and again.people == {GMAIL: 3.0, WINDOWS: 1.0}
    tomorrow = open_workspace(boat.root, {}, REPOSITORY / "templates")
    object.__setattr__(tomorrow, "clock", lambda: NOW + timedelta(days=1))
    assert client_mix(tomorrow, "crew") == again
    assert len(counted) == 3


def test_what_concerns_most_readers_is_told_first(boat: Workspace) -> None:
    # The drawing is shown neither by Gmail nor by Outlook for Windows, the WebP before it only not by the latter.
    boat.write("templates/blocks/boat.html.j2", BLOCK + BLOCK.replace("webp", "svg"))
    assert [one.where.line for one in _of_clients(_checked(boat))] == [1, 2]
    _opens(boat, {GMAIL: 60, WINDOWS: 40})
    assert [(one.where.line, one.share) for one in _of_clients(_checked(boat))] == [(2, 1.0), (1, 0.4)]


def test_what_other_rules_say_of_some_mail_clients_weighs_as_well(boat: Workspace) -> None:
    wide = '<tr><td><img src="https://h.example.org/boat.png" style="width:100%" alt="A boat"></td></tr>\n'
    boat.write("templates/blocks/boat.html.j2", wide)
    _opens(boat, {GMAIL: 194, WINDOWS: 6})
    (found,) = [one for one in _checked(boat).findings if one.rule == "image-width"]
    assert (found.severity, found.share) == ("warning", 0.03)
    assert found.message.endswith("That is about 3 % of this audience.")
    _opens(boat, {GMAIL: 800}, "second")
    assert [one for one in _checked(boat).findings if one.rule == "image-width"] == []


def test_a_comment_that_ignores_what_concerns_few_is_not_called_unused(boat: Workspace) -> None:
    comment = "{# newsletter: ignore client-support because our readers have Gmail #}\n"
    boat.write("templates/blocks/boat.html.j2", comment + BLOCK)
    for people in (0, 200):
        if people:
            _opens(boat, {GMAIL: people})
        checked = _checked(boat)
        assert [one.rule for one in checked.findings] == []
        assert [(one.rule, reason) for one, reason in checked.ignored] == [("client-support", "our readers have Gmail")]


def _run(workspace: Workspace, *arguments: str) -> str:
    done = CliRunner().invoke(newsletter, ["--workspace", str(workspace.root), *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_mix_is_there_to_be_looked_at(workspace: Workspace) -> None:
    _opens(workspace, {GMAIL: 150, WINDOWS: 49, ClientFamily.OUTLOOK_WEB: 1, ClientFamily.UNKNOWN: 7})
    lines = _run(workspace, "audience", "clients", "crew").splitlines()
    assert lines[0] == "The crew: what 200 people read with"
    assert [line.split() for line in lines[1:4]] == [
        ["75", "%", "150", "Gmail"],
        ["24", "%", "49", "Outlook", "for", "Windows"],
        ["<", "1", "%", "1", "the", "new", "Outlook", "and", "Outlook.com"],
    ]
    assert lines[4] == "Of 7 people more who opened, nothing tells with what."
    assert lines[5].startswith("`newsletter check` goes by it: what goes wrong for less than 1 % is a note")
    document = json.loads(_run(workspace, "audience", "clients", "crew", "--json"))
    assert (document["people"], document["unknown"], document["weighs"]) == (200, 7, True)
    assert document["clients"][1] == {
        "family": "outlook-windows",
        "name": "Outlook for Windows",
        "clients": ["outlook-2016", "outlook-2019", "outlook-365"],
        "people": 49.0,
        "share": 0.245,
    }


def test_where_nothing_is_known_it_says_how_to_come_to_know_and_makes_no_database(workspace: Workspace) -> None:
    words = _run(workspace, "audience", "clients", "crew")
    assert "nobody knows yet what they read with" in words
    assert "newsletter events import" in words
    assert json.loads(_run(workspace, "audience", "clients", "crew", "--json"))["people"] == 0
    assert not (workspace.root / "var").exists()
    _opens(workspace, {GMAIL: 12})
    assert "counts all mail clients alike until this is known of 100 people" in _run(
        workspace, "audience", "clients", "crew"
    )
