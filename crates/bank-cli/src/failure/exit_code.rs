//! The exit codes of `bank-cli`: part of its interface, never renumbered.

/// Why the process ended.
///
/// A process that Ctrl-C interrupts is ended by the signal itself, which a shell reports as 130. Only `batch` and `workload
/// run` stop between commits and end with that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// The command was carried out; a replayed transfer counts too.
    Ok,
    /// Any failure that has no code of its own, such as a database that is not set up.
    Other,
    /// The command line or a value on it is invalid.
    Usage,
    /// An account or transfer does not exist.
    NotFound,
    /// A rule refused the request; nothing was changed.
    Rejected,
    /// The transfer id was used before with other content.
    IdConflict,
    /// The database stayed busy until the retries were used up; nothing was changed.
    RetriesExhausted,
    /// No connection: address, authentication, TLS, or a file that cannot be opened.
    CannotConnect,
    /// The audit found a broken invariant, or a workload saw one.
    VerificationFailed,
    /// The answer to a commit was lost: run the transfer again with the same id.
    OutcomeUnknown,
    /// Ctrl-C has stopped the command at a point from which it can be continued.
    Interrupted,
}

impl ExitCode {
    /// All exit codes, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::Other,
        Self::Usage,
        Self::NotFound,
        Self::Rejected,
        Self::IdConflict,
        Self::RetriesExhausted,
        Self::CannotConnect,
        Self::VerificationFailed,
        Self::OutcomeUnknown,
        Self::Interrupted,
    ];

    /// Returns the number that the operating system sees.
    pub const fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Other => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Rejected => 4,
            Self::IdConflict => 5,
            Self::RetriesExhausted => 6,
            Self::CannotConnect => 7,
            Self::VerificationFailed => 8,
            Self::OutcomeUnknown => 9,
            Self::Interrupted => 130,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_up_from_zero_and_an_interruption_is_the_shells() {
        let numbers: Vec<u8> = ExitCode::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, (0..10).chain([130]).collect::<Vec<u8>>());
    }
}
