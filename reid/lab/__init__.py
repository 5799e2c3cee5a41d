"""The laboratory: synthetic people, training and benchmarks. Only the command line imports it."""
