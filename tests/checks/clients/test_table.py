from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from newsletter.checks.clients.cases import PARTIAL_LACKS
from newsletter.checks.clients.derivation import derive_table
from newsletter.checks.clients.harms import Harm
from newsletter.checks.clients.harms_css import CSS_EFFECTS
from newsletter.checks.clients.harms_html import HTML_EFFECTS
from newsletter.checks.clients.mail_clients import IDS, USUAL, choose_clients, clients_in_words
from newsletter.checks.clients.table import KEPT, SupportTable, Verdict, load_table, read_table, write_table
from newsletter.errors import SettingsError


def _answer(stats: dict[str, Any], notes: dict[str, str] | None = None, **fields: Any) -> str:
    """What the public interface answers, with one feature."""
    feature = {"slug": "css-x", "title": "x", "stats": stats, "notes_by_num": notes, **fields}
    return json.dumps({"api_version": "1.0.4", "last_update_date": "2026-07-01 10:00:00 +0000", "data": [feature]})


def _table(stats: dict[str, Any], notes: dict[str, str] | None = None) -> SupportTable:
    return derive_table(_answer(stats, notes), fewest=1)


def _verdicts(table: SupportTable, *clients: str) -> str:
    return "".join(table.verdict("css-x", one) for one in clients)


def test_the_newest_version_tested_counts() -> None:
    table = _table({"apple-mail": {"ios": {"12": "n", "13": "a #1", "15": "y"}}})
    assert _verdicts(table, "apple-ios", "apple-macos") == "yu"


def test_editions_of_outlook_for_windows_are_told_apart() -> None:
    table = _table({"outlook": {"windows": {"2013": "n", "2016": "n", "2019": "a #1", "2021": "y"}}})
    assert _verdicts(table, "outlook-2016", "outlook-2019", "outlook-365") == "nay"


def test_an_edition_that_was_not_tested_does_as_the_one_before_it() -> None:
    older = _table({"outlook": {"windows": {"2013": "a", "2016": "n"}}})
    newer = _table({"outlook": {"windows": {"2021": "y"}}})
    assert _verdicts(older, "outlook-2016", "outlook-2019", "outlook-365") == "nnn"
    assert _verdicts(newer, "outlook-2016", "outlook-2019", "outlook-365") == "uuy"


@pytest.mark.parametrize(
    ("note", "verdicts"),
    [
        ("Partial. Not supported with non Google accounts.", "yn"),
        ("Not supported with non-Google accounts. The shorthand is.", "yn"),
        ("Partial. Only supported with non Google accounts.", "ny"),
        ("Partial. Supported with non Google accounts only.", "ny"),
        ("Partially supported. Only works with non Google accounts.", "ny"),
        ("Partial. `flex` and `grid` are not supported with non Google accounts.", "aa"),
        ("Partial. Negative values are not supported.", "aa"),
    ],
)
def test_gmail_is_parted_by_account_where_a_note_says_so(note: str, verdicts: str) -> None:
    table = _table({"gmail": {"android": {"2020-02": "a #1"}}}, {"1": note})
    assert _verdicts(table, "gmail-android", "gmail-other") == verdicts


def test_gmail_stays_partial_where_another_note_says_more() -> None:
    notes = {"1": "Partial. Not supported with non Google accounts.", "2": "Buggy. Colours are wrong."}
    table = _table({"gmail": {"android": {"2020-02": "a #1 #2"}}}, notes)
    assert _verdicts(table, "gmail-android", "gmail-other") == "an"


