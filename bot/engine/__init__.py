"""The use cases. Permission is asked here, at every step that matters, so that no way in can forget it.

asking       preview, submit, cancel, expire, remind
deciding     review, approve, reject, and saying how an uncertain request ended
executing    run, recover, settle: the dangerous sequence, written once
attribution  who asked and who approved, as it is left in Chargebee
ledger       how a request changes: one transaction with its audit line and its errands
"""

from collections.abc import Callable

from bot.engine.asking import Asking
from bot.engine.deciding import Deciding
from bot.engine.executing import Executing
from bot.engine.ledger import Ledger


class Engine:
    """All use cases over one ledger."""

    def __init__(self, ledger: Ledger, *, new_key: Callable[[], str], origin_ip: str = "") -> None:
        self.ledger = ledger
        self.asking = Asking(ledger)
        self.deciding = Deciding(ledger)
        self.executing = Executing(ledger, new_key=new_key, origin_ip=origin_ip)
