"""The one-time charge in both versions of the API, collected and not."""

import pytest

from tests.sandbox.chargebee_story import DAY_S, NOW, Form, chargebee

V1 = "/api/v1/invoices/charge"
V2 = "/api/v2/invoices/create_for_charge_items_and_charges"
ACME: Form = {"customer_id": "acme", "amount": 1_500, "description": "Setup"}


async def test_a_v1_charge_answers_in_the_v1_shape_and_is_read_back_by_v2() -> None:
    async with chargebee() as site:
        invoice = (await site.post(V1, {**ACME, "po_number": "BR-7"}))["invoice"]
        assert (invoice["amount"], invoice["amount_due"], invoice["status"]) == (1_500, 1_500, "payment_due")
        assert invoice["start_date"] == NOW
        assert not {"total", "date", "due_date", "linked_payments", "write_off_amount"} & set(invoice)
        assert invoice["line_items"][0]["type"] == "charge"

        read = await site.invoice(invoice["id"])
        assert (read["total"], read["po_number"], read["recurring"]) == (1_500, "BR-7", False)
        assert read["line_items"][0]["description"] == "Setup"
        assert (await site.get(f"/api/v1/invoices/{invoice['id']}"))["invoice"] == invoice


async def test_a_customer_with_auto_collection_is_charged_at_once() -> None:
    async with chargebee() as site:
        invoice = (await site.post(V1, {**ACME, "customer_id": "globex"}))["invoice"]
        assert (invoice["status"], invoice["amount_due"], invoice["amount_paid"]) == ("paid", 0, 1_500)
        assert invoice["paid_on"] == NOW
        assert [entry["txn_status"] for entry in invoice["linked_transactions"]] == ["success"]
        events = [event["event_type"] for event in await site.asks("/api/v2/events", "source[is]", "api")]
        assert events == ["transaction_created", "payment_succeeded", "invoice_generated"]


async def test_a_declined_card_leaves_no_invoice_unless_the_site_is_set_so() -> None:
    async with chargebee() as site:
        form: Form = {**ACME, "customer_id": "initech"}
        before = len(site.site.documents("invoices"))
        answer = await site.send(V1, form)
        assert answer.status_code == 400
        assert answer.json()["type"] == "payment"
        assert answer.json()["api_error_code"] == "payment_processing_failed"
        assert len(site.site.documents("invoices")) == before

        site.site.settings(invoice_left_after_failed_collection="not_paid")
        assert (await site.send(V1, form)).json()["api_error_code"] == "payment_processing_failed"
        left = site.site.documents("invoices")[-1]
        assert (left["customer_id"], left["status"], left["amount_due"]) == ("initech", "not_paid", 1_500)
        assert [entry["txn_status"] for entry in left["linked_payments"]] == ["failure"]


async def test_collecting_without_a_payment_method_is_refused() -> None:
    async with chargebee() as site:
        site.site.change(kind="customer", id="acme", set={"auto_collection": "on"})
        refused = await site.refused(V1, ACME)
        assert refused == (400, "payment_method_not_present", None)


async def test_an_invoice_on_terms_is_posted_until_it_is_due() -> None:
    async with chargebee() as site:
        invoice = (await site.post(V1, {**ACME, "customer_id": "soehne"}))["invoice"]
        read = await site.invoice(invoice["id"])
        assert (read["status"], read["due_date"]) == ("posted", NOW + 30 * DAY_S)
        site.site.settings(unpaid_status="not_paid")
        assert (await site.post(V1, ACME))["invoice"]["status"] == "not_paid"


async def test_a_one_time_coupon_lowers_the_charge() -> None:
    async with chargebee() as site:
        invoice = (await site.post(V1, {**ACME, "coupon": "WELCOME10"}))["invoice"]
        assert (invoice["sub_total"], invoice["amount"]) == (1_500, 1_350)
        assert invoice["discounts"][0]["entity_id"] == "WELCOME10"


async def test_a_subscription_is_charged_for_its_customer() -> None:
    async with chargebee() as site:
        invoice = (await site.post(V1, {"subscription_id": "sub-acme-1", "amount": 5, "description": "x"}))[
            "invoice"
        ]
        assert (invoice["customer_id"], invoice["subscription_id"]) == ("acme", "sub-acme-1")


