"""What concerns one person: what they may do, what waits for them, what they asked for, what they may see of a document's past.

Home, `/billing` and answers to messages show the same, so it is found in one place. Nobody finds anything here that the policy
does not let them see.
"""

from dataclasses import dataclass

from bot.core.policy import Policy
from bot.core.record import Actor, BillingRequest
from bot.engine.ledger import Ledger
from bot.operations import BY_NAME, OPERATIONS
from bot.operations.base import AnyOperation

#: How many requests are looked through for one list.
MOST_READ = 200
#: How many requests of a document's past one page shows.
PAGE = 10


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What somebody may ask for and decide on. `closed` says why it is nothing at all; empty for everybody else."""

    asks: tuple[AnyOperation, ...]
    decides: tuple[AnyOperation, ...]
    closed: str = ""


def scope_of(policy: Policy, actor: Actor) -> Scope:
    asks = tuple(op for op in OPERATIONS if policy.may_request(actor, op.name).allowed)
    decides = tuple(BY_NAME[name] for name in policy.decides(actor))
    closed = "" if actor.roles else policy.may_request(actor, OPERATIONS[0].name).reason
    return Scope(asks=asks, decides=decides, closed=closed)


async def waiting_for(ledger: Ledger, actor: Actor) -> list[BillingRequest]:
    """What `actor` could decide now, oldest first."""
    policy = ledger.policy()
    return [
        record
        for record in await ledger.store.waiting(MOST_READ)
        if policy.may_approve(actor, record).allowed
    ]


async def asked_by(ledger: Ledger, actor: Actor, *, unfinished: bool = False) -> list[BillingRequest]:
    """What `actor` has asked for, newest first; a preview that was not confirmed is not asked for."""
    return await ledger.store.by_requester(actor.user_id, MOST_READ, unfinished=unfinished)


async def about(
    ledger: Ledger, actor: Actor, document: str, page: int = 1
) -> tuple[list[BillingRequest], bool]:
    """A page of what was asked for about a document and `actor` may see, newest first; and whether there are older ones."""
    policy = ledger.policy()
    seen: list[BillingRequest] = []
    wanted, offset = page * PAGE + 1, 0
    while len(seen) < wanted:
        found = await ledger.store.by_document(document, MOST_READ, offset)
        seen += [record for record in found if policy.may_see(actor, record).allowed]
        offset += MOST_READ
        if len(found) < MOST_READ:
            break
    return seen[wanted - PAGE - 1 : wanted - 1], len(seen) >= wanted
