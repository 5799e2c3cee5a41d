"""Find people by what they wear and carry, never by who they are."""

__version__ = "0.1.0"
