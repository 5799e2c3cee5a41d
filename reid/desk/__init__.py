"""The desk that staff work at: case-bound search, decisions, erasure, all audited.

Nothing is imported here, so that `reid.desk.policy` and `reid.desk.cases` load without the store.
"""
