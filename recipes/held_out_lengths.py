"""Does the bundled encoder read longer texts than the rows it was trained on?

Task: guess hidden tokens of held-out rows of 128, 256 and 512 tokens, with masks that are always the same.
Data: the text of the pre-training, of which every hundredth line is kept apart.
Command: python recipes/held_out_lengths.py FOLDER [--encoder bundled]
Score: mean loss in nats per length, in results/encoder/NAME/held_out; see docs/pretraining.md.
"""

import argparse
from pathlib import Path

from baihua.encoders.language_models import open_masked_model
from baihua.encoders.load import BUNDLED
from baihua.encoders.pretraining.batches import bare_tokenizer, masking_of
from baihua.encoders.pretraining.held_out import evaluate, held_out_batches, held_out_lines
from baihua.encoders.pretraining.objectives import MaskedLoss
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.results import Result
from baihua.text.corpus import corpus_files
from baihua.training.schedules import Schedule

LENGTHS = (128, 256, 512)


def main() -> None:
    """Measure every length and save."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--encoder", default="bundled", help="bundled, or a folder")
    given = options.parse_args()
    paths = corpus_files(given.folder)
    model, tokenizer = open_masked_model(BUNDLED if given.encoder == "bundled" else given.encoder, "cpu")
    edges = (tokenizer.cls_token_id, tokenizer.sep_token_id)
    for length in LENGTHS:
        settings = PretrainSettings(Schedule(steps=1), length=length)
        masking = masking_of(tokenizer, settings)
        rows = held_out_batches(held_out_lines(paths), bare_tokenizer(tokenizer), edges, length, masking)
        found = evaluate(MaskedLoss(model), rows)
        print(f"{length}: {found.loss:.3f} nats, {found.accuracy:.1%} of {found.num_hidden} right")
        Result(
            name=f"encoder/{Path(given.encoder).name}/held_out/{length}",
            metric="held-out loss (nats)",
            values=(found.loss,),
            settings={"length": length, "accuracy": found.accuracy, "rate": settings.rate, "unit": settings.unit},
            data={path.name: f"{path.stat().st_size} bytes" for path in paths},
            num_examples=found.num_hidden,
            command=f"python recipes/held_out_lengths.py FOLDER --encoder {Path(given.encoder).name}",
        ).save("results")


if __name__ == "__main__":
    main()
