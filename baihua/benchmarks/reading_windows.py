"""A passage cut into windows that a model can take, and where the answer stands in each (CMRC2018).

Windows of one width begin every so many characters until one reaches the end. A window that holds the whole answer learns
it; every other learns that there is none, which is the span from [CLS] to [CLS]. Widths and places are in whatever the caller
counts in, characters as in the article or tokens.

Source:
    https://kexue.fm/archives/8739 and ``src/cmrc2018.py`` of https://github.com/bojone/CLUE-bert4keras.
"""

from dataclasses import dataclass

from baihua.checks import InvalidValue

STRIDE = 128
NO_ANSWER = (0, 0)


@dataclass(frozen=True)
class ReadingWindow:
    """A stretch of a passage.

    Args:
        start: where it begins.
        end: where it ends, exclusive.
        answer: where the answer stands in it, from its own start, half-open; None when it does not hold all of it.
    """

    start: int
    end: int
    answer: tuple[int, int] | None = None

    def target(self, num_before: int) -> tuple[int, int]:
        """Return first and last place of the answer in a row that has so many places before the window, both inclusive.

        Example:
            >>> ReadingWindow(0, 4, (1, 3)).target(num_before=7), ReadingWindow(4, 8).target(num_before=7)
            ((8, 9), (0, 0))
        """
        if self.answer is None:
            return NO_ANSWER
        return num_before + self.answer[0], num_before + self.answer[1] - 1

    def pieces(self, passage: str) -> tuple[str, str, str]:
        """Return the window as what stands before the answer, the answer, and what stands after it.

        The three are tokenized one by one, so that the edges of the answer are edges of tokens.

        Example:
            >>> ReadingWindow(2, 7, (1, 3)).pieces("小王去了北京。")
            ('去', '了北', '京。')
        """
        text = passage[self.start : self.end]
        start, end = self.answer or (len(text), len(text))
        return text[:start], text[start:end], text[end:]


def reading_windows(
    length: int, width: int, *, answer: tuple[int, int] | None = None, stride: int = STRIDE
) -> list[ReadingWindow]:
    """Cut a passage into windows.

    An answer that is longer than a window less a stride can lie across the edges of all of them. One more window is then put
    around it, so that every answer that fits into a window is learned from at least one.

    Args:
        length: of the passage.
        width: of a window; in the article 512 less the question and 3.
        answer: where the answer stands, half-open; None for a question without one, or one that is to be answered.
        stride: from the start of one window to that of the next.

    Returns:
        The windows, in order.

    Raises:
        InvalidValue: for a width or stride below 1, a stride that would leave gaps, or an answer beyond the passage.

    Example:
        >>> reading_windows(10, 4, answer=(5, 7), stride=3)
        [ReadingWindow(start=0, end=4, answer=None), ReadingWindow(start=3, end=7, answer=(2, 4)),
         ReadingWindow(start=6, end=10, answer=None)]
    """
    if not 1 <= stride <= width:
        raise InvalidValue(
            zh=f"窗口宽度应不小于步长，步长至少为 1，收到宽度 {width}、步长 {stride}；请缩短问题或增大 max_length。",
            en=f"A window is as wide as a stride or wider, and a stride is 1 or more, but received width {width} and "
            f"stride {stride}. Shorten the question or raise max_length.",
        )
    if answer is not None and not 0 <= answer[0] < answer[1] <= length:
        raise InvalidValue(
            zh=f"答案 {answer} 不在长度为 {length} 的文章之内。",
            en=f"The answer {answer} is not within the passage of length {length}.",
        )
    starts = list(range(0, max(length - width, 0) + stride, stride))
    windows = [_window(start, min(start + width, length), answer) for start in starts]
    if answer is not None and answer[1] - answer[0] <= width and all(window.answer is None for window in windows):
        # In the middle of its window, so that as much as can be stands on both of its sides.
        start = min(max(0, (answer[0] + answer[1] - width) // 2), length - width)
        windows = sorted([*windows, _window(start, start + width, answer)], key=lambda window: window.start)
    return windows


def _window(start: int, end: int, answer: tuple[int, int] | None) -> ReadingWindow:
    if answer is None or not start <= answer[0] < answer[1] <= end:
        return ReadingWindow(start, end)
    return ReadingWindow(start, end, (answer[0] - start, answer[1] - start))
