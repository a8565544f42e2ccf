//! The failures of an import.

use bank_batch::BatchError;
use bank_db::WithCauses;

use super::{ExitCode, Failure};

impl From<BatchError> for Failure {
    fn from(error: BatchError) -> Self {
        let failure = |exit_code, code| Self::new(exit_code, code, WithCauses(&error));
        match &error {
            BatchError::Bank(error) => Self::from(error),
            BatchError::CannotOpen(..) => {
                failure(ExitCode::Usage, "input_unreadable").hint("name a file, or - for standard input")
            }
            BatchError::CannotRead(_) => failure(ExitCode::Other, "input_unreadable"),
            BatchError::Header(_) => failure(ExitCode::Usage, "invalid_input")
                .hint("begin with a header such as from,to,amount,id,memo; id and memo may be left out"),
            BatchError::JsonArray => {
                failure(ExitCode::Usage, "invalid_input").hint("write one JSON object a line, without commas between")
            }
            BatchError::NoIds => failure(ExitCode::Usage, "invalid_input")
                .hint("name this run of payments with --reference TEXT, or add a column id with UUIDs"),
            BatchError::TemporaryFile(_) => failure(ExitCode::Other, "temporary_file"),
            BatchError::Results(..) => {
                failure(ExitCode::Other, "results_unwritable").hint("name a file that can be written")
            }
            BatchError::Thread(_) => failure(ExitCode::Other, "no_thread"),
            BatchError::InputChanged => failure(ExitCode::Other, "input_changed"),
            BatchError::Interrupted => failure(ExitCode::Interrupted, "interrupted"),
        }
    }
}
