//! Real processes that share the work, and are killed while they do it. What counts is what the mail
//! server saw.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use quorate::app::Clock;
use rand::{Rng as _, SeedableRng as _};
use sea_orm::{ConnectionTrait as _, Statement};

use crate::both;
use crate::harness::Place;
use crate::harness::log::{EVENING, LATER, conference};
use crate::harness::smtp::{MailServer, Tls, Trouble};
use crate::post::{absences, dispatch, states};

/// A process that serves; killed when it is dropped.
pub struct Serving {
    child: Child,
    pub address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts `serve` on a free port, with the real clock: letters may go on any day, at any hour.
pub fn serve(place: &Place, settings: Vec<(String, String)>) -> Serving {
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.envs(settings);
    command.env("QUORATE__FEEDBACK__WINDOW", "every day 00:00-24:00");
    let log = std::fs::File::create(place.path("log")).unwrap();
    let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.find_map(|l| l.unwrap().rsplit_once("http://").map(|(_, a)| a.to_owned())).unwrap();
    Serving { child, address }
}

pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(120), "waited two minutes: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// How often each message reached the server.
fn arrivals(server: &MailServer) -> BTreeMap<String, usize> {
    let mut arrivals = BTreeMap::new();
    for letter in server.received() {
        *arrivals.entry(letter.message_id).or_default() += 1;
    }
    arrivals
}

/// How many processes are killed: `QUORATE_TEST_KILLS=1000` has a thousand.
fn kills() -> usize {
    std::env::var("QUORATE_TEST_KILLS").map_or(30, |n| n.parse().unwrap())
}

both! {
    async fn a_sender_killed_at_any_moment_loses_no_letter_and_repeats_only_what_was_under_way(place: Place) {
        let kills = kills();
        let letters = 8 * kills;
        absences(&place, letters / 2);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::Slow(Duration::from_millis(100)));
        // Each start finds the leases of the one before run out.
        let mut moment = crate::harness::at(LATER);
        // How long the last one that was let to it took until its first letter was there.
        let mut reach = Duration::ZERO;
        let mut dice = rand_chacha::ChaCha8Rng::seed_from_u64(kills as u64);
        let mut amid = 0;
        for n in 0..kills {
            let mut command = place.command(&["--at", &moment.to_rfc3339(), "run-task", "dispatch"]);
            command.envs(server.settings()).env("QUORATE__FEEDBACK__WINDOW", "every day 00:00-24:00");
            let (before, begun) = (server.taken(), Instant::now());
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // By turns: at some moment among its letters, and at some moment on its way there.
            if n % 2 == 0 {
                while server.taken() == before && child.try_wait().unwrap().is_none() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                reach = begun.elapsed();
                std::thread::sleep(Duration::from_millis(dice.random_range(0..150)));
                amid += usize::from(child.try_wait().unwrap().is_none());
            } else {
                std::thread::sleep(reach.mul_f64(dice.random_range(0.0..1.0)));
            }
            child.kill().unwrap();
            child.wait().unwrap();
            moment += chrono::TimeDelta::minutes(5);
        }
        assert!(amid >= kills / 4, "{amid} of {kills} processes were killed while they sent");
        let also = [("QUORATE__FEEDBACK__WINDOW", "every day 00:00-24:00")];
        dispatch(&place, &server, &(moment + chrono::TimeDelta::minutes(5)).to_rfc3339(), &also);
        let arrivals = arrivals(&server);
        let outbox = place.outbox();
        assert_eq!((arrivals.len(), outbox.len()), (letters, letters), "every letter, and none that was not posted");
        let mut twice = 0;
        for message in &outbox {
            assert_eq!(message["state"], "sent");
            let id = message["id"].as_str().unwrap();
            let came = arrivals.iter().find(|(m, _)| m.contains(id)).map_or(0, |(_, n)| *n);
            assert!(came == 1 || message["may_have_been_delivered"] == true, "{id} came {came} times, unsaid");
            twice += came - 1;
        }
        println!("{kills} killed, {amid} of them amid {letters} letters; {twice} letters came again, and say so");
    }
}

