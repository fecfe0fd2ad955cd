"""Arrays in, arrays out: whitening, measures of isotropy, the sphere and its distributions, the rotations of it."""
