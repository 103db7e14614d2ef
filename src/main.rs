//! The program.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    quorate::app::cli::main().await
}
