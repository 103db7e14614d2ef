//! The pages with one year of records and with ten; memory and start.

use std::process::Command;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::client::{Client, Serving};
use crate::{Table, median, ms, ratio, timed};

/// Times each page is asked for.
const TIMES: usize = 30;

struct Measured {
    pages: Vec<(&'static str, Duration)>,
    listening: Duration,
    at_rest: f64,
    used: f64,
}

pub fn measure(_: &Runtime) -> Table {
    let mut table = Table::new(["What", "One year", "Ten years", "Ratio"]);
    let [one, ten] = [1, 10].map(years);
    for ((name, one), (_, ten)) in one.pages.iter().zip(&ten.pages) {
        table.row([(*name).to_owned(), ms(*one), ms(*ten), ratio(ten.as_secs_f64(), one.as_secs_f64())]);
    }
    table.row([
        "from the start of the process until it listens".to_owned(),
        ms(one.listening),
        ms(ten.listening),
        ratio(ten.listening.as_secs_f64(), one.listening.as_secs_f64()),
    ]);
    let mib = |n: f64| format!("{n:.0} MiB");
    table.row([
        "resident memory at rest".to_owned(),
        mib(one.at_rest),
        mib(ten.at_rest),
        ratio(ten.at_rest, one.at_rest),
    ]);
    table.row([
        "resident memory after these pages".to_owned(),
        mib(one.used),
        mib(ten.used),
        ratio(ten.used, one.used),
    ]);
    table
}

fn years(years: u32) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let demo = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        command
            .args(["demo", "--listen", "127.0.0.1:0", "--folder"])
            .arg(folder.path().join("demo"))
            .args(args);
        command
    };
    let filled = demo(&["--only-fill", "--years", &years.to_string()]).output().unwrap();
    assert!(filled.status.success());
    let sign_ins = std::fs::read_to_string(folder.path().join("demo/sign-ins.txt")).unwrap();
    let password = sign_ins.split("password ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    // Started once before, so that the program lies in memory.
    drop(Serving::of(demo(&[])));
    let serving = Serving::of(demo(&[]));
    std::thread::sleep(Duration::from_secs(3));
    let at_rest = serving.resident();
    let cookie = Client::sign_in(&serving.address, "administrator@demo.example", &password);
    let mut client = Client::new(&serving.address, &cookie);
    let today = client.get("/").body;
    let conference =
        regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&today).unwrap().as_str().to_owned();
    // The page of reports leads to the newest month.
    let reports = client.get("/reports").head;
    let month = reports.lines().find_map(|l| l.strip_prefix("location: ")).expect("a month").to_owned();
    let paths = [
        ("today", "/".to_owned()),
        ("a conference", conference.clone()),
        ("its register", format!("{conference}/register")),
        ("the news of its register, asked for every second", format!("{conference}/register/live")),
        ("its invitations", format!("{conference}/invitations")),
        ("booking, the first step", "/book".to_owned()),
        ("two weeks of the board", "/board".to_owned()),
        ("eight weeks of the board", "/board?weeks=8".to_owned()),
        ("the directory", "/directory".to_owned()),
        ("a month of PAQA's figures", month.clone()),
        ("the invitations behind a figure", format!("{month}/behind?figure=M1")),
        ("the post", "/post".to_owned()),
        ("feedback that waits", "/feedback".to_owned()),
        ("the sign-in page", "/sign-in".to_owned()),
    ];
    let pages = paths.map(|(name, path)| {
        let times = (0..TIMES).map(|_| {
            let (time, answer) = timed(|| client.get(&path));
            assert_eq!(answer.status, 200, "{path}");
            time
        });
        (name, median(times.collect()))
    });
    Measured { pages: pages.to_vec(), listening: serving.listening_after, at_rest, used: serving.resident() }
}
