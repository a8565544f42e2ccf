//! A TCP proxy in front of a PostgreSQL server that keeps what clients send until a test lets it go.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

/// A proxy on a port of its own; it ends with the process.
#[derive(Debug)]
pub struct DelayingProxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct State {
    clients: Vec<TcpStream>,
    /// So many connections, the oldest ones, are held.
    held: usize,
}

impl DelayingProxy {
    /// Starts a proxy in front of a port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    #[must_use]
    pub fn start(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(("127.0.0.1", server_port)).expect("the server accepts connections");
                let number = accepting.add(&client);
                let (answers, to) = (clone(&server), clone(&client));
                thread::spawn(move || pump(answers, to, || {}));
                let shared = Arc::clone(&accepting);
                thread::spawn(move || pump(client, server, || shared.wait_for_release(number)));
            }
        });
        Self { port, shared }
    }

    /// Returns the port that clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Keeps what comes over the connections that are there now; new ones are let through.
    pub fn hold(&self) {
        let mut state = self.shared.locked();
        state.held = state.clients.len();
    }

    /// Cuts all connections on the clients' side; what is kept stays kept.
    pub fn hang_up(&self) {
        for client in &self.shared.locked().clients {
            // The client may have hung up first.
            client.shutdown(Shutdown::Both).ok();
        }
    }

    /// Lets everything go that was kept.
    pub fn release(&self) {
        self.shared.locked().held = 0;
        self.shared.released.notify_all();
    }
}

impl Shared {
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread of the proxy panics")
    }

    /// Adds a connection and returns how many there were before.
    fn add(&self, client: &TcpStream) -> usize {
        let mut state = self.locked();
        state.clients.push(clone(client));
        state.clients.len() - 1
    }

    fn wait_for_release(&self, number: usize) {
        let state = self.released.wait_while(self.locked(), |state| number < state.held);
        drop(state.expect("no thread of the proxy panics"));
    }
}

fn clone(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a socket can be cloned")
}

fn pump(mut from: TcpStream, mut to: TcpStream, before_each: impl Fn()) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        before_each();
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // The other side may have hung up first.
    to.shutdown(Shutdown::Both).ok();
}
