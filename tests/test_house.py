"""The rules of the house that no linter knows: sizes, names, safe loading, and speaking of nothing but the project."""

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "baihua"
FILES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES, MOST_LINES_OF_A_FUNCTION, MOST_ARGUMENTS = 300, 40, 7

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))


@functools.cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def functions_of(tree):
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def lines_without_docstring(function):
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines


@each_file
def test_a_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@each_file
def test_a_function_can_be_seen_at_once(path):
    for function in functions_of(tree_of(path)):
        lines = lines_without_docstring(function)
        assert lines <= MOST_LINES_OF_A_FUNCTION, f"{path.name}:{function.lineno} {function.name} has {lines} lines"


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.parent.name != "cli"], ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_function_takes_few_arguments(path):
    for function in functions_of(tree_of(path)):
        names = [
            argument.arg for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        ]
        count = len([name for name in names if name not in ("self", "cls")])
        assert count <= MOST_ARGUMENTS, f"{path.name}:{function.lineno} {function.name} takes {count}"


def test_no_file_is_a_drawer():
    assert not [
        path for path in FILES if path.stem in {"utils", "util", "common", "helpers", "helper", "misc", "snippets"}
    ]


@each_file
def test_nothing_is_unpickled(path):
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        call = ast.unparse(node.func)
        where = f"{path.name}:{node.lineno}: {call}"
        assert call not in ("pickle.load", "pickle.loads", "pickle.Unpickler", "joblib.load"), where
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if call == "torch.load":
            assert keywords.get("weights_only") == "True", where
        if call in ("np.load", "numpy.load"):
            assert keywords.get("allow_pickle", "False") == "False", where


@each_file
def test_what_is_public_is_explained(path):
    tree = tree_of(path)
    assert ast.get_docstring(tree), f"{path.name} says nothing about itself"
    public = [
        node
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    ]
    for owner in [node for node in public if isinstance(node, ast.ClassDef)]:
        public += [item for item in owner.body if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")]
    for node in public:
        is_setter = any(ast.unparse(decorator).endswith(".setter") for decorator in node.decorator_list)
        assert is_setter or ast.get_docstring(node), f"{path.name}:{node.lineno} {node.name} has no docstring"


@each_file
def test_imports_stay_at_the_top(path):
    """Only cli/ may import inside a function, for start-up speed; elsewhere only optional or very heavy packages."""
    heavy = {
        "accelerate",
        "huggingface_hub",
        "matplotlib",
        "openpyxl",
        "pooch",
        "rich",
        "sentence_transformers",
        "torch",
        "transformers",
    }
    if path.parent.name == "cli":
        return
    for function in functions_of(tree_of(path)):
        for node in ast.walk(function):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert all(name.split(".")[0] in heavy for name in names), f"{path.name}:{node.lineno}: {names}"


def texts_of_the_project():
    kinds = {".py", ".md", ".toml", ".txt", ".json", ".jsonl", ".cfg", ".yml", ".yaml"}
    folders = ("baihua", "tests", "bench", "docs", "recipes", "results")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in kinds]
    found += [path for path in ROOT.iterdir() if path.is_file() and path.suffix in kinds]
    return sorted(path for path in found if path != Path(__file__) and path.stat().st_size < 2_000_000)


def test_the_project_speaks_of_itself_alone():
    """No absolute path of somebody's machine, and no word about how it was made."""
    strange = re.compile(
        r"(?<![\w.])/(?:home|root|work|Users|mnt)/\w|\.\./shared|C:\\\\Users|\bissue #?\d|\bTODO\b|\bFIXME\b"
    )
    for path in texts_of_the_project():
        found = strange.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.relative_to(ROOT)}: {found.group()!r}"
