//! The files of transfers that the ledger remembers: a reference belongs to one content.

use bank_db::DbConnection;
use bank_db::sql_types::{StoredTime, StoredUuid};
use bank_domain::TransferId;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::error::BankError;
use crate::insert::insert_or_keep;
use crate::schema::{batches, transfers};

/// How the lines of a file without ids of their own got their ids. It never changes once it is recorded: an id that changed
/// would let a line be posted twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// From the reference, the content of the line and its occurrence among equal lines, as the first edition did.
    Content,
    /// From the reference and the line's ordinal in the file.
    Ordinal,
}

impl Derivation {
    const fn stored(self) -> i16 {
        match self {
            Self::Content => 1,
            Self::Ordinal => 2,
        }
    }

    const fn from_stored(stored: i16) -> Option<Self> {
        match stored {
            1 => Some(Self::Content),
            2 => Some(Self::Ordinal),
            _ => None,
        }
    }
}

/// A file of transfers, known by its reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Identifies the file: the reference without differences that people do not see.
    pub reference_key: String,
    /// The reference as it was typed first.
    pub reference: String,
    /// The SHA-256 of the content.
    pub digest: [u8; 32],
    /// The number of lines.
    pub lines: u64,
    /// How its lines got their ids.
    pub derivation: Derivation,
}

/// A [`Batch`] as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedBatch {
    /// The file.
    pub batch: Batch,
    /// When it was recorded, by the database's clock.
    pub recorded_at: DateTime<Utc>,
}

#[derive(Queryable)]
struct BatchRow {
    reference_key: String,
    reference: String,
    digest: Vec<u8>,
    lines: i64,
    derivation: i16,
    recorded_at: StoredTime,
}

impl TryFrom<BatchRow> for RecordedBatch {
    type Error = BankError;

    fn try_from(row: BatchRow) -> Result<Self, BankError> {
        let BatchRow { reference_key, reference, digest, lines, derivation, recorded_at } = row;
        let corrupt = |reason: &str| BankError::Corrupt {
            table: "batches",
            id: reference_key.clone(),
            reason: reason.to_owned(),
        };
        let batch = Batch {
            digest: digest.try_into().map_err(|_| corrupt("the digest does not have 32 bytes"))?,
            lines: lines.try_into().map_err(|_| corrupt("the number of lines is negative"))?,
            derivation: Derivation::from_stored(derivation)
                .ok_or_else(|| corrupt("a newer program has derived its ids"))?,
            reference_key,
            reference,
        };
        Ok(Self { batch, recorded_at: recorded_at.0 })
    }
}

/// Returns the file that is recorded under this key.
///
/// # Errors
///
/// [`BankError::Corrupt`] if another program has written the row; an error of the database if the query fails.
pub fn find(connection: &mut DbConnection, reference_key: &str) -> Result<Option<RecordedBatch>, BankError> {
    let row: Option<BatchRow> = batches::table.find(reference_key).first(connection).optional()?;
    row.map(RecordedBatch::try_from).transpose()
}

/// Records a file, unless its key is taken, and returns what is recorded under the key now. The caller compares.
///
/// # Errors
///
/// As for [`find`]; [`BankError::InvariantViolation`] if the row is neither written nor found.
pub fn record(connection: &mut DbConnection, batch: &Batch) -> Result<RecordedBatch, BankError> {
    let lines = i64::try_from(batch.lines).unwrap_or(i64::MAX);
    let values = (
        batches::reference_key.eq(&batch.reference_key),
        batches::reference.eq(&batch.reference),
        batches::digest.eq(&batch.digest[..]),
        batches::lines.eq(lines),
        batches::derivation.eq(batch.derivation.stored()),
    );
    insert_or_keep!(connection, batches::table, values)?;
    find(connection, &batch.reference_key)?.ok_or_else(|| BankError::InvariantViolation {
        detail: format!("the batch {} was recorded and is not there", batch.reference_key),
    })
}

/// Forgets a file whose ids lie in a range, if none of them is in the journal. Returns an id that is there, and forgets
/// nothing then.
///
/// # Errors
///
/// Returns an error if a statement fails.
pub fn forget(
    connection: &mut DbConnection,
    batch: &Batch,
    (first, last): (TransferId, TransferId),
) -> Result<Option<TransferId>, BankError> {
    let posted: Option<StoredUuid> = transfers::table
        .filter(transfers::id.between(StoredUuid(first.as_uuid()), StoredUuid(last.as_uuid())))
        .select(transfers::id)
        .first(connection)
        .optional()?;
    if let Some(StoredUuid(id)) = posted {
        return Ok(Some(TransferId::from_uuid(id)));
    }
    let same = batches::table.find(&batch.reference_key).filter(batches::digest.eq(&batch.digest[..]));
    diesel::delete(same).execute(connection)?;
    Ok(None)
}
