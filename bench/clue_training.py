"""Fine-tuning on CLUE's TNEWS and AFQMC, side by side with a plain script around `transformers.Trainer`, in one run.

    python bench/clue_training.py [--subset 2000] [--epochs 1] [--rounds 3] [--save results/bench/clue_training.json]
    python bench/clue_training.py --score [--seeds 0 1 2] [--save results/bench/clue_training.json]

The same weights (bundled, or --encoder FOLDER), rows of tokens (at most 128, batches of 32), dense layer on the state of
[CLS], dropout of 0.1 in the encoder, AdamW with its rate, warm-up, decay and bound of gradients, and precision; with
--precision bfloat16 both run under autocast. Ours is what `baihua evaluate clue --settings official --set batch_size=32`
trains, without its looks at dev. The Trainer neither evaluates, logs nor saves; its examples are a list of dicts, which
costs less than `datasets`; optimizer (fused) and loader are its defaults.

It makes batches in three ways: random ones padded to their longest row (the plainest good script, and the peer of the
ratio), rows padded to 128 beforehand (as CLUE's own scripts do), and its own grouping by length. The sides take turns,
the first turn is not counted, and the figure is the median. Timed is a training from rows of tokens to trained weights;
tokenizing is timed apart and added in "with tokens". Few examples have few of like length: ours sorts 32 batches at a
time, or a quarter of all where that is less.

Before anything is timed, weights, rows, logits and gradients of the two are checked to be equal, without dropout. Apart
stand the order of the examples; the new layer's random beginning (normal there, torch's uniform here) and its decay (none
here); and the rate, a step behind there: its first step has rate 0, our last one has. The Trainer's model has its pooler
taken out, and pairs have token types 0, as ours. --score trains on all examples there are, three epochs with each seed,
and gives accuracy on dev. A file to --save to keeps what it has of other tasks, precisions and encoders.
"""

import argparse
import gc
import json
import statistics
import tempfile
import warnings
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from encode import alternate, device_name
from torch import Tensor, nn

from baihua.benchmarks.clue import learn
from baihua.benchmarks.clue_reader import ClueExamples, read_clue
from baihua.benchmarks.clue_recipes.lesson import Lesson, accuracy, learn_labels
from baihua.benchmarks.clue_settings import ClueSettings, settings_of
from baihua.benchmarks.clue_tasks import find_task
from baihua.encoders.checkpoint import quiet_transformers
from baihua.encoders.load import BUNDLED, load_encoder
from baihua.files import write_text
from baihua.results import RECORDED_PACKAGES, package_versions, this_command
from baihua.tasks.choosing.joined import joined_rows
from baihua.tasks.classification.model import ClassificationModel
from baihua.tasks.classification.rows import Rows, batch_of, epoch_batches
from baihua.tasks.contrastive.trained_part import trainable
from baihua.training.optimizers import BETAS

LENGTH, BATCH = 128, 32
DYNAMIC, PADDED, GROUPED = "Trainer, dynamic padding", f"Trainer, padded to {LENGTH}", "Trainer, grouped by length"
PEERS, OURS = (DYNAMIC, PADDED, GROUPED), "baihua"


@dataclass(frozen=True)
class Work:
    """What both sides do: the examples, the numbers, the folder of the weights, and where to compute."""

    train: ClueExamples
    settings: ClueSettings
    encoder: Path
    device: str


def answers_of(part: ClueExamples) -> np.ndarray:
    """Return the number of each example's label."""
    return np.array([find_task(part.task).labels.index(label) for label in part.labels])


