//! No output, error or debug text contains a password, whatever fails.

use std::error::Error as _;

use bank_persistence::{Bank, DatabaseUrl, Settings};
use bank_tests::TestBackend;
use bank_tests::postgres::{self, PASSWORD, USER};

use crate::{Scene, sandbox};

const COMMANDS: [&[&str]; 12] = [
    &["setup"],
    &["list"],
    &["list", "--output", "json"],
    &["history", "Jessica"],
    &["transfer", "--from", "Jessica", "--to", "John", "--amount", "1"],
    &["transfer", "--from", "Jessica", "--to", "Nobody", "--amount", "1", "--output", "json"],
    &["show", "019b76da-a800-7000-8000-000000000001"],
    &["verify"],
    &["demo"],
    &["config", "show"],
    &["doctor"],
    &["doctor", "--output", "json"],
];

#[test]
fn no_command_prints_the_password_when_it_works() {
    let scene = Scene::on(TestBackend::Postgres);
    let name = scene.database.bank().database().name().unwrap();
    let url = postgres::shared().tcp_url(&name);
    for command in COMMANDS {
        assert_secret(&url, command, PASSWORD);
    }
}

#[test]
fn no_command_prints_the_password_when_it_fails() {
    let secret = "hunter2-s3cret";
    let port = postgres::shared().port();
    let scene = Scene::on(TestBackend::Postgres);
    let name = scene.database.bank().database().name().unwrap();
    for url in [
        format!("postgres://{USER}:{secret}@127.0.0.1:{port}/{name}"),
        format!("postgres://{USER}:{secret}@127.0.0.1:1/{name}"),
        format!("postgres://{USER}@127.0.0.1:{port}/{name}?password={secret}"),
        format!("postgres://{USER}@127.0.0.1:{port}/{name}?%70assword={secret}"),
        format!("postgres://{USER}@127.0.0.1:{port}/{name}?sslpassword={secret}&no_such_option=1"),
        format!("postgres://{USER}:{secret}@127.0.0.1:not-a-port/{name}"),
        format!("postgres://{USER}:{secret}@no-such-host.invalid/{name}"),
        format!("postgres://{USER}:{secret}@[::1/{name}"),
        format!("postgres://{USER}:{secret}%zz@127.0.0.1:{port}/{name}"),
        format!("postgres://{USER}:pass@{secret}@127.0.0.1:{port}/{name}"),
        format!("postgres://{USER}:pass/{secret}@127.0.0.1:{port}/{name}"),
        format!("postgres://{USER}:pass?{secret}@127.0.0.1:{port}/{name}"),
        format!("postgres://{USER}:pass#{secret}@127.0.0.1:{port}/{name}"),
        format!("postgres:{USER}:{secret}@127.0.0.1:{port}/{name}"),
        format!("postgres://{USER}:{secret}@127.0.0.1:{port}/{name}?load_balance=true"),
        format!("mysql://{USER}:{secret}@127.0.0.1:{port}/{name}"),
        format!("{USER}:{secret}@127.0.0.1:{port}/{name}"),
        format!("host=127.0.0.1 port={port} user={USER} password={secret} dbname={name}"),
        format!("Server=127.0.0.1;Port={port};User Id={USER};Password={secret};Database={name}"),
        format!("jdbc:postgresql://127.0.0.1:{port}/{name}?user={USER}&password={secret}"),
        format!("postgresql+psycopg2://{USER}:{secret}@127.0.0.1:{port}/{name}"),
        format!("{secret}://{USER}@127.0.0.1:{port}/{name}"),
        secret.to_owned(),
        format!("postgres://{USER}@127.0.0.1:1/{name}?oauth_client_secret={secret}"),
        format!("postgres://{USER}@127.0.0.1:1/{name}?scram_client_key={secret}"),
        format!("postgres://{USER}@127.0.0.1:1/{name}?scram_server_key={secret}"),
        format!("postgres://{USER}:{secret}%00@127.0.0.1:{port}/{name}"),
    ] {
        for command in [COMMANDS[0], COMMANDS[1], COMMANDS[2], COMMANDS[9], COMMANDS[10]] {
            assert_secret(&url, command, secret);
        }
    }
}

#[test]
fn no_line_of_a_dot_env_file_is_printed() {
    let secret = "hunter2-s3cret";
    for content in [
        format!("DATABASE_URL=postgres://{USER}:{secret}@127.0.0.1:1/bank\n"),
        format!("DATABASE_URL=postgres://{USER}:\"{secret}@127.0.0.1:1/bank\n"),
        format!("postgres://{USER}:{secret}@127.0.0.1:1/bank\n"),
        format!("DATABASE_URL = = {secret} '\n"),
        format!("DATABASE_URL=\"host=h password={secret}\"\n"),
    ] {
        let cli = sandbox().impatient();
        std::fs::write(cli.home().join(".env"), &content).unwrap();
        let run = cli.run(&["list", "-v"]);
        assert_ne!(run.code, Some(0), "{content}");
        assert!(!format!("{run:?}").contains(secret), "{content}: {run:?}");
    }
}

#[test]
fn no_text_of_the_library_contains_the_password() {
    let secret = "hunter2-s3cret";
    let port = postgres::shared().port();
    let url: DatabaseUrl = format!("postgres://{USER}:{secret}@127.0.0.1:{port}/postgres").parse().unwrap();
    let error = Bank::connect(&url, Settings::one_shot()).unwrap_err();
    let mut texts = vec![format!("{url} {url:?} {url:#?}"), format!("{error} {error:?}")];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(format!("{error} {error:?}"));
        cause = error.source();
    }
    for text in texts {
        assert!(!text.contains(secret), "{text}");
    }

    let url: DatabaseUrl = postgres::shared().tcp_url("postgres").parse().unwrap();
    let bank = Bank::connect(&url, Settings::one_shot()).unwrap();
    let text = format!("{bank:?} {bank:#?} {:?}", bank.database().url());
    assert!(!text.contains(PASSWORD), "{text}");
}

/// Runs a command with the URL given in every way, with all output turned on.
#[track_caller]
fn assert_secret(url: &str, command: &[&str], secret: &str) {
    let loudly = [command, &["-v"]].concat();
    let in_option = [&loudly[..], &["--database-url", url]].concat();
    for (place, run) in [
        ("environment", sandbox().impatient().database_url(url).run(&loudly)),
        ("option", sandbox().impatient().run(&in_option)),
    ] {
        let text = format!("{}{}", run.stdout, run.stderr);
        assert!(!text.contains(secret), "{command:?}, {url} in the {place}: {text}");
    }
}
