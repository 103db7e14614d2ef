//! Registers saved and confirmed through HTTP by 1, 4 and 16 people at once, each commit durable, beside the
//! statements of a save with nothing around them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, Statement, TransactionTrait, Value};
use tokio::runtime::Runtime;

use crate::client::{Client, Serving};
use crate::harness::Place;
use crate::harness::http::{Seen, encode, set};
use crate::harness::log::{Row, conference};
use crate::{Table, ms, places};

const PASSWORD: &str = "a long enough password";
/// Registers that each run saves.
const REGISTERS: usize = 640;

pub fn measure(runtime: &Runtime) -> Table {
    let mut table = Table::new(["What", "A second", "Half within", "95 of 100 within"]);
    let attendance = regex::Regex::new("name=\"([^\"]*\\.attendance)\"").unwrap();
    for (name, place) in places() {
        open_registers(&place);
        place.account("administrator", PASSWORD);
        place.account("chair", PASSWORD);
        let serving = Serving::start(&place, []);
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
            runtime.block_on(bare(&mut table, name, &place.url, clients, &ids));
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

/// The statements of a save, one after the other over a connection a client, and nothing else: no HTTP, no
/// form, no rule.
async fn bare(table: &mut Table, name: &str, url: &str, clients: usize, ids: &[String]) {
    let backend = if url.starts_with("sqlite") { DbBackend::Sqlite } else { DbBackend::Postgres };
    if backend == DbBackend::Sqlite {
        return; // One writer: what stands beside it would be the service's own pragmas.
    }
    let mut options = ConnectOptions::new(url);
    options.max_connections(u32::try_from(clients).unwrap()).min_connections(1).test_before_acquire(false);
    let db = Database::connect(options).await.unwrap();
    db.execute_unprepared("create table if not exists bare_entry (of uuid, hash bytea)").await.unwrap();
    let statements = [
        "select s.* from session s join account a on a.id = s.account_id where $1::uuid is not null",
        "select * from conference where id = $1 for update",
        "select * from conference_child c left join invitation_child i on i.child_id = c.id \
         left join register r on r.conference_id = c.conference_id where c.conference_id = $1",
        "select * from invitation i join service s on s.id = i.service_id join agency a on a.id = s.agency_id \
         where i.conference_id = $1",
        "with a as (update invitation set recorded_at = now() where conference_id = $1), \
         b as (update conference set version = version + 1 where id = $1) insert into bare_entry values ($1, null)",
        "with taken as (select * from audit_head for update), \
         moved as (update audit_head h set hash = h.hash from taken where h.id = taken.id returning 1) \
         insert into bare_entry select $1, null from moved",
    ];
    let begun = Instant::now();
    let share = ids.len().div_ceil(clients);
    let tasks: Vec<_> = ids
        .chunks(share)
        .map(|mine| {
            let (db, mine) = (db.clone(), mine.to_vec());
            tokio::spawn(async move {
                let mut times = Vec::new();
                for id in mine {
                    let id = Value::from(id.parse::<uuid::Uuid>().unwrap());
                    let begun = Instant::now();
                    let of = |sql: &str| Statement::from_sql_and_values(backend, sql, [id.clone()]);
                    db.query_all_raw(of(statements[0])).await.unwrap();
                    let tx = db.begin().await.unwrap();
                    for sql in &statements[1..] {
                        if sql.starts_with("select") {
                            tx.query_all_raw(of(sql)).await.unwrap();
                        } else {
                            tx.execute_raw(of(sql)).await.unwrap();
                        }
                    }
                    tx.commit().await.unwrap();
                    times.push(begun.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    let what = format!("{name}: the statements of a save and nothing else, {clients} at once");
    table.row(figures(what, begun.elapsed(), times));
}

fn figures(what: String, whole: Duration, mut times: Vec<Duration>) -> [String; 4] {
    times.sort();
    [
        what,
        format!("{:.0}", times.len() as f64 / whole.as_secs_f64()),
        ms(times[times.len() / 2]),
        ms(times[times.len() * 95 / 100]),
    ]
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
        bytes: Default::default(),
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
    let (begun, cpu) = (Instant::now(), serving.cpu());
    let times: Vec<Duration> = std::thread::scope(|scope| {
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
    let (whole, cpu) = (begun.elapsed(), serving.cpu() - cpu);
    let each = ms(cpu / u32::try_from(times.len()).unwrap());
    table.row(figures(format!("{what} ({each} of the service's CPU each)"), whole, times));
}
