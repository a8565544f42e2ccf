//! Names of accounts.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use crate::invalid::{InvalidInput, TextProblem};
use crate::text::text_type;

text_type! {
    /// The unique name of an account: 1 to 64 characters, no control characters, no white space at the ends.
    ///
    /// Names are compared exactly, letter case included. Of characters that Unicode can write in several ways, such as `é`, new
    /// names have the composed form (NFC).
    AccountName, "account name", 64
}

impl AccountName {
    /// Returns the name in Unicode's composed form (NFC) if a new account, or an account that is renamed, may have it. Names
    /// that a ledger has already read as any other.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::Text`] if the name contains a character that nobody sees or that changes the direction of the text: two
    /// names that look the same must not be two accounts.
    pub fn for_new_account(self) -> Result<Self, InvalidInput> {
        let invisible = self.as_str().chars().enumerate().find(|(_, character)| is_invisible(*character));
        let Some((index, character)) = invisible else { return Ok(self.composed().unwrap_or(self)) };
        let problem = TextProblem::Invisible { code: u32::from(character), position: index.saturating_add(1) };
        Err(InvalidInput::Text { what: "account name", problem })
    }

    /// Returns the same text in Unicode's composed form (NFC), in which most programs write it, if that is another name.
    #[must_use]
    pub fn composed(&self) -> Option<Self> {
        self.in_form(ComposingNormalizerBorrowed::new_nfc().normalize(self.as_str()))
    }

    /// Returns the same text in Unicode's decomposed form (NFD), in which some systems write names of files, if that is another
    /// name.
    #[must_use]
    pub fn decomposed(&self) -> Option<Self> {
        self.in_form(DecomposingNormalizerBorrowed::new_nfd().normalize(self.as_str()))
    }

    /// A form can be longer than a name may be; no account has it then.
    fn in_form(&self, text: Cow<'_, str>) -> Option<Self> {
        if text == self.as_str() { None } else { Self::new(text).ok() }
    }
}

/// Returns whether a character has no form of its own: Unicode's format characters, fillers, and line and paragraph
/// separators. (Those that change the form of their neighbours, such as accents, are not among them.)
const fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem(text: &str) -> TextProblem {
        match AccountName::new(text) {
            Err(InvalidInput::Text { problem, .. }) => problem,
            other => panic!("{text:?} gave {other:?}"),
        }
    }

    #[test]
    fn a_name_may_hold_anything_printable() {
        for name in ["J", "Robert'); DROP TABLE accounts;--", "约翰", "a b", &"é".repeat(64)] {
            assert_eq!(AccountName::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_bad_name_says_what_is_wrong_with_it() {
        assert_eq!(problem(""), TextProblem::Empty);
        assert_eq!(problem(&"x".repeat(65)), TextProblem::TooLong { max: 64 });
        assert_eq!(problem(" x"), TextProblem::Untrimmed);
        assert_eq!(problem("x\u{a0}"), TextProblem::Untrimmed);
        let control = |code, position| TextProblem::ControlCharacter { code, position };
        assert_eq!(problem("a\0b"), control(0, 2));
        assert_eq!(problem("ab\n"), control(10, 3));
        assert_eq!(problem("\u{85}"), control(0x85, 1));
    }

    #[test]
    fn a_new_name_has_no_invisible_character_and_an_old_one_may() {
        for (text, position) in [("An\u{200b}na", 3), ("\u{202e}anna", 1), ("Anna\u{feff}x", 5), ("a\u{ad}b", 2)] {
            let name = AccountName::new(text).unwrap();
            match name.for_new_account() {
                Err(InvalidInput::Text { problem: TextProblem::Invisible { position: found, .. }, .. }) => {
                    assert_eq!(found, position, "{text:?}");
                }
                other => panic!("{text:?} gave {other:?}"),
            }
        }
        for text in ["Zoe\u{308}", "约翰", "a b", "♥\u{fe0f}", "محمد"] {
            assert!(AccountName::new(text).unwrap().for_new_account().is_ok(), "{text}");
        }
    }

    #[test]
    fn a_new_name_is_composed() {
        let decomposed = AccountName::new("Zoe\u{308}").unwrap();
        assert_eq!(decomposed.clone().for_new_account().unwrap().as_str(), "Zo\u{eb}");
        let composed = AccountName::new("Zo\u{eb}").unwrap();
        assert_eq!((composed.composed(), composed.decomposed()), (None, Some(decomposed.clone())));
        assert_eq!((decomposed.composed(), decomposed.decomposed()), (Some(composed), None));
        assert_eq!(AccountName::new("Zoe").unwrap().decomposed(), None);
        // Its composed form has twice as many characters.
        assert_eq!(AccountName::new("\u{958}".repeat(64)).unwrap().composed(), None);
    }

    proptest! {
        #[test]
        fn a_valid_name_survives_printing_and_parsing(text in any::<String>()) {
            if let Ok(name) = AccountName::new(text.clone()) {
                prop_assert_eq!(name.to_string(), text);
                prop_assert!(name.as_str().chars().count() <= AccountName::MAX_CHARACTERS);
            }
        }
    }
}
