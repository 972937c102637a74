"""Writes as data: what may be written, plans, their application chunk by chunk, and the journal with its undo."""

from .applying import Application, Ending, Report
from .flow import Phase, Writing
from .journal import Journal, Step, leases_of, undo
from .many import Deletion, Transfer, directory
from .operations import Chunk, Committed, Conflict, Delete, Guard, Operation, Put
from .plan import Kind, Plan, Sample, Values, check_editable, create, delete_key, edit, restore, transfer
from .protection import OPEN, Protection, RefusedError, Span
from .script import left_out, plan_lines, script

__all__ = [
    "OPEN",
    "Application",
    "Chunk",
    "Committed",
    "Conflict",
    "Delete",
    "Deletion",
    "Ending",
    "Guard",
    "Journal",
    "Kind",
    "Operation",
    "Phase",
    "Plan",
    "Protection",
    "Put",
    "RefusedError",
    "Report",
    "Sample",
    "Span",
    "Step",
    "Transfer",
    "Values",
    "Writing",
    "check_editable",
    "create",
    "delete_key",
    "directory",
    "edit",
    "leases_of",
    "left_out",
    "plan_lines",
    "restore",
    "script",
    "transfer",
    "undo",
]
