"""The sweep's part that signs the audit log; each checkpoint is in the process's log, too, which is kept elsewhere."""

from __future__ import annotations

from datetime import timedelta

from structlog.typing import FilteringBoundLogger

from ircopilot.access.audit_checkpoints import sign_due_logs
from ircopilot.access.audit_keys import AuditSigner, signer_of
from ircopilot.settings import AuditSettings
from ircopilot.stores import StoreSet


class LogSigning:
    """Signs what is due. The key is read when it is first needed, so that a bad one stops nothing else."""

    def __init__(self, settings: AuditSettings) -> None:
        self._settings = settings
        self._signer: AuditSigner | None = None

    def sign_due(self, stores: StoreSet, log: FilteringBoundLogger) -> int:
        """Sign the logs that are due; how many. Raises `UnusableAuditKey`, and what a key service raises."""
        if self._signer is None:
            self._signer = signer_of(self._settings)
        every, age = self._settings.every, timedelta(seconds=self._settings.age_s)
        made = sign_due_logs(stores.database, self._signer, self._settings.copies_file, every, age)
        for point in made:
            log.info(
                "audit checkpoint", org_id=point.org_id, number=point.number, seq=point.seq, hash=point.hash,
                key_id=point.key_id, signature=point.signature,
            )  # fmt: skip
        return len(made)
