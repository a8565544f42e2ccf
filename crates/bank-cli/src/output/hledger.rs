//! The journal in hledger's format.
//!
//! Every account is declared, and its opening balance is a transaction on the day on which the account was opened.
//! Transfers follow in the order of the export; hledger sorts them by date. At the end of a whole journal, one transaction
//! asserts the balance of every account, so that `hledger check` notices if a transfer is missing.
//!
//! Names and memos change as little as possible: see [`escaped`].

use std::io::{self, Write};

use bank_domain::{Account, AccountName, Currency};
use bank_persistence::{RecordedAccount, RecordedTransfer};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use percent_encoding::percent_encode_byte;

const HEADER: &str = "\
; Exported by bank-cli. Dates are in UTC. In names and memos, characters that mean something
; to hledger are written as %XX, the bytes of their UTF-8 in hexadecimal digits.
commodity 1000.
account equity:opening balances
";

/// Writes a journal piece by piece, in the order: accounts and openings, transfers, the assertion.
pub(crate) struct HledgerJournal<'a> {
    out: &'a mut dyn Write,
    /// The latest day so far; it becomes the day of the assertion.
    last_day: NaiveDate,
    asserted: bool,
    /// The currencies that were declared.
    declared: Vec<Currency>,
}

impl<'a> HledgerJournal<'a> {
    /// Writes the beginning of a journal.
    pub(crate) fn begin(out: &'a mut dyn Write) -> io::Result<Self> {
        out.write_all(HEADER.as_bytes())?;
        Ok(Self { out, last_day: NaiveDate::MIN, asserted: false, declared: Vec::new() })
    }

    /// Declares an account, and its currency before it if that is new.
    pub(crate) fn declare(&mut self, account: &Account) -> io::Result<()> {
        let currency = account.currency;
        if currency != Currency::NONE && !self.declared.contains(&currency) {
            self.declared.push(currency);
            let zero = currency.decimal(0).to_string();
            let code = amount(currency, 0).split_off(zero.len());
            // hledger wants a decimal mark in the directive, whatever the number of decimals.
            let point = if zero.contains('.') { "" } else { "." };
            writeln!(self.out, "\ncommodity {zero}{point}{code}")?;
        }
        writeln!(self.out, "\naccount {}", account_of(&account.name))
    }

    /// Writes the opening balance of an account unless it is zero.
    pub(crate) fn open(&mut self, recorded: &RecordedAccount) -> io::Result<()> {
        let RecordedAccount { account, opened_at } = recorded;
        let day = self.day(*opened_at);
        if account.opening_balance.get() == 0 {
            return Ok(());
        }
        writeln!(self.out, "\n{day} opening balance")?;
        writeln!(
            self.out,
            "    {}  {}",
            account_of(&account.name),
            amount(account.currency, account.opening_balance.get())
        )?;
        writeln!(self.out, "    equity:opening balances")
    }

    /// Writes one transfer.
    pub(crate) fn transfer(&mut self, recorded: &RecordedTransfer) -> io::Result<()> {
        let transfer = &recorded.posted.transfer;
        let day = self.day(recorded.posted_at);
        let posted_at = recorded.posted_at.to_rfc3339_opts(SecondsFormat::Micros, true);
        write!(self.out, "\n{day} ({})", transfer.id)?;
        if let Some(memo) = &transfer.memo {
            write!(self.out, " {}", escaped(memo.as_str(), false))?;
        }
        write!(self.out, "  ; posted_at:{posted_at}")?;
        if let Some(group) = transfer.group() {
            write!(self.out, ", group:{group}")?;
        }
        writeln!(self.out)?;
        let units = transfer.amount.get();
        writeln!(self.out, "    {}  {}", account_of(&recorded.to_name), amount(recorded.currency, units))?;
        writeln!(self.out, "    {}  {}", account_of(&recorded.from_name), amount(recorded.currency, -units))
    }

    /// Asserts the balance of an account after all transfers that were written.
    pub(crate) fn assert(&mut self, account: &Account) -> io::Result<()> {
        if !self.asserted {
            self.asserted = true;
            writeln!(self.out, "\n{} closing balances", self.last_day)?;
        }
        let (nothing, balance) = (amount(account.currency, 0), amount(account.currency, account.balance.get()));
        writeln!(self.out, "    {}  {nothing} = {balance}", account_of(&account.name))
    }

    fn day(&mut self, time: DateTime<Utc>) -> NaiveDate {
        let day = time.date_naive();
        self.last_day = self.last_day.max(day);
        day
    }
}

