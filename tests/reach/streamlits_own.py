"""What axe-core finds in markup that Streamlit makes and offers no way to change.

One place for all of it. Each is gone from here as soon as it no longer occurs: a test sees to it.
"""

from typing import Final

from tests.reach.axe import Own

OWN: Final = (
    Own(
        "list",
        "ul[data-testid=stSidebarNavItems]",
        "st.navigation puts each group of the navigation into a div between the list and its items",
    ),
    Own(
        "listitem",
        "[data-testid=stSidebarNavItems] li",
        "the same: a screen reader says each link, but not how many there are",
    ),
)
