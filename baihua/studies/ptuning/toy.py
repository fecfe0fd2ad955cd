"""A small world, made up: a model learns its facts from scratch, is frozen, and four vectors learn to ask for one kind of them.

Each sentence is four words that name a relation, an entity, and the value this relation gives to this entity; in some the
relation is missing. Without it several values are equally right. The prompt stands where the relation stood: it learns from
half of the entities, and is asked about the others, whose facts the frozen model alone knows.
"""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from baihua.nn.soft_prompt import SoftPrompt, start_at_random
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.ptuning.ways import ARTICLE
from baihua.tasks.prompting.model import Batch, PromptModel
from baihua.tasks.seeded import seeded
from baihua.training.fit import FitSettings, fit
from baihua.training.schedules import Schedule

VALUES, PHRASE = 8, 4  # values of each entity, and words that name a relation
WORDS = 24  # of which relations are named
MASK, START = 0, 1
FIRST_VALUE = 2
SILENT = 0.3  # sentences that do not name their relation
BATCH = 128
FAR_ABOVE, DROP = 0.3, 0.2  # in accuracy


@dataclass(frozen=True)
class World:
    """What is true.

    Args:
        phrases: the words of each relation, shape ``(num_relations, PHRASE)``.
        facts: the value of each entity by relation, shape ``(num_relations, num_entities)``.
    """

    phrases: np.ndarray
    facts: np.ndarray

    @classmethod
    def make(cls, num_relations: int, num_entities: int, seed: int) -> "World":
        """Make a world at random."""
        rng = np.random.default_rng(seed)
        words = FIRST_VALUE + VALUES + np.stack([rng.permutation(WORDS)[:PHRASE] for _ in range(num_relations)])
        return cls(words, rng.integers(VALUES, size=(num_relations, num_entities)))

    @property
    def vocabulary(self) -> int:
        """How many tokens there are: special ones, values, words, entities."""
        return FIRST_VALUE + VALUES + WORDS + self.facts.shape[1]

    def entity(self, numbers: np.ndarray) -> np.ndarray:
        """Return the tokens of entities."""
        return FIRST_VALUE + VALUES + WORDS + numbers

    def sentences(self, seed: int) -> Iterator[Batch]:
        """Yield batches of sentences without end, each with its value hidden, and one more token of every second."""
        rng = np.random.default_rng(seed)
        num_relations, num_entities = self.facts.shape
        while True:
            relation, number = rng.integers(num_relations, size=BATCH), rng.integers(num_entities, size=BATCH)
            silent = rng.random() < SILENT
            yield self._batch(relation, number, rng, silent=silent)

    def _batch(self, relation: np.ndarray, number: np.ndarray, rng: np.random.Generator, *, silent: bool) -> Batch:
        start = np.full((len(number), 1), START)
        named = [] if silent else [self.phrases[relation]]
        values = FIRST_VALUE + self.facts[relation, number]
        truth = np.concatenate([start, *named, self.entity(number)[:, None], values[:, None]], axis=1)
        hidden = np.zeros(truth.shape, dtype=bool)
        hidden[:, -1] = True
        hidden[::2, rng.integers(1, truth.shape[1])] = True
        row, place = hidden.nonzero()
        return _batch_of(np.where(hidden, MASK, truth), row, place, truth[row, place])

    def questions(self, relation: int, numbers: np.ndarray, num_soft: int) -> Batch:
        """Ask for the values of entities, with places for a prompt where the relation would be named."""
        ids = np.full((len(numbers), 1 + num_soft + 2), MASK)
        ids[:, 0], ids[:, -2] = START, self.entity(numbers)
        row, place = np.arange(len(numbers)), np.full(len(numbers), ids.shape[1] - 1)
        batch = _batch_of(ids, row, place, FIRST_VALUE + self.facts[relation, numbers])
        soft = [(text, 1 + which, which) for text in range(len(numbers)) for which in range(num_soft)]
        return batch | {"soft": torch.tensor(soft, dtype=torch.long).reshape(-1, 3)}


def _batch_of(ids: np.ndarray, row: np.ndarray, place: np.ndarray, targets: np.ndarray) -> Batch:
    arrays = {"ids": ids, "mask": np.ones_like(ids), "soft": np.zeros((0, 3), dtype=np.int64)}
    arrays |= {"row": row, "place": place, "targets": targets}
    return {name: torch.from_numpy(np.asarray(array, dtype=np.int64)) for name, array in arrays.items()}


