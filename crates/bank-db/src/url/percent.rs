//! Percent-encoding in URLs (RFC 3986, section 2.1).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// The bytes that are encoded: all but letters, digits and `/-._~`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn percent_encoded(bytes: &[u8]) -> String {
    percent_encode(bytes, ENCODED).to_string()
}

/// Encodes a text again from what it means, so that it holds no character that could end its part of a URL.
pub(super) fn canonical(text: &str) -> String {
    percent_encoded(&percent_decode_str(text).collect::<Vec<u8>>())
}

/// Decodes `%XX`. A text that is not UTF-8 when decoded stays as it is.
pub(super) fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Into::into)
}
