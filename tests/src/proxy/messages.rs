//! PostgreSQL's messages, as far as a proxy must understand them.

use std::collections::HashSet;
use std::io::{self, Read};

/// Reads one message: its type, if it has one, its length, and as many bytes as that says.
pub(super) fn read_message(client: &mut impl Read, type_length: usize) -> io::Result<Vec<u8>> {
    let mut message = vec![0; type_length + 4];
    client.read_exact(&mut message)?;
    let length = u32::from_be_bytes(message[type_length..].try_into().expect("these are four bytes"));
    let length = usize::try_from(length).map_err(io::Error::other)?;
    message.resize(type_length + length.max(4), 0);
    client.read_exact(&mut message[type_length + 4..])?;
    Ok(message)
}

/// Returns whether the server answers when it gets this message: Query or Sync.
pub(super) fn ends_a_statement(message: &[u8]) -> bool {
    matches!(message.first(), Some(b'Q' | b'S'))
}

/// Returns whether a message contains a word.
pub(super) fn contains(message: &[u8], word: &str) -> bool {
    message.windows(word.len()).any(|window| window == word.as_bytes())
}

/// What must be known of a session to tell which message commits.
#[derive(Debug, Default)]
pub(super) struct Session {
    in_transaction: bool,
    /// Names of the prepared statements that write to the journal.
    posting: HashSet<Vec<u8>>,
    /// Whether such a statement was executed since the last Sync.
    posts: bool,
}

impl Session {
    /// Returns whether the server commits a write when it gets this message.
    pub(super) fn commits_with(&mut self, message: &[u8]) -> bool {
        match message.first() {
            Some(b'Q') if message.ends_with(b"COMMIT\0") => {
                self.in_transaction = false;
                true
            }
            Some(b'Q') => {
                self.in_transaction = message[5..].starts_with(b"BEGIN");
                false
            }
            Some(b'P') => {
                let name = string_at(&message[5..]);
                if contains(message, "INSERT INTO transfers") {
                    self.posting.insert(name.to_vec())
                } else {
                    self.posting.remove(name)
                };
                false
            }
            Some(b'B') => {
                let portal = string_at(&message[5..]);
                self.posts |= self.posting.contains(string_at(&message[5 + portal.len() + 1..]));
                false
            }
            Some(b'S') => std::mem::take(&mut self.posts) && !self.in_transaction,
            _ => false,
        }
    }
}

/// Returns the bytes up to the first zero.
fn string_at(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}
