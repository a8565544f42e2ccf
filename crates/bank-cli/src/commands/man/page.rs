//! The manual pages, in the format of `man`.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

/// Returns the name of the file that holds the page, such as `bank-cli-list.1`.
pub(crate) fn file_name(command: &Command) -> String {
    Man::new(command.clone()).get_filename()
}

/// Returns the page of a command, which must be built so that it has its global options.
pub(crate) fn render(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone());
    // Written by hand, because clap_mangen omits the quotes of an empty date, and the next field would take its place.
    // With the date of the build, every build would give other pages.
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let mut page = format!(".TH {name} 1 \"\" \"bank {}\" bank\n", env!("CARGO_PKG_VERSION")).into_bytes();
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    closing_sections(&after).to_writer(&mut page)?;
    Ok(page)
}

/// Returns the sections at the end of the help. Written by hand, because clap_mangen joins the lines of tables and examples.
fn closing_sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    let mut is_open = false;
    for line in text.lines() {
        if let Some(heading) = heading(line) {
            if is_open {
                roff.control("fi", []);
            }
            roff.control("SH", [heading]);
            roff.control("nf", []);
            is_open = true;
        } else {
            roff.text([roman(line)]);
        }
    }
    if is_open {
        roff.control("fi", []);
    }
    roff
}

/// Returns the heading in a line such as `EXIT CODES:`.
fn heading(line: &str) -> Option<&str> {
    let words = line.strip_suffix(':')?;
    words.chars().all(|c| c.is_ascii_uppercase() || c == ' ').then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_examples_keep_their_lines() {
        let text = closing_sections("EXAMPLE:\n  bank-cli list\n\nEXIT CODES:\n  0  ok\n  1  other: failure").to_roff();
        let expected =
            ".SH EXAMPLE\n.nf\n  bank\\-cli list\n\n.fi\n.SH \"EXIT CODES\"\n.nf\n  0  ok\n  1  other: failure\n.fi\n";
        assert!(text.ends_with(expected), "{text}");
    }
}
