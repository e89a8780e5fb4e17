"""The workspace page: both simulators in a browser, used by hand. It begins in `server.py`; `page/` is what a browser gets."""
