"""What everything else speaks of: vocabulary, records, pixels, boxes. NumPy and OpenCV only."""
