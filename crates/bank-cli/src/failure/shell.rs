//! Quoting for commands that the user can paste into a POSIX shell.

use std::borrow::Cow;

/// Quotes a word unless the shell takes it literally.
pub(crate) fn quote(word: &str) -> Cow<'_, str> {
    // shlex rejects only NUL, which no argument contains.
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_as_they_are() {
        assert_eq!(quote("Jessica"), "Jessica");
        assert_eq!(quote("sqlite:/var/bank.db"), "sqlite:/var/bank.db");
    }

    #[test]
    fn everything_else_is_quoted() {
        assert_eq!(quote(""), "''");
        assert_eq!(quote("Mary Ann"), "'Mary Ann'");
        assert_eq!(quote("O'Neil; rm"), "\"O'Neil; rm\"");
        assert_eq!(quote("$HOME"), "'$HOME'");
    }
}
