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
            BatchError::Rejected(..) => {
                failure(ExitCode::Other, "rejected_unwritable").hint("name a file that can be written")
            }
            BatchError::OtherContent(_) => failure(ExitCode::Rejected, "reference_conflict").hint(
                "nothing was posted; post corrected lines with the ids that --rejected wrote and without --reference, and \
                 other payments under another reference",
            ),
            BatchError::NotForgotten { .. } => failure(ExitCode::Rejected, "reference_in_use")
                .hint("post other payments under another reference"),
            BatchError::Thread(_) => failure(ExitCode::Other, "no_thread"),
            BatchError::InputChanged => failure(ExitCode::Other, "input_changed").hint(
                "posted lines stay posted; under its reference the file must be what it was when this run began to read it",
            ),
            BatchError::Interrupted => failure(ExitCode::Interrupted, "interrupted"),
        }
    }
}
