"""Synthetic people: labelled crops, crowds and venues from MakeHuman's CC0 data."""
