"""Ranks: room for another between any two, whatever is done."""

from __future__ import annotations

import random

import pytest

from ircopilot.cases.ranks import FIRST, rank_after, rank_before, rank_between


def test_at_the_ends_and_between() -> None:
    assert rank_after(None) == rank_before(None) == FIRST
    assert rank_before(FIRST) < FIRST < rank_after(FIRST)
    low, high = FIRST, rank_after(FIRST)
    for _ in range(200):
        middle = rank_between(low, high)
        assert low < middle < high
        low = middle
    low = FIRST
    for _ in range(200):
        middle = rank_between(low, high)
        assert low < middle < high
        high = middle
    with pytest.raises(ValueError, match="not below"):
        rank_between(high, low)


def test_a_thousand_insertions_anywhere_keep_the_order_and_stay_short() -> None:
    chance = random.Random(7)
    ranks = [FIRST]
    for _ in range(1000):
        at = chance.randrange(len(ranks) + 1)
        if at == 0:
            made = rank_before(ranks[0])
        elif at == len(ranks):
            made = rank_after(ranks[-1])
        else:
            made = rank_between(ranks[at - 1], ranks[at])
        ranks.insert(at, made)
    assert ranks == sorted(set(ranks))
    assert max(map(len, ranks)) < 20
