//! JSON, one object a line.

use std::io::{self, Write};

use serde::Serialize;

/// Prints one JSON object on its own line.
pub(crate) fn write_json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}