@pytest.mark.parametrize(
    ("form", "refused"),
    [
        ({"amount": 1, "description": "x"}, (400, "invalid_request", "customer_id")),
        ({**ACME, "subscription_id": "sub-acme-1"}, (400, "invalid_request", "customer_id")),
        ({"customer_id": "acme", "amount": 1}, (400, "param_wrong_value", "description")),
        ({"customer_id": "acme", "description": "x"}, (400, "param_wrong_value", "amount")),
        ({**ACME, "amount": 0}, (400, "param_wrong_value", "amount")),
        ({**ACME, "description": "x" * 251}, (400, "param_wrong_value", "description")),
        ({**ACME, "po_number": "x" * 101}, (400, "param_wrong_value", "po_number")),
        ({**ACME, "coupon": "NONE"}, (404, "resource_not_found", "coupon")),
        ({**ACME, "coupon": "FOREVER5"}, (400, "invalid_request", "coupon")),
        ({**ACME, "customer_id": "nobody"}, (404, "resource_not_found", "customer_id")),
        ({**ACME, "currency_code": "EUR"}, (400, "invalid_request", "currency_code")),
        (
            {"subscription_id": "sub-acme-1", "amount": 1, "description": "x", "coupon": "WELCOME10"},
            (400, "invalid_request", "coupon"),
        ),
        (
            {"subscription_id": "sub-consolidated", "amount": 1, "description": "x"},
            (400, "invalid_request", "subscription_id"),
        ),
    ],
)
async def test_a_wrong_charge_is_refused_at_its_parameter(form: Form, refused: tuple[int, str, str]) -> None:
    async with chargebee() as site:
        before = len(site.site.documents("invoices"))
        assert await site.refused(V1, form) == refused
        assert len(site.site.documents("invoices")) == before


async def test_v1_cannot_charge_on_catalog_2_nor_with_several_currencies() -> None:
    async with chargebee("world") as site:
        assert (await site.refused(V1, ACME))[1] == "configuration_incompatible"
    async with chargebee() as site:
        site.site.settings(currencies=["EUR", "USD"])
        assert (await site.refused(V1, ACME))[1] == "configuration_incompatible"
        assert (await site.refused(V2, {"customer_id": "acme"}))[1] == "configuration_incompatible"


async def test_v2_charges_several_lines_in_a_currency_and_can_override_collection() -> None:
    async with chargebee("world") as site:
        form: Form = {
            "customer_id": "globex",
            "currency_code": "JPY",
            "auto_collection": "off",
            "net_term_days": 10,
            "po_number": "BR-9",
            "charges[amount][0]": 1_000,
            "charges[description][0]": "Setup",
            "charges[amount_in_decimal][1]": "500",
            "charges[date_from][1]": NOW,
            "charges[date_to][1]": NOW + DAY_S,
        }
        invoice = (await site.post(V2, form))["invoice"]
        assert (invoice["total"], invoice["currency_code"], invoice["status"]) == (1_500, "JPY", "posted")
        assert invoice["due_date"] == NOW + 10 * DAY_S
        assert [entry["amount"] for entry in invoice["line_items"]] == [1_000, 500]
        collected = (await site.post(V2, {**form, "auto_collection": "on"}))["invoice"]
        assert (collected["status"], collected["amount_paid"]) == ("paid", 1_500)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"currency_code": None}, (400, "param_wrong_value", "currency_code")),
        ({"currency_code": "GBP"}, (400, "param_wrong_value", "currency_code")),
        ({"charges[amount][0]": None}, (400, "param_wrong_value", "charges[amount][0]")),
        ({"charges[amount_in_decimal][0]": "5"}, (400, "invalid_request", "charges[amount][0]")),
        ({"charges[amount][2]": 5}, (400, "invalid_request", "charges[1]")),
        ({"invoice_date": NOW + 1}, (400, "param_wrong_value", "invoice_date")),
        ({"coupon_ids[0]": "FOREVER5"}, (400, "invalid_request", "coupon_ids[0]")),
        ({"auto_collection": "maybe"}, (400, "param_wrong_value", "auto_collection")),
    ],
)
async def test_a_wrong_v2_charge_is_refused_at_its_parameter(
    change: dict[str, str | int | None], refused: tuple[int, str, str]
) -> None:
    good: Form = {"customer_id": "acme", "currency_code": "EUR", "charges[amount][0]": 100}
    form = {name: value for name, value in {**good, **change}.items() if value is not None}
    async with chargebee("world") as site:
        assert await site.refused(V2, form) == refused


async def test_a_v1_customer_has_no_v2_fields() -> None:
    async with chargebee() as site:
        customer = (await site.get("/api/v1/customers/acme"))["customer"]
        assert customer["company"] == "Acme GmbH"
        assert not {"is_einvoice_enabled", "resource_version", "net_term_days"} & set(customer)


async def test_the_configuration_tells_the_catalog() -> None:
    for profile, version, schema in (("classic", "v1", "plans_addons"), ("world", "v2", "items")):
        async with chargebee(profile) as site:
            [told] = (await site.get("/api/v2/configurations"))["configurations"]
            assert told["product_catalog_version"] == version
            assert told["chargebee_response_schema_type"] == schema
