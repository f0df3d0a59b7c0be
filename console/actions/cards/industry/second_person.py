"""The second person of whatever limits industry cards, by every road to it (DOMAIN 4.10).

Who confirmed what was found, restricted the cards or led the case does not go on alone to the next
step. A case's own decision has two people already: who proposed it does not decide it.
"""

from collections.abc import Sequence

from console.actions.cards.industry.files import assessment_of
from console.actions.cases.hands import hands_of
from console.actions.cases.orders import head_of
from console.desk import Work
from models.cards.card_orders import RESTRICTS_BATCH, CardOrder
from models.cards.guards import Lack, Lacking
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cards.numbers import card_number
from models.cases.cases import Case
from models.refusals import NotAllowed


def must_be_another(work: Work, held: Sequence[CardOrder]) -> None:
    """Who restricted the cards does not shut them down."""
    me = work.actor.id
    for one in held:
        if me is not None and one.measure in RESTRICTS_BATCH and one.ordered_by == me:
            raise NotAllowed("card_order.same_person", number=one.number)


def must_not_be_own(work: Work, findings: Sequence[UsageFinding], cards: Sequence[str]) -> None:
    """Who confirmed all that a card's order rests on does not limit its service.

    The whole batch, where no cards are named, is more than was found of a card: what the actor
    confirmed counts for it only beside what another confirmed of the batch as a whole.
    """
    me = work.actor.id
    own = [one for one in findings if me is not None and one.looked_by == me]
    theirs = [one for one in findings if me is None or one.looked_by != me]
    if not own:
        return
    if not theirs or any(grounds_of(one, own) and not grounds_of(one, theirs) for one in cards):
        raise NotAllowed("card_order.own_findings", number=own[0].number)
    if not cards and all(one.card for one in theirs):
        raise NotAllowed("card_order.own_among_findings", number=own[0].number)


def grounds_of(card: str, findings: Sequence[UsageFinding]) -> Sequence[UsageFinding]:
    """Those that are about the card, or about the batch as a whole."""
    number = card_number(card)
    return [one for one in findings if one.card in {0, number}]


def must_not_be_own_verdict(work: Work, batch: IndustryBatch, lacks: Sequence[Lacking]) -> None:
    """Who failed the batch's assessment does not act on that alone."""
    if {one.lack for one in lacks} != {Lack.ASSESSMENT_FAILED}:
        return
    made = assessment_of(work, batch)
    if made is not None and made.assessed_by is not None and made.assessed_by == work.actor.id:
        raise NotAllowed("card_order.own_assessment", number=batch.number)


def must_come_new(work: Work, case: Case, findings: Sequence[UsageFinding]) -> None:
    """Cards are shut down for good by somebody who had no hand in the case that it follows from.

    Named cards as a whole batch. Whoever opened the case, owned it, heard a party, stopped
    anything, proposed or decided has had a hand in it (`case_hands`), and who confirmed any of the
    findings has judged it too: for one person with all the roles no way is left to do it alone.
    """
    me = work.actor.id
    if me is None:
        return
    confirmed = {one.looked_by for one in findings}
    if me in confirmed or me in hands_of(work, head_of(work, case)):
        raise NotAllowed("card_shut_down.same_person", reference=case.reference)
