"""newsletter.yaml and the environment: everything known is read, nothing unknown is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import FileProblems, NotInEnvironment, SettingsError
from newsletter.pipeline.providers import require_provider
from newsletter.settings import Settings
from newsletter.settings_reading import find_workspace, load_settings

BASE = "brand: {name: Work, postal_address: 1 Main Street}\nsender: {name: Work, address: news@example.org}\n"


def load(root: Path, more: str = "", **environment: str) -> Settings:
    (root / "newsletter.yaml").write_text(BASE + more, "utf-8")
    return load_settings(root, environment)


def problems(root: Path, text: str, **environment: str) -> list[str]:
    (root / "newsletter.yaml").write_text(text, "utf-8")
    with pytest.raises(FileProblems) as caught:
        load_settings(root, environment)
    return [str(one) for one in caught.value.problems]


def test_what_is_left_out_has_a_safe_default(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.root == tmp_path
    assert (settings.provider.name, settings.provider.path) == ("outbox", "var/outbox")
    assert settings.database == "sqlite:///var/newsletter.db"
    assert settings.images.mode == "embed"


@pytest.mark.parametrize(
    ("written", "per_second"), [("50/s", 50.0), ("600/m", 10.0), ("1800 / h", 0.5), ("0.5/s", 0.5)]
)
def test_a_rate_is_messages_per_second(tmp_path: Path, written: str, per_second: float) -> None:
    assert load(tmp_path, f"provider: {{rate: {written}}}\n").provider.rate == per_second


@pytest.mark.parametrize("written", ["50", "0/s", "-5/s", "50/d", "fast", "[50/s]"])
def test_a_rate_of_another_form_is_refused_with_an_example(tmp_path: Path, written: str) -> None:
    (said,) = problems(tmp_path, BASE + f"provider:\n  rate: {written}\n")
    assert said == "newsletter.yaml:4: 'provider.rate': write a rate as 50/s, 600/m or 10000/h."


def test_all_problems_of_the_file_are_told_at_once_each_at_its_line(tmp_path: Path) -> None:
    text = """\
brand:
  name: Work
  postal_adress: 1 Main Street