/// Returns an amount as hledger reads it. A commodity with digits in its code needs quotes.
fn amount(currency: Currency, minor_units: i64) -> String {
    let decimal = currency.decimal(minor_units);
    let code = currency.code;
    if currency == Currency::NONE {
        decimal.to_string()
    } else if code.as_str().contains(|c: char| c.is_ascii_digit()) {
        format!("{decimal} \"{code}\"")
    } else {
        format!("{decimal} {code}")
    }
}

/// Returns hledger's name for an account. Its fixed beginning keeps hledger from taking the beginning of a name for syntax.
fn account_of(name: &AccountName) -> String {
    format!("assets:holders:{}", escaped(name.as_str(), true))
}

/// Replaces characters that hledger would take for syntax by `%XX` for each of their bytes: `;` and `|`, in names `:`,
/// white space other than a single space, and a `%` that two hexadecimal digits follow. Different texts stay different, and
/// replacing every `%XX` by its byte gives the text back.
///
/// Written by hand, because whether a space or a `%` is replaced depends on the characters next to it.
fn escaped(text: &str, is_name: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = None;
    for (place, character) in text.char_indices() {
        let is_escape = match character {
            ';' | '|' => true,
            ':' => is_name,
            '%' => begins_escape(&text[place..]),
            ' ' => before == Some(' '),
            other => other.is_whitespace(),
        };
        before = Some(character);
        if is_escape {
            escaped.extend(character.encode_utf8(&mut [0; 4]).bytes().map(percent_encode_byte));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Returns whether a text that begins with `%` would be read as an escape.
fn begins_escape(text: &str) -> bool {
    let mut digits = text.chars().skip(1).take(2).filter(char::is_ascii_hexdigit);
    digits.next().is_some() && digits.next().is_some()
}

#[cfg(test)]
pub(crate) fn example(from: &str, to: &str, memo: Option<&str>) -> RecordedTransfer {
    use bank_domain::{AccountId, AccountVersion, Amount, Balance, Entry, PostedTransfer, Transfer};

    let entry =
        |version, balance| Entry { version: AccountVersion::new(version), balance_after: Balance::new(balance) };
    let id = "00000000000000000000000000000007".parse().unwrap();
    let transfer = Transfer::new(id, AccountId::new(1), AccountId::new(2), Amount::new(800).unwrap());
    let transfer = transfer.with_memo(memo.map(|memo| memo.parse().unwrap()));
    RecordedTransfer {
        posted: PostedTransfer { transfer, debit: entry(3, -5), credit: entry(4, 6) },
        currency: Currency::NONE,
        from_name: from.parse().unwrap(),
        to_name: to.parse().unwrap(),
        posted_at: "2026-07-02T12:00:00.000001Z".parse().unwrap(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unescaped(text: &str) -> String {
        percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
    }

    #[test]
    fn replaces_only_the_syntax_of_hledger() {
        for plain in ["Jessica", "Mary Ann O'Neil (jr) [x]", "50% of 100%", "约翰", "a=b@c{d}*!#\"", "-x", "%2"] {
            assert_eq!(escaped(plain, true), plain);
        }
        assert_eq!(escaped("a:b;c|d", true), "a%3Ab%3Bc%7Cd");
        assert_eq!(escaped("a:b", false), "a:b");
        assert_eq!(escaped("a   b", true), "a %20%20b");
        assert_eq!(escaped("a\u{3000} b", true), "a%E3%80%80 b");
        assert_eq!(escaped("%3A", true), "%253A");
    }

    #[test]
    fn a_transfer_is_two_postings() {
        let mut out = Vec::new();
        let mut journal = HledgerJournal::begin(&mut out).unwrap();
        journal.transfer(&example("Jess:ica", "John", Some("rent | July"))).unwrap();
        journal.transfer(&example("John", "Jess:ica", None)).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text.strip_prefix(HEADER).unwrap(),
            "
2026-07-02 (00000000-0000-0000-0000-000000000007) rent %7C July  ; posted_at:2026-07-02T12:00:00.000001Z
    assets:holders:John  800
    assets:holders:Jess%3Aica  -800

2026-07-02 (00000000-0000-0000-0000-000000000007)  ; posted_at:2026-07-02T12:00:00.000001Z
    assets:holders:Jess%3Aica  800
    assets:holders:John  -800
"
        );
    }

    proptest! {
        #[test]
        fn decoding_gives_every_text_back(text in "([a-f%;:| 0-9]|[^\r\n]){0,40}", is_name in any::<bool>()) {
            let escaped = escaped(&text, is_name);
            prop_assert_eq!(unescaped(&escaped), text);
            prop_assert!(!escaped.contains([';', '|']) && !escaped.contains("  "));
            prop_assert!(!(is_name && escaped.contains(':')));
        }
    }
}
