"""Billing Bot.

An agent asks for a billing change in Slack; the right second person confirms it; Chargebee performs it once; the
channel hears of it; an auditor can prove it.

The map, each line importing only from the lines below it:

    __main__    the command line
    demo        the bot beside the sandbox, as a page in a browser or told as a story
    app         builds everything that touches the outside
    slack       listeners, forms, wording and the pictures drawn in Slack
    worker      what happens without anybody clicking: execute, settle, expire, recover, notify
    engine      the use cases: preview, submit, decide, execute, recover
    operations  one file for each kind of billing change
    chargebee   the wire to Chargebee    |    store   the database
    core        words and rules: money, plan, lifecycle, policy, record, errors. No I/O, no clock, no chance

Beside the list stands `sandbox`: a simulated Chargebee site and a simulated Slack workspace. It imports nothing from
here, so that it cannot agree with our mistakes.
"""

__version__ = "0.1.0"
