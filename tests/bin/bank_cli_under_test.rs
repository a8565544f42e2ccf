//! The `bank-cli` binary once more, where the end-to-end tests can find it.

fn main() -> std::process::ExitCode {
    bank_cli::main_impl()
}
