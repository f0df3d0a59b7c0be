"""A real browser that sees a shop as its customers do, and reaches nothing but through our guard.

Chromium runs in a process of its own, driven by another one; every request that a page makes is
handed back to whoever asked for the picture, and nothing else leaves.
"""

from integrations.browser.driver import Ask, Browser, NotShown, Shot, find_chromium

__all__ = ["Ask", "Browser", "NotShown", "Shot", "find_chromium"]
