"""What the simulated Chargebee site starts with.

Two profiles:

| | classic | world |
| --- | --- | --- |
| product catalog | 1 | 2 |
| currencies | EUR | EUR, USD, JPY, KWD |
| business entities | be-de, be-us | be-de, be-us |
| v1 charge | works | refused |

Both have the same customers and documents (`world` adds some), with dates relative to the clock: whatever
is overdue today is overdue in a year. Amounts are minor units. Who is who:

    acme      pays by transfer, e-invoices by hand       globex    card on file, collected at once
    acme-us   the same name nearly; its receiver is      initech   card on file that declines
              not on the e-invoice network               soehne    a name that needs escaping
    nameless  nothing but an id and an e-mail            autoinv   e-invoices go out by themselves
    umbrella  invoiced together (sub-consolidated)       tanaka    yen (world)
"""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.chargebee.documents import (
    WRITE_OFF_CODE,
    Document,
    add_up_credit_note,
    add_up_invoice,
    allocation,
    applied_entry,
    credit_note,
    invoice,
    line,
    note_entry,
    payment,
    present,
    prorated,
    total_of,
)
from bot.sandbox.chargebee.invoices import lines_for
from bot.sandbox.chargebee.state import Settings, State

DAY_S = 86_400
PROFILES = ("classic", "world")

# Names that must never become markup, a mention or a link anywhere.
SOEHNE = 'Müller & Söhne <b>"GmbH"</b> <!channel>'


def settings_for(profile: str) -> Settings:
    """The settings of a profile. Raises ValueError for an unknown one."""
    if profile == "classic":
        return Settings(business_entities=("be-de", "be-us"))
    if profile == "world":
        return Settings(
            product_catalog_version="v2",
            currencies=("EUR", "USD", "JPY", "KWD"),
            business_entities=("be-de", "be-us"),
        )
    raise ValueError(f"a profile is one of {', '.join(PROFILES)}, not {profile!r}")


def plant(state: State, profile: str) -> None:
    """Fill an empty site."""
    garden = _Garden(state, state.now(), profile == "world")
    garden.customers()
    garden.subscriptions_and_coupons()
    garden.unpaid_invoices()
    garden.settled_invoices()
    garden.special_invoices()
    garden.credit_notes()
    garden.history()
    if garden.world:
        garden.foreign_currencies()
    for kind, key in (("invoice", "date"), ("credit_note", "date"), ("customer", "created_at")):
        planted = state.all(kind)  # type: ignore[arg-type]  # literals of the tuple above
        ordered = sorted(planted.items(), key=lambda entry: entry[1][key])
        planted.clear()
        planted.update(ordered)
    for customer_id in state.all("customer"):
        state.count_credits(customer_id)


