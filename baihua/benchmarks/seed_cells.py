"""A record that is filled seed by seed: a run that was cut off goes on with the seeds it lacks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baihua.checks import InvalidValue
from baihua.results import Result

OF_EACH_SEED = "of_each_seed"  # what else is kept of a seed's run, in the settings of the record


@dataclass(frozen=True)
class SeedCell:
    """What one seed came to.

    Args:
        value: the number that the record is about.
        more: what else is kept.
    """

    value: float
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SeedRecord:
    """What is the same for all seeds.

    Args:
        name: of the record, which decides its file.
        metric: what is measured.
        facts: every choice that could change a value, but for the seed, as JSON has it.
        data: each file read, with its sha256.
        command: that measures it again.
        published: a published figure for the same, or None.
        source: where it stands.
    """

    name: str
    metric: str
    facts: Mapping[str, Any]
    data: Mapping[str, str]
    command: str
    published: float | None = None
    source: str | None = None

    def known(self, folder: str | Path | None) -> dict[int, SeedCell]:
        """Return the seeds that a folder's record of the same settings on the same files has already.

        Raises:
            InvalidValue: when the record there is not whole.
        """
        path = None if folder is None else Path(folder) / f"{self.name}.json"
        if path is None or not path.is_file():
            return {}
        try:
            record = Result.from_dict(json.loads(path.read_text(encoding="utf-8")))
            more = record.settings[OF_EACH_SEED]
            pairs = zip(record.seeds, record.values, strict=True)
            cells = {seed: SeedCell(value, more[str(seed)]) for seed, value in pairs}
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidValue(
                zh=f"{path} 不是完整的记录（{error}）；请删掉它再重跑。",
                en=f"{path} is not a whole record ({error}). Delete it and run again.",
            ) from error
        facts = {key: value for key, value in record.settings.items() if key != OF_EACH_SEED}
        return cells if facts == dict(self.facts) and record.data == self.data else {}

    def result(
        self, cells: Mapping[int, SeedCell], num_examples: int | None = None, seconds: float | None = None
    ) -> Result:
        """Return the record of some seeds."""
        seeds = sorted(cells)
        return Result(
            name=self.name,
            metric=self.metric,
            values=tuple(cells[seed].value for seed in seeds),
            seeds=tuple(seeds),
            settings={**self.facts, OF_EACH_SEED: {str(seed): dict(cells[seed].more) for seed in seeds}},
            data=self.data,
            num_examples=num_examples,
            seconds=seconds,
            command=self.command,
            published=self.published,
            source=self.source,
        )


def as_json(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts as they come back from a file, lists for tuples, so that the two can be compared.

    Example:
        >>> as_json({"seeds": (0, 1)})
        {'seeds': [0, 1]}
    """
    return dict(json.loads(json.dumps(facts)))
