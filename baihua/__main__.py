"""The command line: ``baihua``, or ``python -m baihua``."""

import sys
from collections.abc import Sequence

import typer
from typer.main import get_command

from baihua.checks import Mistake, check_choice
from baihua.cli import console
from baihua.cli.app import app
from baihua.cli.usage import usage_sentence
from baihua.language import LANGUAGES, say, set_language

_USER_MISTAKE = 2
_INTERRUPTED = 130  # what shells report for a program ended by Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: the words after ``baihua``; those of this process if not given.

    Returns:
        The exit code: 0, or 2 after a mistake the user can mend, or 130 when interrupted. A verb that checks
        something may return 1.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    console.tolerate_any_character()
    console.configure(as_json="--json" in words, quiet="--quiet" in words)
    try:
        set_language(None)
        set_language(_take_language(words))
        with console.warnings_as_notes():
            code = _run(words)
        sys.stdout.flush()
        return code
    except Mistake as mistake:
        console.complain(str(mistake))
    except typer.TyperException as error:
        console.complain(usage_sentence(error))
    except BrokenPipeError:
        console.forget_output()
        return 0
    except KeyboardInterrupt:
        console.complain(say(zh="已中断，写了一半的文件不会留下。", en="Interrupted. No half-written file is left."))
        return _INTERRUPTED
    except OSError as error:
        console.complain(say(zh=f"系统报告：{error}。", en=f"The system reports: {error}."))
    return _USER_MISTAKE


def _run(words: list[str]) -> int:
    command = get_command(app)
    try:
        with command.make_context("baihua", words) as context:
            command.invoke(context)
    except typer.Exit as ending:
        return ending.exit_code
    return 0


def _take_language(words: list[str]) -> str | None:
    """Take ``--lang`` and its value off the command line, wherever it stands, and return the value.

    The language has to be known before typer reads the rest, since help and mistakes are spoken on the way.
    """
    asked = None
    end = words.index("--") if "--" in words else len(words)
    for position in reversed(range(end)):
        name, equals, value = words[position].partition("=")
        if name != "--lang":
            continue
        length = 1 if equals else 2
        asked = asked or check_choice("--lang", value if equals else "".join(words[position + 1 : end][:1]), LANGUAGES)
        del words[position : position + length]
        end -= length
    return asked


if __name__ == "__main__":
    sys.exit(main())
