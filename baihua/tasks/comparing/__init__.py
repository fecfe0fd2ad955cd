"""Comparing methods on the same texts: how they are dealt into folds, and what is made of the results."""
