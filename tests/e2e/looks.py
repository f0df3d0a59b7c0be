"""The same pages by night, in English and on a phone."""

from playwright.sync_api import expect

from tests.e2e.actors import PHONE
from tests.e2e.story import Story


def it_looks_right_elsewhere(story: Story) -> None:
    """In English, in the dark, and on a telephone; pictures to be looked at."""
    case = story.ids["case"]
    english = story.people["he.jing"]
    english.page.get_by_role("radio", name="English").click()
    expect(english.page.get_by_role("heading", level=1)).not_to_contain_text("案件")
    for page, query in (("", {}), ("overview", {}), ("cases", {"id": case})):
        english.open(page, **query)
        english.keep(f"en-{page or 'work_list'}")
    dark = story.comes("li.hua", "/console/overview", dark=True)
    dark.keep("dark-overview")
    dark.open("findings", id=story.ids["finding"])
    dark.keep("dark-finding")
    small = story.comes("lan.xin", "/console/cases", viewport=PHONE)
    small.keep("phone-cases")
    small.open("cases", id=case)
    small.keep("phone-case")
    manager = story.comes("chen.ming", "/console/agents", viewport=PHONE)
    manager.keep("phone-agents")
    manager.open("patrols", id=story.ids["run"])
    manager.keep("phone-patrol")
