//! The properties of standard output: its width, and whether it shows colours.

use std::io;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use clap::ColorChoice;

/// The properties of an output, which shape text for people and never data.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terminal {
    /// The number of columns; `None` if it is not a terminal.
    pub(crate) width: Option<u16>,
    pub(crate) palette: Palette,
}

impl Terminal {
    /// Returns the properties of standard output.
    pub(crate) fn stdout() -> Self {
        let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
        Self { width, palette: Palette::for_choice(AutoStream::choice(&io::stdout())) }
    }
}

/// The styles of text for people; without colours they are empty.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Palette {
    pub(crate) good: Style,
    pub(crate) warning: Style,
    pub(crate) bad: Style,
    pub(crate) heading: Style,
}

impl Palette {
    /// Returns the styles for standard error.
    pub(crate) fn stderr() -> Self {
        Self::for_choice(AutoStream::choice(&io::stderr()))
    }

    fn for_choice(choice: anstream::ColorChoice) -> Self {
        if choice == anstream::ColorChoice::Never {
            return Self::default();
        }
        Self {
            good: AnsiColor::Green.on_default(),
            warning: AnsiColor::Yellow.on_default().bold(),
            bad: AnsiColor::Red.on_default().bold(),
            heading: Style::new().bold(),
        }
    }
}

/// Applies `--color` to this process, clap's help included; `auto` follows `NO_COLOR` and the terminal.
pub(crate) fn choose_colours(choice: ColorChoice) {
    match choice {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_styles_print_nothing() {
        let Palette { good, warning, bad, heading } = Palette::for_choice(anstream::ColorChoice::Never);
        let text = format!("{good}a{good:#}{warning}b{warning:#}{bad}c{bad:#}{heading}d{heading:#}");
        assert_eq!(text, "abcd");
    }

    #[test]
    fn with_colours_every_style_differs() {
        let Palette { good, warning, bad, heading } = Palette::for_choice(anstream::ColorChoice::Always);
        let mut texts = [good, warning, bad, heading].map(|style| style.render().to_string()).to_vec();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), 4);
    }
}