@dataclass
class _Garden:
    """The planting of one site at one time."""

    state: State
    now: int
    world: bool

    def ago(self, days: float) -> int:
        return self.now - int(days * DAY_S)

    # ------------------------------------------------------------------------------------ people

    def customers(self) -> None:
        self._customer("acme", 900, company="Acme GmbH", first_name="Anke", last_name="Adler",
                       email="billing@acme.example", entity="be-de", is_einvoice_enabled=True,
                       einvoicing_method="manual")  # fmt: skip
        self._customer("acme-us", 800, company="Acme Inc", first_name="Al", last_name="Adams",
                       email="ap@acme-us.example", entity="be-us", currency="USD", is_einvoice_enabled=True,
                       einvoicing_method="manual",
                       _einvoice_outcome=("skipped", "The receiver is not on the network"))  # fmt: skip
        self._customer("globex", 700, company="Globex Corp", first_name="Hank", last_name="Scorpio",
                       email="hank@globex.example", card="pm_globex")  # fmt: skip
        self._customer("initech", 600, company="Initech Ltd", first_name="Bill", last_name="Lumbergh",
                       email="bill@initech.example", card="pm_declined_initech", is_einvoice_enabled=True,
                       einvoicing_method="site_default")  # fmt: skip
        self._customer("soehne", 500, company=SOEHNE, first_name="Jörg & Co.", last_name="*Müller*",
                       email="jörg@müller.example", net_term_days=30)  # fmt: skip
        self._customer("nameless", 400, email="someone@nowhere.example")
        self._customer("autoinv", 300, company="Automat AG", email="rechnung@automat.example",
                       is_einvoice_enabled=True, einvoicing_method="automatic")  # fmt: skip
        self._customer("umbrella", 200, company="Umbrella plc", email="accounts@umbrella.example",
                       consolidated_invoicing=True)  # fmt: skip
        if self.world:
            self._customer("tanaka", 100, company="田中商事", first_name="一郎", last_name="田中",
                           email="tanaka@tanaka.example", currency="JPY")  # fmt: skip

    def _customer(
        self, customer_id: str, days: int, *, currency: str = "EUR", entity: str | None = None,
        card: str | None = None, **more: Any,
    ) -> None:  # fmt: skip
        created = self.ago(days)
        self.state.all("customer")[customer_id] = present(
            {
                "id": customer_id,
                "auto_collection": "on" if card else "off",
                "net_term_days": 0,
                "preferred_currency_code": currency if self.world else "EUR",
                "card_status": "valid" if card else "no_card",
                "primary_payment_source_id": card,
                "is_einvoice_enabled": False,
                "allow_direct_debit": False,
                "taxability": "taxable",
                "promotional_credits": 0,
                "refundable_credits": 0,
                "excess_payments": 0,
                "unbilled_charges": 0,
                "pii_cleared": "active",
                "channel": "web",
                "deleted": False,
                "created_at": created,
                "updated_at": created,
                "resource_version": created * 1000,
                "business_entity_id": entity if self.world else None,
                "object": "customer",
                **more,
            }
        )

    def subscriptions_and_coupons(self) -> None:
        for subscription_id, customer_id, price in (
            ("sub-acme-1", "acme", 10_000),
            ("sub-globex-1", "globex", 50_000),
            ("sub-consolidated", "umbrella", 20_000),
        ):
            created = self.ago(90)
            item = (
                {"subscription_items": [{"item_price_id": "team-monthly", "item_type": "plan",
                                         "quantity": 1, "unit_price": price, "amount": price}]}
                if self.world
                else {"plan_id": "team-monthly", "plan_quantity": 1, "plan_unit_price": price}
            )  # fmt: skip
            self.state.all("subscription")[subscription_id] = {
                "id": subscription_id,
                "customer_id": customer_id,
                "status": "active",
                "currency_code": "EUR",
                "billing_period": 1,
                "billing_period_unit": "month",
                "created_at": created,
                "started_at": created,
                "current_term_start": self.ago(15),
                "current_term_end": self.ago(-15),
                "next_billing_at": self.ago(-15),
                "updated_at": created,
                "resource_version": created * 1000,
                "has_scheduled_changes": False,
                "channel": "web",
                "deleted": False,
                "object": "subscription",
                **item,
            }
        for coupon_id, name, percent, duration in (
            ("WELCOME10", "Welcome, 10 % once", 10, "one_time"),
            ("FOREVER5", "5 % for ever", 5, "forever"),
        ):
            self.state.all("coupon")[coupon_id] = {
                "id": coupon_id,
                "name": name,
                "discount_type": "percentage",
                "discount_percentage": percent,
                "duration_type": duration,
                "apply_on": "invoice_amount",
                "status": "active",
                "object": "coupon",
            }

    # ---------------------------------------------------------------------------------- invoices

    def _invoice(
        self, invoice_id: str, customer_id: str, status: str, net: int, days: float, *, due_in: float = 0,
        tax_rate: int = 19, lines: list[Document] | None = None, currency: str = "EUR",
        description: str = "Team plan, monthly", **more: Any,
    ) -> Document:  # fmt: skip
        """An invoice of so many days ago, due so many days after; one line unless lines are given."""
        date = self.ago(days)
        number = invoice_id.split("-", 1)[-1].replace("/", "_")
        plan = ("plan_item_price", "team-monthly") if self.world else ("plan", "team-monthly")
        period = (date - 30 * DAY_S, date)
        document = invoice(
            invoice_id,
            customer_id=customer_id,
            status=status,
            date=date,
            due_date=date + int(due_in * DAY_S),
            currency_code=currency,
            base_currency_code="EUR",
            lines=lines
            or [
                line(f"li_{number}_1", description, customer_id=customer_id, amount=net, tax_rate=tax_rate,
                     entity_type=plan[0], entity_id=plan[1], period=period)
            ],
            business_entity_id=self.state.all("customer")[customer_id].get("business_entity_id"),
            **more,
        )  # fmt: skip
        if status == "paid":
            self._pay(document, document["total"])
        self.state.all("invoice")[invoice_id] = document
        return document

    def _pay(self, document: Document, amount: int, status: str = "success") -> None:
        txn_id = f"txn_{document['id'].replace('/', '_')}_{len(document['linked_payments']) + 1}"
        document["linked_payments"].append(payment(txn_id, amount, document["date"], status))
        add_up_invoice(document)
        if document["amount_due"] == 0:
            document["paid_at"] = document["date"]

    def unpaid_invoices(self) -> None:
        self._invoice("INV-1042", "acme", "payment_due", 10_000, 20, subscription_id="sub-acme-1",
                      dunning_status="in_progress")  # fmt: skip
        self._invoice("INV-1031", "acme", "not_paid", 30_000, 45, tax_rate=0, due_in=14,
                      description="Implementation workshop")  # fmt: skip
        self._invoice("INV-1072", "acme", "posted", 20_000, 3, due_in=30, description="Support, quarterly")
        running = self._invoice("INV-1073", "globex", "payment_due", 25_000, 4, tax_rate=20)
        self._pay(running, 20_000, "in_progress")
        self._invoice("INV/2026/7", "acme", "payment_due", 4_000, 12, description="Old numbering")
        self._invoice("INV-1100", "soehne", "payment_due", 125_000, 50, due_in=30, tax_rate=0,
                      description='Beratung & Montage <i>"vor Ort"</i>')  # fmt: skip
        failed = self._invoice("INV-1101", "initech", "not_paid", 500_000, 33, tax_rate=0,
                               dunning_status="exhausted")  # fmt: skip
        self._pay(failed, 500_000, "failure")
        self._invoice("INV-1102", "nameless", "payment_due", 1_500, 9)
        part_paid = self._invoice("INV-1103", "acme", "payment_due", 40_000, 16, tax_rate=0)
        self._pay(part_paid, 15_000)

    def settled_invoices(self) -> None:
        self._invoice("INV-1040", "acme", "paid", 10_000, 21, subscription_id="sub-acme-1")
        four = "globex"
        date = self.ago(25)
        item = "item_price" if self.world else ""
        plan, addon = ("plan_" + item, "addon_" + item) if item else ("plan", "addon")
        common: dict[str, Any] = {"customer_id": four, "tax_rate": 19, "period": (date - 30 * DAY_S, date)}
        self._invoice("INV-1051", four, "paid", 0, 25, subscription_id="sub-globex-1", lines=[
            line("li_1051_1", "Base fee", amount=10_000, entity_type=plan,
                 entity_id="team-monthly", **common),
            line("li_1051_2", "Seats", amount=15_000, unit_amount=5_000, quantity=3, pricing_model="per_unit",
                 entity_type=addon, entity_id="seats", **common),
            line("li_1051_3", "API calls, volume", amount=15_000, unit_amount=1_500, quantity=10,
                 pricing_model="volume", entity_type=addon, entity_id="api-calls", **common),
            line("li_1051_4", "Storage, tiered", amount=10_000, unit_amount=0, quantity=7,
                 pricing_model="tiered", entity_type=addon, entity_id="storage", **common),
        ])  # fmt: skip
        voided = self._invoice("INV-1070", "acme", "voided", 7_000, 60)
        voided.update(amount_due=0, amount_to_collect=0, voided_at=self.ago(55))
        self._invoice("INV-1071", "globex", "pending", 9_000, 1)
        for number, customer_id, net, days in (
            (1021, "acme", 8_000, 120), (1022, "acme", 9_000, 115), (1023, "acme", 6_000, 110),
            (1024, "acme", 5_000, 105), (1025, "globex", 12_000, 100), (1026, "autoinv", 11_000, 95),
            (1027, "acme-us", 13_000, 92), (1030, "acme", 10_000, 90),
        ):  # fmt: skip
            self._invoice(f"INV-{number}", customer_id, "paid", net, days)

    def special_invoices(self) -> None:
        """Decimal prices, and more lines than one answer holds."""
        plan = "addon_item_price" if self.world else "addon"
        date = self.ago(40)
        common: dict[str, Any] = {
            "customer_id": "acme", "tax_rate": 19, "pricing_model": "per_unit", "entity_type": plan,
            "period": (date - 30 * DAY_S, date),
        }  # fmt: skip
        self._invoice("INV-1090", "acme", "not_paid", 0, 40, due_in=14, lines=[
            line("li_1090_1", "Messages", amount=12_501, unit_amount=1, quantity=10_000, entity_id="messages",
                 unit_amount_in_decimal="0.0125", quantity_in_decimal="10000.5",
                 amount_in_decimal="125.00625", **common),
            line("li_1090_2", "Minutes", amount=999, unit_amount=33, quantity=30, entity_id="minutes",
                 unit_amount_in_decimal="0.333", quantity_in_decimal="30",
                 amount_in_decimal="9.99", **common),
        ])  # fmt: skip
        self._invoice("INV-1060", "acme-us", "paid", 0, 35, lines=[
            line(f"li_1060_{number}", f"Seat {number}", customer_id="acme-us", amount=100,
                 period=(date, date))
            for number in range(1, 321)
        ])  # fmt: skip

    def history(self) -> None:
        """The paid invoices of a year, so that lists have pages."""
        for month in range(12):
            for first, customer_id, net in (
                (800, "globex", 50_000),
                (820, "acme", 10_000),
                (840, "umbrella", 20_000),
            ):
                self._invoice(f"INV-{first + month}", customer_id, "paid", net, 500 - 30 * month)

    # ------------------------------------------------------------------------------ credit notes

    def _note(
        self, note_id: str, kind: str, invoice_id: str, total: int, days: float, **more: Any
    ) -> Document:
        reference = self.state.all("invoice")[invoice_id]
        taxes, line_item_taxes = ([], []) if kind == "store" else prorated(reference, total)
        date = self.ago(days)
        note = credit_note(
            note_id,
            kind=kind,
            customer_id=reference["customer_id"],
            date=date,
            now=date,
            currency_code=reference["currency_code"],
            base_currency_code="EUR",
            total=total,
            lines=lines_for(reference, total - total_of(taxes, "amount")),
            taxes=taxes,
            line_item_taxes=line_item_taxes,
            reference=reference,
            **{"reason_code": "order_change", "create_reason_code": "Order Change", **more},
        )
        self.state.all("credit_note")[note_id] = note
        if kind != "adjustment":
            reference["issued_credit_notes"].append(note_entry(note))
        return note

    def _allocate(self, note: Document, invoice_id: str, days: float) -> None:
        """Put all of a note on an invoice."""
        document, at = self.state.all("invoice")[invoice_id], self.ago(days)
        note["allocations"].append(allocation(document, note["total"], at))
        add_up_credit_note(note)
        if note["type"] == "adjustment":
            document["adjustment_credit_notes"].append(note_entry(note))
        else:
            document["applied_credits"].append(applied_entry(note, note["total"], at))
        add_up_invoice(document)
        for issued in self.state.all("invoice").get(note["reference_invoice_id"], {})["issued_credit_notes"]:
            if issued["cn_id"] == note["id"]:
                issued["cn_status"] = note["status"]

    def credit_notes(self) -> None:
        self._allocate(self._note("CN-12", "adjustment", "INV-1031", 5_000, 40), "INV-1031", 40)
        self._allocate(self._note("CN-13", "refundable", "INV-1030", 3_000, 41), "INV-1031", 39)
        written_off = self._invoice("INV-1080", "acme", "not_paid", 10_000, 70, due_in=14)
        due = written_off["amount_due"]
        self._allocate(
            self._note("CN-80", "adjustment", "INV-1080", due, 30, reason_code="write_off",
                       create_reason_code=WRITE_OFF_CODE),
            "INV-1080", 30,
        )  # fmt: skip
        written_off.update(status="paid", write_off_amount=due, paid_at=self.ago(30))
        self._note("CN-77", "refundable", "INV-1021", 2_000, 28)
        failed = self._note("CN-78", "refundable", "INV-1022", 2_500, 27)
        self._einvoice(failed, "failed", "The receiver's endpoint did not answer")
        voided = self._note("CN-79", "refundable", "INV-1023", 1_000, 26)
        voided.update(status="voided", amount_available=0, voided_at=self.ago(24))
        self.state.all("invoice")["INV-1023"]["issued_credit_notes"][0]["cn_status"] = "voided"
        self._einvoice(self._note("CN-81", "refundable", "INV-1024", 1_500, 23), "success", None)
        self._note("CN-82", "store", "INV-1025", 4_000, 22)
        self._note("CN-83", "refundable", "INV-1026", 1_800, 19)
        self._note("CN-84", "refundable", "INV-1027", 2_200, 18)

    def _einvoice(self, note: Document, status: str, message: str | None) -> None:
        number = f"einv_{note['id'].lower()}"
        note["einvoice"] = present(
            {"id": number, "reference_number": number.upper(), "status": status, "message": message,
             "object": "einvoice"}
        )  # fmt: skip

    # -------------------------------------------------------------------------------- world only

    def foreign_currencies(self) -> None:
        self._invoice("INV-2001", "tanaka", "payment_due", 15_000, 11, tax_rate=0, currency="JPY")
        self._invoice("INV-2002", "acme-us", "payment_due", 75_000, 13, tax_rate=0, currency="USD")
        self._invoice("INV-2003", "acme-us", "not_paid", 1_500, 14, tax_rate=0, currency="KWD")
        self._invoice("INV-2004", "tanaka", "paid", 8_000, 17, tax_rate=10, currency="JPY")
