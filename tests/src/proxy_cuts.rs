//! A TCP proxy in front of a PostgreSQL server that cuts connections around COMMIT.
//!
//! It knows the frames of PostgreSQL's protocol, so it finds a COMMIT wherever the bytes were split; the client must not
//! encrypt (`sslmode=disable`). A statement that posts outside a transaction commits with the Sync message after it,
//! which counts as a COMMIT here.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitCut {
    /// COMMIT never reaches the server.
    Before,
    /// A part of the message COMMIT reaches the server.
    Halfway,
    /// The server has carried COMMIT out; its answer never reaches the client.
    After,
    /// The same, and the connection stays open, so that the client can only notice by the time that passes.
    Hang,
}

impl CommitCut {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Before, Self::Halfway, Self::After, Self::Hang];

    /// Returns whether the server commits although the client is not told.
    #[must_use]
    pub const fn is_applied(self) -> bool {
        matches!(self, Self::After | Self::Hang)
    }
}

/// Decides by the number of a COMMIT, counted from 0 over all connections, whether and how it is cut.
pub type Plan = dyn Fn(u32) -> Option<CommitCut> + Send + Sync;

/// A proxy on a port of its own; it ends with the process.
#[derive(Debug)]
pub struct CuttingProxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server_port: u16,
    plan: Box<Plan>,
    commits: AtomicU32,
    cuts: [AtomicU32; 4],
    hung: Mutex<Vec<TcpStream>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("server_port", &self.server_port)
            .field("cuts", &self.cuts)
            .finish_non_exhaustive()
    }
}

impl CuttingProxy {
    /// Starts a proxy in front of a port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    #[must_use]
    pub fn start(server_port: u16, plan: impl Fn(u32) -> Option<CommitCut> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let shared = Arc::new(Shared {
            server_port,
            plan: Box::new(plan),
            commits: AtomicU32::new(0),
            cuts: [const { AtomicU32::new(0) }; 4],
            hung: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&accepting);
                // A connection ends with an error when either side hangs up, which is what they are here for.
                thread::spawn(move || shared.serve(&client).ok());
            }
        });
        Self { port, shared }
    }

    /// Returns the port that clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns how many COMMITs have arrived, the cut ones included.
    #[must_use]
    pub fn commits(&self) -> u32 {
        self.shared.commits.load(Ordering::SeqCst)
    }

    /// Returns how many connections have been cut in this way.
    #[must_use]
    pub fn cuts(&self, cut: CommitCut) -> u32 {
        self.shared.count_of(cut).load(Ordering::SeqCst)
    }

    /// Hangs up on the clients that have been left without an answer.
    ///
    /// # Panics
    ///
    /// If another thread of the proxy has.
    pub fn release(&self) {
        for client in self.shared.hung.lock().expect("no thread of the proxy panics").drain(..) {
            // The client may have hung up first.
            client.shutdown(Shutdown::Both).ok();
        }
    }
}

impl Shared {
    fn count_of(&self, cut: CommitCut) -> &AtomicU32 {
        match cut {
            CommitCut::Before => &self.cuts[0],
            CommitCut::Halfway => &self.cuts[1],
            CommitCut::After => &self.cuts[2],
            CommitCut::Hang => &self.cuts[3],
        }
    }

    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(("127.0.0.1", self.server_port))?;
        // COMMIT is one small packet; without this each would wait for the acknowledgement of the one before.
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let result = self.pass_messages(client, &server);
        if !matches!(result, Ok(End::LeftOpen)) {
            // Either side may have hung up first.
            client.shutdown(Shutdown::Both).ok();
        }
        server.shutdown(Shutdown::Both).ok();
        result.map(|_| ())
    }

    fn pass_messages(&self, mut client: &TcpStream, mut server: &TcpStream) -> io::Result<End> {
        let answers = Answers::pump(server, client)?;
        // The first message has no type.
        server.write_all(&read_frame(&mut client, 0)?)?;
        let mut session = Session::default();
        loop {
            let frame = read_frame(&mut client, 1)?;
            let cut = if session.commits_with(&frame) {
                (self.plan)(self.commits.fetch_add(1, Ordering::SeqCst))
            } else {
                None
            };
            match cut {
                None => {
                    server.write_all(&frame)?;
                    continue;
                }
                Some(CommitCut::Before) => {}
                Some(CommitCut::Halfway) => server.write_all(&frame[..fastrand::usize(1..frame.len())])?,
                Some(CommitCut::After | CommitCut::Hang) => answers.swallow_answer_to(&frame, server)?,
            }
            let cut = cut.unwrap_or(CommitCut::Before);
            self.count_of(cut).fetch_add(1, Ordering::SeqCst);
            if cut == CommitCut::Hang {
                self.hung.lock().expect("no thread of the proxy panics").push(client.try_clone()?);
                return Ok(End::LeftOpen);
            }
            return Ok(End::Cut);
        }
    }
}

