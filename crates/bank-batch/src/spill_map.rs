//! A map from keys to small numbers that spills to temporary files, so that its memory is bounded.
//!
//! The newest keys are in a hash table. A full table is written to a temporary file, sorted, and a Bloom filter with ten
//! bits for each key stays in memory: for nearly every key that is in no file, no file is read.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use uuid::Uuid;

/// The length of a key; its bits must be evenly distributed.
pub(crate) const KEY_BYTES: usize = 12;

/// The most keys in the table, which takes about five megabytes.
const KEYS_MAX: usize = 225_000;

const ENTRY_BYTES: usize = KEY_BYTES + 4;

/// The number of entries that are read from a file at a time.
const BLOCK_ENTRIES: usize = 256;

type Key = [u8; KEY_BYTES];

/// Returns 96 bits of a hash: enough that no two contents share them, and few enough that many can be kept.
pub(crate) fn key_of(hash: Uuid) -> [u8; KEY_BYTES] {
    let [a, b, c, d, e, f, _, g, _, h, i, j, k, l, ..] = hash.into_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

/// A map from keys to numbers.
pub(crate) struct SpillMap {
    recent: HashMap<Key, u32>,
    keys_max: usize,
    /// The newest is the last. If several have a key, the newest counts.
    runs: Vec<Run>,
}

impl SpillMap {
    /// Returns a map without keys.
    pub(crate) fn new() -> Self {
        Self { recent: HashMap::new(), keys_max: KEYS_MAX, runs: Vec::new() }
    }

    /// Returns the number of a key.
    pub(crate) fn get(&mut self, key: &Key) -> io::Result<Option<u32>> {
        if let Some(value) = self.recent.get(key) {
            return Ok(Some(*value));
        }
        for run in self.runs.iter_mut().rev() {
            let value = run.find(key)?;
            if value.is_some() {
                return Ok(value);
            }
        }
        Ok(None)
    }

    /// Sets the number of a key.
    pub(crate) fn set(&mut self, key: Key, value: u32) -> io::Result<()> {
        if self.recent.len() >= self.keys_max && !self.recent.contains_key(&key) {
            self.runs.push(Run::write(&self.recent)?);
            self.recent.clear();
        }
        self.recent.insert(key, value);
        Ok(())
    }
}

/// A sorted file of keys and numbers. It has no name, so the operating system removes it when the process ends.
struct Run {
    file: File,
    /// The first key of each block.
    blocks: Vec<Key>,
    block: Vec<u8>,
    /// A Bloom filter: "no" is certain, and about one "perhaps" in a hundred is wrong.
    filter: Vec<u64>,
}

impl Run {
    fn write(keys: &HashMap<Key, u32>) -> io::Result<Self> {
        const FILTER_BITS_PER_KEY: usize = 10;
        let mut sorted: Vec<(&Key, u32)> = keys.iter().map(|(key, value)| (key, *value)).collect();
        sorted.sort_unstable();
        let mut filter = vec![0; sorted.len().saturating_mul(FILTER_BITS_PER_KEY).div_ceil(64)];
        let mut out = BufWriter::new(tempfile::tempfile()?);
        for (key, value) in &sorted {
            filter_bits(filter.len(), key).for_each(|(word, bit)| filter[word] |= bit);
            out.write_all(*key)?;
            out.write_all(&value.to_be_bytes())?;
        }
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let blocks = sorted.iter().step_by(BLOCK_ENTRIES).map(|(key, _)| **key).collect();
        Ok(Self { file, blocks, block: Vec::new(), filter })
    }

    fn may_contain(&self, key: &Key) -> bool {
        filter_bits(self.filter.len(), key).all(|(word, bit)| self.filter[word] & bit != 0)
    }

    /// Reads the one block that can hold the key, if the filter does not rule the key out.
    fn find(&mut self, key: &Key) -> io::Result<Option<u32>> {
        let after = self.may_contain(key).then(|| self.blocks.partition_point(|first| first <= key));
        let Some(number) = after.and_then(|after| after.checked_sub(1)) else { return Ok(None) };
        let length = u64::try_from(BLOCK_ENTRIES * ENTRY_BYTES).map_err(io::Error::other)?;
        let number = u64::try_from(number).map_err(io::Error::other)?;
        self.file.seek(SeekFrom::Start(number.saturating_mul(length)))?;
        self.block.clear();
        (&mut self.file).take(length).read_to_end(&mut self.block)?;
        let (entries, _) = self.block.as_chunks::<ENTRY_BYTES>();
        let found = entries.binary_search_by(|entry| entry[..KEY_BYTES].cmp(key));
        Ok(found.ok().and_then(|place| entries[place].last_chunk().copied()).map(u32::from_be_bytes))
    }
}

/// Returns the words of a key in a filter of this many words, and the bit in each.
fn filter_bits(words: usize, key: &Key) -> impl Iterator<Item = (usize, u64)> + use<> {
    const PROBES: u64 = 7;
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *key;
    let start = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let step = u64::from(u32::from_be_bytes([i, j, k, l])) | 1;
    let bits = u64::try_from(words).unwrap_or(u64::MAX).saturating_mul(64).max(1);
    (0..PROBES).map(move |probe| {
        let bit = start.wrapping_add(probe.wrapping_mul(step)) % bits;
        (usize::try_from(bit / 64).unwrap_or(0), 1 << (bit % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> Key {
        key_of(Uuid::new_v5(&Uuid::nil(), &number.to_be_bytes()))
    }

    #[test]
    fn keys_are_found_again_when_most_are_in_files() {
        let mut map = SpillMap { keys_max: 100, ..SpillMap::new() };
        for number in 0..1050 {
            assert_eq!(map.get(&key(number)).unwrap(), None, "{number}");
            map.set(key(number), number).unwrap();
        }
        assert_eq!((map.runs.len(), map.recent.len()), (10, 50));
        for number in 0..1050 {
            assert_eq!(map.get(&key(number)).unwrap(), Some(number));
        }
    }

    #[test]
    fn keys_are_found_in_every_block_of_a_file() {
        let mut map = SpillMap { keys_max: 1000, ..SpillMap::new() };
        (0..1001).for_each(|number| map.set(key(number), number).unwrap());
        assert_eq!((map.runs.len(), map.runs[0].blocks.len()), (1, 4));
        assert!((0..1001).all(|number| map.get(&key(number)).unwrap() == Some(number)));
        assert!((1001..3000).all(|number| map.get(&key(number)).unwrap().is_none()));
    }

    #[test]
    fn the_newest_number_of_a_key_counts() {
        let mut map = SpillMap { keys_max: 10, ..SpillMap::new() };
        for round in 1..=5 {
            for number in 0..25 {
                let key = key(number);
                let value = map.get(&key).unwrap().unwrap_or(0) + 1;
                assert_eq!(value, round);
                map.set(key, value).unwrap();
            }
        }
    }

    #[test]
    fn a_filter_is_rarely_wrong() {
        let run = Run::write(&(0..10_000).map(|number| (key(number), number)).collect()).unwrap();
        assert!((0..10_000).all(|number| run.may_contain(&key(number))));
        let wrong = (10_000..20_000).filter(|number| run.may_contain(&key(*number))).count();
        assert!(wrong < 200, "{wrong} of 10000");
    }
}
