//! CSV files for `bank-cli batch`, with the same transfers for the library.

use std::path::{Path, PathBuf};

use bank_domain::Transfer;

use crate::failure::Failure;
use crate::measure::{Ids, Spread};
use crate::stage::transfer_source::TransferSource;

/// A file and the transfers in it.
pub(crate) struct CsvFile {
    pub(crate) path: PathBuf,
    pub(crate) transfers: Vec<Transfer>,
}

impl CsvFile {
    /// Draws transfers and writes them to a new file, with a column of ids only for [`Ids::Own`].
    pub(crate) fn write(directory: &Path, ids: Ids, accounts: u32, lines: u32) -> Result<Self, Failure> {
        let (name, header): (_, &[&str]) = match ids {
            Ids::Own => ("own.csv", &["from", "to", "amount", "id"]),
            Ids::Derived => ("derived.csv", &["from", "to", "amount"]),
        };
        let path = directory.join(name);
        let mut writer = csv::Writer::from_path(&path)?;
        writer.write_record(header)?;
        let mut source = TransferSource::new(accounts, Spread::Uniform);
        let mut transfers = Vec::new();
        let file = fastrand::u128(..);
        for line in 1..=lines {
            let transfer = match ids {
                Ids::Own => source.transfer(),
                Ids::Derived => source.transfer_of_line(file, line),
            };
            let [from, to] = [transfer.from, transfer.to].map(|account| format!("account-{:08}", account.get()));
            let record = [from, to, transfer.amount.to_string(), transfer.id.to_string()];
            writer.write_record(record.iter().take(header.len()))?;
            transfers.push(transfer);
        }
        writer.flush().map_err(Failure::io("cannot write the file of lines"))?;
        Ok(Self { path, transfers })
    }
}
