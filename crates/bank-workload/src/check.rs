//! Compares what the database holds at the end with what its clients were told.

use std::time::Duration;

use bank_persistence::{AuditReport, Bank, BankError, DbError};

use crate::book::{Book, Tick};
use crate::control::Control;
use crate::ids::RunId;
use crate::reader::Expected;

/// Audits the database and compares its journal with the books, which are used up. Notes violations in `control`. While
/// the database cannot be reached, tries again until the run is settled. Returns the audit, and the number of the run's
/// transfers in the journal.
pub(crate) fn check(
    bank: &Bank,
    expected: &Expected,
    run: RunId,
    books: &mut [Book],
    control: &Control,
) -> Result<(AuditReport, u64), BankError> {
    let audit = patiently(control, || bank.audit())?;
    let broken = audit
        .findings
        .iter()
        .map(|finding| format!("{} does not hold: {}", finding.invariant.code(), finding.offenders.join("; ")));
    control.violations_of_audit(broken.collect());
    for violation in expected.violations(&patiently(control, || bank.totals())?) {
        control.violation(format!("at the end there is a {violation}"));
    }
    Ok((audit, tick_off(bank, run, books, control)?))
}

/// Reads the ids of all transfers of the run, ticks each off in the books, and returns their number.
fn tick_off(bank: &Bank, run: RunId, books: &mut [Book], control: &Control) -> Result<u64, BankError> {
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
            let Some(number) = run.sequence_number(id) else { continue };
            found += 1;
            let tick = books.get_mut(usize::from(number.client)).map(|book| book.tick_off(number.transfer));
            if !matches!(tick, Some(Tick::Expected | Tick::Unknown)) {
                control.violation(format!(
                    "unasked: transfer {id} is in the journal, and its client was told that it is not"
                ));
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

/// Tries again until the run is settled: the last server may have died a moment ago.
fn patiently<T>(control: &Control, read: impl Fn() -> Result<T, BankError>) -> Result<T, BankError> {
    use DbError::{FileMissing, PoolTimeout, Unavailable};
    const REST: Duration = Duration::from_millis(100);
    loop {
        match read() {
            Err(
                BankError::RetriesExhausted { .. }
                | BankError::Database(Unavailable { .. } | FileMissing { .. } | PoolTimeout { .. }),
            ) if !control.is_settled() => std::thread::sleep(REST),
            other => return other,
        }
    }
}
