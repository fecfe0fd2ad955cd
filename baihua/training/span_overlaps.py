"""How spans of one text lie to each other: which can be paired because they overlap, and how deep they are nested."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from heapq import heappop, heappush

Span = tuple[int, int]


def most_overlapping_pairs(some: Iterable[Span], others: Iterable[Span]) -> int:
    """Return how many pairs of one span here and one there can share a character, no span being in two pairs.

    Greedy and yet the most: the span that ends first of all takes, of those it overlaps, the one that ends first. In
    any other pairing it could change over to that one, because their old partners, who both reach as far as it does,
    overlap each other.

    Args:
        some: spans, start included and end excluded; the same one may come twice.
        others: the spans they are paired with.

    Returns:
        The size of the largest pairing, in n log n steps.

    Example:
        >>> most_overlapping_pairs([(0, 3), (2, 4)], [(2, 4), (3, 6)])
        2
    """
    sides = list(some), list(others)
    if not all(sides):
        return 0
    to_come = [sorted(((*span, number) for number, span in enumerate(spans)), reverse=True) for spans in sides]
    begun: tuple[list[Span], list[Span]] = ([], [])  # heaps of (end, number)
    used: tuple[set[int], set[int]] = (set(), set())
    pairs = 0
    first_to_end = sorted((span[1], side, number) for side in (0, 1) for number, span in enumerate(sides[side]))
    for end, here, number in first_to_end:
        if number in used[here]:
            continue
        used[here].add(number)
        there = 1 - here
        while to_come[there] and to_come[there][-1][0] < end:
            heappush(begun[there], to_come[there].pop()[1:])
        while begun[there] and begun[there][0][1] in used[there]:
            heappop(begun[there])
        if begun[there]:
            used[there].add(heappop(begun[there])[1])
            pairs += 1
    return pairs


def nesting_depths(spans: Iterable[Span], around: Iterable[Span]) -> dict[Span, int]:
    """Return for each span in how many of others it lies that are wider than it.

    Args:
        spans: start included and end excluded.
        around: those that count; one that comes twice counts once.

    Returns:
        The number for each different span, in n log n steps.

    Example:
        >>> nesting_depths([(0, 4), (0, 2), (3, 5)], around=[(0, 4), (0, 2), (0, 9)])
        {(0, 4): 1, (0, 2): 2, (3, 5): 1}
    """
    outer_first = sorted({(start, -end) for start, end in around}, reverse=True)
    ends: list[int] = []
    depths = {}
    for start, minus_end in sorted({(start, -end) for start, end in spans}):
        while outer_first and outer_first[-1] < (start, minus_end):
            insort(ends, -outer_first.pop()[1])
        depths[start, -minus_end] = len(ends) - bisect_left(ends, -minus_end)
    return depths
