//! What a server writes before the domain has decided.

pub(in crate::posting) mod clock;
pub(in crate::posting) mod net_change;
pub(in crate::posting) mod single;
