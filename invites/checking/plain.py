"""Find the rows of a block that may have something wrong, a column at a time.

Of a real file nearly all rows are plain: an address in small ASCII letters, names and a description as they should
be. To find the others costs least where Python's own loops in C do it: one call looks at 256 cells. Whoever is found
here is looked at again, alone and closely; whoever is not has nothing wrong, and his cells are good as they stand.
"""

from collections.abc import Callable, Sequence

from invites.checking.address import FAST_LENGTH, PLAIN, is_plain_domain
from invites.checking.names import check_description, check_name
from invites.checking.report import Limits

_CELLS_KEPT = 10_000


class Known:
    """Cells that were found good as they stand, so that the next one like them need not be looked at again."""

    def __init__(self, is_good: Callable[[str], bool]) -> None:
        self._is_good = is_good
        self._good: set[str] = set()

    def find_others(self, cells: Sequence[str]) -> Sequence[int]:
        """The places of the cells that are not good. What is remembered comes to an end, so that the memory does."""
        good = self._good
        if good.issuperset(cells):
            return ()
        places = []
        for place in [place for place, cell in enumerate(cells) if cell not in good]:
            if not self._is_good(cells[place]):
                places.append(place)
            elif len(good) < _CELLS_KEPT:
                good.add(cells[place])
        return places


class PlainRows:
    """Knows plain rows. Holds for one file."""

    def __init__(self, limits: Limits) -> None:
        self._names = Known(lambda name: check_name(name, "", limits) == name)
        self._descriptions = Known(lambda text: check_description(text, limits) == text)
        self._domains = Known(is_plain_domain)

    def find_others(
        self, emails: Sequence[str], first: Sequence[str], last: Sequence[str], descriptions: Sequence[str]
    ) -> set[int]:
        """The places, in the block, of the rows that are not plain."""
        # "" is no domain: it stands for an address with another local part than a plain one.
        domains = [match[1] if match else "" for match in map(PLAIN.fullmatch, emails)]
        others = {
            *self._domains.find_others(domains),
            *self._names.find_others(first),
            *self._names.find_others(last),
            *self._descriptions.find_others(descriptions),
        }
        if max(map(len, emails)) > FAST_LENGTH:
            others.update(place for place, email in enumerate(emails) if len(email) > FAST_LENGTH)
        return others
