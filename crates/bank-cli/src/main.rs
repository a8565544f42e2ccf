//! The `bank-cli` binary; everything is in the library.

fn main() -> std::process::ExitCode {
    bank_cli::main_impl()
}
