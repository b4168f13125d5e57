"""What several pages ask for: sight of the centre, courses for rows, the fleet as it stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from server.times import to_ms
from server.web.access import CentreDep, NowDep, PagePersonDep
from server.web.centre_sight import CentreSight
from server.web.courses import Courses, Glance
from server.web.fleet import Stood, stand
from server.web.i18n import Words
from server.web.problems import not_found
from server.web.sight import Ledger, Sight
from server.web.templating import words_for

STANDS_MS = 1000
MOST_OF_THE_TIME = 10  # a fleet that takes long to go through is gone through less often: a tenth of a core at most


class Board:
    """The whole fleet in order, worked out at most once a second however many people look.

    ``clock`` (seconds, monotonic) only measures how long that takes.
    """

    def __init__(self, sight: Sight, clock: Callable[[], float] = time.perf_counter) -> None:
        self.sight = sight
        self.courses = Courses(sight)
        self._clock = clock
        self._at_ms = 0
        self._stands_ms = STANDS_MS
        self._stood: list[Stood] = []

    def everyone(self, now_ms: int) -> list[Stood]:
        if not 0 <= now_ms - self._at_ms < self._stands_ms:
            began = self._clock()
            self._stood, self._at_ms = stand(self.sight, now_ms), now_ms
            self._stands_ms = max(STANDS_MS, int((self._clock() - began) * 1000 * MOST_OF_THE_TIME))
        return self._stood

    def glance(self, words: Words, now_ms: int) -> Glance:
        return Glance(self.sight, self.courses, words, now_ms)


def board_of(request: Request, centre: CentreDep) -> Board:
    state = request.app.state
    if getattr(state, "board", None) is None:
        state.board = Board(CentreSight(centre))
    board = state.board
    assert isinstance(board, Board)
    return board


def words_of_caller(request: Request, caller: PagePersonDep) -> Words:
    return words_for(request, caller)


def now_ms_of(now: NowDep) -> int:
    return to_ms(now)


BoardDep = Annotated[Board, Depends(board_of)]
WordsDep = Annotated[Words, Depends(words_of_caller)]
NowMsDep = Annotated[int, Depends(now_ms_of)]


def glance_of(board: BoardDep, words: WordsDep, now_ms: NowMsDep) -> Glance:
    return board.glance(words, now_ms)


GlanceDep = Annotated[Glance, Depends(glance_of)]


def ledger_of(device_no: str, board: BoardDep, words: WordsDep) -> Ledger:
    """Raises Problem 404."""
    ledger = board.sight.device(device_no)
    if ledger is None:
        raise not_found(words("台账里没有编号为 %(device_no)s 的设备。", device_no=device_no), device_no=device_no)
    return ledger


LedgerDep = Annotated[Ledger, Depends(ledger_of)]
