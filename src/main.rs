//! The program.

/// Rows are made by one thread and dropped by another: an allocator that is meant for that takes a fifth off a month's
/// page, and keeps less memory (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    quorate::app::cli::main()
}