def learn_the_world(world: World, setting: Setting, seed: int) -> nn.Module:
    """Train a masked language model of two layers on the sentences of a world, from random weights."""
    import transformers

    config = transformers.BertConfig(
        vocab_size=world.vocabulary,
        hidden_size=setting["width"],
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=4 * setting["width"],
        max_position_embeddings=2 * PHRASE + 16,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model: nn.Module = transformers.BertForMaskedLM(config)
    settings = FitSettings(Schedule(steps=setting["steps"]), learning_rate=3e-3)
    fit(PromptModel(model), lambda _: world.sentences(seed), settings, show_progress=False)
    return model.eval()


def learn_a_prompt(model: Any, world: World, relation: int, numbers: np.ndarray, setting: Setting) -> PromptModel:
    """Learn vectors that ask a frozen model for one relation, from some entities."""
    weight = model.get_input_embeddings().weight
    num = setting["num_soft"]
    soft = SoftPrompt(num, weight.shape[1], start=start_at_random(weight, num))
    asked = PromptModel(model, soft, tied=False)
    asked.train_only_prompt(True)
    questions = world.questions(relation, numbers, num)
    settings = FitSettings(Schedule(steps=setting["prompt_steps"]), learning_rate=3e-2, weight_decay=0.0)
    fit(asked, lambda _: iter([questions] * setting["prompt_steps"]), settings, show_progress=False)
    return asked.eval()


@torch.no_grad()
def share_right(model: PromptModel, batch: Batch) -> float:
    """Return how often the likeliest of all tokens is the right one."""
    return float((model.scores(batch).argmax(dim=-1) == batch["targets"]).double().mean())


def four_vectors_ask_a_frozen_model(setting: Setting) -> Measurement:
    """On entities no prompt has learned from accuracy is far above chance, and without the prompt it drops."""
    found: dict[str, list[float]] = {"with": [], "without": [], "named": []}
    seeds = tuple(setting["seeds"])[: 1 if setting.scale == "small" else None]
    for seed in seeds:
        with seeded(seed):
            world = World.make(setting["relations"], setting["entities"], seed)
            model = learn_the_world(world, setting, seed)
            for name, value in _ask(model, world, setting).items():
                found[name].append(value)
    results = tuple(
        Result(f"ptuning/toy/{name}", "accuracy", tuple(values), seeds, dict(setting.knobs))
        for name, values in found.items()
    )
    with_prompt, without, named = (result.mean for result in results)
    chance = 1 / VALUES
    reason = {
        "zh": f"{setting['relations']} 种关系、{setting['entities']} 个实体，没学过的一半上：{setting['num_soft']} 个向量 "
        f"{100 * with_prompt:.1f}，去掉它们 {100 * without:.1f}，写出关系 {100 * named:.1f}，瞎猜 {100 * chance:.1f}。",
        "en": f"{setting['relations']} relations, {setting['entities']} entities, on the half not learned from: {setting['num_soft']} "
        f"vectors {100 * with_prompt:.1f}, without them {100 * without:.1f}, with the relation named {100 * named:.1f}, chance "
        f"{100 * chance:.1f}.",
    }
    return Measurement(with_prompt >= chance + FAR_ABOVE and with_prompt - without >= DROP, reason, results)


def _ask(model: nn.Module, world: World, setting: Setting) -> dict[str, float]:
    """Learn a prompt for each relation from the first half of the entities, and ask about the second."""
    num_relations, num_entities = world.facts.shape
    learned, asked = np.split(np.arange(num_entities), [num_entities // 2])
    found: dict[str, list[float]] = {"with": [], "without": [], "named": []}
    for relation in range(num_relations):
        prompted = learn_a_prompt(model, world, relation, learned, setting)
        found["with"].append(share_right(prompted, world.questions(relation, asked, setting["num_soft"])))
        plain = PromptModel(model)
        found["without"].append(share_right(plain, world.questions(relation, asked, 0)))
        named = world.questions(relation, asked, PHRASE)
        named["ids"][:, 1 : 1 + PHRASE] = torch.from_numpy(world.phrases[relation])
        found["named"].append(share_right(plain, named))
    return {name: statistics.fmean(values) for name, values in found.items()}


CLAIMS = (
    Claim(
        "ptuning",
        18,
        {
            "zh": "模型冻结，几个学来的向量就能问出它知道的事。判据：两层的小模型从零学会一个虚构的世界后冻结，四个向量在没学过的实体上"
            "比瞎猜高 30 点以上，去掉它们低 20 点以上。",
            "en": "A few learned vectors get out of a frozen model what it knows. Decided by: of a model of two layers that has learned a "
            "made-up world from scratch and is frozen, four vectors are 30 points above chance on entities they have not learned from, "
            "and without them it is 20 points lower.",
        },
        f"{ARTICLE} (the world is ours)",
        None,
        {
            "relations": 4,
            "entities": 64,
            "num_soft": 4,
            "width": 64,
            "steps": 800,
            "prompt_steps": 60,
            "seeds": (0, 1, 2),
        },
        four_vectors_ask_a_frozen_model,
    ),
)
