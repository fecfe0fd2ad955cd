"""Arrays in, arrays out: whitening and measures of isotropy."""
