//! One connection through a proxy.

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use super::messages::{Session, contains, ends_a_statement, read_message};
use super::plan::Messages;
use super::{Fault, Shared};

/// A server that is well answers sooner, on any machine.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Passes messages on until either side hangs up or the plan says otherwise.
pub(super) fn serve(shared: &Shared, number: u64, client: &TcpStream) {
    // An error means that one side has hung up, which is what proxies are here for.
    if !matches!(pass_messages(shared, number, client), Ok(End::LeftOpen)) {
        client.shutdown(Shutdown::Both).ok();
        shared.remove(number);
    }
}

/// How the proxy leaves a client.
enum End {
    Cut,
    LeftOpen,
}

fn pass_messages(shared: &Shared, number: u64, client: &TcpStream) -> io::Result<End> {
    let server = TcpStream::connect(("127.0.0.1", shared.server_port))?;
    // COMMIT is one small packet. Without this, each would wait for the acknowledgement of the packet before it.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let answers = Answers::pump(&server, client)?;
    let messages = BufReader::with_capacity(64 * 1024, client);
    let mut connection = Connection { shared, number, messages, server: &server, answers };
    let end = connection.pass_messages();
    server.shutdown(Shutdown::Both).ok();
    end
}

struct Connection<'a> {
    shared: &'a Shared,
    number: u64,
    messages: BufReader<&'a TcpStream>,
    server: &'a TcpStream,
    answers: Answers,
}

impl Connection<'_> {
    fn pass_messages(&mut self) -> io::Result<End> {
        // The first message has no type.
        let startup = read_message(&mut self.messages, 0)?;
        self.server.write_all(&startup)?;
        let mut session = Session::default();
        let mut held = None;
        loop {
            let message = read_message(&mut self.messages, 1)?;
            if held.is_none() && self.shared.is_held(self.number) {
                held = Some(HeldStatement::wait_for_release(self.shared, self.number));
            }
            let fits = match self.shared.plan.messages {
                Messages::Commits => session.commits_with(&message),
                Messages::With(word) => contains(&message, word),
            };
            if let Some(fault) = fits.then(|| self.shared.next_fault()).flatten() {
                return self.inject(fault, message);
            }
            let answers = self.answers.count();
            self.server.write_all(&message)?;
            if held.is_some() && ends_a_statement(&message) {
                self.answers.wait_for_more_than(answers)?;
                held = None;
            }
        }
    }

    fn inject(&mut self, fault: Fault, message: Vec<u8>) -> io::Result<End> {
        match fault {
            Fault::CutBefore => {}
            Fault::CutHalfway => self.server.write_all(&message[..fastrand::usize(1..message.len())])?,
            Fault::CutAfter | Fault::Hang => self.swallow_answer_to(message)?,
        }
        self.shared.count_fault(fault);
        Ok(if fault == Fault::Hang { End::LeftOpen } else { End::Cut })
    }

    /// Forwards the message and the rest of its statement, and waits until the server has answered. The client sees
    /// nothing of the answer.
    fn swallow_answer_to(&mut self, mut message: Vec<u8>) -> io::Result<()> {
        let answers = self.answers.swallow();
        self.server.write_all(&message)?;
        while !ends_a_statement(&message) {
            message = read_message(&mut self.messages, 1)?;
            self.server.write_all(&message)?;
        }
        self.answers.wait_for_more_than(answers)
    }
}

/// A statement that is counted as held until the server has answered it, or its connection has ended.
struct HeldStatement<'a>(&'a Shared);

impl<'a> HeldStatement<'a> {
    fn wait_for_release(shared: &'a Shared, number: u64) -> Self {
        shared.wait_for_release(number);
        Self(shared)
    }
}

impl Drop for HeldStatement<'_> {
    fn drop(&mut self) {
        self.0.answered_a_released_statement();
    }
}

/// What comes back from the server.
#[derive(Clone, Default)]
struct Answers(Arc<(Mutex<AnswersState>, Condvar)>);

#[derive(Default)]
struct AnswersState {
    count: u64,
    ended: bool,
    /// Whether the client gets no more of them.
    swallows: bool,
}

impl Answers {
    /// Starts to pass answers on to the client.
    fn pump(server: &TcpStream, client: &TcpStream) -> io::Result<Self> {
        let answers = Self::default();
        let (pumping, server, client) = (answers.clone(), server.try_clone()?, client.try_clone()?);
        thread::spawn(move || pumping.pump_until_the_end(server, client));
        Ok(answers)
    }

    fn pump_until_the_end(&self, mut server: TcpStream, mut client: TcpStream) {
        let mut buffer = [0; 64 * 1024];
        while let Ok(length @ 1..) = server.read(&mut buffer) {
            let swallows = {
                let mut state = self.state();
                state.count += 1;
                state.swallows
            };
            self.0.1.notify_all();
            if !swallows && client.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        self.state().ended = true;
        self.0.1.notify_all();
        if !self.state().swallows {
            // The server has hung up, and so does the proxy; the client may have done so already.
            client.shutdown(Shutdown::Both).ok();
        }
    }

    fn state(&self) -> MutexGuard<'_, AnswersState> {
        self.0.0.lock().expect("no thread of the proxy panics")
    }

    fn count(&self) -> u64 {
        self.state().count
    }

    /// Keeps all further answers from the client, and returns how many there were.
    fn swallow(&self) -> u64 {
        let mut state = self.state();
        state.swallows = true;
        state.count
    }

    fn wait_for_more_than(&self, count: u64) -> io::Result<()> {
        let no_more = |state: &mut AnswersState| state.count <= count && !state.ended;
        let waited = self.0.1.wait_timeout_while(self.state(), ANSWER_TIMEOUT, no_more);
        let (state, _) = waited.expect("no thread of the proxy panics");
        if state.count > count { Ok(()) } else { Err(io::Error::other("the server does not answer")) }
    }
}
