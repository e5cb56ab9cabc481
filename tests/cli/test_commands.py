"""The commands as a newcomer, a scheduled job and a reviewer use them."""

from __future__ import annotations

import json
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest

from newsletter.cli.main import COMMANDS, newsletter


def _json(result: Any) -> Any:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_build_names_one_html_text_and_eml_per_variant(sample: Any) -> None:
    document = _json(sample.run("build", "open-source-in-care", "--json"))
    assert {"issue", "content_hash", "variants"} <= set(document)
    assert [one["key"] for one in document["variants"]] == [
        "healthcare",
        "practitioner",
        "nurse-practitioner",
        "physical-therapist",
        "car-dealership",
        "default",
    ]
    for one in document["variants"]:
        for kind in ("html", "text", "eml"):
            assert (sample.root / one[kind]).stat().st_size > 1000
        message = BytesParser(policy=policy.default).parsebytes((sample.root / one["eml"]).read_bytes())
        assert message["Subject"] == one["subject"]
        assert not message.defects


def test_the_same_files_build_the_same_bytes(sample: Any) -> None:
    first = _json(sample.run("build", "open-source-in-care", "--json", "--out", "one"))
    second = _json(sample.run("build", "open-source-in-care", "--json", "--out", "two"))
    assert first["content_hash"] == second["content_hash"]
    for one in first["variants"]:
        name = Path(one["html"]).name
        assert (sample.root / "one" / name).read_bytes() == (sample.root / "two" / name).read_bytes()


def test_professions_that_read_the_same_share_a_variant(letter: Any) -> None:
    letter.write("audiences/professions.yaml", "cook: {label: Cook}\npilot: {label: Pilot}\n")
    document = _json(letter.run("build", "letter", "--json"))
    assert [(one["key"], one["professions"]) for one in document["variants"]] == [
        ("default", ["cook", "pilot", "default"])
    ]


def test_a_block_type_is_added_by_dropping_in_two_templates(letter: Any) -> None:
    letter.write("templates/blocks/saying.html.j2", '<tr><td class="{{ pad }}"><q>{{ block.saying }}</q></td></tr>')
    letter.write("templates/blocks/saying.txt.j2", '"{{ block.saying }}" ({{ block.by }})')
    letter.write(
        "issues/letter/issue.yaml",
        "title: T\nsubject: S\naudience: readers\nsections:\n  - blocks:\n      - {saying: A < B, by: Ada}\n",
    )
    built = _json(letter.run("build", "letter", "--json"))["variants"][0]
    assert "<q>A &lt; B</q>" in (letter.root / built["html"]).read_text()
    assert '"A < B" (Ada)' in (letter.root / built["text"]).read_text()


def test_a_mistake_in_a_template_is_named_with_its_line(letter: Any) -> None:
    letter.write("templates/blocks/text.html.j2", "<tr><td>\n{{ block.htlm }}</td></tr>")
    result = letter.run("build", "letter")
    assert result.returncode == 2
    assert "templates/blocks/text.html.j2:2 asks for" in result.stderr


def test_linked_pictures_point_to_where_they_are_uploaded(sample: Any) -> None:
    settings = (sample.root / "newsletter.yaml").read_text()
    linked = "images: {mode: link, base_url: https://img.example.org/news}"
    sample.write("newsletter.yaml", settings.replace("images: {mode: embed}", linked))
    built = _json(sample.run("build", "open-source-in-care", "--json"))["variants"][0]
    eml = (sample.root / built["eml"]).read_text("ascii").replace("=\n", "")
    assert "https://img.example.org/news/" in eml
    assert "cid:" not in eml
    assert "Content-Type: image/" not in eml
    assert list((sample.root / "build/open-source-in-care/images").glob("*.png"))


def test_utm_parameters_are_added_to_web_links_only(sample: Any) -> None:
    settings = (sample.root / "newsletter.yaml").read_text()
    sample.write("newsletter.yaml", settings + "tracking: {utm: {source: newsletter}}\n")
    built = _json(sample.run("build", "open-source-in-care", "--json"))["variants"][0]
    html = (sample.root / built["html"]).read_text()
    campaign = "utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign=open-source-in-care"
    assert f"https://example.org/issues/open-source-in-care?{campaign}" in html
    assert "mailto:hello@example.org?subject=unsubscribe%20" in html


