//! What Quorate costs, measured on whole processes from outside, each figure beside a plain thing that does
//! the least that could be done. `cargo bench` prints the tables of docs/performance.md; `cargo bench -- post`
//! prints one of them. Machines are noisy: compare figures of one run only.

#[path = "../../tests/harness/mod.rs"]
#[allow(dead_code, reason = "the tests' harness, of which this needs a part")]
mod harness;

mod client;
mod england;
mod import;
mod pages;
mod post;
mod registers;

use std::time::{Duration, Instant};

/// Rows of one table: what, figure, beside it, ratio.
pub struct Table {
    head: [&'static str; 4],
    rows: Vec<[String; 4]>,
}

impl Table {
    pub fn new(head: [&'static str; 4]) -> Self {
        Self { head, rows: Vec::new() }
    }

    pub fn row(&mut self, cells: [String; 4]) {
        eprintln!("  {}", cells.join("  "));
        self.rows.push(cells);
    }

    fn print(&self, title: &str) {
        println!("\n## {title}\n\n| {} |\n|---|---:|---:|---:|", self.head.join(" | "));
        for row in &self.rows {
            println!("| {} |", row.join(" | "));
        }
    }
}

pub fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

pub fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

pub fn ratio(a: f64, b: f64) -> String {
    format!("{:.2}", a / b)
}

pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let done = work();
    (begun.elapsed(), done)
}

/// The middle one of several.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Both databases, where PostgreSQL is on the machine.
pub fn places() -> Vec<(&'static str, harness::Place)> {
    let mut places = vec![("SQLite", harness::Place::sqlite())];
    places.extend(harness::Place::postgres().map(|place| ("PostgreSQL", place)));
    places
}

fn main() {
    // Figures of a database that does not wait for the disk would be worth nothing.
    harness::postgres::DURABLE.store(true, std::sync::atomic::Ordering::Relaxed);
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    type Measure = fn(&tokio::runtime::Runtime) -> Table;
    let measures: [(&str, &str, Measure); 5] = [
        ("import", "Import and report", import::measure),
        ("registers", "Registers kept and confirmed through HTTP", registers::measure),
        ("pages", "Pages, memory, start", pages::measure),
        ("post", "Post", post::measure),
        ("england", "All of England in one", england::measure),
    ];
    for (name, title, measure) in measures {
        if wanted.is_empty() && name != "england" || wanted.iter().any(|w| w == name) {
            eprintln!("{title}");
            measure(&runtime).print(title);
        }
    }
}
