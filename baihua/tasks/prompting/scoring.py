"""What a language model says about the words of each label."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from baihua.encoders.batching import length_batches
from baihua.tasks.prompting.batches import Reading, batch_of
from baihua.tasks.prompting.model import PromptModel
from baihua.text.prompts import Prompt
from baihua.text.verbalizer import Trie, Verbalizer, independent_scores, joint_scores

BATCH_TOKENS = 4096


@torch.no_grad()
def word_scores(
    model: PromptModel,
    prompts: Mapping[int, Sequence[Prompt]],
    verbalizer: Verbalizer,
    reading: Reading,
    *,
    scoring: str = "joint",
    precision: str = "float32",
    advance: Callable[[int], None] = lambda done: None,
) -> np.ndarray:
    """Return the log-probability of each word in the blanks of each prompt.

    Args:
        model: the model, in evaluation mode.
        prompts: for each number of blanks that the verbalizer needs, one per text.
        verbalizer: the words.
        reading: see `Reading`.
        scoring: ``"joint"``: by the chain rule, words that begin alike sharing passes; ``"independent"``: in one pass per
            number of blanks, as if these knew nothing of each other. A causal model always goes from left to right.
        precision: ``"float32"`` or ``"bfloat16"``.
        advance: is told how many texts are done.

    Returns:
        float64 of shape ``(num_texts, num_words)``, words as in the verbalizer.
    """
    num_texts = len(next(iter(prompts.values())))
    found = np.zeros((num_texts, len(verbalizer.ids)))
    model.eval()
    with torch.autocast(model.device.type, torch.bfloat16, enabled=precision == "bfloat16"):
        for num_masks, mine in prompts.items():
            trie, columns = verbalizer.trie(num_masks), verbalizer.of_length(num_masks)
            together = scoring == "independent" and not reading.causal and num_masks > 1
            for places in length_batches([len(prompt.ids) for prompt in mine], BATCH_TOKENS):
                batch, rows = [mine[place] for place in places], np.array(places)
                if together:
                    words = [verbalizer.ids[column] for column in columns]
                    found[np.ix_(rows, columns)] = _independent(model, batch, words, reading)
                else:
                    found[np.ix_(rows, columns)] = _joint(model, batch, trie, reading)
                advance(len(rows) if num_masks == next(iter(prompts)) else 0)
    return found


def _joint(model: PromptModel, prompts: Sequence[Prompt], trie: Trie, reading: Reading) -> np.ndarray:
    """Scores of words by the chain rule, shape ``(batch, num_words)``."""
    steps = np.empty((len(prompts), len(trie.parent) - 1))
    for number, filled in enumerate(trie.fillings(reading.mask_id)):
        following = np.flatnonzero(trie.parent == number)
        log_probs = _log_probs(model, prompts, reading, filled, int(trie.depth[number]))
        steps[:, following - 1] = log_probs[:, trie.token[following]]
    return joint_scores(steps, trie)


def _independent(
    model: PromptModel, prompts: Sequence[Prompt], words: Sequence[Sequence[int]], reading: Reading
) -> np.ndarray:
    """Scores of words as products over blanks that are all empty, shape ``(batch, num_words)``."""
    each = [_log_probs(model, prompts, reading, None, at) for at in range(len(words[0]))]
    return independent_scores(np.stack(each, axis=1), words)  # of (batch, num_masks, vocabulary)


def _log_probs(
    model: PromptModel, prompts: Sequence[Prompt], reading: Reading, filled: np.ndarray | None, at: int
) -> np.ndarray:
    logits = model.scores(batch_of(prompts, reading, filled, at))
    found: np.ndarray = torch.log_softmax(logits.double(), dim=-1).cpu().numpy()
    return found
