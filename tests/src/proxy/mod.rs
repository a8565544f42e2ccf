//! A TCP proxy in front of a PostgreSQL server that does damage where a test wants it.
//!
//! A [`Plan`] says at which messages a connection is cut or left hanging. Besides, a test can hold back what the open
//! connections send ([`Proxy::hold`]), cut all of them ([`Proxy::hang_up`]), and have every connection refused
//! ([`Plan::then_close`]). The proxy reads PostgreSQL's messages, so the client must not encrypt (`sslmode=disable`).

mod connection;
mod messages;
mod plan;

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

pub use plan::{Fault, Plan};

use crate::wait::wait_until;

/// A proxy on a port of its own; it ends with the process.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server_port: u16,
    plan: Plan,
    /// How many messages the plan was asked about.
    asked: AtomicU32,
    faults: [AtomicU32; Fault::ALL.len()],
    closed: AtomicBool,
    accepted: AtomicU32,
    connections: Mutex<Connections>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct Connections {
    /// The open connections by number.
    clients: BTreeMap<u64, TcpStream>,
    next: u64,
    /// Connections with a smaller number are held.
    held_below: u64,
    /// How many statements are held, or were released and have no answer yet.
    held_statements: usize,
}

impl Proxy {
    /// Starts a proxy in front of a port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    #[must_use]
    pub fn start(server_port: u16, plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let shared = Arc::new(Shared {
            server_port,
            plan,
            asked: AtomicU32::new(0),
            faults: [const { AtomicU32::new(0) }; Fault::ALL.len()],
            closed: AtomicBool::new(false),
            accepted: AtomicU32::new(0),
            connections: Mutex::default(),
            released: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                accepting.accepted.fetch_add(1, Ordering::SeqCst);
                if !accepting.closed.load(Ordering::SeqCst) {
                    let shared = Arc::clone(&accepting);
                    let number = shared.add(&client);
                    thread::spawn(move || connection::serve(&shared, number, &client));
                }
            }
        });
        Self { port, shared }
    }

    /// Returns the port that clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns how many messages the plan was asked about: those that fit it, harmed or not.
    #[must_use]
    pub fn asked(&self) -> u32 {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Returns how many times this fault was injected.
    #[must_use]
    pub fn count(&self, fault: Fault) -> u32 {
        self.shared.faults[fault.index()].load(Ordering::SeqCst)
    }

    /// Returns how many faults of any kind were injected.
    #[must_use]
    pub fn faults(&self) -> u32 {
        Fault::ALL.iter().map(|fault| self.count(*fault)).sum()
    }

    /// Returns how many connections clients have opened, those that were closed immediately included.
    #[must_use]
    pub fn accepted(&self) -> u32 {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Closes each new connection immediately, as a server that is not there yet.
    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::SeqCst);
    }

    /// Accepts connections again after [`Plan::then_close`] or [`Self::close`].
    pub fn open(&self) {
        self.shared.closed.store(false, Ordering::SeqCst);
    }

    /// Holds back what the connections that are open now send from here on; new connections are not held.
    pub fn hold(&self) {
        let mut connections = self.shared.connections();
        connections.held_below = connections.next;
    }

    /// Waits until this many statements are held.
    ///
    /// # Panics
    ///
    /// If that does not happen.
    #[track_caller]
    pub fn wait_for_held(&self, statements: usize) {
        wait_until("the proxy holds a statement", || self.shared.connections().held_statements >= statements);
    }

    /// Forwards what was held, and waits until the server has answered it.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    #[track_caller]
    pub fn release(&self) {
        self.shared.connections().held_below = 0;
        self.shared.released.notify_all();
        wait_until("the server has answered", || self.shared.connections().held_statements == 0);
    }

    /// Cuts all connections on the clients' side; held statements stay held.
    pub fn hang_up(&self) {
        for client in self.shared.connections().clients.values() {
            // The client may have hung up first.
            client.shutdown(Shutdown::Both).ok();
        }
    }
}

impl Shared {
    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().expect("no thread of the proxy panics")
    }

    fn add(&self, client: &TcpStream) -> u64 {
        let mut connections = self.connections();
        let number = connections.next;
        connections.next += 1;
        connections.clients.insert(number, client.try_clone().expect("a socket can be cloned"));
        number
    }

    fn remove(&self, number: u64) {
        self.connections().clients.remove(&number);
    }

    /// Returns what the plan wants to happen at the next message that fits it, and counts it.
    fn next_fault(&self) -> Option<Fault> {
        let fault = self.plan.fault_at(self.asked.fetch_add(1, Ordering::SeqCst));
        if fault.is_some() && self.plan.closes {
            self.closed.store(true, Ordering::SeqCst);
        }
        fault
    }

    fn count_fault(&self, fault: Fault) {
        self.faults[fault.index()].fetch_add(1, Ordering::SeqCst);
    }

    fn is_held(&self, number: u64) -> bool {
        number < self.connections().held_below
    }

    /// Counts a statement as held and returns when it is released.
    fn wait_for_release(&self, number: u64) {
        let mut connections = self.connections();
        connections.held_statements += 1;
        let waited = self.released.wait_while(connections, |connections| number < connections.held_below);
        drop(waited.expect("no thread of the proxy panics"));
    }

    fn answered_a_released_statement(&self) {
        self.connections().held_statements -= 1;
    }
}
