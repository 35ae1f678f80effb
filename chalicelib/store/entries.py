"""The index of what can be searched for and filtered by: entries beside the table's other items.

An entry stands in one list per word, per value and per range of a movie or actor, at
`<collection>?<list>` / `<place>␟<id>`. It carries a card: everything that a filter compares, and
nothing that is shown. Entries are written in the transaction that writes their resource.

At every moment the entries and cards of a resource include all that is true of it. So a search
finds every match. What does not match any more is left out once the resource itself has been read.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from pynamodb.attributes import UnicodeSetAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.errors import ExternalIdTaken, TooManyTerms
from chalicelib.limits import MAX_TERMS
from chalicelib.store import dynamodb, table, text
from chalicelib.store.attributes import IntegerAttribute, TextAttribute
from chalicelib.store.dynamodb import MAX_ACTIONS, ChangedMeanwhile, ConditionFailed, Step
from chalicelib.store.items import ALIVE, Parent
from chalicelib.store.resource import SK
from chalicelib.store.table import Item

Key = tuple[str, str]
P = TypeVar("P", bound=Parent)

SEARCH = "search"
"""The list of words."""


class IndexItem(Item):
    """An item of the index. It is no resource, and has neither times nor a version."""

    created_at = TextAttribute(null=True)
    updated_at = TextAttribute(null=True)
    version = IntegerAttribute(null=True)


class Entry(IndexItem, discriminator="entry"):
    """A place in one list, and the card of a movie or actor. The id is that of the resource."""

    words = TextAttribute()  # a space before each word with which one of its starts begins
    facets = UnicodeSetAttribute()
    low = TextAttribute(null=True)  # of its `span`
    high = TextAttribute(null=True)


class Claim(IndexItem, discriminator="claim"):
    """An external id, which only one resource has. The id is that of the resource."""


class IndexState(IndexItem, discriminator="index"):
    """A note that the entries of all movies and actors are written, at one key."""


INDEX = "INDEX", SK
"""The key of the note."""


class IdTaken(ConditionFailed):
    """Another resource has this external id. `item` is its claim."""


class Card(NamedTuple):
    """What filters compare."""

    words: frozenset[str]
    facets: frozenset[str]
    low: str | None
    high: str | None

    def attributes(self) -> dict[str, Any]:
        words = "".join(f" {word}" for word in sorted(self.words))
        return {"words": words, "facets": set(self.facets), "low": self.low, "high": self.high}

    def __or__(self, other: "Card") -> "Card":
        """Return the card that matches whatever one of them matches."""
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Card(
            self.words | other.words,
            self.facets | other.facets,
            min(lows, default=None),
            max(highs, default=None),
        )


def list_name(item_type: type[Parent], name: str) -> str:
    """Return the partition of one of the lists of a type."""
    return f"{item_type.collection}?{name}"


def card_of(item: Parent) -> Card:
    """Return the card of a movie or actor."""
    low, high = item.span() or (None, None)
    words = frozenset(map(text.first_word, item.starts()))
    return Card(words, frozenset(item.facets()), low, high)


def keys_of(item: Parent) -> set[Key]:
    """Return the keys of the entries of a movie or actor."""
    places = [(facet, item.facet_place()) for facet in item.facets()]
    places += [(SEARCH, start) for start in item.starts()]
    if span := item.span():
        places.append((item.span_name, span[0]))
    return {(list_name(type(item), name), table.sort_key(place, item.id)) for name, place in places}


def check_number(item: Parent) -> None:
    """Raise TooManyTerms if an item has more entries than one transaction can write with it."""
    if len(keys_of(item)) > MAX_TERMS:
        raise TooManyTerms()


def steps(before: Parent | None, after: Parent | None) -> list[Step]:
    """Return the steps that change the entries and claims of an item; None: it does not exist.

    They have no conditions: the step that writes the item itself must have the condition
    `is_as_read`. A step for an external id raises IdTaken.
    """
    old = _entries(before) if before else {}
    new = _entries(after) if after else {}
    is_indexed = before is not None and before.indexed is not None
    changed = [key for key in new if not is_indexed or old.get(key) != new[key]]
    return [
        *(_put_step(key, after, new[key]) for key in sorted(changed) if after),
        *(dynamodb.erase_step(*key) for key in sorted(old.keys() - new.keys())),
        *claim_steps(before, after),
    ]


def _entries(item: Parent) -> dict[Key, Card]:
    return dict.fromkeys(keys_of(item), card_of(item))


def _put_step(key: Key, item: Parent, card: Card) -> Step:
    return dynamodb.write_step(Entry(*key, id=item.id, **card.attributes()))


def claim_steps(before: Parent | None, after: Parent | None) -> list[Step]:
    """Return the steps that give up old external ids, and claim new ones. They raise IdTaken."""
    held = set(before.indexed or ()) if before else set()
    keeps = set(held_claims(before, after)) if after else set()
    return [
        *(_claim_step(after, claim) for claim in sorted(keeps - held) if after),
        *(dynamodb.erase_step(*claim_key(type(before), c)) for c in sorted(held - keeps) if before),
    ]


def held_claims(before: Parent | None, after: Parent) -> list[str]:
    """Return the claims that an item holds after a change.

    An external id that it had before without a claim, because another resource has it too, is no
    reason to reject other changes.
    """
    wanted = set(after.claims())
    without = set(before.claims()) - set(before.indexed or ()) if before else set()
    return sorted(wanted - without)


def _claim_step(item: Parent, claim: str) -> Step:
    is_ours = Claim.pk.does_not_exist() | (Claim.id == item.id)
    return dynamodb.put_step(Claim(*claim_key(type(item), claim), id=item.id), IdTaken, is_ours)


def claim_key(item_type: type[Parent], claim: str) -> Key:
    """Return the key of the claim `<field>=<value>`."""
    return list_name(item_type, claim), SK


def write_all(item: Parent, of_others: Sequence[str] = ()) -> None:
    """Write all entries and claims of an item, as it was read. Finish a change of its entries.

    `of_others` are the claims that other resources hold. Raise ChangedMeanwhile if the item or its
    entries change, and ExternalIdTaken.
    """
    if item.indexing:
        finish(item)
    claims = [claim for claim in item.claims() if claim not in of_others]
    actions = [Parent.indexed.set(claims)]
    transact(
        [
            dynamodb.update_step(item.pk, SK, actions, is_as_read(item), ChangedMeanwhile),
            *(_put_step(key, item, card) for key, card in sorted(_entries(item).items())),
            *(_claim_step(item, claim) for claim in claims),
        ]
    )


def transact(steps: list[Step]) -> None:
    """Write a resource and its entries in one transaction. Raise ExternalIdTaken."""
    try:
        dynamodb.transact(steps)
    except IdTaken as taken:
        if taken.item is None:
            raise ChangedMeanwhile() from taken
        collection, _, claim = taken.item.pk.partition("?")
        field = claim.partition("=")[0]
        raise ExternalIdTaken(field, taken.item.id, f"get:{collection.lower()}") from taken


def is_as_read(item: Parent) -> Condition:
    """Return the condition that an item and its entries are as they were read."""
    mark = Parent.indexing
    unmarked = mark.does_not_exist() if item.indexing is None else mark == item.indexing
    condition: Condition = ALIVE & (Parent.version == item.version) & unmarked
    return condition


def note() -> IndexState:
    """Return the note that all entries are written."""
    return IndexState(*INDEX, id=INDEX[0])


def note_complete() -> None:
    """Write the note. It is true of a new table, and after a repair."""
    dynamodb.transact([dynamodb.write_step(note())])


def are_complete() -> bool:
    """Return whether all entries are written: one GetItem. Raise TableBusy or TableUnreachable."""
    return dynamodb.get(*INDEX) is not None


# --- Changes that do not fit into one transaction


def change_in_steps(before: P, after: P, commit: Callable[[Condition], list[Step]]) -> None:
    """Change an item and more entries than fit into one transaction.

    The entries are first added and their cards widened; then `commit` returns the steps that change
    the item if a condition holds. `finish` then removes what is not true any more. A change that
    ends halfway hides nothing and shows nothing wrong, and the next change finishes it.

    Raise ChangedMeanwhile if another change has begun, and ExternalIdTaken.
    """
    new = keys_of(after)
    mark = unfinished(sorted(keys_of(before) | new | unfinished_keys(before)))
    is_marked = ALIVE & (Parent.indexing == mark["indexing"])
    check = dynamodb.check_step(after.pk, SK, is_marked, ChangedMeanwhile)
    actions = table.set_actions(type(before), mark)
    dynamodb.transact(
        [dynamodb.update_step(after.pk, SK, actions, is_as_read(before), ChangedMeanwhile)]
    )
    wide = card_of(before) | card_of(after)
    for batch in _batches([_put_step(key, after, wide) for key in sorted(new)]):
        dynamodb.transact([check, *batch])
    before.set(**mark)
    try:
        transact(commit(is_marked & (Parent.version == before.version)))
    except ExternalIdTaken:
        finish(before)
        raise
    after.set(**mark)


def finish(item: Parent) -> None:
    """Finish a change of an item's entries, which has changed the item or failed to.

    Raise ChangedMeanwhile if another change has begun.
    """
    is_marked = ALIVE & (Parent.indexing == item.indexing) & (Parent.version == item.version)
    check = dynamodb.check_step(item.pk, SK, is_marked, ChangedMeanwhile)
    entries = _entries(item)
    narrowing = [_put_step(key, item, entries[key]) for key in sorted(entries)]
    left_over = unfinished_keys(item) - entries.keys()
    narrowing += [dynamodb.erase_step(*key) for key in sorted(left_over)]
    *batches, last = _batches(narrowing)
    for batch in batches:
        dynamodb.transact([check, *batch])
    actions = table.set_actions(type(item), unfinished([]))
    unmark = dynamodb.update_step(item.pk, SK, actions, is_marked, ChangedMeanwhile)
    dynamodb.transact([unmark, *last])
    item.set(**unfinished([]))


def unfinished(keys: Sequence[Key]) -> dict[str, Any]:
    """Return the attributes that mark a change of these entries as unfinished, or as finished."""
    if not keys:
        return {"indexing": None, "indexing_keys": None}
    stored = [{"pk": pk, "sk": sk} for pk, sk in keys]
    return {"indexing": secrets.token_urlsafe(12), "indexing_keys": stored}


def unfinished_keys(item: Parent) -> set[Key]:
    """Return the keys of the entries whose change is unfinished."""
    return {(key["pk"], key["sk"]) for key in item.indexing_keys or ()}


def _batches(steps: list[Step]) -> list[list[Step]]:
    """Return these steps in lists that fit into one transaction with one more step."""
    size = MAX_ACTIONS - 1
    return [steps[start : start + size] for start in range(0, len(steps), size)] or [[]]
