"""Where a venue lies: paths, locks, database addresses. Loads no table."""