sender: {name: Work, address: not an address}
provder: {name: outbox}
images: {mode: link}
"""
    said = problems(tmp_path, text)
    assert [one.split(": ")[0] for one in said] == [
        "newsletter.yaml:1",
        "newsletter.yaml:3",
        "newsletter.yaml:4",
        "newsletter.yaml:6",
        "newsletter.yaml:5",
    ]
    assert "'brand.postal_address' is missing" in said[0]
    assert "unknown key 'brand.postal_adress'. Did you mean 'postal_address'?" in said[1]
    assert "not a mail address" in said[2]
    assert "base_url" in said[3]
    assert "unknown key 'provder'. Did you mean 'provider'?" in said[4]


def test_what_stands_in_a_header_or_a_link_says_with_what_it_is_written(tmp_path: Path) -> None:
    settings = "list_id: My List\ntracking:\n  utm: {source: 'a b'}\n"
    assert problems(tmp_path, BASE + settings) == [
        "newsletter.yaml:3: 'list_id': 'My List' may hold letters from A to Z, digits, dots and hyphens only, as in "
        "news.example.org.",
        "newsletter.yaml:5: 'tracking.utm.source': 'a b' may hold letters, digits, dots, hyphens and underscores only.",
    ]


def test_an_unknown_key_in_an_optional_part_has_a_suggestion_too(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, BASE + "tracking:\n  utm: {source: news, medum: email}\n")
    assert said == "newsletter.yaml:4: unknown key 'tracking.utm.medum'. Did you mean 'medium'? Known: source, medium."


def test_the_root_folder_is_no_key_of_the_file(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, BASE + "root: /\n")
    assert said.startswith("newsletter.yaml:3: unknown key 'root'.")
    assert "Known: brand, theme, sender" in said
    assert not {"root", "lines"} & set(said.split("Known: ")[1].rstrip(".").split(", "))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("tracking: {opens: true}\n", "told by SendGrid only, and the provider is outbox"),
        ("tracking: {clicks: true}\nprovider: {name: smtp}\n", "told by SendGrid only, and the provider is smtp"),
        ("approval: {required: -1}\n", "approval.required"),
        ("site_url: example.org\n", "must begin with https://"),
        ("list_id: 'a b'\n", "list_id"),
        ("provider: {name: pigeon}\n", "Known: outbox, smtp, sendgrid"),
        ("provider: {connections: 0}\n", "provider.connections"),
    ],
)
def test_what_this_version_cannot_do_is_refused_not_ignored(tmp_path: Path, more: str, words: str) -> None:
    (said,) = problems(tmp_path, BASE + more)
    assert said.startswith("newsletter.yaml:3: ")
    assert words in said


@pytest.mark.parametrize("color", ["red", "0b5fff", "#0b5ff", "#0b5fff;background:url(x)"])
def test_a_colour_that_is_not_hexadecimal_is_refused(tmp_path: Path, color: str) -> None:
    text = BASE.replace("brand: {", f'brand: {{colors: {{accent: "{color}"}}, ')
    (said,) = problems(tmp_path, text)
    assert "must be a colour such as #0b5fff" in said


@pytest.mark.parametrize("key", ["brand", "sender"])
def test_a_name_with_a_line_end_never_reaches_a_header(tmp_path: Path, key: str) -> None:
    text = BASE.replace(f"{key}: {{name: Work", f'{key}: {{name: "Work\\r\\nBcc: all@example.org"')
    (said,) = problems(tmp_path, text)
    assert "must be one line" in said


def test_a_value_comes_from_the_environment(tmp_path: Path) -> None:
    settings = load(
        tmp_path, "provider: {name: smtp, url: 'smtp://news:${PASS_WORD}@mail.example.org'}\n", PASS_WORD="s"
    )
    assert settings.provider.url == "smtp://news:s@mail.example.org"
    assert "smtp://news" not in repr(settings), "secrets are not printed"


def test_a_variable_that_is_not_set_is_named_at_its_line(tmp_path: Path) -> None:
    said = problems(tmp_path, BASE + "list_id: ${LIST}.${DOMAIN}\n", DOMAIN="example.org")
    assert said == ["newsletter.yaml:3: ${LIST} is not set in the environment."]


def test_a_variable_of_the_provider_is_missed_by_what_sends_alone(tmp_path: Path) -> None:
    settings = load(tmp_path, "provider:\n  name: smtp\n  rate: 5/s\n  url: smtp://${HOST}:${PORT}\n", PORT="1")
    assert settings.provider.rate == 5.0, "whatever else is said of it is known"
    with pytest.raises(NotInEnvironment) as caught:
        require_provider(settings)
    assert str(caught.value) == "newsletter.yaml:6: ${HOST} is not set in the environment."
    assert [one.where.line for one in caught.value.problems] == [6]


def test_what_is_wrong_in_the_file_is_told_with_the_variables_that_are_missing(tmp_path: Path) -> None:
    said = problems(tmp_path, BASE + "theme: ${THEME}\nprovider: {name: smtp, url: 'smtp://${HOST}'}\n")
    assert [one.split(":")[1] for one in said] == ["3", "4"]


def test_a_limit_is_no_secret_so_its_variable_has_to_be_there(tmp_path: Path) -> None:
    assert problems(tmp_path, BASE + "provider: {rate: '${RATE}'}\n") == [
        "newsletter.yaml:3: ${RATE} is not set in the environment."
    ]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "provider: {name: smtp, url: 'smtp://one', rate: 5/s}\ndatabase: sqlite:///one.db\n",
        NEWSLETTER_SMTP_URL="smtp://two",
        NEWSLETTER_DATABASE_URL="sqlite:///two.db",
    )
    assert (settings.provider.url, settings.provider.rate) == ("smtp://two", 5.0)
    assert settings.database == "sqlite:///two.db"


def test_mail_by_smtp_needs_a_server(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Set NEWSLETTER_SMTP_URL"):
        require_provider(load(tmp_path, "provider: {name: smtp}\n"))


def test_a_database_that_is_not_supported_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"must be a SQLite file.* or a PostgreSQL server") as caught:
        load(tmp_path, "", NEWSLETTER_DATABASE_URL="mysql://ada:s3cret@localhost/news")
    assert "s3cret" not in str(caught.value)


def test_a_server_is_named_in_the_environment_and_never_shown(tmp_path: Path) -> None:
    url = "postgresql://ada:s3cret@localhost/news"
    settings = load(tmp_path, "", NEWSLETTER_DATABASE_URL=url)
    assert settings.database == url
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize("text", ["- brand\n- sender\n", "just words\n"])
def test_a_file_that_is_no_mapping_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (said,) = problems(tmp_path, text)
    assert "must be `key: value` lines" in said


def test_an_empty_file_is_told_what_it_needs(tmp_path: Path) -> None:
    assert problems(tmp_path, "") == [
        "newsletter.yaml:1: 'brand' is missing.",
        "newsletter.yaml:1: 'sender' is missing.",
    ]


def test_a_missing_file_is_a_problem_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "newsletter.yml").touch()
    with pytest.raises(FileProblems, match=r"newsletter\.yaml: no such file\. Did you mean 'newsletter\.yml'\?"):
        load_settings(tmp_path, {})


def test_the_workspace_is_the_nearest_folder_above(tmp_path: Path) -> None:
    (tmp_path / "newsletter.yaml").touch()
    inner = tmp_path / "issues/tides"
    inner.mkdir(parents=True)
    assert find_workspace(inner) == tmp_path
    (inner / "newsletter.yaml").touch()
    assert find_workspace(inner) == inner


def test_outside_any_workspace_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="newsletter init DIR"):
        find_workspace(tmp_path)


def test_a_sendgrid_key_comes_from_the_environment_alone(tmp_path: Path) -> None:
    settings = load(tmp_path, "provider: {name: sendgrid, categories: [a], asm_group: 7}\n", SENDGRID_API_KEY="SG.x")
    assert (settings.provider.api_key, settings.provider.categories, settings.provider.asm_group) == ("SG.x", ("a",), 7)
    assert "SG.x" not in repr(settings)
    named = load(tmp_path, "provider: {name: sendgrid, api_key: '${OTHER}'}\n", OTHER="SG.y", SENDGRID_API_KEY="SG.x")
    assert named.provider.api_key == "SG.y"
    (said,) = problems(tmp_path, BASE + "provider:\n  name: sendgrid\n  api_key: SG.hunter2\n")
    assert said == (
        "newsletter.yaml:5: 'provider.api_key' must not be written here. "
        "Put the key into the environment: ${SENDGRID_API_KEY}."
    )


def test_sendgrid_without_a_key_says_which_variable_to_set(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Set SENDGRID_API_KEY"):
        require_provider(load(tmp_path, "provider: {name: sendgrid}\n"))


@pytest.mark.parametrize(
    "host", ["http://api.example.org", "api.example.org", "https://user:pw@example.org", "ftp://x"]
)
def test_a_key_never_travels_unencrypted(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingsError, match="must begin with https"):
        load(tmp_path, "provider: {name: sendgrid}\n", SENDGRID_API_KEY="SG.x", SENDGRID_HOST=host)
    inside = load(tmp_path, "provider: {name: sendgrid}\n", SENDGRID_API_KEY="x", SENDGRID_HOST="http://127.0.0.1:9/")
    assert inside.provider.host == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ("name: smtp\n  categories: [a]", "'provider.categories': belongs to provider sendgrid, and this is smtp"),
        ("name: sendgrid\n  format: mbox", "'provider.format': belongs to provider outbox, and this is sendgrid"),
        ("name: outbox\n  options: {a: b}", "'provider.options': belongs to providers of other distributions"),
        ("name: sendgrid\n  host: http://x.org", "'provider.host': must begin with https://"),
        ("name: sendgrid\n  asm_group: 0", "provider.asm_group"),
        ("name: sendgrid\n  categories: [a, b, c, d, e, f, g, h, i, j, k]", "provider.categories"),
    ],
)
def test_a_key_that_means_nothing_to_this_provider_is_refused_at_its_line(
    tmp_path: Path, provider: str, words: str
) -> None:
    (said,) = problems(tmp_path, BASE + f"provider:\n  {provider}\n")
    assert said.startswith("newsletter.yaml:5: ")
    assert words in said


def test_a_sender_of_another_script_is_known_by_its_idna_domain(tmp_path: Path) -> None:
    text = BASE.replace("news@example.org", "news@straße.example")
    (tmp_path / "newsletter.yaml").write_text(text, "utf-8")
    assert load_settings(tmp_path, {}).sender.address == "news@xn--strae-oqa.example", "IDNA 2008 keeps the sharp s"


@pytest.mark.parametrize(
    ("address", "words"),
    [("jörg@example.org", "letters beyond ASCII before the @"), ("news@a..ö.example", "is not a domain")],
)
def test_a_sender_that_servers_would_not_understand_is_refused_in_words(
    tmp_path: Path, address: str, words: str
) -> None:
    (said,) = problems(tmp_path, BASE.replace("news@example.org", address))
    assert words in said


@pytest.mark.parametrize("address", ["http://example.org", "https://example.org/?id=", "https://example.org/>, <x"])
def test_a_public_address_that_cannot_stand_in_a_header_is_refused(tmp_path: Path, address: str) -> None:
    (said,) = problems(tmp_path, BASE + f"public_url: '{address}'\n")
    assert "must be an https:// address" in said


@pytest.mark.parametrize("password", ["s3cret", "s/3c#ret", "s3c@ret"])
def test_a_password_in_the_address_of_the_mail_server_is_refused_and_not_repeated(
    tmp_path: Path, password: str
) -> None:
    provider = f'provider:\n  name: smtp\n  url: "smtp+starttls://news:{password}@mail.example.org:587"\n'
    (said,) = problems(tmp_path, BASE + provider)
    assert said.startswith("newsletter.yaml:5: ")
    assert "NEWSLETTER_SMTP_URL" in said
    assert password not in said


@pytest.mark.parametrize("url", ["smtp://mail.example.org:25", "smtp://news@mail.example.org:25", "smtp://[::1]:25"])
def test_an_address_without_a_password_may_stand_in_the_file(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, f'provider: {{name: smtp, url: "{url}"}}\n').provider.url == url


@pytest.mark.parametrize("rest", ["/path", "/?x=1", "?x=1", "#x", "/a/b"])
def test_a_mail_server_has_neither_path_nor_query(tmp_path: Path, rest: str) -> None:
    url = f"smtp://ada:s3cret@mail.example.org:587{rest}"
    with pytest.raises(SettingsError, match="no path") as caught:
        require_provider(load(tmp_path, "provider: {name: smtp}\n", NEWSLETTER_SMTP_URL=url))
    assert "s3cret" not in str(caught.value)
    require_provider(load(tmp_path, "provider: {name: smtp}\n", NEWSLETTER_SMTP_URL=url.removesuffix(rest) + "/"))


def test_a_database_that_is_not_supported_is_told_where_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^NEWSLETTER_DATABASE_URL must be a SQLite file"):
        load(tmp_path, "database: sqlite:///var/news.db\n", NEWSLETTER_DATABASE_URL="foo")
    with pytest.raises(SettingsError, match=r"^newsletter\.yaml:4: database must be a SQLite file"):
        load(tmp_path, "theme: editorial\ndatabase: foo\n")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "such as gmail.com"),
        ("@gmail.com", "Write gmail.com"),
        ("*.example.com", "Write example.com"),
        ("gmail", "such as gmail.com"),
        ("ada@gmail.com", "such as gmail.com"),
        ("*.", "such as gmail.com"),
    ],
)
def test_a_rate_that_would_never_apply_is_refused_at_its_line(tmp_path: Path, written: str, told: str) -> None:
    (said,) = problems(tmp_path, BASE + f'provider:\n  domains:\n    gmail.com: 5/s\n    "{written}": 1/s\n')
    assert said.startswith("newsletter.yaml:6: 'provider.domains.")
    assert told in said


def test_a_rate_is_for_the_domain_that_mail_servers_know(tmp_path: Path) -> None:
    written = 'provider: {domains: {"bücher.example": 1/s, GMail.com: 2/s, "*": 3/s}}\n'
    assert load(tmp_path, written).provider.domains == {"xn--bcher-kva.example": 1, "GMail.com": 2, "*": 3}


def test_a_warmup_says_what_its_days_and_numbers_are(tmp_path: Path) -> None:
    said = problems(tmp_path, BASE + "provider:\n  warmup:\n    0: 500\n    1: 5/s\n    2: 7\n")
    assert said == [
        "newsletter.yaml:5: 'provider.warmup.0': days are counted 1, 2, 3 and so on.",
        "newsletter.yaml:6: 'provider.warmup.1': write how many messages may be sent, such as 500.",
    ]
    settings = load(tmp_path, "provider: {warmup: {1: 500, 2: '${N}'}}\n", N="1000")
    assert settings.provider.warmup == {1: 500, 2: 1000}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("categories: [a, b, c, d, e, f, g, h, i, j, k]", "must have at most 10 entries, and has 11."),
        ("categories: ['']", "must not be empty."),
        ("asm_group: 0", "must be at least 1."),
        ("connections: 101", "must be at most 100."),
    ],
)
def test_a_bound_is_told_in_plain_words(tmp_path: Path, more: str, told: str) -> None:
    (said,) = problems(tmp_path, BASE + f"provider: {{name: sendgrid, {more}}}\n")
    assert said.endswith(told)
