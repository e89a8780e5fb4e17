"""The guided path of the demo: what to do next, and by what it is ticked off. `bot/sandbox/web/guide.py` says how."""

from collections.abc import Mapping, Sequence
from typing import Any

#: A line about each person, shown where one chooses who to be. The policy of the demo says the same in full.
PEOPLE: Mapping[str, str] = {
    "U0ANNA": "agent: asks for changes",
    "U0BO": "approver",
    "U0FIN": "finance approver",
    "U0CARL": "finance approver",
    "U0JURGEN": "agent: asks for changes",
    "U0NORA": "has no role",
    "U0TWIN": "approver, with Anna's e-mail",
}

BILLING, APPROVALS = "C0BILLING", "C0APPROVALS"


def _changed(path: str) -> list[dict[str, Any]]:
    """A change that Chargebee has accepted since the step before."""
    return [
        {"any": "calls", "new": True, "where": {"method": "POST", "path": {"contains": path}, "status": 200}}
    ]


def _told(text: str) -> list[dict[str, Any]]:
    return [{"any": "messages", "new": True, "where": {"text": {"contains": text}}}]


STEPS: Sequence[Mapping[str, Any]] = (
    {
        "title": "Ask for a write-off",
        "text": "You are Anna, an agent. Write the command and send it: you see what would happen before anything does.",
        "as": "U0ANNA",
        "channel": BILLING,
        "type": "/write-off INV-1042 duplicate of INV-1040",
        "done": [{"any": "modals", "where": {"user": "U0ANNA", "text": {"contains": "must approve"}}}],
    },
    {
        "title": "Ask for approval",
        "text": "Read what changes in Chargebee, and press Ask for approval. Nothing has changed so far.",
        "as": "U0ANNA",
        "channel": BILLING,
        "done": [
            {"any": "messages", "where": {"channel": APPROVALS, "text": {"contains": "INV-1042"}}},
        ],
    },
    {
        "title": "Approve it as somebody else",
        "text": "Be Bo, press Review on the card, and Approve. Anna could not approve it herself.",
        "as": "U0BO",
        "channel": APPROVALS,
        "done": [
            {"any": "documents", "where": {"object": "invoice", "id": "INV-1042", "status": "paid"}},
        ],
    },
    {
        "title": "A charge that nobody has to approve",
        "text": "It is small, so Anna confirms it alone. Globex has a card on file: the preview says that it is charged.",
        "as": "U0ANNA",
        "channel": BILLING,
        "type": '/charge globex "150 EUR" Onboarding workshop',
        "done": _changed("/invoices/charge"),
    },
    {
        "title": "A credit note, filled in as a form",
        "text": "Choose Refundable, a total of 178.50 and a reason. It is above Anna's limit: Fiona or Bo approves it.",
        "as": "U0ANNA",
        "channel": BILLING,
        "type": "/credit-note INV-1051",
        "done": _changed("/credit_notes"),
    },
    {
        "title": "Take a credit note off an invoice",
        "text": "Its amount is due again. Ask as Anna, approve as Bo.",
        "as": "U0ANNA",
        "channel": BILLING,
        "type": "/remove-credit-note INV-1031 CN-12 given by mistake",
        "done": _changed("/remove_credit_note"),
    },
    {
        "title": "Send an e-invoice",
        "text": "It cannot be taken back, and it finishes later: the card says so until the network has answered.",
        "as": "U0ANNA",
        "channel": BILLING,
        "type": "/send-einvoice CN-77 the customer asked for it",
        "done": _changed("/send_einvoice"),
    },
    {
        "title": "Be refused",
        "text": "This invoice is paid already. The preview says what is wrong, and nothing is sent.",
        "as": "U0ANNA",
        "channel": BILLING,
        "type": "/write-off INV-1040 by mistake",
        "done": [
            {"any": "modals", "where": {"user": "U0ANNA", "text": {"contains": "nothing to write off"}}}
        ],
    },
    {
        "title": "Let an approval go stale: ask",
        "text": "Ask for one more write-off and send it for approval, but do not approve it yet.",
        "as": "U0ANNA",
        "channel": BILLING,
        "type": "/write-off INV-1031 the customer is insolvent",
        "done": [
            {
                "any": "messages",
                "new": True,
                "where": {"channel": APPROVALS, "text": {"contains": "Write off invoice INV-1031"}},
            }
        ],
    },
    {
        "title": "Somebody pays meanwhile",
        "text": "Open Trouble, choose INV-1031, and let the customer pay half of it.",
        "tab": "trouble",
        "done": [
            {
                "any": "documents",
                "where": {"object": "invoice", "id": "INV-1031", "amount_paid": {"at_least": 1}},
            }
        ],
    },
    {
        "title": "Try to approve what is no longer true",
        "text": "Be Bo and press Review. Bo is shown what changed, and the request is stopped.",
        "as": "U0BO",
        "channel": APPROVALS,
        "done": _told("Stopped"),
    },
    {
        "title": "A crash: ask once more",
        "text": "Ask as Anna and send it for approval.",
        "as": "U0ANNA",
        "channel": BILLING,
        "type": "/write-off INV-1103 insolvent, claim filed",
        "done": [
            {
                "any": "messages",
                "new": True,
                "where": {"channel": APPROVALS, "text": {"contains": "Write off invoice INV-1103"}},
            }
        ],
    },
    {
        "title": "Chargebee applies it and never answers",
        "text": "In Trouble, choose “Apply it, then never answer”. Then be Bo, press Review and Approve.",
        "as": "U0BO",
        "channel": APPROVALS,
        "tab": "trouble",
        "done": [
            {
                "any": "calls",
                "new": True,
                "where": {"path": {"contains": "/INV-1103/write_off"}, "trouble": "hang_after"},
            }
        ],
    },
    {
        "title": "Kill the bot and start it again",
        "text": "In Trouble, kill it and start it again. It looks first; the tab Calls shows that it wrote off only once.",
        "tab": "trouble",
        "done": [
            {"any": "process", "new": True, "where": {"what": "started"}},
            {"any": "messages", "new": True, "where": {"text": {"contains": "INV-1103"}}},
        ],
    },
)
