"""Pages and their addresses, one file a task of the staff."""