class Ours:
    """Our side: the recipe of the task."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.encoder = trainable(load_encoder(str(work.encoder), device=work.device))
        self.start = deepcopy(self.encoder.model.state_dict())
        self.lesson = Lesson(self.encoder, work.train, None, work.settings, show_progress=False)

    def rows(self) -> Rows:
        """Tokenize, as the recipes of the two tasks do."""
        texts = [text if isinstance(text, tuple) else (text,) for text in self.work.train.texts]
        return joined_rows(self.encoder, texts, self.work.settings.max_length)

    def train(self, rows: Rows) -> None:
        """Train, from the first weights on."""
        self.encoder.model.load_state_dict(self.start)
        learn_labels(self.lesson, lambda _: rows)

    def score(self, dev: ClueExamples) -> float:
        """Tokenize, train, and return accuracy on dev."""
        return accuracy(learn(self.lesson)(dev), dev.labels)


class FirstState(nn.Module):
    """Stands in the place of a pooler, so that the dense layer sees the state of [CLS] itself."""

    def forward(self, states: Tensor) -> Tensor:
        """Return the first state of each row."""
        return states[:, 0]


class Theirs:
    """The Trainer's side: a plain script."""

    def __init__(self, work: Work, out: str) -> None:
        self.work, self.out = work, out
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(work.encoder)
        transformers.set_seed(work.settings.seed)
        rates = dict.fromkeys(["hidden_dropout_prob", "attention_probs_dropout_prob"], work.settings.dropout)
        with quiet_transformers():
            self.model: Any = transformers.AutoModelForSequenceClassification.from_pretrained(
                work.encoder, num_labels=len(find_task(work.train.task).labels), classifier_dropout=0.0, **rates
            )
        if not (hasattr(self.model.base_model, "pooler") and isinstance(self.model.classifier, nn.Linear)):
            raise SystemExit("The plain script is for models of BERT's kind, with a pooler and one dense layer.")
        self.model.base_model.pooler = FirstState()
        self.model.to(work.device)
        self.start = deepcopy(self.model.state_dict())

    def features(self, part: ClueExamples, *, padded: bool = False) -> list[dict[str, Any]]:
        """Tokenize."""
        columns = zip(*part.texts, strict=True) if isinstance(part.texts[0], tuple) else [part.texts]
        cut = {"truncation": True, "max_length": self.work.settings.max_length, "return_token_type_ids": False}
        encoded = self.tokenizer(*map(list, columns), padding="max_length" if padded else False, **cut)
        read = zip(encoded["input_ids"], encoded["attention_mask"], answers_of(part).tolist(), strict=True)
        return [{"input_ids": ids, "attention_mask": mask, "labels": answer} for ids, mask, answer in read]

    def trainer(self, features: list[dict[str, Any]], name: str = DYNAMIC) -> transformers.Trainer:
        """Return a Trainer of one of the three kinds."""
        settings = self.work.settings
        arguments = transformers.TrainingArguments(
            self.out,
            num_train_epochs=settings.epochs,
            per_device_train_batch_size=settings.batch_size,
            learning_rate=settings.rate(self.model.config.hidden_size),
            lr_scheduler_type=settings.decay,
            warmup_steps=settings.warmup,  # below 1 a share
            weight_decay=settings.weight_decay,
            adam_beta2=BETAS[1],
            max_grad_norm=1.0,
            bf16=settings.precision == "bfloat16",
            seed=settings.seed,
            use_cpu=self.work.device == "cpu",
            logging_strategy="no",
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            train_sampling_strategy="group_by_length" if name == GROUPED else "random",
        )
        dynamic = transformers.DataCollatorWithPadding(self.tokenizer)
        collator = transformers.default_data_collator if name == PADDED else dynamic
        trainer = transformers.Trainer(self.model, arguments, collator, features, processing_class=self.tokenizer)
        trainer.remove_callback(transformers.PrinterCallback)
        return trainer

    def train(self, features: list[dict[str, Any]], name: str) -> None:
        """Train, from the first weights on."""
        self.model.load_state_dict(self.start)
        self.trainer(features, name).train()

    def score(self, dev: ClueExamples) -> float:
        """Tokenize, train with dynamic padding, and return accuracy on dev."""
        trainer = self.trainer(self.features(self.work.train))
        trainer.train()
        found = trainer.predict(self.features(dev))
        return float((found.predictions.argmax(axis=1) == found.label_ids).mean())


