//! How the report of the audit is printed.

use std::io::{self, Write};

use bank_domain::Currency;
use bank_persistence::{AuditReport, CurrencyTotals, Finding, Invariant};
use serde::Serialize;

use super::terminal::Palette;

/// The report as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct AuditRecord<'a> {
    sound: bool,
    accounts: u64,
    transfers: u64,
    totals: Vec<TotalRecord>,
    invariants: Vec<InvariantRecord<'a>>,
}

/// The totals of a currency; money is a decimal string.
#[derive(Debug, Serialize)]
struct TotalRecord {
    currency: String,
    accounts: u64,
    opening_total: String,
    balance_total: String,
}

impl From<&CurrencyTotals> for TotalRecord {
    fn from(of: &CurrencyTotals) -> Self {
        Self {
            currency: of.currency.code.to_string(),
            accounts: of.accounts,
            opening_total: of.currency.number(of.opening_balance),
            balance_total: of.currency.number(of.balance),
        }
    }
}

#[derive(Debug, Serialize)]
struct InvariantRecord<'a> {
    code: &'static str,
    description: String,
    ok: bool,
    count: u64,
    offenders: &'a [String],
}

impl<'a> From<&'a AuditReport> for AuditRecord<'a> {
    fn from(report: &'a AuditReport) -> Self {
        let record = |invariant: Invariant| {
            let finding = finding(report, invariant);
            InvariantRecord {
                code: invariant.code(),
                description: invariant.to_string(),
                ok: finding.is_none(),
                count: finding.map_or(0, |finding| finding.count),
                offenders: finding.map_or(&[], |finding| &finding.offenders),
            }
        };
        Self {
            sound: report.is_sound(),
            accounts: report.accounts,
            transfers: report.transfers,
            totals: report.currencies.iter().map(TotalRecord::from).collect(),
            invariants: Invariant::ALL.iter().copied().map(record).collect(),
        }
    }
}

/// Prints the report for people: counts, totals, one line for each invariant, the offenders.
pub(crate) fn write_audit(out: &mut dyn Write, report: &AuditReport, palette: Palette) -> io::Result<()> {
    let Palette { good, bad, .. } = palette;
    writeln!(out, "accounts      = {}", report.accounts)?;
    writeln!(out, "transfers     = {}", report.transfers)?;
    let empty = [CurrencyTotals { currency: Currency::NONE, accounts: 0, opening_balance: 0, balance: 0 }];
    let totals = if report.currencies.is_empty() { &empty[..] } else { &report.currencies };
    for of in totals {
        writeln!(out, "opening total = {}", of.currency.text(of.opening_balance))?;
        writeln!(out, "balance total = {}", of.currency.text(of.balance))?;
    }
    for invariant in Invariant::ALL {
        let Some(finding) = finding(report, invariant) else {
            writeln!(out, "{good}ok{good:#}      {invariant}")?;
            continue;
        };
        writeln!(out, "{bad}FAILED{bad:#}  {invariant}")?;
        for offender in &finding.offenders {
            writeln!(out, "        {offender}")?;
        }
        let listed = u64::try_from(finding.offenders.len()).unwrap_or(u64::MAX);
        let unlisted = finding.count.saturating_sub(listed);
        if unlisted > 0 {
            writeln!(out, "        and {unlisted} more")?;
        }
    }
    Ok(())
}

fn finding(report: &AuditReport, invariant: Invariant) -> Option<&Finding> {
    report.findings.iter().find(|finding| finding.invariant == invariant)
}
