//! What a workload's failures mean for the process.

use bank_db::WithCauses;
use bank_workload::{Summary, WorkloadError, WorkloadVerdict};

use super::{ExitCode, Failure};

impl From<WorkloadError> for Failure {
    fn from(error: WorkloadError) -> Self {
        let failure = |exit_code, code| Self::new(exit_code, code, WithCauses(&error));
        match &error {
            WorkloadError::Bank(error) => Self::from(&**error),
            WorkloadError::InvalidAccount(_) => {
                failure(ExitCode::Usage, "invalid_input").hint("see `bank-cli workload init --help`")
            }
            WorkloadError::NotInitialised { is_inside, .. } => {
                let here = if *is_inside { " --here" } else { "" };
                failure(ExitCode::Other, "no_workload").hint(format!("run `bank-cli workload init{here}`"))
            }
            WorkloadError::ForeignAccounts { .. } => failure(ExitCode::Other, "real_accounts")
                .hint("a workload leaves the accounts of others alone: drop them, or work beside them with --here"),
            WorkloadError::ForeignFile { .. } => {
                failure(ExitCode::Other, "foreign_file").hint("leave --here out, or name a file for bank alone")
            }
            WorkloadError::InMemory => {
                failure(ExitCode::Usage, "in_memory").hint("name a file, such as sqlite:bank.db")
            }
            WorkloadError::Schema { .. } => failure(ExitCode::Other, "no_workload_schema")
                .hint("ask an administrator to create it, or use --here in a database made for this"),
            WorkloadError::Thread(_) => {
                failure(ExitCode::Other, "no_thread").hint("ask for fewer --clients and --readers")
            }
            WorkloadError::Panicked => failure(ExitCode::Other, "panicked"),
            WorkloadError::Histogram(_) => failure(ExitCode::Other, "no_histogram"),
            WorkloadError::Report(_) => failure(ExitCode::Other, "no_report"),
            _ => failure(ExitCode::Other, "workload_failed"),
        }
    }
}

impl Failure {
    /// Returns the failure that the process ends with, if the run of a workload is not sound; the worst comes first.
    pub(crate) fn of_workload(summary: &Summary, error: Option<WorkloadError>) -> Option<Self> {
        if summary.verdict == WorkloadVerdict::Violated {
            let first = summary.first_violations.first().map_or("", String::as_str);
            let message = match summary.violations {
                1 => first.to_owned(),
                count => format!("{count} violations, the first: {first}"),
            };
            return Some(
                Self::new(ExitCode::VerificationFailed, "verification_failed", message)
                    .hint("keep a copy of the database and look at the offenders: `bank-cli workload check`"),
            );
        }
        if summary.transfers.unknown > 0 {
            let message = format!("the outcomes of {} transfers stay unknown", summary.transfers.unknown);
            return Some(
                Self::new(ExitCode::OutcomeUnknown, "outcome_unknown", message)
                    .hint("give the database more time to come back with --settle"),
            );
        }
        let interrupted = || Self::new(ExitCode::Interrupted, "interrupted", "interrupted");
        error.map(Self::from).or_else(|| summary.interrupted.then(interrupted))
    }
}
