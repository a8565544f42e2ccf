//! Starting and stopping.

use bank_tests::TestBackend;
use bank_tests::invariants::{Ledger, assert_sound};
use bank_tests::postgres::{self, PASSWORD};
use bank_tests::wait::wait_until;

use crate::answers::Scene;
use crate::server::{Client, Server, command, key, order};

#[test]
fn a_stopped_service_finishes_the_transfers_it_accepted() {
    for signal in ["TERM", "INT"] {
        let Scene { client, database, server } = Scene::on(TestBackend::Sqlite, &[]);
        let mut writer = database.plain();
        writer.execute("BEGIN IMMEDIATE");
        std::thread::scope(|scope| {
            let sent = scope.spawn(|| client.transfer(&key(), &order("Jessica", "John", 800)));
            wait_until("the transfer waits", || client.waiting() == 1);
            server.signal(signal);
            // New connections: an open one may still be served.
            wait_until("no connection is accepted any more", || {
                std::net::TcpStream::connect(client.address()).is_err()
            });
            writer.execute("ROLLBACK");
            assert_eq!(sent.join().unwrap().status, 201);
        });
        let (status, log) = server.wait();
        assert!(status.success() && log.contains("every transfer that was taken has its outcome"), "{status}: {log}");
        assert_eq!(Ledger::read(&database).transfers.len(), 1);
        assert_sound(&database);
    }
}

#[test]
fn tables_are_created_only_on_request() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let (database, client) = (backend.empty_database(), Client::new());
        let refused = command(&database.url_text()).output().unwrap();
        let stderr = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("hint: start once with --migrate"), "{stderr}");
        let _server = Server::start(&database, &["--migrate"], &client);
        client.open("Jessica", 1);
    }
}

#[test]
fn a_service_that_cannot_start_says_why_without_the_password() {
    let wrong = postgres::shared().tcp_url("postgres").replace(PASSWORD, "secret-and-wrong");
    for (url, options, reason) in [
        (wrong.as_str(), [].as_slice(), "password authentication failed"),
        ("mysql://user:secret-and-wrong@localhost/bank", &[], "hint: write sqlite:"),
        ("sqlite::memory:", &["--migrate", "--listen", "192.0.2.1:80"], "cannot listen on 192.0.2.1:80"),
        ("sqlite::memory:", &["--listen", "here"], "invalid value 'here'"),
        ("sqlite::memory:", &["--queue-capacity", "0"], "invalid value '0'"),
    ] {
        let output = command(url).args(options).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && stderr.contains(reason), "{stderr}");
        assert!(!stderr.contains("secret-and-wrong"), "{stderr}");
    }
}
