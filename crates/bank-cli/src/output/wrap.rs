//! Lines that fit a terminal.

use textwrap::{Options, WordSplitter};

/// Breaks a text that begins in this column into lines that begin there, too; words are never broken.
pub(crate) fn wrap(text: &str, width: usize, column: usize) -> String {
    let room = width.saturating_sub(column).max(10);
    let options = Options::new(room).break_words(false).word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).join(&format!("\n{}", " ".repeat(column)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_gets_narrow_lines() {
        assert_eq!(wrap("Move money safely", 30, 4), "Move money safely");
        assert_eq!(wrap("Move money safely", 16, 4), "Move money\n    safely");
        assert_eq!(wrap("unbreakable-word", 3, 4), "unbreakable-word");
    }
}