def check_same(ours: Ours, theirs: Theirs, rows: Rows, features: list[dict[str, Any]]) -> dict[str, Any]:
    """Check that both sides compute the same, and return what is the same and how far the rest is apart."""
    work, base, encoder = ours.work, theirs.model.base_model, ours.encoder.model
    assert all(torch.equal(base.get_parameter(name), one) for name, one in ours.start.items() if "pooler" not in name)
    others = sum(ids != one["input_ids"] for ids, one in zip(rows.ids, features, strict=True))
    assert others <= len(rows) / 1000, f"{others} rows differ"
    batch = batch_of(rows, range(BATCH), answers_of(work.train))
    model = ClassificationModel(encoder, "cls", theirs.model.num_labels, dropout=0.0).to(work.device).eval()
    model.head.load_state_dict(theirs.model.classifier.state_dict())
    ids, mask, answers = (batch[name].to(work.device) for name in ("ids", "mask", "answers"))
    output = theirs.model.eval()(input_ids=ids, attention_mask=mask, labels=answers)
    (mine,) = torch.autograd.grad(model(batch), encoder.get_input_embeddings().weight)
    (their,) = torch.autograd.grad(output.loss, base.get_input_embeddings().weight)
    pairs = {"logits": (model.logits(batch), output.logits), "gradient": (mine, their)}
    apart = {name: float((one - other).abs().max() / other.abs().max()) for name, (one, other) in pairs.items()}
    assert max(apart.values()) < 1e-4, apart
    assert {module.p for module in base.modules() if isinstance(module, nn.Dropout)} == {work.settings.dropout}
    assert encoder.config._attn_implementation == base.config._attn_implementation
    facts = {"attention": base.config._attn_implementation, "learning_rate": work.settings.rate(ours.encoder.width)}
    return {**facts, "rows_that_differ": others, "largest_difference": apart}


def counts(batches: Iterable[Any]) -> dict[str, int]:
    """Count steps, samples, and tokens without padding and with it."""
    masks = [batch["mask"] if "mask" in batch else batch["attention_mask"] for batch in batches]
    real, padded = sum(int(mask.sum()) for mask in masks), sum(mask.numel() for mask in masks)
    return {"steps": len(masks), "samples": sum(map(len, masks)), "tokens": real, "padded_tokens": padded}


def compare_speed(work: Work, rounds: int) -> dict[str, Any]:
    """Time all sides in turn."""
    epochs, counted, sides = range(work.settings.epochs), {}, dict[str, Callable[[], object]]()
    with tempfile.TemporaryDirectory() as out:
        ours, theirs = Ours(work), Theirs(work, out)
        for name in PEERS:
            tokens = partial(theirs.features, work.train, padded=name == PADDED)
            features = tokens()
            sides |= {f"{name}, tokens": tokens, name: partial(theirs.train, features, name)}
            loader = theirs.trainer(features, name).get_train_dataloader()
            counted[name] = counts(batch for _ in epochs for batch in loader)
        rows = ours.rows()
        sides |= {f"{OURS}, tokens": ours.rows, OURS: partial(ours.train, rows)}
        batches = partial(epoch_batches, rows, answers_of(work.train), work.settings.batch_size, work.settings.seed)
        counted[OURS] = counts(batch for epoch in epochs for batch in batches(epoch))
        assert len({(one["steps"], one["samples"], one["tokens"]) for one in counted.values()}) == 1, counted
        checked = check_same(ours, theirs, rows, theirs.features(work.train))
        gc.freeze()  # the Trainer collects garbage before its first step, which is to pass over what is there already
        seconds = {name: taken[1:] for name, taken in alternate(sides, rounds + 1).items()}
    return {"sides": figures(counted, seconds), "seconds": seconds, **checked}


