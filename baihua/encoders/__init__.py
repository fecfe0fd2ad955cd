"""Text to vectors: pre-trained transformers, the bundled encoder and the static encoder."""
