"""Published claims measured again: one module per article."""
