"""What soft tokens begin as, which rows of the vocabulary they stand for, and how they are put there for good."""

import re
from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor

from baihua.nn.soft_prompt import SoftPrompt, fold, start_at_random, start_from_rows
from baihua.tasks.prompting.batches import Reading, batch_of
from baihua.tasks.prompting.model import PromptModel, layers_of
from baihua.tasks.prompting.settings import PromptSettings
from baihua.text.prompts import Prompt

COMMONEST = "的是了在不有人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动"
_UNUSED = re.compile(r"\[unused([0-9]+)\]")


def unused_rows(backend: Tokenizer, num: int, taken: Sequence[str] = ()) -> tuple[int, ...] | None:
    """Return the ids of the first ``[unused]`` tokens, but for those taken, or None where there are too few.

    Example:
        >>> from baihua.encoders.load import load_encoder
        >>> unused_rows(load_encoder("bundled").backend(), 3, taken=["[unused2]"])
        (5, 7, 8)
    """
    found = {token: number for token, number in backend.get_vocab().items() if _UNUSED.fullmatch(token)}
    free = sorted(number for token, number in found.items() if token not in taken)
    return tuple(free[:num]) if len(free) >= num else None


def first_vectors(
    weight: Tensor, num: int, rows: Sequence[int] | None, settings: PromptSettings, backend: Tokenizer
) -> Tensor:
    """Return what soft tokens begin as, shape ``(num, width)``, see `PromptSettings`; at random where rows are wanting."""
    if settings.start == "unused" and rows is not None:
        return start_from_rows(weight, rows)
    known = [number for character in COMMONEST if (number := backend.token_to_id(character)) is not None]
    if settings.start == "words" and known:
        return start_from_rows(weight, [known[place % len(known)] for place in range(num)])
    return start_at_random(weight, num)


@torch.no_grad()
def first_states(model: PromptModel, empty: Prompt, reading: Reading) -> Tensor:
    """Return what each layer finds at the soft tokens of an empty prompt, shape ``(num_layers, num_soft, width)``.

    With these in their place the model says of this prompt what it said before, so that prefix tuning begins where it is.
    """
    seen: list[Tensor] = []

    def look(layer: object, args: tuple[Tensor, ...]) -> None:
        seen.append(args[0][0, torch.from_numpy(empty.soft).to(args[0].device)].float().clone())

    handles = [layer.register_forward_pre_hook(look) for layer in layers_of(model.model)]
    try:
        model.scores(batch_of([empty], reading))
    finally:
        for handle in handles:
            handle.remove()
    return torch.stack(seen)


@torch.no_grad()
def fold_in(model: PromptModel) -> None:
    """Write the learned vectors into the rows they stand for: a prompt then costs what any tokens cost.

    Nothing is done where they stand for no rows, or where the output layer, which shares the rows, was not to see them.
    """
    if model.soft is None or not model.tied:
        return
    weight = model.model.get_input_embeddings().weight
    weight.copy_(fold(weight, model.rows, model.soft()))
    model.soft = None


def new_soft(
    weight: Tensor, num: int, rows: Sequence[int] | None, settings: PromptSettings, backend: Tokenizer
) -> SoftPrompt | None:
    """Return the soft tokens of a prompt before training, or None where it has none."""
    if not num:
        return None
    start = first_vectors(weight, num, rows, settings, backend)
    return SoftPrompt(num, weight.shape[1], settings.reparametrization, start=start).to(weight.device)