/// How the proxy leaves a client.
enum End {
    Cut,
    LeftOpen,
}

/// What comes back from the server.
struct Answers {
    swallows: Arc<AtomicBool>,
    swallowed: std::sync::mpsc::Receiver<()>,
}

impl Answers {
    fn pump(server: &TcpStream, client: &TcpStream) -> io::Result<Self> {
        let (server, client) = (server.try_clone()?, client.try_clone()?);
        let swallows = Arc::new(AtomicBool::new(false));
        let (sender, swallowed) = channel();
        let holds = Arc::clone(&swallows);
        thread::spawn(move || pump(server, client, &holds, &sender));
        Ok(Self { swallows, swallowed })
    }

    /// Sends COMMIT and waits until the server has answered; the client sees nothing of it.
    fn swallow_answer_to(&self, frame: &[u8], mut server: &TcpStream) -> io::Result<()> {
        self.swallows.store(true, Ordering::SeqCst);
        server.write_all(frame)?;
        self.swallowed.recv_timeout(Duration::from_secs(30)).map_err(io::Error::other)
    }
}

fn pump(mut server: TcpStream, mut client: TcpStream, holds: &AtomicBool, swallowed: &Sender<()>) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(length @ 1..) = server.read(&mut buffer) {
        if holds.load(Ordering::SeqCst) {
            if swallowed.send(()).is_err() {
                return;
            }
        } else if client.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    if !holds.load(Ordering::SeqCst) {
        // The server has hung up, and so does the proxy; the other side may have done it already.
        client.shutdown(Shutdown::Both).ok();
    }
}

/// Reads one message: its type, if it has one, its length, and so many bytes.
fn read_frame(client: &mut &TcpStream, type_length: usize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; type_length + 4];
    client.read_exact(&mut frame)?;
    let length = u32::from_be_bytes(frame[type_length..].try_into().expect("these are four bytes"));
    let length = usize::try_from(length).map_err(io::Error::other)?;
    frame.resize(type_length + length.max(4), 0);
    client.read_exact(&mut frame[type_length + 4..])?;
    Ok(frame)
}

/// What has to be known of a session to tell which message commits.
#[derive(Default)]
struct Session {
    in_transaction: bool,
    /// Names of the prepared statements that write to the journal.
    posting: HashSet<Vec<u8>>,
    /// Whether such a statement was executed since the last Sync.
    posts: bool,
}

impl Session {
    /// Returns whether the server commits a write when it gets this message.
    fn commits_with(&mut self, frame: &[u8]) -> bool {
        match frame.first() {
            Some(b'Q') if frame.ends_with(b"COMMIT\0") => {
                self.in_transaction = false;
                true
            }
            Some(b'Q') => {
                self.in_transaction = frame[5..].starts_with(b"BEGIN");
                false
            }
            Some(b'P') => {
                let name = string_at(&frame[5..]);
                let writes = frame.windows(21).any(|window| window == b"INSERT INTO transfers");
                if writes {
                    self.posting.insert(name.to_vec())
                } else {
                    self.posting.remove(name)
                };
                false
            }
            Some(b'B') => {
                let portal = string_at(&frame[5..]);
                self.posts |= self.posting.contains(string_at(&frame[5 + portal.len() + 1..]));
                false
            }
            Some(b'S') => std::mem::take(&mut self.posts) && !self.in_transaction,
            _ => false,
        }
    }
}

/// Returns the bytes up to the first zero.
fn string_at(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}
