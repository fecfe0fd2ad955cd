"""A progress bar on standard error for work that takes a while."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Advance(Protocol):
    """Called with the number of steps done since the last call, and with what to write beside the bar from now on."""

    def __call__(self, steps: float = 1, note: str | None = None) -> None:
        """Move the bar on."""


_quiet = False


def set_quiet(quiet: bool) -> None:
    """Turn every progress bar of this process off (or on again)."""
    global _quiet
    _quiet = quiet


@contextmanager
def progress(title: str, total: int, show: bool | None = None) -> Iterator[Advance]:
    """Show a bar with the time left while the block runs.

    Args:
        title: what is being done.
        total: the number of steps in all.
        show: True or False, or None to show it only when standard error is a terminal.

    Yields:
        A function to call with the number of steps done.

    Example:
        >>> with progress("counting", total=3, show=False) as advance:
        ...     for _ in range(3):
        ...         advance()
    """
    visible = (sys.stderr is not None and sys.stderr.isatty()) if show is None else show
    if _quiet or not visible:
        yield lambda steps=1, note=None: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    noted = TextColumn("{task.fields[note]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), noted)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total, note="")

        def move(steps: float = 1, note: str | None = None) -> None:
            fields = {} if note is None else {"note": note}
            bar.update(task, advance=steps, **fields)  # type: ignore[arg-type]  # fields of a column are anything

        yield move
