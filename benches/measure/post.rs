//! Letters a second through the dispatcher, beside the same letters through lettre's own pool with as many
//! connections, to the same mail server on loopback.

use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use sea_orm::{ConnectionTrait, Database, Statement};
use tokio::runtime::Runtime;

use crate::harness::log::{EVENING, LATER, Row, conference};
use crate::harness::smtp::{MailServer, Tls};
use crate::harness::{Place, Ran};
use crate::{Table, places, ratio, timed};

const CONFERENCES: usize = 600;

pub fn measure(runtime: &Runtime) -> Table {
    let mut table = Table::new(["What", "Quorate", "lettre alone", "Ratio"]);
    for (name, place) in places() {
        let rows: Vec<Row> = (0..CONFERENCES)
            .flat_map(|n| {
                let child = format!("L{n}");
                let mut rows = conference(&format!("C-{n}"));
                rows[2] = rows[2].clone().absent();
                rows.into_iter().map(move |row| {
                    row.with("child_refs", &child).with("decisions", &format!("{child}=plan_continues"))
                })
            })
            .collect();
        place.import(EVENING, &rows);
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
    table
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
