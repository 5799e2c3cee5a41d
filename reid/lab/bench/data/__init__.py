"""Readers of data sets, and sets that are rendered or fabricated."""
