"""Items → people: which colour belongs to which thing, and which thing to whom.

Three steps with immutable values between them:

1. `exclusions`, `losses` and `order` mark what is ruled out, lost or listed; the items make a
   `Sentence`, which `clauses` splits.
2. `Reader` goes through the clauses from left to right. What describes ("red", "striped", "maybe")
   waits in the `Phrase` for the thing that follows it, or goes back to the thing before it where
   the language or the sentence puts it there. The `Cast` keeps of whom it is speaking: a person
   named after "with" or "holding hands with" is a companion until the sentence returns.
3. What was read of each person is a `Portrait`, final, which `reid.describe.wishes` turns into
   slots and values.
"""

from reid.describe.grammar.reader import Reader

__all__ = ["Reader"]
