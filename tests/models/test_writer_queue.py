"""Writers wait in the order in which they came: nobody's phone is passed over again and again."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from models.writer_queue import Turns


def until(true: Callable[[], bool], thread: Thread) -> None:
    while not true():
        thread.join(0.001)


def test_turns_come_in_the_order_of_asking() -> None:
    turns, order = Turns(), []

    def work(number: int) -> None:
        turn = turns.take(60)
        order.append(number)
        turns.give(turn)

    first = turns.take(60)
    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for waiting, thread in enumerate(threads, start=2):
        thread.start()
        until(lambda expected=waiting: turns.length == expected, thread)  # type: ignore[misc]
    turns.give(first)
    for thread in threads:
        thread.join()
    assert order == list(range(8))
    assert turns.length == 0


def test_who_waited_too_long_goes_on_and_leaves_the_line() -> None:
    turns = Turns()
    first, impatient = turns.take(60), turns.take(0.001)
    turns.give(impatient)
    turns.give(first)
    assert turns.length == 0
    turns.give(turns.take(60))
