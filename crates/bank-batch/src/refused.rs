//! Lines that the database refuses to store: found by halving, so that one of them does not take its chunk with it.

use bank_domain::{Outcome, PostRequest, units};
use bank_persistence::{Bank, BankError};

/// After this many refused lines, the rest of a chunk is posted line by line.
const REFUSED_MAX: usize = 16;

/// What became of a transfer, or why the database refused to store it.
pub(crate) type Stored = Result<Outcome, String>;

/// Posts the transfers in order, and finds those that the database refuses.
///
/// # Errors
///
/// Returns the first other error: a connection, a resource or a lock is never looked for in the lines.
pub(crate) fn post_divided(bank: &Bank, requests: &[PostRequest]) -> Result<Vec<Stored>, BankError> {
    divide(requests, |part| bank.post_batch(part))
}

fn divide(
    requests: &[PostRequest],
    mut post: impl FnMut(&[PostRequest]) -> Result<Vec<Outcome>, BankError>,
) -> Result<Vec<Stored>, BankError> {
    let mut stored = Vec::with_capacity(requests.len());
    let mut refused: usize = 0;
    let units: Vec<&[PostRequest]> = units(requests).collect();
    // The units that are left, in parts, the next one last. No part cuts a unit.
    let mut parts = vec![units.as_slice()];
    while let Some(part) = parts.pop() {
        let error = match post(&part.concat()) {
            Ok(outcomes) => {
                stored.extend(outcomes.into_iter().map(Ok));
                continue;
            }
            Err(error) => error,
        };
        let Some(reason) = error.refused_data() else { return Err(error) };
        if part.len() <= 1 {
            stored.extend(part.iter().flat_map(|unit| unit.iter()).map(|_| Err(reason.clone())));
            refused = refused.saturating_add(1);
            if refused == REFUSED_MAX {
                parts = parts.into_iter().flat_map(|part| part.chunks(1).rev()).collect();
            }
        } else if refused >= REFUSED_MAX {
            parts.extend(part.chunks(1).rev());
        } else {
            let (left, right) = part.split_at(part.len() / 2);
            parts.extend([right, left]);
        }
    }
    Ok(stored)
}

/// Returns the place of the first transfer that the database refuses, with its reason, given the reason why it refuses the
/// whole. The caller tries a number of the first transfers.
pub(crate) fn first_refused(
    count: usize,
    mut reason: String,
    mut refusal_of_first: impl FnMut(usize) -> Result<Option<String>, BankError>,
) -> Result<(usize, String), BankError> {
    // The first `good` are stored, the first `bad` are not.
    let (mut good, mut bad) = (0, count);
    while bad.saturating_sub(good) > 1 {
        let middle = good.midpoint(bad);
        match refusal_of_first(middle)? {
            Some(refusal) => (bad, reason) = (middle, refusal),
            None => good = middle,
        }
    }
    Ok((good, reason))
}

#[cfg(test)]
mod tests {
    use bank_domain::{AccountId, Amount, Group, Rejection, Transfer};
    use bank_persistence::{DbError, new_transfer_id};
    use diesel::result::{DatabaseErrorKind, Error as DieselError};

    use super::*;

    fn requests(count: i64) -> Vec<PostRequest> {
        let transfer = |n| Transfer::new(new_transfer_id(), AccountId::new(1), AccountId::new(n), Amount::MIN);
        (0..count).map(|n| transfer(n).into()).collect()
    }

    fn error(kind: DatabaseErrorKind) -> BankError {
        DbError::Statement(DieselError::DatabaseError(kind, Box::new("refused".to_owned()))).into()
    }

    /// Posts all but the transfers to these accounts; returns which were refused, and in how many tries.
    fn refused(count: i64, bad: &[i64]) -> (Vec<i64>, usize) {
        let requests = requests(count);
        let (mut tries, mut last) = (0, None);
        let stored = divide(&requests, |part| {
            tries += 1;
            if part.iter().any(|request| bad.contains(&request.transfer.to.get())) {
                return Err(error(DatabaseErrorKind::CheckViolation));
            }
            let first = part[0].transfer.to.get();
            assert!(last.is_none_or(|last| last < first), "in order");
            last = part.last().map(|request| request.transfer.to.get());
            Ok(part.iter().map(|_| Outcome::Rejected(Rejection::SameAccount)).collect())
        });
        let stored = stored.unwrap();
        assert_eq!(stored.len(), requests.len());
        let bad = (0..).zip(&stored).filter(|(_, stored)| stored.is_err()).map(|(n, _)| n).collect();
        (bad, tries)
    }

    #[test]
    fn each_refused_line_is_found_in_few_tries() {
        assert_eq!(refused(8190, &[]), (vec![], 1));
        for bad in [&[0][..], &[8189], &[77, 5000], &[3, 4]] {
            let (found, tries) = refused(8190, bad);
            assert_eq!(found, bad);
            assert!(tries <= 27 * bad.len(), "{tries} for {bad:?}");
        }
        assert_eq!(refused(1, &[0]), (vec![0], 1));
    }

    #[test]
    fn a_refused_line_takes_its_group_with_it_and_no_other() {
        let mut all = requests(10);
        let group = Group::new(all.drain(3..6)).unwrap();
        all.splice(3..3, group);
        let stored = divide(&all, |part| {
            assert!(units(part).all(|unit| unit.len() == 3 || unit[0].transfer.group().is_none()), "cut: {part:?}");
            match part.iter().any(|request| request.transfer.to.get() == 4) {
                true => Err(error(DatabaseErrorKind::CheckViolation)),
                false => Ok(part.iter().map(|_| Outcome::Rejected(Rejection::SameAccount)).collect()),
            }
        });
        let refused: Vec<bool> = stored.unwrap().iter().map(Result::is_err).collect();
        assert_eq!(refused, [false, false, false, true, true, true, false, false, false, false]);
    }

    #[test]
    fn after_sixteen_refused_lines_the_rest_goes_line_by_line() {
        let all: Vec<i64> = (0..1000).collect();
        let (found, tries) = refused(1000, &all);
        assert_eq!(found, all);
        assert!(tries < 1000 + 30, "{tries}");
    }

    #[test]
    fn no_other_error_is_divided() {
        for kind in
            [DatabaseErrorKind::ClosedConnection, DatabaseErrorKind::SerializationFailure, DatabaseErrorKind::Unknown]
        {
            let mut tries = 0;
            let failed = divide(&requests(100), |_| {
                tries += 1;
                Err(error(match &kind {
                    DatabaseErrorKind::ClosedConnection => DatabaseErrorKind::ClosedConnection,
                    DatabaseErrorKind::SerializationFailure => DatabaseErrorKind::SerializationFailure,
                    _ => DatabaseErrorKind::Unknown,
                }))
            });
            assert!(failed.is_err());
            assert_eq!(tries, 1);
        }
    }

    #[test]
    fn the_first_refused_line_of_a_whole_is_found() {
        for bad in [0, 1, 499, 998, 999] {
            let (found, _) =
                first_refused(1000, String::new(), |count| Ok((count > bad).then(|| "refused".to_owned()))).unwrap();
            assert_eq!(found, bad);
        }
    }
}
