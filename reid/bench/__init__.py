"""Measurements: retrieval, descriptions, redaction, ranking."""
