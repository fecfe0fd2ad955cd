"""A language model with soft tokens among its embeddings, read at the blanks alone."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear

from baihua.checks import InvalidValue
from baihua.encoders.logits_at import logits_at
from baihua.nn.soft_prompt import SoftPrompt, embed_with_soft
from baihua.tasks.prompting.last_layer import last_layer_at

Batch = dict[str, Tensor]


class PromptModel(nn.Module):
    """Scores of the vocabulary at the blanks of prompts.

    Args:
        model: a transformers model for masked or causal language modelling.
        soft: the learned vectors, or None. The first stand in the prompts; further ones are learned label words.
        rows: of the vocabulary that the learned vectors stand for, as many as there are; None when it has no rows to spare.
        deep: vectors that take the place of the soft tokens' states before each layer, shape
            ``(num_layers, num_soft, width)``, as prefix tuning has it; or None.
        tied: whether the output layer sees the learned vectors in place of those rows.
    """

    def __init__(
        self,
        model: nn.Module,
        soft: SoftPrompt | None = None,
        rows: Sequence[int] | None = None,
        *,
        deep: Tensor | None = None,
        tied: bool = True,
    ) -> None:
        super().__init__()
        self.rows: Tensor | None
        self.model: Any = model
        self.soft = soft
        self.deep = nn.Parameter(deep) if deep is not None else None
        self.tied = bool(tied and soft is not None and rows is not None and output_is_tied(self.model))
        self.register_buffer(
            "rows", torch.tensor(rows, dtype=torch.long) if rows is not None else None, persistent=False
        )

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return next(self.model.parameters()).device

    @classmethod
    def of_vectors(cls, model: Any, num_soft: int, vectors: Mapping[str, Tensor]) -> "PromptModel":
        """Return a model with vectors that were learned before and are not written into its embedding.

        Args:
            model: the transformers model.
            num_soft: how many soft tokens the prompts have.
            vectors: ``soft`` of shape ``(num_soft, width)`` and ``deep`` of ``(num_layers, num_soft, width)``, or one, or none.

        Raises:
            RuntimeError: of torch, for other shapes.
        """
        shape = num_soft, int(model.get_input_embeddings().weight.shape[1])
        learned, soft, deep = {}, None, None
        if "soft" in vectors:
            learned["soft.vectors"] = vectors["soft"]
            soft = SoftPrompt(*shape, start=vectors["soft"].new_zeros(shape))
        if "deep" in vectors:
            learned["deep"] = vectors["deep"]
            deep = vectors["deep"].new_zeros(len(layers_of(model)), *shape)
        made = cls(model, soft, deep=deep)
        made.load_state_dict(learned, strict=False)  # which refuses other shapes
        return made.to(next(model.parameters()).device)

    def train_only_prompt(self, only: bool) -> None:
        """Let the learned vectors train and nothing else, or everything."""
        for parameter in self.model.parameters():
            parameter.requires_grad_(not only)

    def num_trained(self) -> int:
        """Return how many numbers train."""
        return sum(parameter.numel() for parameter in self.parameters() if parameter.requires_grad)

    def forward(self, batch: Batch) -> Tensor:
        """Return the mean cross-entropy of what belongs in the places read, over the whole vocabulary."""
        return cross_entropy(self.scores(batch).float(), batch["targets"].to(self.device))

    def scores(self, batch: Batch) -> Tensor:
        """Return logits at the places to read.

        Args:
            batch: ``ids`` and ``mask`` (batch, length); ``soft`` (num, 3): row, place, which vector; ``row`` and ``place``
                (num_places,) of what is read.

        Returns:
            Shape ``(num_places, vocabulary)``.
        """
        moved = {name: tensor.to(self.device) for name, tensor in batch.items()}
        vectors = self.soft() if self.soft is not None else None
        inputs = {"attention_mask": moved["mask"]}
        if vectors is None:
            inputs["input_ids"] = moved["ids"]
        else:
            weight = self.model.get_input_embeddings().weight
            inputs["inputs_embeds"] = embed_with_soft(weight, moved["ids"], moved["soft"], vectors)
        with (
            self._output_sees(vectors),
            self._layers_see(moved["soft"]),
            last_layer_at(self.model, moved["row"], moved["place"]) as (row, place),
        ):
            return logits_at(self.model, row, place, **inputs)

    @contextmanager
    def _output_sees(self, vectors: Tensor | None) -> Iterator[None]:
        """Let the output layer have the learned vectors as its rows, see `baihua.nn.soft_prompt.tied_logits`."""
        if vectors is None or self.rows is None or not self.tied:
            yield
            return

        rows = self.rows

        def change(layer: Any, args: tuple[Tensor, ...], logits: Tensor) -> Tensor:
            difference = vectors.to(layer.weight.dtype) - layer.weight[rows]  # (num_soft, width)
            return logits.index_add(-1, rows, linear(args[0], difference).to(logits.dtype))

        handle = self.model.get_output_embeddings().register_forward_hook(change)
        try:
            yield
        finally:
            handle.remove()

    @contextmanager
    def _layers_see(self, soft: Tensor) -> Iterator[None]:
        """Let each layer find its own vectors at the soft tokens: their keys and values are then learned per layer."""
        if self.deep is None:
            yield
            return
        row, place, number = soft.unbind(dim=1)

        def change(vectors: Tensor) -> Any:
            def put(layer: object, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
                return args[0].index_put((row, place), vectors[number].to(args[0].dtype)), *args[1:]

            return put

        handles = [
            layer.register_forward_pre_hook(change(vectors))
            for layer, vectors in zip(layers_of(self.model), self.deep, strict=True)
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def layers_of(model: Any) -> list[nn.Module]:
    """Return the layers of a transformer in order.

    Raises:
        InvalidValue: when they are not so many modules, as in ALBERT, whose layers are one.
    """
    wanted = int(model.config.num_hidden_layers)
    lists = [
        module for module in model.base_model.modules() if isinstance(module, nn.ModuleList) and len(module) == wanted
    ]
    if not lists:
        raise InvalidValue(
            zh=f"{type(model).__name__} 的 {wanted} 层不是各自独立的模块，不能用 prefix_tuning；请用 method='p_tuning'。",
            en=f"The {wanted} layers of {type(model).__name__} are not modules of their own, which prefix_tuning needs. Use "
            "method='p_tuning'.",
        )
    return list(lists[0])


def output_is_tied(model: Any) -> bool:
    """Return whether the rows of a language model's output layer are those of its embedding."""
    output = model.get_output_embeddings()
    return output is not None and output.weight is model.get_input_embeddings().weight