#[test]
fn nothing_is_sent_twice_when_three_processes_share_the_outbox() {
    let Some(place) = Place::postgres() else { return };
    absences(&place, 60);
    let server = MailServer::start(Tls::None);
    server.trouble(Trouble::Slow(Duration::from_millis(250)));
    let mut settings = server.settings();
    // Each second another process can take a due time while the first still sends.
    settings.push(("QUORATE__SCHEDULE__DISPATCH".to_owned(), "* * * * * *".to_owned()));
    let serving: Vec<Serving> = (0..3).map(|_| serve(&place, settings.clone())).collect();
    until("120 letters", || server.received().len() >= 120);
    until("all settled", || states(&place).iter().all(|s| s == "sent"));
    assert!(arrivals(&server).values().all(|n| *n == 1));
    assert!(server.most_open() > 8, "more than one process sent: {} connections", server.most_open());
    drop(serving);
}

#[test]
fn of_three_processes_that_share_the_work_one_is_killed_and_the_others_finish_it() {
    let Some(place) = Place::postgres() else { return };
    absences(&place, 40);
    let server = MailServer::start(Tls::None);
    server.trouble(Trouble::Slow(Duration::from_millis(50)));
    let mut serving: Vec<Serving> = (0..3).map(|_| serve(&place, server.settings())).collect();
    until("ten letters", || server.received().len() >= 10);
    drop(serving.remove(0));
    until("80 letters", || arrivals(&server).len() >= 80);
    until("all settled", || states(&place).iter().all(|s| s == "sent"));
    let unsaid: BTreeSet<String> = place
        .outbox()
        .iter()
        .filter(|m| m["may_have_been_delivered"] == false)
        .map(|m| m["id"].as_str().unwrap().to_owned())
        .collect();
    for (message, n) in arrivals(&server) {
        assert!(n == 1 || !unsaid.iter().any(|id| message.contains(id)), "{message} came {n} times, unsaid");
    }
}

#[test]
fn told_to_stop_a_process_ends_the_letters_under_way_and_leaves_the_rest_waiting() {
    let place = Place::sqlite();
    absences(&place, 40);
    let server = MailServer::start(Tls::None);
    server.trouble(Trouble::Slow(Duration::from_millis(200)));
    let mut serving = serve(&place, server.settings());
    until("ten letters", || server.received().len() >= 10);
    let told = std::process::Command::new("kill").arg(serving.child.id().to_string()).status().unwrap();
    assert!(told.success());
    assert!(serving.child.wait().unwrap().success());
    let states = states(&place);
    let sent = states.iter().filter(|s| *s == "sent").count();
    assert_eq!(sent, server.received().len(), "what the server took is settled: {:?}", place.outbox());
    assert!(states.iter().all(|s| s == "sent" || s == "waiting"), "{states:?}");
    assert!(sent < 80, "it did not wait for all of them");
}

#[tokio::test]
async fn of_processes_that_share_a_schedule_one_makes_each_run() {
    let Some(place) = Place::postgres() else { return };
    place.import(EVENING, &conference("C-1"));
    let every_second = vec![("QUORATE__SCHEDULE__AUDIT".to_owned(), "* * * * * *".to_owned())];
    let serving: Vec<Serving> = (0..3).map(|_| serve(&place, every_second.clone())).collect();
    tokio::time::sleep(Duration::from_secs(6)).await;
    drop(serving);
    let db = sea_orm::Database::connect(&place.url).await.unwrap();
    let sql = "select count(*) as runs, count(distinct date_trunc('second', due_at)) as times from task_run where task = 'audit'";
    let row =
        db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
    let (runs, times): (i64, i64) = (row.try_get("", "runs").unwrap(), row.try_get("", "times").unwrap());
    assert!(times >= 4, "{times} times came due");
    assert_eq!(runs, times);
}

