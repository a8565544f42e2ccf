//! Commands to paste into a POSIX shell.

/// Quotes a word where the shell would read it otherwise.
pub(crate) fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
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
        assert_eq!(quote("O'Neil; rm"), r"'O'\''Neil; rm'");
        assert_eq!(quote("$HOME"), "'$HOME'");
    }
}
