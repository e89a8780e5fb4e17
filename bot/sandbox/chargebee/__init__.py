"""A simulated Chargebee site that speaks the real wire protocol on loopback.

It shares no code with the bot: a simulator built on the bot's own models would agree with the bot's
mistakes. Where Chargebee is strict, it is strict; how far each part goes, and from which source, is the
table in `fidelity.py`.

    server.py         sockets: authentication, routing, idempotent replay, troubles, the call log
    control.py        the `/sandbox/...` interface of the server, and what each of its calls does
    routes.py         the table of endpoints
    site.py           one site: its documents and everything that can be told to it from outside
    state.py          the documents themselves: numbering, change marks, events, comments
    invoices.py       write off, remove credit note, apply credits, void
    credit_notes.py   create, void
    charges.py        the one-time charge, v1 and v2
    einvoices.py      sending, and what becomes of it as time passes
    listing.py        filters, operators, sorting, paging
    documents.py      the shape of every document, and the sums that must agree
    v1_shapes.py      the same documents as the v1 API shows them
    wire.py           forms: decoding, and the declared parameters of every endpoint
    headers.py        the request headers Chargebee knows
    idempotency.py    keys remembered for 30 minutes
    trouble.py        faults on demand
    errors.py         every refusal with its status
    fidelity.py       what is simulated, how far, from which source

In process::

    site = Site(profile="classic", clock=Clock())          # from .site
    server = await ChargebeeServer.start(site)             # from .server
    ...                                                    # server.url, with FULL_ACCESS_KEY as the user name
    await server.stop()
"""
