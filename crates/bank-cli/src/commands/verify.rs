//! `bank-cli verify`

use clap::Args;

use crate::commands::Context;
use crate::failure::{ExitCode, Failure};
use crate::output::{AuditRecord, RecordFormat, write_audit};

/// Recompute every balance from the journal and check all invariants
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLE:\n  bank-cli verify")]
pub(crate) struct VerifyArgs {
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

/// Audits the database and fails when an invariant is broken.
pub(crate) fn run(args: &VerifyArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let bank = context.connect()?;
    let report = context.messages.while_waiting("recomputing every balance", || bank.audit())?;
    let palette = context.terminal.palette;
    args.output.write(context.out, &AuditRecord::from(&report), |_, out| write_audit(out, &report, palette))?;
    if report.is_sound() {
        return Ok(());
    }
    let broken = match report.findings.len() {
        1 => "1 invariant is broken".to_owned(),
        count => format!("{count} invariants are broken"),
    };
    Err(Failure::new(ExitCode::VerificationFailed, "verification_failed", broken)
        .hint("stop posting, keep a copy of the database, and look at the offenders"))
}
