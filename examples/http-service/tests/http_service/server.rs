//! A running service, and requests to it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use bank_tests::TestDatabase;
use serde_json::{Value, json};

/// An answer, success or not.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) allow: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks a problem's status, code and message, that it has a hint, and that it contains no secrets.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16, code: &str, message: &str) {
        let body = self.json();
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(body["code"], code, "{self:?}");
        assert!(body["message"].as_str().unwrap().contains(message), "{self:?} lacks {message:?}");
        assert!(!body["hint"].as_str().unwrap().is_empty(), "{self:?}");
        assert_eq!(body.as_object().unwrap().len(), 3, "{self:?}");
        for secret in [bank_tests::postgres::PASSWORD, "SELECT", "INSERT", "UPDATE", "postgres://", "sqlite:"] {
            assert!(!self.text.contains(secret), "{self:?} tells {secret:?}");
        }
    }
}

/// A client of the service. It follows the service when that is restarted on another port.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    agent: ureq::Agent,
    base: Arc<Mutex<String>>,
}

impl Client {
    pub(crate) fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .max_idle_connections_per_host(100);
        Self { agent: config.build().into(), base: Arc::default() }
    }

    /// Returns host and port.
    pub(crate) fn address(&self) -> String {
        self.base.lock().unwrap().replace("http://", "")
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base.lock().unwrap())
    }

    pub(crate) fn try_get(&self, path: &str) -> Result<Answer, ureq::Error> {
        answer(self.agent.get(self.url(path)).call()?)
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.try_get(path).unwrap()
    }

    /// Sends a request of a method that no path takes.
    #[track_caller]
    pub(crate) fn patch(&self, path: &str) -> Answer {
        answer(self.agent.patch(self.url(path)).send_empty().unwrap()).unwrap()
    }

    /// Posts a body of any type.
    #[track_caller]
    pub(crate) fn post_text(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let request = self.agent.post(self.url(path));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        answer(request.send(body).unwrap()).unwrap()
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &[("Content-Type", "application/json")], &body.to_string())
    }

    pub(crate) fn try_transfer(&self, key: &str, body: &Value) -> Result<Answer, ureq::Error> {
        let request = self.agent.post(self.url("/transfers")).header("Idempotency-Key", key);
        answer(request.send_json(body)?)
    }

    #[track_caller]
    pub(crate) fn transfer(&self, key: &str, body: &Value) -> Answer {
        self.try_transfer(key, body).unwrap()
    }

    #[track_caller]
    pub(crate) fn group(&self, key: &str, body: &Value) -> Answer {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
        self.post_text("/groups", &headers, &body.to_string())
    }

    /// Opens an account of this name.
    #[track_caller]
    pub(crate) fn open(&self, name: &str, balance: i64) {
        let body = json!({ "name": name, "age": 28, "country": "USA", "balance": balance });
        let answer = self.post("/accounts", &body);
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// Returns how many requests wait for an outcome.
    pub(crate) fn waiting(&self) -> u32 {
        let metrics = self.get("/metrics").text;
        let line = metrics.lines().find_map(|line| line.strip_prefix("bank_transfers_waiting ")).unwrap();
        line.parse().unwrap()
    }
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (retry_after, location, allow) = (header("retry-after"), header("location"), header("allow"));
    let status = response.status().as_u16();
    Ok(Answer { status, retry_after, location, allow, text: response.body_mut().read_to_string()? })
}

/// A process of the service; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    log: Option<JoinHandle<String>>,
}

impl Server {
    /// Starts the service and tells the client where it listens.
    #[track_caller]
    pub(crate) fn start(database: &TestDatabase, options: &[&str], client: &Client) -> Self {
        Self::start_at(&database.url_text(), options, client)
    }

    #[track_caller]
    pub(crate) fn start_at(url: &str, options: &[&str], client: &Client) -> Self {
        let mut child = command(url).args(options).spawn().expect("the service can be started");
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(base) = line.trim().strip_prefix("listening on ") else {
            child.wait().unwrap();
            panic!("the service does not start: {}", log.join().unwrap());
        };
        base.clone_into(&mut client.base.lock().unwrap());
        Self { child, log: Some(log) }
    }

    /// Kills the process, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal to the process.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end of the process, and returns its log.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        (status, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Returns the command that starts the service on a free port, in an environment of its own.
pub(crate) fn command(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank-http-service"));
    command.env_clear().env("DATABASE_URL", url).env("LISTEN", "127.0.0.1:0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Returns a body of a transfer.
pub(crate) fn order(from: &str, to: &str, amount: i64) -> Value {
    json!({ "from": from, "to": to, "amount": amount })
}

/// Returns a fresh key.
pub(crate) fn key() -> String {
    bank_persistence::new_transfer_id().to_string()
}
