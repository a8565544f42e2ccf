//! What the ledger remembers of a reference, compared with a file.

use std::collections::HashMap;

use bank_domain::{PostedTransfer, TransferField, TransferId};
use bank_persistence::{Bank, BankError, Batch, DbConnection, Derivation, RecordedBatch, batches};

use crate::account_cache::AccountCache;
use crate::error::BatchError;
use crate::file::Again;
use crate::ids::{LineIds, OrdinalIds};
use crate::other_content::OtherContent;
use crate::reader::Reading;
use crate::reference::Reference;
use crate::resolved::ResolvedChunk;

/// The lines that are compared at a time with the journal.
const LINES_PER_LOOK: usize = 8190;

/// A file with a reference, before and while it is posted.
pub(crate) struct KnownBatch {
    pub(crate) batch: Batch,
}

impl KnownBatch {
    /// Returns the file with the content that its lines have, and the derivation that is recorded or else found.
    pub(crate) fn new(reference: &Reference, digest: [u8; 32], lines: u64, derivation: Derivation) -> Self {
        let (reference_key, reference) = (reference.key().to_owned(), reference.as_str().to_owned());
        Self { batch: Batch { reference_key, reference, digest, lines, derivation } }
    }

    /// Takes over what is recorded, if it is this file.
    pub(crate) fn agree(
        &mut self,
        recorded: RecordedBatch,
        bank: &Bank,
        reference: &Reference,
        again: &Again,
    ) -> Result<(), BatchError> {
        if recorded.batch.digest != self.batch.digest {
            let differs = first_difference(bank, reference, again, &recorded.batch)?;
            let (reference, lines) = (recorded.batch.reference.clone(), self.batch.lines);
            return Err(BatchError::OtherContent(Box::new(OtherContent { reference, recorded, lines, differs })));
        }
        self.batch = recorded.batch;
        Ok(())
    }

    /// Returns what derives the ids of its lines.
    pub(crate) fn ids(&self, reference: &Reference) -> LineIds {
        LineIds::new(reference, &self.batch.reference, self.batch.derivation)
    }

    /// Returns what records the file in the transaction that posts it, and says whether that must be rolled back because
    /// something else is recorded by then.
    pub(crate) fn recorder(&self) -> impl Fn(&mut DbConnection) -> Result<bool, BankError> + Send + Sync + use<> {
        let batch = self.batch.clone();
        move |connection| Ok(batches::record(connection, &batch)?.batch != batch)
    }
}

/// Returns the number of the first line that was posted under the reference with other content.
fn first_difference(
    bank: &Bank,
    reference: &Reference,
    again: &Again,
    recorded: &Batch,
) -> Result<Option<(u64, TransferField)>, BatchError> {
    // Ids that follow from the content never have another one.
    if recorded.derivation == Derivation::Content {
        return Ok(None);
    }
    let mut reader = again.reader()?;
    reader.reading = Reading::first(Some(LineIds::new(reference, &recorded.reference, recorded.derivation)));
    let mut accounts = AccountCache::new(bank);
    while let Some(chunk) = reader.next_chunk(LINES_PER_LOOK)? {
        let mut resolved = ResolvedChunk::new(chunk, &mut accounts)?;
        let transfers = resolved.take_transfers();
        let ids: Vec<TransferId> = transfers.iter().map(|transfer| transfer.id).collect();
        let posted: HashMap<TransferId, PostedTransfer> =
            bank.find_transfers(&ids)?.into_iter().map(|posted| (posted.transfer.id, posted)).collect();
        for (place, transfer) in transfers.iter().enumerate() {
            let field = posted.get(&transfer.id).and_then(|posted| posted.transfer.difference(transfer));
            if let Some(field) = field {
                return Ok(Some((resolved.line_of(place), field)));
            }
        }
    }
    Ok(None)
}

/// Forgets the file of a reference, so that another one can be posted under it.
///
/// # Errors
///
/// [`BatchError::NotForgotten`] if any of its lines was posted under a derived id.
pub fn forget(bank: &Bank, reference: &Reference) -> Result<Option<RecordedBatch>, BatchError> {
    let Some(recorded) = bank.find_batch(reference.key())? else { return Ok(None) };
    let ids = OrdinalIds::new(reference);
    let posted = match recorded.batch.derivation {
        Derivation::Ordinal => bank.forget_batch(&recorded.batch, ids.range())?.map(|id| ids.ordinal_of(id)),
        // It was recorded because a line of it was found in the journal.
        Derivation::Content => Some(None),
    };
    match posted {
        None => Ok(Some(recorded)),
        Some(ordinal) => Err(BatchError::NotForgotten { reference: recorded.batch.reference, ordinal }),
    }
}
