//! The results, the goals, and the tables that show both.

mod machine;
mod results;
mod targets;

pub(crate) use machine::{describe_machine, load_average};
pub(crate) use results::{Killed, Results};

use std::path::Path;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

use crate::failure::Failure;
use crate::measure::{Contestant, Summary};
use crate::report::targets::Goal;

/// Creates the file for the tables: if it cannot be written, that shows before an hour of measuring, not after it.
pub(crate) fn create(path: &Path) -> Result<(), Failure> {
    std::fs::write(path, "").map_err(Failure::io(format!("cannot write {}", path.display())))
}

/// Prints the tables, and writes them as Markdown to the file, if there is one.
pub(crate) fn print(machine: &str, results: &Results, markdown: Option<&Path>) -> Result<(), Failure> {
    let (mut measured, mut goals) = (measured(results), goals(results));
    if let Some(path) = markdown {
        measured.load_style(presets::ASCII_MARKDOWN);
        goals.load_style(presets::ASCII_MARKDOWN);
        let text = format!("Machine: {machine}.\n\n{measured}\n\n{goals}\n");
        std::fs::write(path, text).map_err(Failure::io(format!("cannot write {}", path.display())))?;
    }
    measured.load_style(presets::UTF8_FULL_CONDENSED);
    goals.load_style(presets::UTF8_FULL_CONDENSED);
    println!("{machine}\n\n{measured}\n\n{goals}");
    Ok(())
}

fn measured(results: &Results) -> Table {
    let mut table = Table::new();
    table.set_header(["what", "size", "transfers/s", "slowest to fastest", "p50", "p99", "ratio", "to"]);
    for contestant in results.contestants() {
        if let Some(summary) = results.summary(contestant) {
            table.add_row(row(results, contestant, &summary));
        }
    }
    align_right(&mut table, &[2, 3, 4, 5, 6]);
    table
}

fn row(results: &Results, contestant: Contestant, summary: &Summary) -> Vec<String> {
    let given_up = match summary.given_up {
        0 => String::new(),
        some => format!(" ({some} given up)"),
    };
    let memory = summary.memory.map(|bytes| format!(" ({} MB)", (bytes + 500_000) / 1_000_000));
    let time = |of: fn(&crate::measure::Latency) -> Duration| {
        summary.latency.as_ref().map(|times| latency(of(times))).unwrap_or_default()
    };
    let reference = results.reference(contestant);
    let ratio = reference.and_then(|reference| results.ratio(contestant, reference)).map(ratio);
    let to = reference.filter(|_| ratio.is_some()).map(Contestant::short_name);
    vec![
        contestant.name(),
        contestant.size(),
        format!("{}{given_up}{}", count(summary.transfers_per_second), memory.unwrap_or_default()),
        format!("{} to {}", count(summary.range.0), count(summary.range.1)),
        time(|times| times.p50),
        time(|times| times.p99),
        ratio.unwrap_or_default(),
        to.unwrap_or_default(),
    ]
}

fn goals(results: &Results) -> Table {
    let mut table = Table::new();
    table.set_header(["goal", "wanted", "measured", "reached"]);
    for target in targets::all(results) {
        let wanted = match target.goal {
            Goal::AtLeast(least) => format!("at least {least}"),
            Goal::AtMost(most) => format!("at most {most}"),
        };
        let reached = match target.is_reached() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not measured",
        };
        let measured = target.measured.map(ratio).unwrap_or_default();
        table.add_row([target.what, wanted, measured, reached.to_owned()]);
    }
    align_right(&mut table, &[1, 2]);
    table
}

fn align_right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Formats a rate as a whole number of three significant digits, with commas between thousands.
pub(crate) fn count(rate: f64) -> String {
    let unit = 10_f64.powf((rate.max(1.0).log10().floor() - 2.0).max(0.0));
    let digits: Vec<char> = format!("{:.0}", (rate / unit).round() * unit).chars().collect();
    digits.rchunks(3).rev().map(String::from_iter).collect::<Vec<_>>().join(",")
}

/// Formats a duration in microseconds or milliseconds, by its size.
pub(crate) fn latency(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    match milliseconds {
        small if small < 1.0 => format!("{:.0} µs", small * 1000.0),
        medium if medium < 10.0 => format!("{medium:.2} ms"),
        large => format!("{large:.0} ms"),
    }
}

fn ratio(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_durations_and_ratios_have_few_digits() {
        assert_eq!(
            ["0", "7", "999", "1,000", "1,240", "123,000"],
            [0.4, 7.0, 999.0, 999.6, 1239.0, 123_456.0].map(count).each_ref().map(String::as_str)
        );
        assert_eq!(count(1_000_000.0), "1,000,000");
        assert_eq!(latency(Duration::from_micros(512)), "512 µs");
        assert_eq!(latency(Duration::from_micros(1512)), "1.51 ms");
        assert_eq!(latency(Duration::from_millis(151)), "151 ms");
        assert_eq!((ratio(0.456), ratio(12.3)), ("0.46".to_owned(), "12".to_owned()));
    }
}
