"""Steps of matters that cannot be taken."""

from __future__ import annotations

from geogrid.errors.family import AccessError, ConflictError, InputError
from geogrid.errors.requests import TooManyRequests


class StepUnknown(InputError):
    """The programme {programme} has no step {step}. Possible now: {possible}."""

    code = "step.unknown"


class EvidenceMissing(InputError):
    """The step {step} needs {missing}. Add it and send again."""

    code = "step.evidence"


class EvidenceInvalid(InputError):
    """The value of {name} cannot be used: {reason}."""

    code = "step.value"


class SamePerson(AccessError):
    """The step {step} may not be taken by who took {before}. Ask somebody else."""

    code = "step.same_person"


class RoleMissing(AccessError):
    """The step {step} is for {roles} of this place or party."""

    code = "step.role"


class WithinPassed(ConflictError):
    """The step {step} was possible until {until} only. Ask the dispatcher for another way."""

    code = "step.within"


class StepMerged(ConflictError):
    """The step {step} is not for this matter: it was merged and follows {parent}. Go on there, or take it apart first."""

    code = "step.merged"


class MergeRefused(ConflictError):
    """The matters cannot be merged: {reason}."""

    code = "step.merge"


class ExtensionSpent(ConflictError):
    """The clock {clock} cannot be extended any further: {reason}."""

    code = "step.extension"


class ProposalGone(ConflictError):
    """Nothing that waits for approval has the number {proposal}: it was decided, or the matter went on. Read the matter anew."""

    code = "step.proposal"


class ProposalWaits(ConflictError):
    """The step {step} was asked for already and waits for {approver}, as number {proposal}. Wait for the answer."""

    code = "step.waits"


class StepKeyConflict(ConflictError):
    """The key {key} came with another step before. Send each step under a key of its own; nothing was changed."""

    code = "step.key_conflict"


class StepConflict(ConflictError):
    """Somebody was quicker: {steps} happened since you read this matter. Read it anew and decide again; nothing was changed."""

    code = "step.conflict"


class RevealPurpose(InputError):
    """Say in {least} characters or more for what the words are needed: the purpose is kept with your name."""

    code = "reveal.purpose"


class RevealLimit(TooManyRequests):
    """You looked at {most} reports unmasked within a day. Ask your auditor before you go on."""

    code = "reveal.limit"
