//! The text that names one run of payments.

use bank_domain::{InvalidInput, Memo, TextProblem};
use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;

/// The text that names one run of payments, such as `payroll 2026-07`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    text: Memo,
    key: String,
}

impl Reference {
    /// The largest number of bytes of a key, which must fit into an index of every database.
    const KEY_BYTES_MAX: usize = 1000;

    /// Returns the reference if the text obeys the rules for memos.
    ///
    /// # Errors
    ///
    /// Returns which rule the text breaks.
    pub fn new(text: &str) -> Result<Self, InvalidInput> {
        let of_reference = |problem| InvalidInput::Text { what: "reference", problem };
        let text = Memo::new(text).map_err(|error| match error {
            InvalidInput::Text { problem, .. } => of_reference(problem),
            other => other,
        })?;
        let key = key_of(text.as_str());
        if key.is_empty() {
            return Err(of_reference(TextProblem::Empty));
        }
        if key.len() > Self::KEY_BYTES_MAX {
            return Err(of_reference(TextProblem::TooLong { max: Memo::MAX_CHARACTERS }));
        }
        Ok(Self { text, key })
    }

    /// Returns the text as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Returns what identifies the reference: its text in NFKC, case-folded, with single spaces, so that texts that people
    /// take for the same are the same.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn key_of(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let folded = CaseMapper::new().fold_string(&nfkc.normalize(text)).into_owned();
    let normal = nfkc.normalize(&folded);
    normal.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_obeys_the_rules_for_memos() {
        assert_eq!(Reference::new("payroll 2026-07").unwrap().as_str(), "payroll 2026-07");
        assert_eq!(Reference::new("").unwrap_err().to_string(), "reference is empty");
        assert!(Reference::new("a\nb").unwrap_err().to_string().contains("control character"));
    }

    #[test]
    fn references_that_look_the_same_have_the_same_key() {
        let key = |text: &str| Reference::new(text).unwrap().key().to_owned();
        for (text, same) in [
            ("Payroll 2026-07", "payroll  2026-07"),
            ("Straße", "STRASSE"),
            ("cafe\u{301}", "CAFÉ"),
            ("Ｐayroll\u{a0}７", "payroll 7"),
            ("İstanbul", "i\u{307}stanbul"),
        ] {
            assert_eq!(key(text), key(same), "{text} and {same}");
        }
        assert_ne!(key("payroll 2026-07"), key("payroll 2026-08"));
    }

    #[test]
    fn rejects_a_reference_whose_key_would_fit_into_no_index() {
        // One character that NFKC writes with eighteen.
        assert!(Reference::new(&"\u{fdfa}".repeat(200)).is_err());
        assert!(Reference::new(&"ß".repeat(200)).is_ok());
    }
}
