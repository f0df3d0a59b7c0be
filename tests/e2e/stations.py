"""The stations of the whole path, in their order."""

from tests.e2e.case_stations import (
    a_case_is_sent,
    a_patrol_runs,
    another_person_looks,
    the_findings_have_evidence,
    the_platform_answers,
    the_regulator_reads,
)
from tests.e2e.channel_stations import (
    a_licence_is_granted,
    agents_are_imported,
    agents_are_reviewed,
    papers_are_filed,
    staff_is_made,
    the_list_is_published,
    the_public_looks,
)
from tests.e2e.story import Story

STATIONS = (
    staff_is_made,
    agents_are_imported,
    papers_are_filed,
    agents_are_reviewed,
    a_licence_is_granted,
    the_list_is_published,
    the_public_looks,
    a_patrol_runs,
    the_findings_have_evidence,
    a_case_is_sent,
    the_platform_answers,
    another_person_looks,
    the_regulator_reads,
)


def walk(story: Story) -> None:
    """From an empty house to a closed case, station by station; the record is whole after it."""
    for station in STATIONS:
        station(story)
    story.served.channel("audit", "verify")