@pytest.mark.parametrize("cell", ["maybe", "", None, "yes", "y #one", 7])
def test_a_verdict_nobody_knows_is_none(cell: object) -> None:
    assert _verdicts(_table({"yahoo": {"ios": {"2020-02": cell}}}), "yahoo-ios") == "u"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", "not JSON"),
        ("<html>busy</html>", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no list of features"),
        ('{"data": {}}', "no list of features"),
        ('{"data": []}', "no date"),
        ('{"last_update_date": "2026-07-01", "data": [7]}', "without a name"),
        ('{"last_update_date": "2026-07-01", "data": [{"slug": "../x", "stats": {}}]}', "without a name"),
        ('{"last_update_date": "2026-07-01", "data": [{"slug": "css-x", "stats": []}]}', "without results"),
        (_answer({"yahoo": {"ios": {"2020-02": "y"}}}), "1 features"),
    ],
)
def test_an_answer_that_is_no_table_is_refused_with_what_is_wrong(answer: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        derive_table(answer)


def test_results_of_another_shape_are_unknown() -> None:
    assert _verdicts(_table({"yahoo": 7, "gmail": {"ios": []}}), "yahoo-ios", "gmail-ios") == "uu"


def test_a_table_reads_as_it_was_written() -> None:
    table = load_table()
    assert read_table(write_table(table)) == table


def test_the_shipped_table_is_what_the_derivation_writes() -> None:
    shipped = Path(__file__).parents[3] / "src/newsletter/checks/clients/support.json"
    text = shipped.read_text("utf-8")
    assert write_table(load_table()) == text
    assert len(text) < 40_000


def test_the_shipped_table_knows_what_everybody_knows() -> None:
    table = load_table()
    assert table.snapshot >= "2026-06-29"
    assert len(table.features) >= 300
    assert table.verdict("css-display-flex", "outlook-2016") is Verdict.NO
    assert table.verdict("css-display-flex", "apple-ios") is Verdict.YES
    assert table.verdict("css-max-width", "outlook-2016") is Verdict.NO
    assert table.verdict("css-max-width", "outlook-2019") is Verdict.PARTIAL
    assert table.verdict("html-style", "gmail-other") is Verdict.NO
    assert table.verdict("image-svg", "gmail-web") is Verdict.NO
    assert table.verdict("css-of-tomorrow", "gmail-web") is Verdict.UNKNOWN


def test_what_is_said_of_features_and_cases_is_said_of_ones_in_the_table() -> None:
    known = set(load_table().features)
    assert {feature for feature, _ in (*CSS_EFFECTS, *HTML_EFFECTS, *PARTIAL_LACKS)} <= known


def test_a_harm_is_told_with_what_is_seen_and_what_to_do() -> None:
    for key, effect in {**CSS_EFFECTS, **HTML_EFFECTS}.items():
        assert bool(effect.sees) is bool(effect.fix) is (effect.harm is not Harm.NONE), key
        assert not effect.sees.endswith("."), key


def test_clients_named_in_the_cases_exist() -> None:
    for named in PARTIAL_LACKS.values():
        for client in named:
            assert not client or any(one == client or one.startswith(f"{client}-") for one in IDS), client


def test_a_newer_table_in_the_cache_is_used_and_an_older_one_is_not(tmp_path: Path) -> None:
    shipped = load_table()
    newer = SupportTable("2999-01-01", IDS, shipped.features)
    (tmp_path / KEPT).write_text(write_table(newer), "utf-8")
    assert load_table(tmp_path).snapshot == "2999-01-01"
    (tmp_path / KEPT).write_text(write_table(SupportTable("2001-01-01", IDS, shipped.features)), "utf-8")
    assert load_table(tmp_path) == shipped


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: text.replace('"format": 1', '"format": 2'),
        lambda text: text.replace('"gmail-web"', '"gmail-moon"'),
        lambda text: text.replace('"css-margin"', '"CSS MARGIN"'),
        lambda text: text.replace('["margin", "', '["margin", "z'),
        lambda text: text.replace('["margin", ', "["),
        lambda text: text.replace("2999-01-01", "soon"),
        lambda text: text + " " * 1_000_001,
        lambda text: "[" * 100_000,
    ],
)
def test_a_damaged_table_in_the_cache_is_as_good_as_none(tmp_path: Path, damage: Any) -> None:
    newer = write_table(SupportTable("2999-01-01", IDS, load_table().features))
    (tmp_path / KEPT).write_text(damage(newer), "utf-8")
    assert load_table(tmp_path) == load_table()


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (("outlook-2016", "outlook-2019", "yahoo-web", "yahoo-ios", "yahoo-android"),
         "Outlook 2016–2019 for Windows, Yahoo"),
        (("outlook-2016", "outlook-2019", "outlook-365"), "Outlook for Windows"),
        (("outlook-365",), "Outlook 365 for Windows"),
        (("outlook-2016", "outlook-365"), "Outlook 2016, 365 for Windows"),
        (("gmail-web", "gmail-ios", "gmail-android"), "Gmail"),
        (("gmail-ios", "samsung"), "Gmail (iOS), Samsung Email"),
        (("outlook-web", "outlook-ios"), "the new Outlook and Outlook.com, Outlook (iOS)"),
        ((), ""),
    ],
)  # fmt: skip
def test_clients_are_named_as_people_name_them(ids: tuple[str, ...], words: str) -> None:
    assert clients_in_words(ids) == words


def test_clients_are_chosen_by_id_family_or_all() -> None:
    assert choose_clients([]) == USUAL
    assert choose_clients(["yahoo", "Gmail-Web "]) == ("gmail-web", "yahoo-web", "yahoo-ios", "yahoo-android")
    assert choose_clients(["all"]) == IDS
    assert "hey" not in USUAL


def test_a_client_nobody_knows_is_refused_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"no mail client is called 'outlok'\. Did you mean 'outlook'\?"):
        choose_clients(["outlok", "gmail"])


def test_a_feature_is_called_by_what_it_means() -> None:
    table = load_table(None)
    assert table.title("image-webp") == "WebP image format"
    assert table.title("css-flex-direction") == "flex-direction"
    assert table.title("css-float") == "float"
