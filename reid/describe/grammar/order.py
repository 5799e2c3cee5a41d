"""Things first and their looks after: "shorts and T-shirt, green and white respectively"."""

from reid.describe.items import Item


def in_order(items: list[Item]) -> list[Item]:
    """Return the items with every colour of such a list before its thing."""
    for end, item in enumerate(items):
        if "respectively" not in item.roles:
            continue
        colours, first = _back(items, end, "colours", frozenset({"and"}))
        things, first = _back(items, first, "things", frozenset({"and", "copula", "a", "the"}))
        if len(colours) == len(things) >= 2:
            listed = [x for pair in zip(colours, things, strict=True) for x in pair]
            return [*items[:first], *listed, *in_order(items[end + 1 :])]
    return items


def _back(
    items: list[Item], end: int, section: str, small: frozenset[str]
) -> tuple[list[Item], int]:
    """Return what a list that ends before `end` names, and where the list begins."""
    found: list[Item] = []
    first = end
    while first:
        item = items[first - 1]
        if section in item.senses:
            found.append(item)
        elif (item.kind != "break" or item.value == ".") and not item.roles & small:
            break
        first -= 1
    return found[::-1], first
