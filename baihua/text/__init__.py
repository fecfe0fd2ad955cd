"""Strings without torch: tables as people have them, and splitting text."""
