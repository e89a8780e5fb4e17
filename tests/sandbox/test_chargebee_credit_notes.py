"""Creating credit notes: the three types, their ceilings, their lines, and every way to be refused."""

import pytest

from tests.sandbox.chargebee_story import DAY_S, NOW, Form, chargebee

PATH = "/api/v2/credit_notes"


def on(invoice_id: str, kind: str = "adjustment", **more: str | int) -> dict[str, str | int]:
    return {"type": kind, "reference_invoice_id": invoice_id, **more}


async def test_an_adjustment_lowers_what_is_due_and_carries_its_share_of_the_tax() -> None:
    async with chargebee() as site:
        answer = await site.post(PATH, on("INV-1042", total=5_950, comment="late delivery", cf_ticket="T-1"))

        note, invoice = answer["credit_note"], answer["invoice"]
        assert (note["status"], note["amount_allocated"], note["amount_available"]) == ("adjusted", 5_950, 0)
        assert note["taxes"][0]["amount"] == 950
        assert note["line_item_taxes"][0]["tax_amount"] == 950
        assert note["sub_total"] == 5_000
        assert note["cf_ticket"] == "T-1"
        assert (invoice["amount_due"], invoice["amount_adjusted"]) == (5_950, 5_950)
        assert invoice["status"] == "payment_due"
        assert invoice["write_off_amount"] == 0
        comments = await site.asks("/api/v2/comments", "entity_id", note["id"])
        assert [comment["notes"] for comment in comments] == ["late delivery"]


async def test_an_adjustment_over_the_whole_due_pays_the_invoice() -> None:
    async with chargebee() as site:
        answer = await site.post(PATH, on("INV-1042", total=11_900))
        assert answer["invoice"]["status"] == "paid"
        assert answer["invoice"]["amount_due"] == 0


async def test_an_adjustment_reaches_as_far_as_the_due_less_what_is_being_paid() -> None:
    async with chargebee() as site:
        assert await site.refused(PATH, on("INV-1042", total=11_901)) == (400, "invalid_request", "total")
        assert await site.refused(PATH, on("INV-1073", total=10_001)) == (400, "invalid_request", "total")
        assert (await site.post(PATH, on("INV-1073", total=10_000)))["invoice"]["amount_due"] == 20_000


async def test_a_refundable_note_leaves_the_due_and_is_bounded_by_what_was_paid() -> None:
    async with chargebee() as site:
        form: Form = on("INV-1021", "refundable", total=7_521)
        assert await site.refused(PATH, form) == (400, "invalid_request", "total")
        answer = await site.post(PATH, form | {"total": 7_520})
        note, invoice = answer["credit_note"], answer["invoice"]
        assert (note["status"], note["amount_available"], note["amount_allocated"]) == (
            "refund_due",
            7_520,
            0,
        )
        assert [entry["cn_id"] for entry in invoice["issued_credit_notes"]] == ["CN-77", note["id"]]
        assert (invoice["amount_due"], invoice["amount_adjusted"]) == (0, 0)
        assert await site.refused(PATH, form | {"total": 1}) == (400, "invalid_request", "total")


async def test_an_unpaid_invoice_has_nothing_to_refund() -> None:
    async with chargebee() as site:
        refused = await site.refused(PATH, on("INV-1042", "refundable", total=1))
        assert refused == (400, "invalid_request", "total")


async def test_a_voided_note_gives_its_part_of_the_refundable_amount_back() -> None:
    async with chargebee() as site:
        answer = await site.post(PATH, on("INV-1023", "refundable", total=7_140))
        assert answer["credit_note"]["amount_available"] == 7_140


async def test_a_store_note_carries_no_tax() -> None:
    async with chargebee() as site:
        note = (await site.post(PATH, on("INV-1040", "store", total=1_190)))["credit_note"]
        assert (note["taxes"], note["line_item_taxes"], note["sub_total"]) == ([], [], 1_190)
        assert (note["status"], note["amount_available"]) == ("refund_due", 1_190)


async def test_a_standalone_note_answers_without_an_invoice() -> None:
    async with chargebee() as site:
        before = (await site.get("/api/v2/customers/nameless"))["customer"]
        answer = await site.post(PATH, {"type": "refundable", "customer_id": "nameless", "total": 500})
        assert set(answer) == {"credit_note"}
        assert "reference_invoice_id" not in answer["credit_note"]
        assert answer["credit_note"]["currency_code"] == "EUR"
        after = (await site.get("/api/v2/customers/nameless"))["customer"]
        assert (before["refundable_credits"], after["refundable_credits"]) == (0, 500)


