//! What a proxy does at which message.

use std::fmt;

/// What happens to a connection at a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut; the message never reaches the server.
    CutBefore,
    /// The connection is cut when a part of the message has reached the server.
    CutHalfway,
    /// The connection is cut when the server has answered; the answer never reaches the client.
    CutAfter,
    /// The same, but the connection stays open, so that the client can only notice by the time that passes.
    Hang,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::CutBefore, Self::CutHalfway, Self::CutAfter, Self::Hang];

    /// Returns whether the server carries the message out although the client is not told.
    #[must_use]
    pub const fn is_applied(self) -> bool {
        matches!(self, Self::CutAfter | Self::Hang)
    }

    pub(super) const fn index(self) -> usize {
        match self {
            Self::CutBefore => 0,
            Self::CutHalfway => 1,
            Self::CutAfter => 2,
            Self::Hang => 3,
        }
    }
}

/// Which messages a plan is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Messages {
    /// Those that make the server commit a write.
    Commits,
    /// Those that contain a word.
    With(&'static str),
}

/// Decides by the number of a message, counted from 0 over all connections, what happens at it.
type Decide = dyn Fn(u32) -> Option<Fault> + Send + Sync;

/// At which messages which fault is injected.
pub struct Plan {
    pub(super) messages: Messages,
    decide: Box<Decide>,
    pub(super) closes: bool,
}

impl Plan {
    /// Returns a plan that lets everything pass.
    #[must_use]
    pub fn pass() -> Self {
        Self::at_commits(|_| None)
    }

    /// Returns a plan that decides at each COMMIT. A statement that posts outside a transaction commits with the Sync
    /// message after it, which counts as a COMMIT.
    #[must_use]
    pub fn at_commits(decide: impl Fn(u32) -> Option<Fault> + Send + Sync + 'static) -> Self {
        Self { messages: Messages::Commits, decide: Box::new(decide), closes: false }
    }

    /// Returns a plan that injects a fault at each message with this word.
    #[must_use]
    pub fn at_each(word: &'static str, fault: Fault) -> Self {
        Self { messages: Messages::With(word), decide: Box::new(move |_| Some(fault)), closes: false }
    }

    /// Returns a plan that injects a fault at the first message with this word.
    #[must_use]
    pub fn at_first(word: &'static str, fault: Fault) -> Self {
        Self::at_message(word, 0, fault)
    }

    /// Returns a plan that injects a fault at one message with this word, by its place among them, counted from 0.
    #[must_use]
    pub fn at_message(word: &'static str, place: u32, fault: Fault) -> Self {
        let decide = move |number| (number == place).then_some(fault);
        Self { messages: Messages::With(word), decide: Box::new(decide), closes: false }
    }

    /// Makes the proxy refuse every connection after a fault, until [`Proxy::open`](super::Proxy::open).
    #[must_use]
    pub fn then_close(mut self) -> Self {
        self.closes = true;
        self
    }

    pub(super) fn fault_at(&self, number: u32) -> Option<Fault> {
        (self.decide)(number)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("messages", &self.messages).field("closes", &self.closes).finish_non_exhaustive()
    }
}