def test_plan_counts_and_sends_nothing(sample: Any) -> None:
    plan = _json(sample.run("plan", "open-source-in-care", "--json"))
    assert plan["recipients"] == sum(plan["by_profession"].values()) == sum(plan["variants"].values()) == 181
    assert plan["skipped"] == {"unsubscribed": 5}
    assert sample.outbox() == []
    assert sample.run("status", "open-source-in-care").returncode == 2


def test_send_twice_mails_once(sample: Any) -> None:
    first = _json(sample.run("send", "open-source-in-care", "--yes", "--json"))
    files = {path: path.stat().st_mtime_ns for path in sample.outbox()}
    second = _json(sample.run("send", "open-source-in-care", "--yes", "--json"))
    assert first["status"] == second["status"] == "finished"
    assert first["counts"] == second["counts"]
    assert {path: path.stat().st_mtime_ns for path in sample.outbox()} == files
    assert len(files) == 181


def test_import_counts_every_row_once(sample: Any) -> None:
    result = _json(sample.run("audience", "import", "care", "--json"))
    kinds = ("added", "updated", "unchanged", "merged")
    assert result["rows"] == 204 == sum(result[kind] for kind in kinds) + len(result["rejected"])
    assert (result["added"], result["merged"], len(result["rejected"])) == (199, 4, 1)
    assert "Physcial Therapist" in result["unmatched_professions"], "a near miss is reported, never guessed"
    assert _json(sample.run("audience", "import", "care", "--json"))["skipped"] is True


def test_count_and_list_know_the_segment(sample: Any) -> None:
    assert [one["id"] for one in _json(sample.run("audience", "list", "--json"))["audiences"]] == ["care", "everyone"]
    assert _json(sample.run("audience", "count", "everyone", "--json"))["recipients"] == 194
    assert "beekeeper" not in _json(sample.run("audience", "count", "care", "--json"))["by_profession"]


def test_someone_taken_out_of_the_file_leaves_the_audience(letter: Any) -> None:
    letter.write("audiences/readers.csv", "Email\na@example.org\nb@example.org\n")
    assert _json(letter.run("audience", "count", "readers", "--json"))["recipients"] == 2
    letter.write("audiences/readers.csv", "Email\nb@example.org\n")
    assert _json(letter.run("audience", "count", "readers", "--json"))["recipients"] == 1


def test_an_import_never_subscribes_again_who_unsubscribed(letter: Any) -> None:
    letter.write("audiences/readers.csv", "Email,Status\na@example.org,Unsubscribed\n")
    letter.run("audience", "import", "readers")
    letter.write("audiences/readers.csv", "Email,Status\na@example.org,Subscribed\n")
    count = _json(letter.run("audience", "count", "readers", "--json"))
    assert (count["recipients"], count["skipped"]) == (0, {"unsubscribed": 1})


def test_init_makes_a_workspace_that_sends(letter: Any) -> None:
    assert letter.run("init", "fresh").returncode == 0
    sent = _json(letter.run("--workspace", "fresh", "send", "open-source-in-care", "--yes", "--json"))
    assert sent["counts"]["accepted"] == 181


def test_people_are_private_in_the_database_file(sample: Any) -> None:
    sample.run("audience", "import", "care")
    assert (sample.root / "var/newsletter.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help_says_what_the_command_says_of_itself(name: str) -> None:
    context = newsletter.make_context("newsletter", [name], resilient_parsing=True)
    command = newsletter.get_command(context, name)
    assert command is not None
    assert (command.help or "").splitlines()[0] == COMMANDS[name][1]


def test_a_mistyped_command_is_suggested(letter: Any) -> None:
    result = letter.run("biuld", "letter")
    assert result.returncode == 2
    assert "Did you mean 'build'?" in result.stderr


def test_an_error_is_one_json_document_too(letter: Any) -> None:
    result = letter.run("build", "lettre", "--json")
    assert result.returncode == 2
    error = json.loads(result.stdout)["error"]
    assert error["exit_code"] == 2
    assert error["problems"][0]["file"] == "issues/lettre/issue.yaml"
