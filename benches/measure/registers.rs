//! Registers saved and confirmed through HTTP by 1, 4 and 16 people at once, each commit durable.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::client::{Client, Serving};
use crate::harness::Place;
use crate::harness::http::{Seen, encode, set};
use crate::harness::log::{Row, conference};
use crate::{Table, ms, places};

const PASSWORD: &str = "a long enough password";
/// Registers that each run saves.
const REGISTERS: usize = 640;

pub fn measure(_: &Runtime) -> Table {
    let mut table = Table::new(["What", "A second", "Half within", "95 of 100 within"]);
    let attendance = regex::Regex::new("name=\"([^\"]*\\.attendance)\"").unwrap();
    for (name, place) in places() {
        open_registers(&place);
        place.account("administrator", PASSWORD);
        place.account("chair", PASSWORD);
        let serving = Serving::start(&place);
        let cookie = Client::sign_in(&serving.address, "administrator@quorate.example", PASSWORD);
        let mut client = Client::new(&serving.address, &cookie);
        let ids = ids(&mut client);
        assert_eq!(ids.len(), REGISTERS);
        for clients in [1, 4, 16] {
            let requests = ids.iter().map(|id| {
                let path = format!("/conferences/{id}/register");
                let (mut form, page) = form(&mut client, &path);
                let fields: BTreeSet<&str> =
                    attendance.captures_iter(&page).map(|c| c.get(1).unwrap().as_str()).collect();
                assert_eq!(fields.len(), 4, "each save records four agencies");
                for field in fields {
                    set(&mut form, field, if clients == 4 { "in_person" } else { "video" });
                }
                (path, encode(&form))
            });
            let requests = requests.collect();
            run(
                &mut table,
                &format!("{name}: registers saved, {clients} at once"),
                &serving,
                &cookie,
                clients,
                requests,
            );
        }
        let chair = Client::sign_in(&serving.address, "chair@quorate.example", PASSWORD);
        let mut client = Client::new(&serving.address, &chair);
        for (clients, ids) in [1, 4, 16].into_iter().zip(ids.chunks(REGISTERS / 4)) {
            let requests = ids.iter().map(|id| {
                let path = format!("/conferences/{id}/confirm");
                let (form, _) = form(&mut client, &path);
                (path, encode(&form))
            });
            let requests = requests.collect();
            run(
                &mut table,
                &format!("{name}: registers confirmed, {clients} at once"),
                &serving,
                &chair,
                clients,
                requests,
            );
        }
    }
    table
}

/// Conferences of four agencies each, held and not recorded yet.
fn open_registers(place: &Place) {
    let rows: Vec<Row> = (0..REGISTERS)
        .flat_map(|n| {
            let child = format!("L{n}");
            conference(&format!("C-{n}")).into_iter().map(move |row| {
                row.with("child_refs", &child)
                    .with("decisions", &format!("{child}=plan_continues"))
                    .with("attendance", "")
                    .with("by_deputy", "")
            })
        })
        .collect();
    let folder = place.records(&rows);
    place.done_at("2026-09-30T15:30:00Z", &["import", folder.to_str().unwrap()]);
}

fn ids(client: &mut Client) -> Vec<String> {
    let page = client.get("/?day=2026-09-30").body;
    let pattern = regex::Regex::new("/conferences/([0-9a-f-]{36})\"").unwrap();
    let mut ids: Vec<String> = pattern.captures_iter(&page).map(|c| c[1].to_owned()).collect();
    ids.sort();
    ids.dedup();
    ids
}

fn form(client: &mut Client, path: &str) -> (Vec<(String, String)>, String) {
    let answer = client.get(path);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let page = Seen {
        status: axum::http::StatusCode::OK,
        location: None,
        headers: axum::http::HeaderMap::new(),
        body: answer.body,
    };
    (page.form(), page.body)
}

fn run(
    table: &mut Table,
    what: &str,
    serving: &Serving,
    cookie: &str,
    clients: usize,
    requests: Vec<(String, String)>,
) {
    let share = requests.len().div_ceil(clients);
    let begun = Instant::now();
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = requests
            .chunks(share)
            .map(|mine| {
                scope.spawn(move || {
                    let mut client = Client::new(&serving.address, cookie);
                    mine.iter()
                        .map(|(path, body)| {
                            let begun = Instant::now();
                            let answer = client.post(path, body);
                            assert_eq!(answer.status, 303, "{path}: {}", answer.body);
                            begun.elapsed()
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    let whole = begun.elapsed();
    times.sort();
    table.row([
        what.to_owned(),
        format!("{:.0}", times.len() as f64 / whole.as_secs_f64()),
        ms(times[times.len() / 2]),
        ms(times[times.len() * 95 / 100]),
    ]);
}
