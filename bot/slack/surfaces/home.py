"""The Home tab: what I may ask for, what waits for me, what I asked for. Pure."""

from collections.abc import Sequence

from bot.core.record import Actor, BillingRequest
from bot.operations.base import AnyOperation
from bot.slack.surfaces.blocks import (
    MOST_VIEW_BLOCKS,
    Block,
    Bold,
    View,
    context,
    divider,
    header,
    rich,
    section,
    within,
)
from bot.slack.surfaces.replies import request_blocks, role_sentence, start_blocks
from bot.slack.values import Viewer


def home_view(
    actor: Actor,
    allowed: Sequence[AnyOperation],
    waiting: Sequence[BillingRequest],
    own: Sequence[BillingRequest],
    viewer: Viewer,
    *,
    decides: bool = False,
) -> View:
    """`waiting`: requests this person may decide. `own`: their requests, newest first. `decides`: they may decide."""
    blocks: list[Block] = [header("Billing"), rich(("Hello ", Bold(actor.name), "."))]
    if allowed:
        blocks += [
            section("Ask for a change. You see a preview before anything happens."),
            *start_blocks(allowed),
        ]
    else:
        blocks.append(section(role_sentence(decides)))
    if decides or waiting:
        blocks += [divider(), header("Waiting for your decision")]
        blocks += request_blocks(waiting, viewer) or [section("Nothing waits for your decision.")]
    if allowed or own:
        blocks += [divider(), header("Asked for by you")]
        blocks += request_blocks(own, viewer) or [section("You have not asked for anything yet.")]
    blocks.append(
        context(
            "As of when you opened this page. /billing history INV-1042 finds what was asked for about a document."
        )
    )
    return {"type": "home", "blocks": within(blocks, MOST_VIEW_BLOCKS)}


def closed_home_view(sentence: str) -> View:
    """The Home tab of somebody who may do nothing here: why, and nothing else."""
    return {"type": "home", "blocks": [section(sentence)]}