async def test_a_standalone_note_names_its_currency_where_there_are_several() -> None:
    async with chargebee("world") as site:
        form: Form = {"type": "refundable", "customer_id": "tanaka", "total": 500}
        assert await site.refused(PATH, form) == (400, "param_wrong_value", "currency_code")
        assert await site.refused(PATH, form | {"currency_code": "GBP"}) == (
            400, "param_wrong_value", "currency_code",
        )  # fmt: skip
        answer = await site.post(PATH, form | {"currency_code": "JPY"})
        assert answer["credit_note"]["currency_code"] == "JPY"


@pytest.mark.parametrize(
    ("form", "refused"),
    [
        ({}, (400, "param_wrong_value", "type")),
        ({"type": "gift"}, (400, "param_wrong_value", "type")),
        ({"type": "adjustment", "total": 1}, (400, "param_wrong_value", "reference_invoice_id")),
        ({"type": "store", "customer_id": "acme", "total": 1}, (400, "param_wrong_value", "reference_invoice_id")),
        ({"type": "refundable", "total": 1}, (400, "param_wrong_value", "customer_id")),
        (on("INV-0", total=1), (404, "resource_not_found", "reference_invoice_id")),
        (on("INV-1042"), (400, "invalid_request", "total")),
        (on("INV-1042", total="1.50"), (400, "param_wrong_value", "total")),
        (on("INV-1042", total=-1), (400, "param_wrong_value", "total")),
        (on("INV-1042", total=2**53), (400, "param_wrong_value", "total")),
        (on("INV-1042", total=1, comment="x" * 301), (400, "param_wrong_value", "comment")),
        (on("INV-1042", total=1, customer_notes="x" * 2_001), (400, "param_wrong_value", "customer_notes")),
        (on("INV-1042", total=1, comment=""), (400, "param_wrong_value", "comment")),
        (on("INV-1042", total=1, date=NOW + 1), (400, "param_wrong_value", "date")),
        (on("INV-1042", total=1, date=NOW - 21 * DAY_S), (400, "param_wrong_value", "date")),
        (on("INV-1042", total=1, reason_code="write_off"), (400, "param_wrong_value", "reason_code")),
        (on("INV-1042", total=1, create_reason_code="goodwill"), (400, "param_wrong_value", "create_reason_code")),
        (on("INV-1042", total=1, currency_code="USD"), (400, "invalid_request", "currency_code")),
        (on("INV-1042", total=1, customer_id="globex"), (400, "invalid_request", "customer_id")),
        (on("INV-1042", total=1, amount=1), (400, "invalid_request", "amount")),
        (on("INV-1040", total=1), (409, "invalid_state_for_request", "reference_invoice_id")),
        (on("INV-1070", "refundable", total=1), (409, "invalid_state_for_request", "reference_invoice_id")),
        (on("INV-1071", "store", total=1), (409, "invalid_state_for_request", "reference_invoice_id")),
    ],
)  # fmt: skip
async def test_a_wrong_form_is_refused_at_the_parameter_that_is_wrong(
    form: Form, refused: tuple[int, str, str]
) -> None:
    async with chargebee() as site:
        assert await site.refused(PATH, form) == refused
        assert len(site.site.documents("credit_notes")) == 10


async def test_a_mandatory_reason_code_must_be_one_of_the_site() -> None:
    async with chargebee() as site:
        site.site.settings(create_reason_codes_mandatory=True)
        form: Form = on("INV-1042", total=1)
        assert await site.refused(PATH, form) == (400, "param_wrong_value", "create_reason_code")
        note = (await site.post(PATH, form | {"create_reason_code": "Goodwill"}))["credit_note"]
        assert note["create_reason_code"] == "Goodwill"


async def test_lines_and_a_total_exclude_each_other() -> None:
    async with chargebee() as site:
        form: Form = on("INV-1042", total=1) | {
            "line_items[reference_line_item_id][0]": "li_1042_1",
            "line_items[unit_amount][0]": 1,
        }
        assert await site.refused(PATH, form) == (400, "invalid_request", "total")


async def test_each_pricing_model_has_its_own_fields() -> None:
    async with chargebee() as site:
        form: Form = on("INV-1051", "refundable") | {
            "line_items[reference_line_item_id][0]": "li_1051_1",
            "line_items[unit_amount][0]": 2_000,
            "line_items[reference_line_item_id][1]": "li_1051_2",
            "line_items[unit_amount][1]": 5_000,
            "line_items[quantity][1]": 1,
            "line_items[reference_line_item_id][2]": "li_1051_3",
            "line_items[unit_amount][2]": 1_500,
            "line_items[quantity][2]": 2,
            "line_items[reference_line_item_id][3]": "li_1051_4",
            "line_items[amount][3]": 1_000,
        }
        note = (await site.post(PATH, form))["credit_note"]
        assert [entry["amount"] for entry in note["line_items"]] == [2_000, 5_000, 3_000, 1_000]
        assert note["sub_total"] == 11_000
        assert note["taxes"][0]["amount"] == 2_090
        assert note["total"] == 13_090
        assert note["line_items"][1]["reference_line_item_id"] == "li_1051_2"
        assert note["line_items"][1]["entity_id"] == "seats"