/// The last full hour, for which the hourly audit task of [`serve_hourly`] is due.
fn hour() -> DateTime<Utc> {
    Clock::System.now().duration_trunc(TimeDelta::hours(1)).unwrap()
}

/// A run of the audit task for that hour, as another process left it.
async fn left_behind(
    place: &Place,
    outcome: &str,
    finished_at: Option<DateTime<Utc>>,
    held_until: Option<DateTime<Utc>>,
    attempts: i32,
) {
    place.done_at(LATER, &["migrate"]);
    let db = sea_orm::Database::connect(&place.url).await.unwrap();
    let backend = db.get_database_backend();
    let sql = "insert into task_run (id, task, due_at, started_at, finished_at, outcome, said, held_until, attempts) \
               values ($1, 'audit', $2, $2, $3, $4, '', $5, $6)";
    let id = uuid::Uuid::new_v4();
    let values =
        [id.into(), hour().into(), finished_at.into(), outcome.into(), held_until.into(), attempts.into()];
    db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await.unwrap();
}

fn serve_hourly(place: &Place) -> Serving {
    serve(place, vec![("QUORATE__SCHEDULE__AUDIT".to_owned(), "0 0 * * * *".to_owned())])
}

/// The outcome of that run, and how often it was begun.
async fn run_of_the_hour(place: &Place) -> (String, i32) {
    let db = sea_orm::Database::connect(&place.url).await.unwrap();
    let sql = "select outcome, attempts from task_run where task = 'audit' order by due_at limit 1";
    let row =
        db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
    (row.try_get("", "outcome").unwrap(), row.try_get("", "attempts").unwrap())
}

async fn until_it_is_done(place: &Place) -> i32 {
    for _ in 0..600 {
        match run_of_the_hour(place).await {
            (outcome, attempts) if outcome == "done" => return attempts,
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    panic!("the run was not taken up within a minute: {:?}", run_of_the_hour(place).await);
}

both! {
    async fn a_run_whose_process_was_killed_is_taken_up_by_the_next(place: Place) {
        left_behind(&place, "running", None, Some(Clock::System.now() - TimeDelta::seconds(1)), 1).await;
        let _serving = serve_hourly(&place);
        assert_eq!(until_it_is_done(&place).await, 2);
    }

    async fn a_run_that_another_process_is_at_is_left_to_it_until_it_falls_silent(place: Place) {
        left_behind(&place, "running", None, Some(Clock::System.now() + TimeDelta::seconds(6)), 1).await;
        let begun = Instant::now();
        let _serving = serve_hourly(&place);
        assert_eq!(until_it_is_done(&place).await, 2);
        assert!(begun.elapsed() >= Duration::from_secs(5), "not before");
    }

    async fn a_run_that_failed_is_tried_again(place: Place) {
        left_behind(&place, "failed", Some(Clock::System.now() - TimeDelta::minutes(5)), None, 4).await;
        let _serving = serve_hourly(&place);
        assert_eq!(until_it_is_done(&place).await, 5);
    }

    async fn a_run_that_ended_five_processes_or_failed_five_times_is_left_alone(place: Place) {
        left_behind(&place, "running", None, Some(Clock::System.now() - TimeDelta::hours(1)), 5).await;
        let serving = serve_hourly(&place);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(run_of_the_hour(&place).await, ("running".to_owned(), 5));
        assert!(crate::operations::get(&serving.address, "/health/ready").0 == 200);
    }

    async fn of_two_runs_for_the_same_due_time_one_is_made(place: Place) {
        absences(&place, 1);
        let said = place.done_at(LATER, &["run-task", "dispatch"]);
        assert!(said.contains("2 sent"), "{said}");
        let said = place.done_at(LATER, &["run-task", "dispatch"]);
        assert!(said.contains("has run for this moment already"), "{said}");
        let said = place.done_at("2026-09-30T16:05:05Z", &["run-task", "dispatch"]);
        assert!(said.contains("nothing to do"), "{said}");
    }
}
