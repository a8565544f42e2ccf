//! Numbers as people read them.

/// Returns a time in milliseconds with its unit.
pub(super) fn milliseconds(time: f64) -> String {
    match time {
        _ if time >= 1_000.0 => format!("{:.2} s", time / 1000.0),
        _ if time >= 100.0 => format!("{time:.0} ms"),
        _ => format!("{time:.2} ms"),
    }
}

/// Returns the number with a comma between groups of three digits.
pub(super) fn thousands(number: u64) -> String {
    let digits: Vec<char> = number.to_string().chars().collect();
    digits.rchunks(3).rev().map(String::from_iter).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_times_have_units() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.5, 250.0, 12_350.0].map(milliseconds), ["0.50 ms", "250 ms", "12.35 s"]);
    }
}
