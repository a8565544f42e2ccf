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
    fn quotes_every_word_that_is_not_plain() {
        for (word, quoted) in [
            ("Jessica", "Jessica"),
            ("sqlite:/var/bank.db", "sqlite:/var/bank.db"),
            ("", "''"),
            ("Mary Ann", "'Mary Ann'"),
            ("O'Neil; rm", "\"O'Neil; rm\""),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(quote(word), quoted);
        }
    }
}
