"""Every sentence a user sees exists in Chinese and in English: read off the source, file by file."""

import ast
import builtins
import functools
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "baihua"
FILES = sorted(PACKAGE.rglob("*.py"))
# Two protocols of Python itself: an unknown attribute of a module, and set_language, which comes before any language.
ALLOWED_RAISES = {("__init__.py", "AttributeError"), ("language.py", "ValueError")}


@functools.cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def mistakes():
    """Return the names of all classes below `Mistake`, wherever they are defined."""
    names = {"Mistake"}
    for path in [PACKAGE / "checks.py", *FILES]:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and names & {ast.unparse(base) for base in node.bases}:
                names.add(node.name)
    return names


MISTAKES = mistakes()
SPEAKING = MISTAKES | {"say", "both", "label"}


def calls_in(tree):
    """Yield (name, call) for every call by plain name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node


def halves_of(call):
    return {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg in ("zh", "en")}


def constant_text(node):
    """Return all literal text inside an expression, or None when it holds none."""
    parts = [item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return "".join(parts) if parts else None


def num_values_shown(node):
    """Return how many different values the f-strings of an expression show."""
    return len({ast.unparse(item.value) for item in ast.walk(node) if isinstance(item, ast.FormattedValue)})


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_sentence_has_both_languages(path):
    for name, call in calls_in(tree_of(path)):
        if name not in SPEAKING or any(keyword.arg is None for keyword in call.keywords):
            continue
        where = f"{path.name}:{call.lineno}"
        halves = halves_of(call)
        assert set(halves) == {"zh", "en"}, f"{where}: {name} lacks a language"
        zh, en = constant_text(halves["zh"]), constant_text(halves["en"])
        if zh is None or en is None:
            continue  # made of values alone, such as another exception's own words
        assert zh.strip(), f"{where}: the Chinese is empty"
        assert en.strip(), f"{where}: the English is empty"
        assert re.search("[\u4e00-\u9fff]", zh) or zh == en, f"{where}: the Chinese has no Chinese in it: {zh!r}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_both_languages_tell_the_same_values(path):
    """A value shown in one language only is a fact half of the users never learn; one may be a matter of grammar."""
    for name, call in calls_in(tree_of(path)):
        halves = halves_of(call)
        if name in MISTAKES | {"say"} and len(halves) == 2:
            shown = [num_values_shown(halves[half]) for half in ("zh", "en")]
            assert abs(shown[0] - shown[1]) <= 1, (
                f"{path.name}:{call.lineno}: zh shows {shown[0]}, en {shown[1]} values"
            )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_exception_of_python_itself_is_raised(path):
    """What is raised is a mistake of ours, or comes from a function that makes one; both carry two languages."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            name = node.exc.func.id
            allowed = not hasattr(builtins, name) or (path.name, name) in ALLOWED_RAISES
            assert allowed, f"{path.name}:{node.lineno}: raise {name}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=lambda path: path.name)
def test_verbs_print_no_bare_sentence(path):
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in ("print", "echo", "note", "complain", "answer", "write"):
            for argument in node.args:
                bare = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                assert not (bare and re.search(r"\w", argument.value)), f"{path.name}:{node.lineno}: {argument.value!r}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=lambda path: path.name)
def test_help_is_given_in_both_languages(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.keyword) and node.arg == "help":
            assert isinstance(node.value, ast.Call), f"{path.name}:{node.value.lineno}: help without both(…)"
            assert getattr(node.value.func, "id", "") == "both"
