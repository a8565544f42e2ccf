//! What must hold, and what an audit says if it does not.

use std::fmt;

/// The largest number of offenders that are named for an invariant.
pub(crate) const OFFENDERS_MAX: usize = 10;

/// What must hold in every database at every moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Invariant {
    /// In each currency, the total of all balances is the total of all opening balances.
    ConservedTotal,
    /// Each balance is the opening balance plus credits minus debits.
    BalanceMatchesJournal,
    /// The transfers of each account are numbered from 1 to its version without a gap.
    UnbrokenVersions,
    /// Each transfer continues from the balance that the one before it left.
    ChainedBalances,
    /// No balance is below its limit.
    WithinLimit,
    /// Every transfer names accounts that exist.
    NoOrphans,
    /// No transfer crosses currencies, and the ledger has the currency of every account.
    OneCurrency,
    /// Each group has the members that its id names.
    WholeGroups,
    /// The journal has its unique keys, and each id stands once.
    UniqueIds,
}

impl Invariant {
    /// All invariants, in the order in which they are checked.
    pub const ALL: [Self; 9] = [
        Self::ConservedTotal,
        Self::BalanceMatchesJournal,
        Self::UnbrokenVersions,
        Self::ChainedBalances,
        Self::WithinLimit,
        Self::NoOrphans,
        Self::OneCurrency,
        Self::WholeGroups,
        Self::UniqueIds,
    ];

    /// Returns the stable code of the invariant, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ConservedTotal => "conserved_total",
            Self::BalanceMatchesJournal => "balance_matches_journal",
            Self::UnbrokenVersions => "unbroken_versions",
            Self::ChainedBalances => "chained_balances",
            Self::WithinLimit => "within_limit",
            Self::NoOrphans => "no_orphans",
            Self::OneCurrency => "one_currency",
            Self::WholeGroups => "whole_groups",
            Self::UniqueIds => "unique_ids",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ConservedTotal => "the balances total what the accounts were opened with",
            Self::BalanceMatchesJournal => "each balance is its opening balance plus credits minus debits",
            Self::UnbrokenVersions => "the transfers of each account are numbered without a gap",
            Self::ChainedBalances => "each transfer continues from the balance before it",
            Self::WithinLimit => "no balance is below its limit",
            Self::NoOrphans => "every transfer names accounts that exist",
            Self::OneCurrency => "no transfer crosses currencies",
            Self::WholeGroups => "every group is there as a whole",
            Self::UniqueIds => "each id stands once, and the journal has its keys",
        })
    }
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The invariant.
    pub invariant: Invariant,
    /// How many accounts or transfers break it.
    pub count: u64,
    /// The first of them, at most 10, each in words.
    pub offenders: Vec<String>,
}
