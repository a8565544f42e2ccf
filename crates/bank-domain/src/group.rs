//! Groups: transfers that take effect together or not at all.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::account::{AccountId, AccountVersion};
use crate::group_id::GroupId;
use crate::invalid::InvalidInput;
use crate::outcome::PostedTransfer;
use crate::transfer::PostRequest;

/// Transfers that take effect together or not at all, in their order: each sees the effects of those before it.
///
/// An expected version is that before the whole group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    id: GroupId,
    requests: Vec<PostRequest>,
}

impl Group {
    /// The smallest number of members.
    pub const MEMBERS_MIN: usize = 2;
    /// The largest number of members.
    pub const MEMBERS_MAX: usize = 1_000;

    /// Returns the group of these transfers.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::GroupSize`] if there are fewer than 2 or more than 1,000 of them; [`InvalidInput::GroupRepeatsId`] if two
    /// have the same id.
    pub fn new<R: Into<PostRequest>>(members: impl IntoIterator<Item = R>) -> Result<Self, InvalidInput> {
        let mut requests: Vec<PostRequest> = members.into_iter().map(Into::into).collect();
        if !(Self::MEMBERS_MIN..=Self::MEMBERS_MAX).contains(&requests.len()) {
            return Err(InvalidInput::GroupSize { members: requests.len() });
        }
        let mut ids = HashSet::with_capacity(requests.len());
        if let Some(twice) = requests.iter().find(|request| !ids.insert(request.transfer.id)) {
            return Err(InvalidInput::GroupRepeatsId { id: twice.transfer.id.as_uuid() });
        }
        let id = GroupId::of(requests.iter().map(|request| request.transfer.id));
        for request in &mut requests {
            request.transfer = request.transfer.clone().in_group(Some(id));
        }
        Ok(Self { id, requests })
    }

    /// Returns the id.
    #[must_use]
    pub const fn id(&self) -> GroupId {
        self.id
    }

    /// Returns the members in their order.
    #[must_use]
    pub fn requests(&self) -> &[PostRequest] {
        &self.requests
    }
}

impl IntoIterator for Group {
    type Item = PostRequest;
    type IntoIter = std::vec::IntoIter<PostRequest>;

    fn into_iter(self) -> Self::IntoIter {
        self.requests.into_iter()
    }
}

/// Splits requests into what takes effect together: each group as a whole, and every other transfer by itself. The members of
/// a group must stand one after the other.
pub fn units(requests: &[PostRequest]) -> impl Iterator<Item = &[PostRequest]> {
    let mut rest = requests;
    std::iter::from_fn(move || {
        let (unit, left) = rest.split_at(unit_length(rest));
        rest = left;
        (!unit.is_empty()).then_some(unit)
    })
}

/// Returns how many of the requests, from the first on, take effect together: the members of a group, otherwise 1; 0 without
/// requests.
#[must_use]
pub fn unit_length<'a>(requests: impl IntoIterator<Item = &'a PostRequest>) -> usize {
    let mut requests = requests.into_iter();
    let Some(first) = requests.next() else { return 0 };
    let group = first.transfer.group();
    if group.is_none() {
        return 1;
    }
    // The same group may come twice in a row.
    let mut ids = HashSet::from([first.transfer.id]);
    let belongs = |request: &&PostRequest| request.transfer.group() == group && ids.insert(request.transfer.id);
    requests.take_while(belongs).count().saturating_add(1)
}

/// Returns members of a group in an order in which they have taken effect: those of an account by its versions, and those that
/// share no account by their ids.
#[must_use]
pub fn order_of_effect(mut members: Vec<PostedTransfer>) -> Vec<PostedTransfer> {
    members.sort_unstable_by_key(|member| member.transfer.id);
    let mut versions: HashMap<AccountId, BTreeSet<AccountVersion>> = HashMap::new();
    for member in &members {
        for (account, version) in sides(member) {
            versions.entry(account).or_default().insert(version);
        }
    }
    let mut ordered = Vec::with_capacity(members.len());
    while !members.is_empty() {
        let is_next = |member: &PostedTransfer| {
            sides(member)
                .iter()
                .all(|(account, version)| versions.get(account).and_then(BTreeSet::first) == Some(version))
        };
        // In a journal that contradicts itself, the order is that of the ids.
        let place = members.iter().position(is_next).unwrap_or_default();
        let next = members.remove(place);
        for (account, version) in sides(&next) {
            versions.entry(account).or_default().remove(&version);
        }
        ordered.push(next);
    }
    ordered
}

