"""What the READMEs say is run: their Python examples as they stand, and their commands as far as the parser goes."""

import re
import shlex
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from baihua.__main__ import main
from baihua.cli.app import app

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh.md")


@pytest.mark.parametrize("name", READMES)
def test_python_examples_run(name):
    document = Sybil(parsers=[PythonCodeBlockParser()]).parse(ROOT / name)
    examples = list(document.examples())
    assert len(examples) == 6
    for example in examples:
        example.evaluate()


@pytest.mark.parametrize("name", READMES)
def test_every_command_named_is_a_verb(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = re.findall(r"^(?:\.venv/bin/)?baihua (.+)$", text, flags=re.MULTILINE)
    verbs = {info.name for info in app.registered_commands} | {info.name for info in app.registered_groups}
    assert len(lines) > 8
    assert {shlex.split(line, comments=True)[0] for line in lines} <= verbs


@pytest.mark.parametrize("name", READMES)
def test_tables_are_those_of_the_results(name):
    words = ["report", "--readme", str(ROOT / name), "--results", str(ROOT / "results"), "--check"]
    assert main(words) == 0
