//! PostgreSQL with its own certificate authority: which certificates are trusted.

use std::path::PathBuf;
use std::sync::LazyLock;

use bank_persistence::{Bank, BankError, DatabaseUrl, DbError, Settings};
use bank_tests::cli::Sandbox;
use bank_tests::postgres::{PASSWORD, PostgresServer, ServerBuilder, USER};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

/// Only encrypted connections, only with a password.
const HBA: &str = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
const HINT: &str = "check sslmode and sslrootcert in the URL, and that the certificate names this host";

/// A server for `localhost`, the certificate of its authority, and the certificate of an unrelated authority.
struct Scene {
    server: PostgresServer,
    files: TempDir,
}

static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let (authority, issuer) = authority("The tests' own authority");
    let (stranger, _) = authority_of_strangers();
    let key = KeyPair::generate().expect("a key can be made");
    let names = vec!["localhost".to_owned()];
    let certificate = CertificateParams::new(names).expect("localhost is a name").signed_by(&key, &issuer);
    let server = ServerBuilder::new()
        .setting("ssl", "on")
        .setting("ssl_cert_file", "server.crt")
        .setting("ssl_key_file", "server.key")
        .file("server.crt", &certificate.expect("it can be signed").pem())
        .file("server.key", &key.serialize_pem())
        .hba(HBA)
        .start();
    let files = tempfile::tempdir().expect("a temporary directory can be made");
    for (name, pem) in [("ca.crt", authority), ("stranger.crt", stranger)] {
        std::fs::write(files.path().join(name), pem).expect("it can be written");
    }
    Scene { server, files }
});

fn authority_of_strangers() -> (String, Issuer<'static, KeyPair>) {
    authority("Somebody else")
}

fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().expect("a key can be made");
    let certificate = parameters.self_signed(&key).expect("it can be signed").pem();
    (certificate, Issuer::new(parameters, key))
}

impl Scene {
    /// Returns the URL of the server under this host name. The address stays the same.
    fn url(&self, host: &str, options: &str) -> String {
        let port = self.server.port();
        format!("postgres://{USER}:{PASSWORD}@{host}:{port}/postgres?hostaddr=127.0.0.1&{options}")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn verify_full(&self, host: &str, authority: &str) -> String {
        self.url(host, &format!("sslmode=verify-full&sslrootcert={}", self.file(authority).display()))
    }
}

fn cli(url: &str) -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test")).database_url(url)
}

#[test]
fn the_right_authority_and_name_are_trusted() {
    let url = SCENE.verify_full("localhost", "ca.crt");
    let parsed: DatabaseUrl = url.parse().unwrap();
    let bank = Bank::connect(&parsed, Settings::default()).unwrap();
    assert_eq!(bank.database().name().unwrap(), "postgres");
    cli(&url).stdout(&["setup"]);
    assert_eq!(cli(&url).stdout(&["list"]).lines().count(), 2);
}

#[test]
fn a_certificate_of_another_authority_is_rejected() {
    let url = SCENE.verify_full("localhost", "stranger.crt");
    let error = "cannot connect to [..]: [..]certificate verify failed[..]";
    cli(&url).run(&["list"]).expect_failure(7, error, HINT);
    assert_refused(&url);
}

#[test]
fn a_certificate_for_another_host_is_rejected() {
    let url = SCENE.verify_full("bank.example", "ca.crt");
    let error = "cannot connect to [..]: [..]server certificate for \"localhost\" does not match host name \"bank.example\"[..]";
    cli(&url).run(&["list"]).expect_failure(7, error, HINT);
    assert_refused(&url);
}

#[test]
fn a_missing_file_of_the_authority_is_an_error() {
    let url = SCENE.verify_full("localhost", "no-such.crt");
    cli(&url).run(&["list"]).expect_failure(7, "cannot connect to [..]: [..]no-such.crt[..]", HINT);
    assert_refused(&url);
}

#[test]
fn this_server_rejects_an_unencrypted_connection() {
    let url = SCENE.url("localhost", "sslmode=disable");
    cli(&url).run(&["list"]).expect_failure(7, "cannot connect to [..]: [..]no pg_hba.conf entry[..]", "[..]");
    assert_refused(&url);
}

#[test]
fn a_wrong_password_is_rejected_after_the_handshake() {
    let url = SCENE.verify_full("localhost", "ca.crt").replace(PASSWORD, "wrong");
    let error = "cannot connect to [..]: [..]password authentication failed[..]";
    cli(&url).run(&["list"]).expect_failure(7, error, "check user and password in the URL, or PGPASSWORD");
    assert_refused(&url);
}

#[test]
fn the_doctor_tells_encrypted_from_verified() {
    let tls_of = |url: &str| {
        let run = cli(url).run(&["doctor"]);
        run.stdout.lines().find(|line| line.contains(" tls ")).map(str::to_owned).unwrap_or_else(|| format!("{run:?}"))
    };
    let verified = tls_of(&SCENE.verify_full("localhost", "ca.crt"));
    assert!(verified.starts_with("ok       tls          TLSv1.3, "), "{verified}");
    let unverified = tls_of(&SCENE.url("bank.example", "sslmode=require"));
    assert!(unverified.starts_with("warn     tls          TLSv1.3, "), "{unverified}");
    assert!(unverified.contains("; the server's certificate is not verified; add sslmode=verify-full"), "{unverified}");
}

fn assert_refused(url: &str) {
    let url: DatabaseUrl = url.parse().unwrap();
    match Bank::connect(&url, Settings::default()) {
        Err(BankError::Database(DbError::Unavailable { .. })) => {}
        other => unreachable!("Unavailable expected, got {other:?}"),
    }
}
