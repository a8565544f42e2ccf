//! How the report of `doctor` is printed.

use std::io::{self, Write};

use super::terminal::{Palette, Terminal};
use super::wrap::wrap;
use crate::doctor::{Check, Status};

/// On a narrower terminal, a finding begins on its own line.
const COLUMNS_MIN: usize = 60;

/// Prints one line for each check; on a terminal, long lines wrap.
pub(crate) fn write_checks(out: &mut dyn Write, checks: &[Check], terminal: Terminal) -> io::Result<()> {
    let Palette { good, warning, bad, heading } = terminal.palette;
    let width = terminal.width.map_or(usize::MAX, usize::from);
    let names = checks.iter().map(|check| check.check.len()).max().unwrap_or_default();
    let (column, gap) = if width < COLUMNS_MIN { (2, "\n  ") } else { (names + 11, "  ") };
    for Check { check, judgement } in checks {
        let (style, status) = match judgement.status {
            Status::Ok => (good, "ok"),
            Status::Warn => (warning, "warn"),
            Status::Fail => (bad, "FAIL"),
            Status::Unknown => (heading, "unknown"),
        };
        let text = match &judgement.advice {
            Some(advice) => format!("{}; {advice}", judgement.finding),
            None => judgement.finding.clone(),
        };
        let head = format!("{status:7}  {check:names$}");
        let (_, head) = head.split_at(status.len());
        let head = if width < COLUMNS_MIN { head.trim_end() } else { head };
        writeln!(out, "{style}{status}{style:#}{head}{gap}{}", wrap(&text, width, column))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Judgement;

    fn printed(width: Option<u16>) -> String {
        let unencrypted = "not encrypted, and the host is another machine";
        let checks = [
            ("server", Judgement::ok("PostgreSQL 15.18")),
            ("tls", Judgement::warn(unencrypted, "add sslmode=verify-full to the URL")),
            ("durability", Judgement::fail("fsync = off", "set fsync = on")),
        ]
        .map(|(check, judgement)| Check { check, judgement });
        let mut out = Vec::new();
        write_checks(&mut out, &checks, Terminal { width, ..Terminal::default() }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn without_a_terminal_each_check_is_one_line() {
        let expected = "\
ok       server      PostgreSQL 15.18
warn     tls         not encrypted, and the host is another machine; add sslmode=verify-full to the URL
FAIL     durability  fsync = off; set fsync = on
";
        assert_eq!(printed(None), expected);
    }

    #[test]
    fn lines_fit_terminals_of_any_width() {
        let expected = "\
warn     tls         not encrypted, and the host is another
                     machine; add sslmode=verify-full to the URL
";
        assert!(printed(Some(64)).contains(expected), "{}", printed(Some(64)));
        let narrow = printed(Some(20));
        assert!(
            narrow.starts_with("ok       server\n  PostgreSQL 15.18\nwarn     tls\n  not encrypted, and\n"),
            "{narrow}"
        );
    }
}
