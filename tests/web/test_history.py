"""Undo and redo in the studio: only while the file is what the edit left."""

from __future__ import annotations

from newsletter.pipeline.composing import Change, seen_after
from newsletter.web.studio.composer import History

ONE, TWO, THREE = (seen_after(text) for text in (b"1", b"2", b"3"))


def test_an_edit_can_be_undone_while_the_file_is_what_it_left() -> None:
    history = History()
    assert not history.can_undo(ONE)
    history.note("move", Change(b"1", b"2"))
    assert history.can_undo(TWO)
    assert not history.can_undo(ONE) and not history.can_undo(THREE)


def test_a_new_edit_ends_what_could_be_done_again() -> None:
    history = History(undone=[("move", Change(b"1", b"2"))])
    assert history.can_redo(ONE) and not history.can_redo(TWO)
    history.note("move", Change(b"1", b"3"))
    assert not history.can_redo(ONE)


def test_an_edit_that_changed_nothing_is_no_step() -> None:
    history = History(undone=[("move", Change(b"1", b"2"))])
    history.note("move", Change(b"1", b"1"))
    assert not history.done and history.can_redo(ONE)


def test_the_last_hundred_steps_are_kept() -> None:
    history = History()
    for number in range(150):
        history.note("move", Change(b"%d" % number, b"%d" % (number + 1)))
    assert len(history.done) == 100
    assert history.done[0][1].before == b"50"
