//! What became of the lines, one by one and in all.

use std::time::Duration;

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Posted now.
    Posted,
    /// Posted before, by this file or an earlier one.
    Replayed,
    /// Refused by a rule; the code and the reason.
    Rejected(String),
    /// Not understood; where and why.
    Malformed(String),
    /// Not posted because of other lines.
    Skipped,
    /// Found good by a dry run.
    Checked,
}

impl Verdict {
    /// Returns the stable name in the results.
    pub(crate) const fn status(&self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Replayed => "replayed",
            Self::Rejected(_) => "rejected",
            Self::Malformed(_) => "malformed",
            Self::Skipped => "skipped",
            Self::Checked => "checked",
        }
    }

    /// Returns why the line was not posted, if something is wrong with it.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Rejected(reason) | Self::Malformed(reason) => Some(reason),
            _ => None,
        }
    }
}

/// Counts the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    posted: u64,
    replayed: u64,
    rejected: u64,
    malformed: u64,
    skipped: u64,
    checked: u64,
}

impl Tally {
    /// Counts one line.
    pub(crate) fn add(&mut self, verdict: &Verdict) {
        let count = match verdict {
            Verdict::Posted => &mut self.posted,
            Verdict::Replayed => &mut self.replayed,
            Verdict::Rejected(_) => &mut self.rejected,
            Verdict::Malformed(_) => &mut self.malformed,
            Verdict::Skipped => &mut self.skipped,
            Verdict::Checked => &mut self.checked,
        };
        *count = count.saturating_add(1);
    }

    /// Returns how many lines there were.
    pub(crate) fn lines(&self) -> u64 {
        let all = [self.posted, self.replayed, self.rejected, self.malformed, self.skipped, self.checked];
        all.into_iter().fold(0, u64::saturating_add)
    }

    /// Returns how many lines were rejected or malformed.
    pub(crate) fn bad(&self) -> u64 {
        self.rejected.saturating_add(self.malformed)
    }

    /// Returns the line that sums a run up.
    pub(crate) fn summary(&self, elapsed: Duration) -> String {
        let lines = self.lines();
        format!(
            "Posted {}, replayed {}, rejected {}{} of {lines} lines in {:.1} s ({} lines/s).",
            self.posted,
            self.replayed,
            self.rejected,
            self.rare(),
            elapsed.as_secs_f64(),
            rate(lines, elapsed)
        )
    }

    /// Returns the line that sums a dry run up.
    pub(crate) fn dry_summary(&self, elapsed: Duration) -> String {
        format!(
            "Checked {}, replayed {}, rejected {}{} of {} lines in {:.1} s; nothing was posted.",
            self.checked,
            self.replayed,
            self.rejected,
            self.rare(),
            self.lines(),
            elapsed.as_secs_f64()
        )
    }

    fn rare(&self) -> String {
        let counts = [(self.malformed, "malformed"), (self.skipped, "skipped")];
        let parts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {what} {count}"));
        parts.collect()
    }
}

/// Returns how many a second that is.
pub(crate) fn rate(count: u64, elapsed: Duration) -> u64 {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1000) / milliseconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_what_is_rare_only_if_it_is_there() {
        let mut tally = Tally::default();
        (0..998).for_each(|_| tally.add(&Verdict::Posted));
        (0..2).for_each(|_| tally.add(&Verdict::Rejected("x".to_owned())));
        assert_eq!(
            tally.summary(Duration::from_millis(400)),
            "Posted 998, replayed 0, rejected 2 of 1000 lines in 0.4 s (2500 lines/s)."
        );
        tally.add(&Verdict::Malformed("x".to_owned()));
        assert!(
            tally.summary(Duration::ZERO).starts_with("Posted 998, replayed 0, rejected 2, malformed 1 of 1001 lines")
        );
        assert_eq!((tally.bad(), tally.lines()), (3, 1001));
    }
}
