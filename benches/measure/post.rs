//! Letters a second through the dispatcher, beside the same letters through lettre's own pool with as many
//! connections, to the same mail server on loopback.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use quorate::app::Clock;
use sea_orm::{ConnectionTrait, Database, QueryResult, Statement};
use tokio::runtime::Runtime;

use crate::client::Serving;
use crate::harness::log::{EVENING, LATER, Row, conference};
use crate::harness::smtp::{MailServer, Tls};
use crate::harness::{Place, Ran};
use crate::{Table, places, ratio, timed};

const CONFERENCES: usize = 600;
/// Absences that come due one after the other while the service runs, and the time between two.
const IN_TURN: usize = 120;
const APART: Duration = Duration::from_millis(250);

pub fn measure(runtime: &Runtime) -> Table {
    let mut table = Table::new(["What", "Quorate", "lettre alone", "Ratio"]);
    for (name, place) in places() {
        place.import(EVENING, &absences(CONFERENCES));
        let (made, _) = timed(|| place.done_at(LATER, &["run-task", "feedback"]));
        table.row([
            format!("{name}: letters written, a second"),
            format!("{:.0}", (2 * CONFERENCES) as f64 / made.as_secs_f64()),
            String::new(),
            String::new(),
        ]);
        let letters = runtime.block_on(letters(&place));
        for (kind, tls) in [("plain", Tls::None), ("STARTTLS", Tls::Starttls)] {
            if kind == "STARTTLS" {
                runtime.block_on(again(&place));
            }
            let server = MailServer::start(tls);
            let ours =
                dispatch(&place, &server, if tls == Tls::None { LATER } else { "2026-09-30T16:06:00Z" });
            assert_eq!(server.received().len(), letters.len());
            let server = MailServer::start(tls);
            let (bare, ()) = timed(|| runtime.block_on(bare(&server, tls, letters.clone())));
            let speed = |time: Duration| letters.len() as f64 / time.as_secs_f64();
            table.row([
                format!("{name}: letters sent, a second, 8 connections, {kind}, whole process"),
                format!("{:.0}", speed(ours)),
                format!("{:.0}", speed(bare)),
                ratio(speed(ours), speed(bare)),
            ]);
        }
    }
    for (name, place) in places() {
        place.import(EVENING, &absences(IN_TURN));
        let server = MailServer::start(Tls::None);
        let begins = Clock::System.now() + TimeDelta::seconds(5);
        runtime.block_on(in_turn(&place, begins));
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("QUORATE__FEEDBACK__WINDOW", "every day 00:00-24:00").envs(server.settings());
        let serving = Serving::of(command);
        let ends = APART * u32::try_from(IN_TURN).unwrap() + Duration::from_secs(30);
        while server.received().len() < 2 * IN_TURN {
            assert!(
                Clock::System.now() - begins < TimeDelta::from_std(ends).unwrap(),
                "{} came",
                server.received().len()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        std::thread::sleep(Duration::from_secs(1));
        drop(serving);
        let mut took = runtime.block_on(due_to_accepted(&place));
        took.sort();
        for (share, at) in [("half of the letters", 50), ("99 of 100", 99)] {
            let seconds = took[(took.len() * at).div_ceil(100) - 1];
            table.row([
                format!("{name}: from due to accepted, {share} within"),
                format!("{:.1} s", seconds.as_seconds_f64()),
                String::new(),
                String::new(),
            ]);
        }
    }
    table
}

/// Conferences, each with one absence and two letters about it.
fn absences(conferences: usize) -> Vec<Row> {
    (0..conferences)
        .flat_map(|n| {
            let child = format!("L{n}");
            let mut rows = conference(&format!("C-{n}"));
            rows[2] = rows[2].clone().absent();
            rows.into_iter().map(move |row| {
                row.with("child_refs", &child).with("decisions", &format!("{child}=plan_continues"))
            })
        })
        .collect()
}

/// Has the hold of each register end a little after that of the one before.
async fn in_turn(place: &Place, begins: DateTime<Utc>) {
    let db = Database::connect(&place.url).await.unwrap();
    let backend = db.get_database_backend();
    let all = Statement::from_string(backend, "select conference_id from register");
    for (n, row) in (0..).zip(db.query_all_raw(all).await.unwrap()) {
        let conference: uuid::Uuid = row.try_get("", "conference_id").unwrap();
        let confirmed = begins - HOLD + TimeDelta::from_std(APART).unwrap() * n;
        let sql = "update register set confirmed_at = $1 where conference_id = $2";
        let values = [confirmed.into(), conference.into()];
        db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await.unwrap();
    }
}

/// The hold that settings have where they say nothing.
const HOLD: TimeDelta = TimeDelta::minutes(30);

/// How long each letter took from the end of its register's hold until the mail server had it.
async fn due_to_accepted(place: &Place) -> Vec<TimeDelta> {
    let db = Database::connect(&place.url).await.unwrap();
    let sql = "select r.confirmed_at, o.sent_at from outbox o join feedback f on f.id = o.about_id \
               join invitation i on i.id = f.invitation_id join register r on r.conference_id = i.conference_id";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    let moment = |row: &QueryResult, of: &str| row.try_get::<DateTime<Utc>>("", of).unwrap();
    rows.iter().map(|row| moment(row, "sent_at") - moment(row, "confirmed_at") - HOLD).collect()
}

async fn letters(place: &Place) -> Vec<(String, Vec<u8>)> {
    let db = Database::connect(&place.url).await.unwrap();
    let all = Statement::from_string(db.get_database_backend(), "select recipient, message from outbox");
    let rows = db.query_all_raw(all).await.unwrap();
    rows.iter().map(|r| (r.try_get("", "recipient").unwrap(), r.try_get("", "message").unwrap())).collect()
}

/// Has every letter wait once more.
async fn again(place: &Place) {
    let db = Database::connect(&place.url).await.unwrap();
    db.execute_unprepared("update outbox set state = 'waiting', sent_at = null").await.unwrap();
}

fn dispatch(place: &Place, server: &MailServer, moment: &str) -> Duration {
    place.write("authority.pem", crate::harness::smtp::authority());
    let mut command = place.command(&["--at", moment, "run-task", "dispatch"]);
    command.envs(server.settings());
    command.env("QUORATE__MAIL__SMTP__AUTHORITY_FILE", place.path("authority.pem"));
    let (time, output) = timed(|| command.output().unwrap());
    let ran = Ran::from(output);
    assert!(ran.out.contains("0 put off, 0 given up"), "{}{}", ran.out, ran.err);
    time
}

async fn bare(server: &MailServer, tls: Tls, letters: Vec<(String, Vec<u8>)>) {
    use lettre::transport::smtp::client::{Certificate, Tls as Protection, TlsParameters};
    let authority = Certificate::from_pem(crate::harness::smtp::authority().as_bytes()).unwrap();
    let parameters =
        TlsParameters::builder("localhost".to_owned()).add_root_certificate(authority).build().unwrap();
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("localhost")
        .port(server.address.port())
        .tls(if tls == Tls::None { Protection::None } else { Protection::Required(parameters) })
        .pool_config(PoolConfig::new().max_size(8))
        .build();
    let letters = Arc::new(tokio::sync::Mutex::new(letters));
    let senders = (0..8).map(|_| {
        let (letters, transport) = (letters.clone(), transport.clone());
        tokio::spawn(async move {
            loop {
                let Some((to, message)) = letters.lock().await.pop() else { return };
                let from = "conferences@oxfordshire.gov.example".parse().unwrap();
                let envelope = lettre::address::Envelope::new(Some(from), vec![to.parse().unwrap()]).unwrap();
                transport.send_raw(&envelope, &message).await.unwrap();
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
}
