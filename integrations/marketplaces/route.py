"""The order of a walk: what is still to be asked, what was seen, and where it ends."""

from collections import deque
from collections.abc import Iterator, Sequence

from integrations.marketplaces.base import Reason
from integrations.marketplaces.listing import Listing
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.steps import Done, Fault, Step, StepKind


class Route:
    """What is still to be asked, within the limits of the source."""

    def __init__(self, source: Source, seen: set[str]) -> None:
        self._source = source
        self._seen = seen
        self._queued = set[str]()
        self._before = sum(key.startswith("listing:") for key in seen)
        self._details = deque[Step]()
        self._lists = deque[Step]()
        self._later = deque[Step]()
        self._repeated = set[str]()
        self._faults = list[Fault]()
        self._pages = self._found = self._failed = 0
        self._cut = False

    def add(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if step.depth > self._source.limits.depth:
                self._fault("limit_depth", step.url, most=self._source.limits.depth)
            elif not (step.key in self._queued or step.key in self._seen):
                self._queued.add(step.key)
                queue = self._details if step.kind is StepKind.DETAIL else self._lists
                queue.append(step)

    def next(self) -> Step | None:
        """Details first, so that what a list held is read before the list goes on.

        What may pass later is asked for once more, behind all that waits.
        """
        if self._cut:
            return None
        if self._details:
            return self._details.popleft()
        if not self._lists:
            return self._later.popleft() if self._later else None
        limit = self._source.limits.pages
        self._pages += 1
        if self._pages > limit:
            return self._stop("limit_pages", self._lists[0].url, most=limit)
        return self._lists.popleft()

    def took(self, step: Step, done: Done) -> Iterator[Listing | Fault]:
        self.add(done.next_steps)
        if any(fault.again for fault in done.faults):
            self._repeat(step)
        elif step.kind is StepKind.DETAIL:
            self._seen.add(step.key)
        limits = self._source.limits
        for listing in done.listings:
            key = f"listing:{listing.listing_id}"
            if key in self._seen or self._found >= limits.listings:
                continue
            self._seen.add(key)
            self._found += 1
            yield listing
        yield from done.faults
        self._cut = self._cut or done.ends
        broken = done.faults and not done.listings and not done.next_steps
        self._failed = self._failed + 1 if broken else 0
        if self._found >= limits.listings and (self._details or self._lists or self._later):
            self._stop("limit_listings", step.url, most=limits.listings)
        elif self._failed >= limits.failures:
            self._stop("gave_up", step.url, after=self._failed)

    def end(self) -> Iterator[Fault]:
        yield from self._faults
        expected = self._source.plausible
        found = self._before + self._found
        if not expected.least <= found <= expected.most:
            facts = {"found": found, "least": expected.least, "most": expected.most}
            yield Fault(Reason("implausible", facts), self._source.start[0])

    def _repeat(self, step: Step) -> None:
        if step.key not in self._repeated:
            self._repeated.add(step.key)
            self._later.append(step)

    def _stop(self, word: str, url: str, **facts: object) -> None:
        self._cut = True
        self._fault(word, url, **facts)

    def _fault(self, word: str, url: str, **facts: object) -> None:
        if not any(fault.reason.word == word for fault in self._faults):
            self._faults.append(Fault(Reason(word, {"url": url, **facts}), url))
