"""How the demo is printed: who does what, who sees what, and what changed in Chargebee."""

import textwrap
from typing import Any

import click

from bot.sandbox.chargebee.site import Site
from bot.sandbox.person import Modal
from bot.sandbox.serve import Sandbox

WIDTH = 110
#: What stands left of what somebody reads.
FRAME = "      │ "
#: The line of a card below which its rows stand.
CARD_ROWS = ("What would change", "What was asked for")
#: What is worth printing when it changes.
FIELDS = {
    "invoices": ("status", "total", "amount_due", "amount_paid", "amount_adjusted", "write_off_amount"),
    "credit_notes": ("type", "status", "total", "amount_allocated", "amount_available"),
}
AMOUNTS = {
    "total",
    "amount_due",
    "amount_paid",
    "amount_adjusted",
    "write_off_amount",
    "amount_allocated",
    "amount_available",
}


class Telling:
    """Prints the story, and remembers how Chargebee looked and which calls were told already."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str], dict[str, Any]] = {}
        self._told = 0

    def begin(self, sandbox: Sandbox) -> None:
        self._before = _picture(sandbox.site)
        click.echo("A simulated Chargebee site and a simulated Slack workspace are running on this machine.")
        click.echo(
            "The bot is a process of its own, connected to both over real sockets. No account, no network."
        )

    def scene(self, number: int, title: str) -> None:
        click.echo()
        click.secho(f"{number}. {title}", bold=True)

    def does(self, who: str, does: str, what: str) -> None:
        click.echo(f"   {click.style(who, bold=True)} {does}  {click.style(what, fg='cyan')}")

    def note(self, text: str) -> None:
        click.secho(textwrap.fill(f"   {text}", WIDTH, subsequent_indent="   "), italic=True)

    def sees(self, who: str, text: str, where: str = "") -> None:
        """All that somebody reads."""
        click.echo(f"   {who} sees{' ' + where if where else ''}:")
        for line in text.splitlines():
            for part in textwrap.wrap(line, WIDTH - len(FRAME)) or [""]:
                click.secho(FRAME + part, dim=True)

    def sees_modal(self, who: str, modal: Modal) -> None:
        """A modal with its title, and the button that submits it."""
        self.sees(who, modal.reads, f"the window “{modal.title}”")
        if modal.submit_label:
            click.secho(f"{FRAME}[{modal.submit_label}]", dim=True)

    def sees_card(self, who: str, text: str, where: str) -> None:
        """A card, without what has just been printed as the preview: how it stands, who asked, and what it offers."""
        lines = text.splitlines()
        cut = next((at for at, line in enumerate(lines) if line in CARD_ROWS), len(lines))
        rest = next((at for at, line in enumerate(lines) if line.endswith(" must approve.")), cut)
        shorter = [*lines[:cut], "… the same before and after as in the preview …", *lines[rest:]]
        self.sees(who, "\n".join(shorter if cut < rest else lines), where)

    def hears_too(self, notice: str, told: str) -> None:
        """What the notices channel reads; not again what was just printed as a direct message."""
        first, second = notice.splitlines(), told.splitlines()
        if first[:2] != second[:2]:
            self.sees("Everybody", notice, "in #billing-notices")
            return
        who = next((line for line in first[2:] if line.startswith("Asked for by ")), "")
        self.note(f"Everybody reads the same in #billing-notices. {who}".rstrip())

    def changed(self, site: Site) -> None:
        """Calls and documents that are new since the last time. The bot's internal notes are left out: they come any time."""
        calls = [c for c in site.calls() if c["method"] == "POST" and not c["path"].endswith("/comments")]
        for call in calls[self._told :]:
            user = call["headers"].get("chargebee-request-origin-user", "")
            origin = f", in the name of {user}" if user else ""
            click.echo(f"   Chargebee gets  {click.style('POST ' + call['path'], fg='yellow')}{origin}")
        self._told = len(calls)
        after = _picture(site)
        for key, fields in after.items():
            before = self._before.get(key)
            if before is None:
                _wrapped(f"   Chargebee makes {key[1]}: {_list(fields)}")
            elif before != fields:
                moved = [
                    f"{name} {before[name]} → {value}"
                    for name, value in fields.items()
                    if before[name] != value
                ]
                _wrapped(f"   Chargebee changes {key[1]}: {', '.join(moved)}")
        self._before = after

    def end(self) -> None:
        click.echo()
        click.secho("Everything ended as told.", fg="green", bold=True)

    def went_wrong(self, why: str, log: str) -> None:
        click.echo()
        click.secho("This did not end as told:", fg="red", bold=True)
        click.echo(textwrap.indent(why, "  "))
        click.echo("The bot's log ends with:")
        click.echo(textwrap.indent("\n".join(log.splitlines()[-25:]), "  "))


def _wrapped(text: str) -> None:
    click.echo(textwrap.fill(text, WIDTH, subsequent_indent="      "))


def _picture(site: Site) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (kind, one["id"]): {name: _shown(name, one) for name in fields if name in one}
        | ({"einvoice": one["einvoice"]["status"]} if one.get("einvoice") else {"einvoice": "none"})
        for kind, fields in FIELDS.items()
        for one in site.documents(kind)
    }


def _shown(name: str, document: dict[str, Any]) -> str:
    value = document[name]
    return f"{value / 100:.2f} {document['currency_code']}" if name in AMOUNTS else str(value)


def _list(fields: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in fields.items() if value != "none")
