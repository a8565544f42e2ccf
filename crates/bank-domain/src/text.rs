//! The one rule for the texts that bank stores: names, countries, memos.

use crate::invalid::{InvalidInput, TextProblem};

/// Returns the text if it has 1 to `max` characters, no control character and no white space at its ends.
pub(crate) fn checked_text(what: &'static str, text: String, max: usize) -> Result<String, InvalidInput> {
    let problem = if text.is_empty() {
        TextProblem::Empty
    } else if let Some((index, control)) = text.chars().enumerate().find(|(_, c)| c.is_control()) {
        TextProblem::ControlCharacter { code: u32::from(control), position: index.saturating_add(1) }
    } else if text.trim().len() != text.len() {
        TextProblem::Untrimmed
    } else if text.chars().count() > max {
        TextProblem::TooLong { max }
    } else {
        return Ok(text);
    };
    Err(InvalidInput::Text { what, problem })
}

/// Defines a text newtype whose every value has passed [`checked_text`].
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The largest number of characters (Unicode scalar values).
            pub const MAX_CHARACTERS: usize = $max;

            /// Returns the value if the text is valid.
            ///
            /// # Errors
            ///
            /// [`InvalidInput::Text`] if the text is empty, too long, begins or ends with white space or contains a
            /// control character.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
                $crate::text::checked_text($what, text.into(), Self::MAX_CHARACTERS).map(Self)
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidInput;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

pub(crate) use text_type;
