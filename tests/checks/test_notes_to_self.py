"""A note to oneself is told; a word or a number that only looks like one is not."""

from __future__ import annotations

import pytest

from newsletter.checks.notes_to_self import notes_in


def _notes(text: str, language: str = "", around: str = "") -> list[str]:
    return [found for found, _ in notes_in(text, lambda: (around or text, language))]


@pytest.mark.parametrize("language", ["es", "pt", "it", "gl"])
def test_where_todo_is_a_word_a_note_has_a_colon_or_a_parenthesis_behind_it(language: str) -> None:
    assert _notes("TODO LO QUE NECESITAS", language) == []
    assert _notes("Método TODO dia", language) == []
    assert _notes("TODO: preguntar", language) == ["TODO"]
    assert _notes("TODO (Ada): preguntar, TODO(Ada)", language) == ["TODO", "TODO"]


def test_a_page_that_does_not_say_its_language_is_known_by_its_words() -> None:
    around = "Los mejores cursos de la semana, con los precios que se pagan por el curso: TODO lo que necesitas"
    assert _notes("TODO lo que necesitas", "", around) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("XXX anos de história", "pt"),
        ("El XXX congreso", "es"),
        ("Super Bowl XXX was long", "en"),
        ("The XXX Olympiad", "en"),
        ("XXX. Kongress der Pflege", "de"),
        ("Chapters XX–XXX are out", "en"),
        ("XXXº encuentro", "en"),
    ],
)
def test_the_number_thirty_is_no_note(text: str, language: str) -> None:
    assert _notes(text, language) == []


def test_everywhere_else_a_note_is_told_as_before() -> None:
    assert _notes("TODO ask Ada, and XXX the price; FIXME", "en") == ["TODO", "XXX", "FIXME"]
    assert _notes("Super XXX: ask", "es") == ["XXX"]
    assert _notes("FIXME pronto [TBD]", "es") == ["FIXME", "[TBD]"]