@pytest.mark.parametrize(
    ("line", "param"),
    [
        ({"reference_line_item_id": "li_0", "unit_amount": 1}, "reference_line_item_id"),
        ({"reference_line_item_id": "li_1051_1"}, "unit_amount"),
        ({"reference_line_item_id": "li_1051_1", "unit_amount": 1, "quantity": 2}, "quantity"),
        ({"reference_line_item_id": "li_1051_2", "unit_amount": 1}, "quantity"),
        ({"reference_line_item_id": "li_1051_2", "amount": 1}, "unit_amount"),
        ({"reference_line_item_id": "li_1051_3", "unit_amount": 1, "quantity": 1, "amount": 1}, "amount"),
        ({"reference_line_item_id": "li_1051_4", "unit_amount": 1, "quantity": 1}, "amount"),
        ({"reference_line_item_id": "li_1051_4", "amount": 1, "entity_type": "tax"}, "entity_type"),
        ({"reference_line_item_id": "li_1051_4", "amount": 1, "entity_type": "plan_item_price"}, "entity_type"),
        ({"unit_amount": 1}, "entity_type"),
        ({"unit_amount": 1, "entity_type": "adhoc", "entity_id": "seats"}, "entity_id"),
        ({"unit_amount": 1, "entity_type": "plan"}, "entity_id"),
        ({"unit_amount": 1, "entity_type": "adhoc", "description": "x" * 251}, "description"),
        ({"unit_amount": 1, "entity_type": "adhoc", "date_from": 2, "date_to": 1}, "date_to"),
        ({"reference_line_item_id": "li_1051_1", "unit_amount_in_decimal": "1.5"}, "unit_amount"),
    ],
)  # fmt: skip
async def test_a_wrong_line_is_refused_by_column_and_index(line: Form, param: str) -> None:
    async with chargebee() as site:
        good: Form = {"line_items[unit_amount][0]": 1, "line_items[entity_type][0]": "adhoc"}
        form: Form = on("INV-1051", "refundable") | good | {f"line_items[{k}][1]": v for k, v in line.items()}
        status, code, told = await site.refused(PATH, form)
        assert (status, told) == (400, f"line_items[{param}][1]")
        assert code in {"param_wrong_value", "invalid_request"}


async def test_lines_priced_in_decimals_take_decimals() -> None:
    async with chargebee() as site:
        form: Form = on("INV-1090") | {"line_items[reference_line_item_id][0]": "li_1090_1"}
        whole: Form = form | {"line_items[unit_amount][0]": 1, "line_items[quantity][0]": 1}
        assert await site.refused(PATH, whole) == (
            400, "param_wrong_value", "line_items[unit_amount_in_decimal][0]",
        )  # fmt: skip
        decimals: Form = form | {
            "line_items[unit_amount_in_decimal][0]": "0.0125",
            "line_items[quantity_in_decimal][0]": "1000.4",
        }
        assert (await site.post(PATH, decimals))["credit_note"]["line_items"][0]["amount"] == 1_251
        site.site.settings(multi_decimal_pricing=False)
        assert await site.refused(PATH, decimals) == (
            400, "configuration_incompatible", "line_items[unit_amount_in_decimal][0]",
        )  # fmt: skip


async def test_row_wise_lists_are_unknown_parameters() -> None:
    async with chargebee() as site:
        form: Form = on("INV-1042") | {"line_items[0][unit_amount]": 1}
        assert await site.refused(PATH, form) == (400, "invalid_request", "line_items[0][unit_amount]")


async def test_voiding_an_adjustment_brings_the_due_back_and_leaves_the_invoice_not_paid() -> None:
    async with chargebee() as site:
        note = (await site.post(PATH, on("INV-1042", total=11_900)))["credit_note"]
        voided = (await site.post(f"{PATH}/{note['id']}/void", {"comment": "mistake"}))["credit_note"]
        assert voided["status"] == "voided"
        invoice = await site.invoice("INV-1042")
        assert (invoice["status"], invoice["amount_due"]) == ("not_paid", 11_900)
        again = await site.refused(f"{PATH}/{note['id']}/void")
        assert again == (409, "invalid_state_for_request", None)
        assert await site.refused(f"{PATH}/CN-13/void") == (409, "invalid_state_for_request", None)


async def test_a_backdated_note_has_an_event_of_its_own_name() -> None:
    async with chargebee() as site:
        await site.post(PATH, on("INV-1042", total=1, date=NOW - 3 * DAY_S))
        events = await site.asks("/api/v2/events", "source[is]", "api")
        assert [event["event_type"] for event in events] == [
            "credit_note_created_with_backdating",
            "invoice_updated",
        ]
