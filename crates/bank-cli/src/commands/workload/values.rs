//! Values as they are typed, checked before anything is opened.

use std::time::Duration;

use bank_workload::{Distribution, Mix};

const DURATION_MIN: Duration = Duration::from_millis(100);
const DURATION_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const RATE_MIN: f64 = 0.001;
const RATE_MAX: f64 = 10_000_000.0;

/// How the accounts of a transfer are chosen, as typed.
pub(crate) const DISTRIBUTIONS: [(&str, Distribution); 2] =
    [("uniform", Distribution::Uniform), ("zipfian", Distribution::Zipfian)];

/// Parses how long to run, such as `60s`, `500ms` or `1h 30m`: from 100 ms to 30 days.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = time(text)?;
    if (DURATION_MIN..=DURATION_MAX).contains(&duration) {
        Ok(duration)
    } else {
        Err(format!("\"{text}\" is not between 100ms and 30days"))
    }
}

/// Parses a mix such as `payments=80,groups=20`; what is left out is 0.
pub(crate) fn mix(text: &str) -> Result<Mix, String> {
    let (mut payments, mut groups) = (None, None);
    for part in text.split(',') {
        let Some((kind, percent)) = part.split_once('=') else {
            return Err(format!("\"{part}\" is not a kind, an equals sign and a percentage, such as groups=20"));
        };
        let place = match kind {
            "payments" => &mut payments,
            "groups" => &mut groups,
            _ => return Err(format!("\"{kind}\" is not payments or groups")),
        };
        let percent: u8 = percent.parse().map_err(|_| format!("\"{percent}\" is not a percentage from 0 to 100"))?;
        if place.replace(percent).is_some() {
            return Err(format!("{kind} stands twice in \"{text}\""));
        }
    }
    let mix = Mix::new(payments.unwrap_or_default(), groups.unwrap_or_default());
    mix.ok_or_else(|| format!("the percentages of \"{text}\" do not sum up to 100"))
}

/// Parses a time that may be zero, of at most 30 days.
pub(crate) fn pause(text: &str) -> Result<Duration, String> {
    match time(text)? {
        pause if pause <= DURATION_MAX => Ok(pause),
        _ => Err(format!("\"{text}\" is more than 30days")),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| format!("\"{text}\" is not a time such as 60s, 500ms or 5m"))
}

/// Parses how many transfers to begin per second.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| format!("\"{text}\" is not a number of transfers a second"))?;
    if (RATE_MIN..=RATE_MAX).contains(&rate) {
        Ok(rate)
    } else {
        Err(format!("\"{text}\" is not between {RATE_MIN} and {RATE_MAX} transfers a second"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_bounds() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(pause("0s"), Ok(Duration::ZERO));
        for text in ["", "60", "0s", "99ms", "-1s", "31days", "999999999999999999999s", "1e3s", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mix_has_percentages_that_sum_up_to_100() {
        assert_eq!(mix("payments=80,groups=20"), Ok(Mix::new(80, 20).unwrap()));
        assert_eq!(mix("groups=100"), Ok(Mix::new(0, 100).unwrap()));
        for text in ["", "80", "payments=80", "payments=80,groups=21", "payments=x", "holds=100", "groups=50,groups=50"]
        {
            assert!(mix(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_is_a_positive_number() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for text in ["", "0", "-1", "NaN", "inf", "1e300", "many"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
