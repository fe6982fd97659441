"""The library: captioned pieces, how they are described, stored and found."""
