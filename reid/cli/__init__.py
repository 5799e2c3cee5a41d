"""The command line: every command, every line that is printed."""
