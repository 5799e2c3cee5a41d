"""Score the description files by hand: python -m tests.describe.evaluate dev_en [-v]."""

import sys

from reid.describe import describe
from tests.describe.gold import Score, misbound, read, triples


def main(names: list[str], *, verbose: bool) -> None:
    for name in names:
        total = Score()
        descriptions = read(name)
        for gold in descriptions:
            query = describe(gold.text)
            differing = total.add(gold, query)
            said = {(w.slot, w.value, w.negated) for w in query.wishes}
            refused = set(query.refused) ^ gold.refused
            doubted = {
                (w.slot, w.value, w.negated) for w in query.wishes if w.certainty == "unsure"
            }
            sure, theirs = gold.unsure - doubted, [triples(c.wishes) for c in query.companions]
            apart = [c for c in gold.companions if c not in theirs]
            if verbose and (differing or refused or sure or apart):
                print(f"\n> {gold.text} [{query.language}]")
                print("   missed", sorted(map(str, gold.triples - said)))
                print("   extra ", sorted(map(str, said - gold.triples)))
                print("   unparsed", query.unparsed, "refused", refused or "")
                print("   not doubted", sorted(map(str, sure)) if sure else "-")
                print("   companions", apart, theirs if apart else "")
                print("   misbound" if misbound(gold, query) else "")
        print(f"{name} ({len(descriptions)}): {total}")


if __name__ == "__main__":
    main([a for a in sys.argv[1:] if a != "-v"], verbose="-v" in sys.argv)