fn sides(PostedTransfer { transfer, debit, credit }: &PostedTransfer) -> [(AccountId, AccountVersion); 2] {
    [(transfer.from, debit.version), (transfer.to, credit.version)]
}

/// Returns whether the unit is a group with all of its members, or no group.
pub(crate) fn is_whole(unit: &[PostRequest]) -> bool {
    match unit.first().and_then(|first| first.transfer.group()) {
        None => true,
        Some(id) => GroupId::of(unit.iter().map(|request| request.transfer.id)) == id,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::money::{Amount, Balance};
    use crate::outcome::Entry;
    use crate::transfer::Transfer;
    use crate::transfer_id::TransferId;

    fn payment(id: u128) -> Transfer {
        let id = TransferId::from_uuid(Uuid::from_u128(id));
        Transfer::new(id, AccountId::new(1), AccountId::new(2), Amount::MIN)
    }

    #[test]
    fn every_member_names_its_group() {
        let group = Group::new([payment(1), payment(2)]).unwrap();
        assert_eq!(group.id(), Group::new([payment(2), payment(1)]).unwrap().id(), "the order does not count");
        assert!(group.requests().iter().all(|request| request.transfer.group() == Some(group.id())));
    }

    #[test]
    fn a_group_has_2_to_1000_members_with_ids_of_their_own() {
        let of = |count: u128| Group::new((1..=count).map(payment));
        assert_eq!(of(1).unwrap_err(), InvalidInput::GroupSize { members: 1 });
        assert_eq!(of(1_001).unwrap_err(), InvalidInput::GroupSize { members: 1_001 });
        assert_eq!(of(1_000).unwrap().into_iter().count(), 1_000);
        let twice = Group::new([payment(1), payment(2), payment(1)]).unwrap_err();
        assert_eq!(twice, InvalidInput::GroupRepeatsId { id: Uuid::from_u128(1) });
    }

    #[test]
    fn members_are_ordered_by_the_versions_of_their_accounts() {
        let posted = |id: u128, from: (i64, i64), to: (i64, i64)| {
            let entry = |version| Entry { version: AccountVersion::new(version), balance_after: Balance::new(0) };
            let id = TransferId::from_uuid(Uuid::from_u128(id));
            let transfer = Transfer::new(id, AccountId::new(from.0), AccountId::new(to.0), Amount::MIN);
            PostedTransfer { transfer, debit: entry(from.1), credit: entry(to.1) }
        };
        let first = posted(9, (1, 5), (2, 3));
        let second = posted(4, (2, 4), (3, 1));
        let third = posted(7, (3, 2), (1, 6));
        let apart = posted(8, (4, 1), (5, 1));
        let ordered = order_of_effect(vec![third.clone(), second.clone(), apart.clone(), first.clone()]);
        assert_eq!(ordered, [apart, first, second, third]);
        assert_eq!(order_of_effect(Vec::new()), []);
    }

    #[test]
    fn requests_are_split_between_groups() {
        let group = |ids: std::ops::Range<u128>| Group::new(ids.map(payment)).unwrap();
        let backwards = Group::new([5, 4, 3].map(payment)).unwrap();
        let requests: Vec<PostRequest> = [payment(1).into(), payment(2).into()]
            .into_iter()
            .chain(group(3..6))
            .chain(backwards)
            .chain(group(6..8))
            .chain([payment(9).into()])
            .collect();
        let lengths: Vec<usize> = units(&requests).map(<[PostRequest]>::len).collect();
        assert_eq!(lengths, [1, 1, 3, 3, 2, 1]);
        assert!(units(&requests).all(is_whole));
        assert!(!is_whole(&requests[2..4]) && !is_whole(&requests[3..5]));
        assert_eq!(units(&[]).count(), 0);
    }
}
