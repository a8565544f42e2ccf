//! The exit codes of `bank-cli`: part of its interface, never renumbered.

/// Why the process ended.
///
/// Ctrl-C ends the process by its signal, which a shell reports as 130. Only `batch` and `workload run` catch the signal:
/// they stop between commits and exit with 130.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// The command succeeded; also if the transfer had been posted before under this id.
    Ok,
    /// Any failure that has no code of its own, such as a database that is not set up.
    Other,
    /// The command line or a value on it is invalid.
    Usage,
    /// An account or transfer does not exist.
    NotFound,
    /// A rule rejected the request, or lines of a batch; rejected transfers change nothing.
    Rejected,
    /// The transfer id was used before with other content.
    IdConflict,
    /// bank-cli gave up retrying; a single transfer changed nothing, posted lines of a batch stay posted.
    RetriesExhausted,
    /// No connection: address, authentication, TLS, or a file that cannot be opened, or should not.
    CannotConnect,
    /// The audit found a broken invariant, or a workload saw one.
    VerificationFailed,
    /// The answer to a commit was lost: run the transfer again with the same id.
    OutcomeUnknown,
    /// Ctrl-C stopped the command between commits; running it again continues the work.
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
    fn numbers_count_up_from_zero_except_for_an_interruption() {
        let numbers: Vec<u8> = ExitCode::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, (0..10).chain([130]).collect::<Vec<u8>>());
    }
}
