//! The files of transfers that the ledger remembers.

use bank_domain::{PostedTransfer, TransferId};

use super::Bank;
use crate::batches::{self, Batch, RecordedBatch};
use crate::error::BankError;
use crate::posting;

impl Bank {
    /// Returns the file of transfers that is recorded under this key.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn find_batch(&self, reference_key: &str) -> Result<Option<RecordedBatch>, BankError> {
        let key = reference_key.to_owned();
        self.query("finding a batch", move |connection| batches::find(connection, &key))
    }

    /// Records a file of transfers, unless its key is taken, and returns what is recorded under the key now. The caller
    /// compares the two, and posts nothing if they differ.
    ///
    /// # Errors
    ///
    /// As for [`Bank::write`]. After any error the file may be recorded; recording it again is harmless.
    pub fn record_batch(&self, batch: &Batch) -> Result<RecordedBatch, BankError> {
        let batch = batch.clone();
        self.write("recording a batch", move |connection| batches::record(connection, &batch))
    }

    /// Forgets a file of transfers whose ids lie in a range, both ends included, if none of them is in the journal. Returns
    /// an id that is there, and forgets nothing then.
    ///
    /// # Errors
    ///
    /// As for [`Bank::write`].
    pub fn forget_batch(&self, batch: &Batch, ids: (TransferId, TransferId)) -> Result<Option<TransferId>, BankError> {
        let batch = batch.clone();
        self.write("forgetting a batch", move |connection| batches::forget(connection, &batch, ids))
    }

    /// Returns the transfers of these ids that are in the journal, in no order.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn find_transfers(&self, ids: &[TransferId]) -> Result<Vec<PostedTransfer>, BankError> {
        let ids = ids.to_vec();
        let found = self.query("finding transfers", {
            let ids = ids.clone();
            move |connection| posting::find(connection, &ids)
        })?;
        let wanted: std::collections::HashSet<TransferId> = ids.into_iter().collect();
        Ok(found.into_iter().filter(|posted| wanted.contains(&posted.transfer.id)).collect())
    }
}
