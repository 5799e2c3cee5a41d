"""Items → people: which colour belongs to which thing, and which thing to whom.

One pass from left to right. What describes ("red", "striped", "maybe") waits in `pending` for the
thing that follows it, or goes back to the thing before it where the language or the sentence puts
it there. Negation and doubt reach as far as the phrase does. A person named after "with" or
"holding hands with" is a companion, and keeps what is said until the sentence returns.
"""

from reid.describe.grammar.reader import Reader

__all__ = ["Reader"]
