//! Parses dates and times on the command line.
//!
//! All times are in UTC, as in the output. A time needs its offset: bank does not guess time zones.

use bank_persistence::Period;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::args::input;
use crate::failure::Failure;

const HINT: &str = "write a date in UTC, such as 2026-07-01, or a time with its offset, such as 2026-07-01T12:00:00Z";

/// Parses the start of a period; a date means its first microsecond.
pub(crate) fn since(typed: &str) -> Result<DateTime<Utc>, Failure> {
    parse(typed, |date| Some(date.and_time(NaiveTime::MIN).and_utc()))
}

/// Parses the end of a period, or the time of a balance; a date means its last microsecond.
pub(crate) fn until(typed: &str) -> Result<DateTime<Utc>, Failure> {
    parse(typed, |date| {
        let next = date.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN).and_utc();
        next.checked_sub_signed(TimeDelta::microseconds(1))
    })
}

/// Parses both ends of a period.
pub(crate) fn period(typed_since: Option<&str>, typed_until: Option<&str>) -> Result<Period, Failure> {
    let period = Period { since: typed_since.map(since).transpose()?, until: typed_until.map(until).transpose()? };
    if let (Some(since), Some(until)) = (period.since, period.until)
        && since > until
    {
        return Err(input::invalid("the period ends before it begins", "swap --since and --until"));
    }
    Ok(period)
}

fn parse(typed: &str, time_of: impl Fn(NaiveDate) -> Option<DateTime<Utc>>) -> Result<DateTime<Utc>, Failure> {
    const DATE_LENGTH: usize = "2026-07-01".len();
    let date = (typed.len() == DATE_LENGTH).then(|| NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok()).flatten();
    let time = match date {
        Some(date) => time_of(date),
        None => DateTime::parse_from_rfc3339(typed).ok().map(|time| time.to_utc()),
    };
    time.ok_or_else(|| input::invalid(format!("time {typed:?} is neither a date nor a time with its offset"), HINT))
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;

    use super::*;

    fn text(time: Result<DateTime<Utc>, Failure>) -> String {
        time.unwrap().to_rfc3339_opts(SecondsFormat::Micros, true)
    }

    #[test]
    fn a_date_is_the_whole_day_in_utc() {
        assert_eq!(text(since("2026-07-01")), "2026-07-01T00:00:00.000000Z");
        assert_eq!(text(until("2026-07-01")), "2026-07-01T23:59:59.999999Z");
        assert_eq!(text(until("2024-02-29")), "2024-02-29T23:59:59.999999Z");
        assert_eq!(text(until("9999-12-31")), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn respects_the_offset_of_a_time() {
        for parse in [since, until] {
            assert_eq!(text(parse("2026-07-01T12:00:00.5+02:00")), "2026-07-01T10:00:00.500000Z");
            assert_eq!(text(parse("2026-07-01 12:00:00Z")), "2026-07-01T12:00:00.000000Z");
        }
    }

    #[test]
    fn rejects_ambiguous_and_invalid_times() {
        for typed in [
            "",
            "yesterday",
            "2026-07-01T12:00:00",
            "2026-02-30",
            "2026-7-1",
            "07/01/2026",
            "2026-07-01T25:00:00Z",
            "99999-01-01",
            "1751371200",
        ] {
            assert_eq!(since(typed).unwrap_err().code(), "invalid_input", "{typed}");
            assert_eq!(until(typed).unwrap_err().code(), "invalid_input", "{typed}");
        }
    }

    #[test]
    fn rejects_a_period_that_ends_before_it_begins() {
        assert_eq!(period(None, None).unwrap(), Period::default());
        assert!(period(Some("2026-07-01"), Some("2026-07-01")).is_ok());
        assert!(period(Some("2026-07-02"), Some("2026-07-01")).is_err());
    }
}
