//! A TCP proxy in front of a PostgreSQL server that cuts connections where a test wants it.
//!
//! It looks for words in what the client sends, so the client must not encrypt (`sslmode=disable`).

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// When a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before the message with this word reaches the server.
    Before(&'static str),
    /// After the server has answered the message with this word, before its answer reaches the client; from then on
    /// every connection is refused.
    AfterForGood(&'static str),
}

/// A proxy on a port of its own; it ends with the process.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server_port: u16,
    cut: Cut,
    cuts: AtomicU32,
    closed: AtomicBool,
}

impl Proxy {
    /// Starts a proxy in front of a port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    #[must_use]
    pub fn start(server_port: u16, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let shared = Arc::new(Shared { server_port, cut, cuts: AtomicU32::new(0), closed: AtomicBool::new(false) });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if !accepting.closed.load(Ordering::SeqCst) {
                    let shared = Arc::clone(&accepting);
                    thread::spawn(move || shared.serve(client));
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

    /// Returns how many connections have been cut.
    #[must_use]
    pub fn cuts(&self) -> u32 {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// Lets connections through again, uncut.
    pub fn open(&self) {
        self.shared.closed.store(false, Ordering::SeqCst);
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) {
        let Ok(mut server) = TcpStream::connect(("127.0.0.1", self.server_port)) else { return };
        let holds_answers = Arc::new(AtomicBool::new(false));
        let answers = pump_answers(&server, &client, Arc::clone(&holds_answers));
        let mut buffer = [0; 64 * 1024];
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            let message = &buffer[..length];
            match self.cut {
                Cut::Before(word) if contains(message, word) => {
                    self.cuts.fetch_add(1, Ordering::SeqCst);
                    break;
                }
                Cut::AfterForGood(word) if contains(message, word) && self.cuts.load(Ordering::SeqCst) == 0 => {
                    self.cuts.fetch_add(1, Ordering::SeqCst);
                    self.closed.store(true, Ordering::SeqCst);
                    holds_answers.store(true, Ordering::SeqCst);
                    if server.write_all(message).is_ok() {
                        // The answer arrives and is thrown away.
                        thread::sleep(Duration::from_millis(300));
                    }
                    break;
                }
                _ if server.write_all(message).is_err() => break,
                _ => {}
            }
        }
        for socket in [&client, &server] {
            // Either side may have hung up first.
            socket.shutdown(Shutdown::Both).ok();
        }
        answers.join().expect("the pump does not panic");
    }
}

fn pump_answers(server: &TcpStream, client: &TcpStream, holds: Arc<AtomicBool>) -> thread::JoinHandle<()> {
    let mut server = server.try_clone().expect("a socket can be cloned");
    let mut client = client.try_clone().expect("a socket can be cloned");
    thread::spawn(move || {
        let mut buffer = [0; 64 * 1024];
        while let Ok(length @ 1..) = server.read(&mut buffer) {
            if !holds.load(Ordering::SeqCst) && client.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        // The other pump may have closed it already.
        client.shutdown(Shutdown::Both).ok();
    })
}

fn contains(message: &[u8], word: &str) -> bool {
    message.windows(word.len()).any(|window| window == word.as_bytes())
}
