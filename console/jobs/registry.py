"""Everything that is done by itself: each area adds its kinds of work and its sweeps here."""

from datetime import timedelta
from typing import Final

from console.actions.cards.industry.old_days import sweep_card_days
from console.actions.cards.industry.old_files import sweep_usage_files
from console.actions.cards.industry.overdue import sweep_overdue
from console.actions.cards.industry.whole_days import sweep_parts
from console.actions.cases.doing import settle_tasks
from console.actions.cases.late import sweep_deadlines
from console.actions.channel.badges import finish_badges
from console.actions.channel.endings import sweep_expired, warn_of_ends
from console.actions.channel.golden import sweep_copy
from console.actions.channel.keys import keep_keys
from console.actions.channel.log import seal_logs
from console.actions.channel.losses import sweep_losses
from console.actions.channel.nightly import check_tonight
from console.actions.channel.publish import sweep_build, sweep_prepare
from console.actions.channel.review import sweep_lapsed
from console.actions.channel.scan_counts import forget_scans
from console.actions.channel.signals import watch_badges
from console.actions.channel.witnesses import show_to_witnesses
from console.actions.checks.devices import sweep_devices
from console.actions.checks.spot_sweeps import sweep_checks
from console.actions.exports.asking import expire_exports
from console.actions.oversight.pictures import sweep_pictures
from console.actions.oversight.reports import keep_reports
from console.actions.patrol.rehash import sweep_evidence
from console.actions.patrol.starting import start_due_plans
from console.actions.patrol.sweeps import note_overdue_runs
from console.actions.today.digests import send_digests
from console.jobs import imports, monitoring, notices, patrol, stamps, tellings, training
from console.jobs.base import Kind, Sweep

KINDS: Final[tuple[Kind, ...]] = (
    imports.IMPORTS,
    notices.NOTICES,
    notices.MESSAGES,
    tellings.TELLINGS,
    patrol.PATROLS,
    stamps.STAMPS,
    training.TRAININGS,
    monitoring.MONITORING,
)

SWEEPS: Final[tuple[Sweep, ...]] = (
    # The record is sealed at most ten seconds after a deed (DESIGN 3.5).
    Sweep("audit.seal", timedelta(seconds=5), seal_logs),
    Sweep("log.witness", timedelta(seconds=10), show_to_witnesses),
    # Days end at midnight in China, not at a round of ours: a minute is soon enough.
    Sweep("licences.expire", timedelta(minutes=1), sweep_expired),
    Sweep("licences.warn", timedelta(minutes=10), warn_of_ends),
    Sweep("agents.lapse", timedelta(minutes=1), sweep_lapsed),
    # Badges that a crash left requested.
    Sweep("badges.finish", timedelta(seconds=30), finish_badges),
    Sweep("keys.keep", timedelta(minutes=1), keep_keys),
    Sweep("keys.losses", timedelta(minutes=10), sweep_losses),
    # Once a day: it knows itself whether it was done.
    Sweep("badges.check", timedelta(minutes=30), check_tonight),
    Sweep("publications.prepare", timedelta(minutes=1), sweep_prepare),
    Sweep("publications.build", timedelta(seconds=10), sweep_build),
    Sweep("register.copy", timedelta(minutes=1), sweep_copy),
    # What scans look like is a reason to look, and no verdict: an hour is soon enough.
    Sweep("badges.watch", timedelta(hours=1), watch_badges),
    Sweep("patrols.plan", timedelta(seconds=30), start_due_plans),
    Sweep("patrols.overdue", timedelta(minutes=1), note_overdue_runs),
    # A session lasts minutes; raw reads are kept for months.
    Sweep("checks.sessions", timedelta(seconds=30), sweep_checks),
    Sweep("devices.keep", timedelta(minutes=10), sweep_devices),
    # By night alone, and a share of it each night: it knows itself what was done.
    Sweep("evidence.hash", timedelta(minutes=10), sweep_evidence),
    # Cases, their tasks, looks and appeals, instructions, rectifications, complaints.
    Sweep("tasks.settle", timedelta(minutes=1), settle_tasks),
    Sweep("cases.deadlines", timedelta(minutes=1), sweep_deadlines),
    # From half past eight in China, and each person at most once a day: it knows itself.
    Sweep("digests.send", timedelta(minutes=1), send_digests),
    Sweep("exports.expire", timedelta(minutes=10), expire_exports),
    Sweep("scans.forget", timedelta(days=1), forget_scans),
    # Each organisation's once an hour or when asked for, a few seconds at a time: it knows itself.
    Sweep("oversight.count", timedelta(seconds=30), sweep_pictures),
    # On Mondays and on the first of a month, from what was counted after midnight.
    Sweep("oversight.reports", timedelta(minutes=10), keep_reports),
    # What makers owe and who was to be named: days end at midnight, an hour is soon enough.
    Sweep("industry.overdue", timedelta(hours=1), sweep_overdue),
    # Soon after midnight, and each carrier once a day: it knows itself.
    Sweep("usage.days", timedelta(hours=1), sweep_parts),
    Sweep("usage.forget", timedelta(days=1), sweep_usage_files),
    Sweep("usage.forget_days", timedelta(days=1), sweep_card_days),
)
