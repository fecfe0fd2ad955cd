"""Torch modules and losses: tensors in, tensors out."""
