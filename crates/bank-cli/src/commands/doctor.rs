//! `bank-cli doctor`

use bank_persistence::{RetryPolicy, SchemaState, Settings};
use clap::Args;
use serde_json::json;

use crate::args::Location;
use crate::commands::Context;
use crate::doctor::{self, Check, Requested, Status};
use crate::failure::{ExitCode, Failure};
use crate::output::{RecordFormat, write_checks};

const AFTER_HELP: &str = "\
EXAMPLE:
  bank-cli doctor

Each line is ok, warn (it works, but could be better), FAIL (it does not work, or
breaks a guarantee) or unknown (the database does not say), and tells what to do.
The exit code is 0 without a FAIL, 7 without a connection, otherwise 1. doctor
changes nothing.";

/// Check the database and the connection to it, and say what to fix
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DoctorArgs {
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

/// Prints the report, with or without a connection.
pub(crate) fn run(args: &DoctorArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    // Not `context.locate`: its remark about certificates is one of the checks.
    let location = Location::find(context.typed_database_url())?;
    let mut checks = vec![doctor::location(&location)];
    let settings = context.settings();
    // What stands in the way now is what the report is about.
    let once = Settings { retry: RetryPolicy { attempts_max: 1, ..settings.retry }, ..settings.clone() };
    let connected = context.open(&location, once);
    let result = match connected {
        Err(failure) => {
            checks.push(doctor::unreachable(&failure));
            Err(failure)
        }
        Ok(bank) => {
            let diagnosis = context.messages.while_waiting("checking the database", || bank.diagnose())?;
            checks.extend(doctor::judge(&diagnosis, &Requested { url: &location.url, settings: &settings }));
            if diagnosis.schema == Ok(SchemaState::Current) {
                checks.extend(doctor::judge_tables(&bank.inspect_tables(), location.url.backend()));
            }
            require_healthy(&checks)
        }
    };
    let record = json!({ "ok": result.is_ok(), "checks": checks });
    args.output.write(context.out, &record, |_, out| write_checks(out, &checks, context.terminal))?;
    result
}

fn require_healthy(checks: &[Check]) -> Result<(), Failure> {
    let failed: Vec<&str> =
        checks.iter().filter(|check| check.judgement.status == Status::Fail).map(|check| check.check).collect();
    match failed.len() {
        0 => Ok(()),
        count => {
            let (what, it) = if count == 1 { ("check has", "it") } else { ("checks have", "them") };
            let message = format!("{count} {what} failed: {}", failed.join(", "));
            let hint = format!("the report says what to do about {it}");
            Err(Failure::new(ExitCode::Other, "unhealthy", message).hint(hint))
        }
    }
}
