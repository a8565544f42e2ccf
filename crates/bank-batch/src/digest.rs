//! The digest of a file's content, by which a reference knows its file again.

use bank_domain::TransferId;
use icu_normalizer::ComposingNormalizerBorrowed;
use sha2::{Digest, Sha256};

use crate::fields::NamedTransfer;

/// The SHA-256 of a version byte and of one record for each line.
///
/// A line that asks for a transfer is a record of its fields as they were parsed, so that quotes, the order of columns, line
/// ends and the format do not matter: from, to (in NFC), amount, memo, currency, date, group, own id. Each has its length
/// before it; one that is left out, or not known yet, is empty. Any other line is a record of its bytes. Files of equal
/// digests have the same lines in the same places, and so the same ids.
pub(crate) struct ContentDigest {
    hash: Sha256,
    record: Vec<u8>,
    pub(crate) lines: u64,
}

/// Grows when records are written in another way.
const VERSION: u8 = 1;

const TRANSFER: u8 = b'T';
const MALFORMED: u8 = b'M';

impl ContentDigest {
    pub(crate) fn new() -> Self {
        Self { hash: Sha256::new_with_prefix([VERSION]), record: Vec::new(), lines: 0 }
    }

    /// Adds a line that asks for a transfer; the id is its own.
    pub(crate) fn add_transfer(&mut self, named: &NamedTransfer, id: Option<TransferId>, group: Option<&str>) {
        let nfc = ComposingNormalizerBorrowed::new_nfc();
        let NamedTransfer { from, to, amount, memo } = named;
        let memo = memo.as_ref().map_or("", |memo| memo.as_str());
        let (currency, date) = ("", "");
        self.record.clear();
        self.record.push(TRANSFER);
        for field in [
            &*nfc.normalize(from.as_str()),
            &*nfc.normalize(to.as_str()),
            &amount.canonical().to_string(),
            memo,
            currency,
            date,
            group.unwrap_or_default(),
        ] {
            self.push(field.as_bytes());
        }
        match id {
            Some(id) => self.push(id.as_uuid().as_bytes()),
            None => self.push(b""),
        }
        self.finish_record();
    }

    /// Adds a line that asks for no transfer. Of a line that is too long to be kept, these are the first bytes.
    pub(crate) fn add_malformed(&mut self, line: &[u8]) {
        self.record.clear();
        self.record.push(MALFORMED);
        self.push(line);
        self.finish_record();
    }

    /// Returns the digest of the lines so far.
    pub(crate) fn finish(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    fn push(&mut self, field: &[u8]) {
        // No field and no line is longer than 4 GiB.
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        self.record.extend_from_slice(&length.to_be_bytes());
        self.record.extend_from_slice(field);
    }

    fn finish_record(&mut self) {
        self.hash.update(&self.record);
        self.lines = self.lines.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use bank_persistence::Derivation;
    use proptest::prelude::*;

    use super::*;
    use crate::ids::LineIds;
    use crate::reader::{ChunkReader, Reading};
    use crate::reference::Reference;

    /// Returns the digest of a file, and the ids of its lines.
    fn read(text: &str) -> ([u8; 32], Vec<Option<TransferId>>) {
        let mut reader = ChunkReader::new(Box::new(io::Cursor::new(text.to_owned())), None, true).unwrap();
        let ids = LineIds::new(&Reference::new("r").unwrap(), "r", Derivation::Ordinal);
        reader.reading = Reading::first(Some(ids));
        let mut ids = Vec::new();
        while let Some(chunk) = reader.next_chunk(100).unwrap() {
            ids.extend(chunk.lines.iter().map(crate::line::Line::id));
        }
        (reader.digest.finish(), ids)
    }

    const ID: &str = "019b76da-a800-7000-8000-000000000001";

    #[test]
    fn the_way_in_which_a_content_is_written_does_not_matter() {
        let plain = format!("from,to,amount,memo,id\na,b,7,rent,\nRen\u{e9},b,8,,{ID}\nbad\n");
        for same in [
            format!("\u{feff}from,to,amount,memo,id\r\na,b,7,rent,\r\n\r\nRene\u{301},b,8,\"\",{ID}\r\nbad\r\n"),
            format!("id,memo,amount,to,from\n,rent,+007,b,\"a\"\n{},,08,b,Ren\u{e9}\nbad\n", ID.to_uppercase()),
        ] {
            assert_eq!(read(&plain), read(&same), "{same}");
        }
        let [json, csv] = ["{\"from\":\"a\",\"to\":\"b\",\"amount\":7}\n", "from,to,amount\na,b,7\n"].map(read);
        assert_eq!(json, csv);
    }

    #[test]
    fn every_part_of_the_content_matters() {
        let texts = [
            "from,to,amount,memo\na,b,7,rent\na,b,8,\n".to_owned(),
            "from,to,amount,memo\na,c,7,rent\na,b,8,\n".to_owned(),
            "from,to,amount,memo\nb,a,7,rent\na,b,8,\n".to_owned(),
            "from,to,amount,memo\na,b,70,rent\na,b,8,\n".to_owned(),
            "from,to,amount,memo\na,b,7,Rent\na,b,8,\n".to_owned(),
            "from,to,amount,memo\na,b,7,rent\n".to_owned(),
            "from,to,amount,memo\na,b,8,\na,b,7,rent\n".to_owned(),
            "from,to,amount,memo\na,b,7,rent\na,b,8,\na,b,8,\n".to_owned(),
            format!("from,to,amount,memo,id\na,b,7,rent,{ID}\na,b,8,,\n"),
            "from,to,amount,memo\na,b,7,rent\na,b,x,\n".to_owned(),
            "from,to,amount,memo\na,b,7,rent\na,b,y,\n".to_owned(),
            "from,to,amount,memo\nab,,7,rent\na,b,8,\n".to_owned(),
        ];
        let mut digests: Vec<_> = texts.iter().map(|text| read(text).0).collect();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), texts.len());
    }

    fn line() -> impl Strategy<Value = String> {
        let name = || prop_oneof![Just("a"), Just("b"), Just("ab"), Just(""), Just("\"a\"")];
        let amount = prop_oneof![Just("1"), Just("01"), Just("2"), Just("x")];
        let id = prop_oneof![4 => Just(""), 1 => Just(ID), 1 => Just("019b76da-a800-7000-8000-000000000002")];
        (name(), name(), amount, prop_oneof![Just(""), Just("m")], id)
            .prop_map(|(from, to, amount, memo, id)| format!("{from},{to},{amount},{memo},{id}\n"))
    }

    proptest! {
        #[test]
        fn equal_digests_imply_equal_ids(
            first in prop::collection::vec(line(), 0..4),
            second in prop::collection::vec(line(), 0..4),
        ) {
            let text = |lines: &[String]| format!("from,to,amount,memo,id\n{}", lines.concat());
            let (first, second) = (read(&text(&first)), read(&text(&second)));
            if first.0 == second.0 {
                prop_assert_eq!(first.1, second.1);
            }
        }
    }
}
