"""An encoder made of hashes: fast, deterministic, alike for texts that share characters; and nothing more."""

import zlib

import numpy as np


class HashEncoder:
    """Each character has a random direction of its own; a text is their sum."""

    pooling = "mean"
    poolings = ("mean",)

    def __init__(self, width=32, max_length=1000, name="hash"):
        self.name = name
        self.width = width
        self.max_length = max_length
        self.num_encoded = 0
        self._directions = {}

    def fingerprint(self):
        return f"{self.name} {self.width} {self.max_length}"

    def encode(self, texts, *, show_progress=None):
        self.num_encoded += len(texts)
        vectors = np.zeros((len(texts), self.width), dtype=np.float32)
        for row, text in enumerate(texts):
            for character in text:
                vectors[row] += self._direction(character)
        return vectors

    def encode_poolings(self, texts, poolings, *, show_progress=None):
        return {name: self.encode(texts) for name in poolings}

    def _direction(self, character):
        if character not in self._directions:
            seed = zlib.crc32(character.encode("utf-8", "surrogatepass"))
            self._directions[character] = np.random.default_rng(seed).standard_normal(self.width)
        return self._directions[character]
