"""What a user does: strings in, plain values out."""
