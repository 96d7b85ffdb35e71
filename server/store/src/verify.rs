//! Checks the audit log as it stands in a database.

use crate::audit::{Broken, GENESIS, Record};
use crate::{Store, StoreError};

/// Why a log was not found whole.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The chain is broken.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks the whole log. Returns how many records it holds and the hash of the last one.
///
/// A cut tail and a log that was rewritten as a whole can't be seen from inside: compare the returned head with one
/// that was noted elsewhere.
///
/// # Errors
/// The first place at which the chain is broken.
pub async fn verify(store: &dyn Store) -> Result<(i64, String), VerifyError> {
    const BATCH: u32 = 1_000;
    let mut last: Option<Record> = None;
    loop {
        let after = last.as_ref().map_or(0, |record| record.seq);
        let records = store.audit_after(after, BATCH).await?;
        if records.is_empty() {
            return Ok(last.map_or((0, GENESIS.to_owned()), |record| (record.seq, record.hash)));
        }
        for record in records {
            record.check(last.as_ref())?;
            last = Some(record);
        }
    }
}
