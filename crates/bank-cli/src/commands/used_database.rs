//! The database that a command has used, and a last look at its file when the command has ended.

use std::cell::OnceCell;

use bank_persistence::{Bank, BankError, DatabaseUrl};

use crate::failure::{ExitCode, Failure, file};

/// The first database that a command has used.
#[derive(Debug, Default)]
pub(crate) struct UsedDatabase {
    url: OnceCell<DatabaseUrl>,
    bank: OnceCell<Bank>,
}

impl UsedDatabase {
    /// Remembers which database the command is about to open.
    pub(super) fn opening(&self, url: &DatabaseUrl) {
        self.url.get_or_init(|| url.clone());
    }

    /// Remembers the database that the command has opened.
    pub(super) fn opened(&self, bank: &Bank) {
        self.bank.get_or_init(|| bank.clone());
    }

    /// Returns how the command really ended: it has not succeeded if what it recorded is in a file that has gone, and a
    /// failure can say more with the path of the file.
    pub(crate) fn judge(&self, result: Result<(), Failure>) -> Result<(), Failure> {
        let written = self.bank.get().map(Bank::database).filter(|database| database.has_written_to_file());
        match (result, written) {
            (Ok(()), Some(database)) => {
                database.require_file_in_place().map_err(|error| acknowledged(BankError::from(error).into()))
            }
            (Err(failure), Some(_)) if failure.code() == file::REPLACED => Err(acknowledged(failure)),
            // Whatever the command advises, running it again does not help.
            (Err(failure), _) => Err(match (failure.code(), self.url.get().and_then(DatabaseUrl::sqlite_path)) {
                (file::REPLACED, _) => failure.hint(file::PUT_BACK),
                (file::MOUNTED, _) => failure.hint(file::MOUNT_THE_DIRECTORY),
                (file::MALFORMED, Some(path)) => failure.hint(file::how_to_restore(path)),
                _ => failure,
            }),
            (Ok(()), None) => Ok(()),
        }
    }
}

/// Returns the failure as it is after something was recorded that may now be in a file without a name.
fn acknowledged(failure: Failure) -> Failure {
    failure.with_exit_code(ExitCode::OutcomeUnknown).hint(file::ACKNOWLEDGED)
}