def figures(counted: dict[str, dict[str, int]], seconds: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Return what the table shows of each side."""
    alone = {name: statistics.median(seconds[name]) for name in counted}
    whole = {name: alone[name] + statistics.median(seconds[f"{name}, tokens"]) for name in counted}
    found: dict[str, dict[str, float]] = {}
    for name, count in counted.items():
        found[name] = {**count, "seconds": alone[name], "steps_per_second": count["steps"] / alone[name]}
        for ending, taken in (("", alone), ("_with_tokens", whole)):
            found[name][f"samples_per_second{ending}"] = count["samples"] / taken[name]
            found[name][f"times_as_fast{ending}"] = taken[DYNAMIC] / taken[name]
    return found


def compare_scores(work: Work, seeds: list[int]) -> dict[str, Any]:
    """Train with both sides and each seed, and score on dev."""
    dev = read_clue(work.train.task, "dev")
    values: dict[str, list[float]] = {DYNAMIC: [], OURS: []}
    for seed in seeds:
        mine = replace(work, settings=replace(work.settings, seed=seed))
        with tempfile.TemporaryDirectory() as out:
            values[DYNAMIC].append(Theirs(mine, out).score(dev))
        values[OURS].append(Ours(mine).score(dev))
        print(f"seed {seed}: {values}", flush=True)
    spread = {name: statistics.stdev(some) if len(some) > 1 else 0.0 for name, some in values.items()}
    sides = {name: {"accuracy": statistics.fmean(some), "sd": spread[name]} for name, some in values.items()}
    return {"sides": sides, "values": values, "seeds": seeds, "num_dev": len(dev), "dev": dict(dev.data)}


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=["TNEWS", "AFQMC"], choices=["TNEWS", "AFQMC"])
    parser.add_argument("--encoder", type=Path, default=BUNDLED, help="a folder; the bundled one without")
    parser.add_argument("--subset", type=int, help="training examples, the first ones: 2000, or with --score all")
    parser.add_argument("--epochs", type=int, help="1, or with --score 3")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, help="as many as torch finds without")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--score", action="store_true", help="compare scores instead of speed")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of --score")
    parser.add_argument("--save", type=Path, help="such as results/bench/clue_training.json; without, only print")
    return parser.parse_args()


def main() -> None:
    """Compare, print, write."""
    given = read_arguments()
    warnings.simplefilter("ignore")
    torch.set_num_threads(given.threads or torch.get_num_threads())
    subset, epochs = given.subset or (None if given.score else 2000), given.epochs or (3 if given.score else 1)
    changes = {"max_length": LENGTH, "batch_size": BATCH, "epochs": epochs, "precision": given.precision}
    for task in given.tasks:
        whole = read_clue(task, "train")
        train = replace(whole, examples=whole.examples[:subset])
        work = Work(train, replace(settings_of(task, "official"), **changes), given.encoder, given.device)
        record = compare_scores(work, given.seeds) if given.score else compare_speed(work, given.rounds)
        title = ", ".join([task, "score" if given.score else "speed", given.precision, given.encoder.name])
        print(f"\n{title:32}" + "".join(f"{name:>28}" for name in record["sides"]))
        for key in record["sides"][OURS]:
            print(f"{key:32}" + "".join(f"{round(one[key], 4):>28,}" for one in record["sides"].values()))
        record |= {"num_train": len(train), "whole_train": whole.is_whole and subset is None, "data": dict(train.data)}
        record |= {"settings": asdict(work.settings), "versions": package_versions([*RECORDED_PACKAGES, "accelerate"])}
        record |= {"device": device_name(given.device), "threads": torch.get_num_threads(), "command": this_command()}
        if given.save is not None:
            old = json.loads(given.save.read_text(encoding="utf-8")) if given.save.is_file() else {"measured": {}}
            found = {"bench": "clue_training", "measured": old["measured"] | {title: record}}
            write_text(given.save, json.dumps(found, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
