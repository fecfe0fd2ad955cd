"""Pre-training a language model: vocabulary, first weights, masks, rows, and the training itself."""
