"""What others do, to measure against: extractors, attacks, faces, weak redaction."""
