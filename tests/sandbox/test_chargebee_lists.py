"""Lists: filters with their operators, sorting, paging, and what a resource does not offer."""

import pytest

from bot.sandbox.chargebee.listing import LISTINGS
from tests.sandbox.chargebee_story import DAY_S, NOW, chargebee, refusal

INVOICES = "/api/v2/invoices"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("id[is]", "INV-1042", {"INV-1042"}),
        ("id[starts_with]", "INV/", {"INV/2026/7"}),
        ("id[in]", "[INV-1042,INV-1040]", {"INV-1042", "INV-1040"}),
        ("id[in]", '["INV-1042","INV-1040"]', {"INV-1042", "INV-1040"}),
        ("status[is]", "posted", {"INV-1072"}),
        ("status[in]", "[voided,pending]", {"INV-1070", "INV-1071"}),
        ("amount_due[gte]", "125000", {"INV-1100", "INV-1101"}),
        ("amount_due[between]", "[1785,4760]", {"INV-1102", "INV/2026/7"}),
        ("date[after]", str(NOW - 4 * DAY_S), {"INV-1071", "INV-1072"}),
        ("date[on]", str(NOW - 4 * DAY_S), {"INV-1073"}),
        ("dunning_status[is]", "exhausted", {"INV-1101"}),
        ("voided_at[before]", str(NOW), {"INV-1070"}),
    ],
)
async def test_a_filter_leaves_what_it_says(name: str, value: str, expected: set[str]) -> None:
    async with chargebee() as site:
        assert {invoice["id"] for invoice in await site.asks(INVOICES, name, value)} == expected


async def test_filters_hold_together_and_is_not_leaves_the_rest() -> None:
    async with chargebee() as site:
        page = await site.get(INVOICES, **{"customer_id[is]": "acme", "status[is]": "posted"})
        assert [entry["invoice"]["id"] for entry in page["list"]] == ["INV-1072"]
        others = await site.asks("/api/v2/customers", "id[is_not]", "acme")
        assert len(others) == len(site.site.documents("customers")) - 1
        without = await site.asks("/api/v2/customers", "company[is_present]", "false")
        assert [customer["id"] for customer in without] == ["nameless"]


async def test_e_invoices_and_references_are_filters_of_credit_notes() -> None:
    async with chargebee() as site:
        notes = "/api/v2/credit_notes"
        failed = await site.asks(notes, "einvoice[status][is]", "failed")
        assert [note["id"] for note in failed] == ["CN-78"]
        issued = await site.asks(notes, "reference_invoice_id[is]", "INV-1021")
        assert [note["id"] for note in issued] == ["CN-77"]


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        (INVOICES, "status", "paid"),
        (INVOICES, "status[is]", "partially_paid"),
        (INVOICES, "status[in]", "paid"),
        (INVOICES, "status[starts_with]", "pa"),
        (INVOICES, "po_number[is]", "BR-1"),
        (INVOICES, "sort_by[desc]", "total"),
        (INVOICES, "sort_by[down]", "date"),
        (INVOICES, "limit", "101"),
        (INVOICES, "limit", "0"),
        (INVOICES, "offset", "nonsense"),
        (INVOICES, "amount_due[gt]", "a lot"),
        (INVOICES, "date[between]", "[1]"),
        ("/api/v2/credit_notes", "sort_by[asc]", "updated_at"),
        ("/api/v2/customers", "company[in]", "[a]"),
        ("/api/v2/customers", "company[contains]", "a"),
        ("/api/v2/events", "customer_id[is]", "acme"),
        ("/api/v2/events", "include_deleted", "true"),
        ("/api/v2/comments", "entity_type[is]", "invoice"),
        ("/api/v2/customers/acme", "limit", "1"),
        ("/api/v2/invoices/INV-1042", "line_items_limit", "301"),
    ],
)
async def test_what_a_list_does_not_offer_is_refused_by_name(path: str, name: str, value: str) -> None:
    async with chargebee() as site:
        status, code, param = refusal(await site.client.get(path, params={name: value}))
        assert (status, param) == (400, name)
        assert code in {"invalid_request", "param_wrong_value"}


@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_pages_follow_each_other_without_gap_or_repeat(direction: str) -> None:
    async with chargebee() as site:
        seen: list[int] = []
        ids: set[str] = set()
        query: dict[str, str | int] = {f"sort_by[{direction}]": "date", "limit": 7}
        while True:
            page = await site.get(INVOICES, **query)
            seen += [entry["invoice"]["date"] for entry in page["list"]]
            ids |= {entry["invoice"]["id"] for entry in page["list"]}
            if "next_offset" not in page:
                break
            assert len(page["list"]) == 7
            query["offset"] = page["next_offset"]
        assert seen == sorted(seen, reverse=direction == "desc")
        assert len(seen) == len(ids) == len(site.site.documents("invoices"))


async def test_a_list_has_ten_unless_asked_for_more_oldest_first() -> None:
    async with chargebee() as site:
        page = await site.get(INVOICES)
        dates = [entry["invoice"]["date"] for entry in page["list"]]
        assert len(dates) == 10
        assert dates == sorted(dates)


async def test_deleted_documents_are_listed_only_when_asked_for() -> None:
    async with chargebee() as site:
        site.site.change(kind="invoice", id="INV-1042", set={"deleted": True})
        assert await site.asks(INVOICES, "id[is]", "INV-1042") == []
        page = await site.get(INVOICES, **{"id[is]": "INV-1042", "include_deleted": "true"})
        assert len(page["list"]) == 1


async def test_long_invoices_come_in_pages_of_lines() -> None:
    async with chargebee() as site:
        first = await site.invoice("INV-1060")
        assert len(first["line_items"]) == 300
        rest = await site.get("/api/v2/invoices/INV-1060", line_items_offset=first["line_items_next_offset"])
        assert [entry["id"] for entry in rest["invoice"]["line_items"]] == [
            f"li_1060_{number}" for number in range(301, 321)
        ]
        assert "line_items_next_offset" not in rest["invoice"]
        small = await site.get("/api/v2/invoices/INV-1060", line_items_limit=5)
        assert len(small["invoice"]["line_items"]) == 5
        assert "line_items_next_offset" not in await site.invoice("INV-1042")


async def test_a_prefix_is_found_in_its_case_unless_the_site_is_set_otherwise() -> None:
    async with chargebee() as site:
        customers = "/api/v2/customers"
        assert {c["id"] for c in await site.asks(customers, "company[starts_with]", "Acme")} == {
            "acme",
            "acme-us",
        }
        assert await site.asks(customers, "company[starts_with]", "acme") == []
        site.site.settings(starts_with_case_sensitive=False)
        assert len(await site.asks(customers, "company[starts_with]", "acme")) == 2


async def test_every_listed_resource_can_be_sorted_both_ways() -> None:
    async with chargebee() as site:
        await site.post("/api/v2/invoices/INV-1042/write_off", {"comment": "x"})
        for kind, listing in LISTINGS.items():
            for field in listing.sort_by:
                for direction in ("asc", "desc"):
                    page = await site.get(f"/api/v2/{kind}s", **{f"sort_by[{direction}]": field})
                    values = [entry[kind][field] for entry in page["list"]]
                    assert values
                    assert values == sorted(values, reverse=direction == "desc")
