//! Lines that fit a terminal.

/// Breaks a text that begins in this column into lines that begin there, too, as far as there is room for it.
pub(crate) fn wrap(text: &str, width: usize, column: usize) -> String {
    let room = width.saturating_sub(column).max(10);
    let mut wrapped = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        if used > 0 && used + 1 + word.len() > room {
            wrapped.push('\n');
            wrapped.push_str(&" ".repeat(column));
            used = 0;
        } else if used > 0 {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(word);
        used += word.len();
    }
    wrapped
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
