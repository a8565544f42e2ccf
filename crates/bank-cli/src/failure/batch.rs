//! The failures of an import.

use bank_batch::BatchError;
use bank_db::WithCauses;

use super::{ExitCode, Failure};

impl From<BatchError> for Failure {
    fn from(error: BatchError) -> Self {
        let (exit_code, code, hint) = match &error {
            BatchError::Bank(error) => return Self::from(error),
            BatchError::CannotOpen(..) => {
                (ExitCode::Usage, "input_unreadable", Some("name a file, or - for standard input"))
            }
            BatchError::CannotRead(_) => (ExitCode::Other, "input_unreadable", None),
            BatchError::Header(_) => (
                ExitCode::Usage,
                "invalid_input",
                Some("begin with a header such as from,to,amount,id,memo; id and memo may be left out"),
            ),
            BatchError::JsonArray => {
                (ExitCode::Usage, "invalid_input", Some("write one JSON object a line, without commas between"))
            }
            BatchError::NoIds => (
                ExitCode::Usage,
                "invalid_input",
                Some("name this run of payments with --reference TEXT, or add a column id with UUIDs"),
            ),
            BatchError::TemporaryFile(_) => (ExitCode::Other, "temporary_file", None),
            BatchError::Results(..) => (ExitCode::Other, "results_unwritable", Some("name a file that can be written")),
            BatchError::Thread(_) => (ExitCode::Other, "no_thread", None),
            BatchError::InputChanged => (ExitCode::Other, "input_changed", None),
            BatchError::Interrupted => (ExitCode::Interrupted, "interrupted", None),
        };
        let failure = Self::new(exit_code, code, WithCauses(&error).to_string());
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
