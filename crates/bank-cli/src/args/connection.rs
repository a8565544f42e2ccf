//! The options of every command that set how the connection behaves.

use std::time::Duration;

use bank_persistence::{Isolation, RetryPolicy, Settings};
use clap::Args;

use super::choice::Choice;

/// Limits of the connection and its transactions.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection options")]
pub(crate) struct ConnectionArgs {
    /// Isolation level of writing transactions; has no effect on SQLite
    #[arg(long, value_name = "LEVEL", value_parser = Choice(&ISOLATIONS), global = true, env = "BANK_ISOLATION", hide_env_values = true)]
    isolation: Option<Isolation>,
    /// Seconds to wait for a server that does not answer before trying again [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, global = true, env = "BANK_ANSWER_TIMEOUT", hide_env_values = true)]
    answer_timeout: Option<Duration>,
    /// Seconds that a statement may run on the server [default: 10, and the server's own limit where nothing is written]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, global = true, env = "BANK_STATEMENT_TIMEOUT", hide_env_values = true)]
    statement_timeout: Option<Duration>,
    /// Seconds to wait for a lock, and on SQLite for another writer, before trying again [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, global = true, env = "BANK_LOCK_TIMEOUT", hide_env_values = true)]
    lock_timeout: Option<Duration>,
    /// Largest number of attempts, including the first [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), global = true, env = "BANK_ATTEMPTS", hide_env_values = true)]
    attempts: Option<u32>,
    /// Seconds after which no new attempt starts [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, global = true, env = "BANK_RETRY_TIME", hide_env_values = true)]
    retry_time: Option<Duration>,
}

/// The isolation levels, as typed.
pub(crate) const ISOLATIONS: [(&str, Isolation); 3] = [
    ("read-committed", Isolation::ReadCommitted),
    ("repeatable-read", Isolation::RepeatableRead),
    ("serializable", Isolation::Serializable),
];

impl ConnectionArgs {
    /// Returns the settings of the connection.
    pub(crate) fn settings(&self) -> Settings {
        let base = Settings::one_shot();
        Settings {
            application_name: "bank-cli".to_owned(),
            isolation: self.isolation.unwrap_or(base.isolation),
            answer_timeout: self.answer_timeout.unwrap_or(base.answer_timeout),
            statement_timeout: self.statement_timeout.unwrap_or(base.statement_timeout),
            read_timeout: self.statement_timeout,
            lock_timeout: self.lock_timeout.unwrap_or(base.lock_timeout),
            busy_timeout: self.lock_timeout.unwrap_or(base.busy_timeout),
            retry: RetryPolicy {
                attempts_max: self.attempts.unwrap_or(base.retry.attempts_max),
                elapsed_max: self.retry_time.unwrap_or(base.retry.elapsed_max),
                ..base.retry
            },
            ..base
        }
    }
}

/// The longest time that an option accepts, in seconds: a day.
const SECONDS_MAX: f64 = 86_400.0;

/// Parses a number of seconds, such as `2` or `0.5`, from a millisecond to a day.
fn seconds(text: &str) -> Result<Duration, String> {
    // A value that was written with an editor ends with a line feed.
    let number: f64 =
        text.trim_end_matches(['\r', '\n']).parse().map_err(|_| format!("\"{text}\" is not a number of seconds"))?;
    if !(0.001..=SECONDS_MAX).contains(&number) {
        return Err(format!("\"{text}\" is not between 0.001 and {SECONDS_MAX} seconds"));
    }
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    use clap::Parser;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        connection: ConnectionArgs,
    }

    #[test]
    fn every_option_reaches_its_setting() {
        let settings = |options: &[&str]| {
            let typed = ["bank-cli"].iter().chain(options);
            Typed::try_parse_from(typed).unwrap().connection.settings()
        };
        for (name, isolation) in ISOLATIONS {
            assert_eq!(settings(&["--isolation", name]).isolation, isolation);
        }
        assert_eq!(settings(&["--answer-timeout", "7"]).answer_timeout, Duration::from_secs(7));
        let limited = settings(&["--statement-timeout", "7"]);
        assert_eq!([Some(limited.statement_timeout), limited.read_timeout], [Some(Duration::from_secs(7)); 2]);
        assert_eq!(settings(&[]).read_timeout, None);
        let waits = settings(&["--lock-timeout", "7"]);
        assert_eq!([waits.lock_timeout, waits.busy_timeout], [Duration::from_secs(7); 2]);
        assert_eq!(settings(&["--attempts", "7"]).retry.attempts_max, 7);
        assert_eq!(settings(&["--retry-time", "7"]).retry.elapsed_max, Duration::from_secs(7));
    }

    #[test]
    fn accepts_seconds_from_a_millisecond_to_a_day() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("2\n"), Ok(Duration::from_secs(2)));
        assert_eq!(seconds("86400"), Ok(Duration::from_secs(86_400)));
        for text in ["0", "-1", "NaN", "inf", "86401", "1e99", "", "2s"] {
            assert!(seconds(text).is_err(), "{text:?}");
        }
    }
}
