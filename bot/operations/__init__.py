"""The kinds of billing change there are. A new one is a file of its own and a name in this tuple."""

from bot.operations import charge, credit_note, remove_credit_note, send_einvoice, write_off
from bot.operations.base import AnyOperation

OPERATIONS: tuple[AnyOperation, ...] = (
    charge.OPERATION,
    credit_note.OPERATION,
    write_off.OPERATION,
    remove_credit_note.OPERATION,
    send_einvoice.OPERATION,
)

BY_NAME: dict[str, AnyOperation] = {operation.name: operation for operation in OPERATIONS}
BY_COMMAND: dict[str, AnyOperation] = {operation.command: operation for operation in OPERATIONS}
