"""Giving texts, or pairs of texts, one label each: what is checked, learned, watched and kept."""
