//! What the database holds in the end, against what its clients were told.

use std::sync::Arc;
use std::time::Duration;

use bank_domain::TransferId;
use bank_persistence::{AuditReport, Bank, BankError, DbError};

use crate::book::{Book, Tick};
use crate::control::Control;
use crate::ids::{RunId, SequenceNumber};
use crate::reader::Expected;

/// What was found when everything was quiet.
#[derive(Debug)]
pub(crate) struct Findings {
    /// The audit's report, or why there is none.
    pub(crate) audit: Result<AuditReport, BankError>,
    /// How many of the run's transfers are in the journal.
    pub(crate) in_journal: u64,
}

/// Audits the database and holds its journal against the books, which are used up. Violations go to `control`. While the
/// database cannot be reached, it is tried again until the time for that is over.
pub(crate) fn find(
    bank: &Bank,
    expected: Expected,
    run: RunId,
    books: &mut [Book],
    control: &Arc<Control>,
) -> Findings {
    let audit = patiently(control, || bank.audit()).and_then(|report| {
        for finding in &report.findings {
            control.violation_of_audit(format!(
                "{} does not hold: {}",
                finding.invariant.code(),
                finding.offenders.join("; ")
            ));
        }
        for violation in expected.violations(&patiently(control, || bank.totals())?) {
            control.violation(format!("in the end there is a {violation}"));
        }
        Ok(report)
    });
    let in_journal = match &audit {
        Ok(_) => tick_off(bank, run, books, control),
        Err(_) => Ok(0),
    };
    match in_journal {
        Ok(in_journal) => Findings { audit, in_journal },
        Err(error) => Findings { audit: Err(error), in_journal: 0 },
    }
}

/// Reads the ids of the run's transfers, all of them, and ticks each off in the books.
fn tick_off(bank: &Bank, run: RunId, books: &mut [Book], control: &Arc<Control>) -> Result<u64, BankError> {
    const PAGE: u32 = 10_000;
    let mut found = 0;
    let mut after = run.before_first();
    // Others may go on posting.
    let end = run.after_last();
    while after < end {
        let ids = patiently(control, || bank.transfer_ids_after(after, PAGE))?;
        let Some(last) = ids.last() else {
            break;
        };
        after = *last;
        for id in ids {
            if let Some(at) = run.sequence_number(id) {
                found += 1;
                look_at(id, at, books, control);
            }
        }
    }
    for (client, book) in (0_u16..).zip(books) {
        for number in book.not_ticked_off() {
            control.violation(format!(
                "lost: transfer {number} of client {client} was acknowledged and is not in the journal"
            ));
        }
    }
    Ok(found)
}

fn look_at(id: TransferId, at: SequenceNumber, books: &mut [Book], control: &Arc<Control>) {
    let tick = books.get_mut(usize::from(at.client)).map(|book| book.tick_off(at.number));
    if !matches!(tick, Some(Tick::Expected | Tick::Unknown)) {
        control.violation(format!("unasked: transfer {id} is in the journal, and its client was told that it is not"));
    }
}

/// Tries again until the time for it is over: the last server may have died a moment ago.
fn patiently<T>(control: &Arc<Control>, read: impl Fn() -> Result<T, BankError>) -> Result<T, BankError> {
    const REST: Duration = Duration::from_millis(100);
    loop {
        match read() {
            Err(error) if !control.is_settled() && may_pass(&error) => std::thread::sleep(REST),
            other => return other,
        }
    }
}

fn may_pass(error: &BankError) -> bool {
    matches!(
        error,
        BankError::RetriesExhausted { .. }
            | BankError::Database(
                DbError::Unavailable { .. } | DbError::FileMissing { .. } | DbError::PoolTimeout { .. }
            )
    )
}
