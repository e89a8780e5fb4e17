"""Writing off an invoice, from the command to the notice."""

from tests.tester import Stage


async def test_an_invoice_is_written_off_after_a_second_persons_approval(stage: Stage) -> None:
    preview = await stage.asks(stage.anna, "/write-off INV-1042 duplicate of INV-1040")
    print(preview.reads)
    ref = await stage.confirms(preview)
    print(*(await stage.bo.everything()), sep="\n")
    await stage.approves(stage.bo, ref)
    print(*(await stage.anna.everything()), sep="\n")
    assert stage.invoice("INV-1042")["status"] == "paid"
    assert len(stage.writes("write_off")) == 1
