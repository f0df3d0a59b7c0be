"""Evidence of patrols, as other rooms use it: custody, the list that is stamped, the viewer's."""

from console.actions.patrol.custody import close_evidence, look_note, looks_at, note_custody
from console.actions.patrol.evidence_view import (
    CaptureView,
    EvidenceView,
    FieldView,
    FileView,
    PictureView,
    evidence_of,
)

__all__ = [
    "CaptureView",
    "EvidenceView",
    "FieldView",
    "FileView",
    "PictureView",
    "close_evidence",
    "evidence_of",
    "look_note",
    "looks_at",
    "note_custody",
]
