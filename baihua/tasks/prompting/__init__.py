"""Classifying by filling in blanks: what of a language model is trained, on what, and how its answers are read."""
