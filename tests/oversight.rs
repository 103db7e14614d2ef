//! The auditor that trusts nobody: what it finds, whom it tells, and when it is silent.

use std::io::{Read, Write};
use std::net::TcpListener;

use sea_orm::ConnectionTrait;

use crate::both;
use crate::feedback::make_and_send;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, LATER, conference};
use crate::harness::{Place, root};

/// The next morning, well inside the window.
const MORNING: &str = "2026-10-01T09:00:00Z";

fn missed(place: &Place) {
    let mut rows = conference("C-1");
    rows[2] = rows[2].clone().absent();
    rows[3] = rows[3].clone().absent().with("response", "none");
    place.import(EVENING, &rows);
}

/// Tasks that these tests run by hand, and whose times are not what they are about.
const TASKS: [&str; 9] =
    ["FEEDBACK", "DISPATCH", "BOUNCES", "LADDER", "REMINDERS", "REPORT", "SESSIONS", "AUDIT", "RETENTION"];

/// The command that looks, with the tasks due at the turn of the year alone.
fn command(place: &Place, moment: &str) -> std::process::Command {
    let mut command = place.command(&["--at", moment, "run-task", "oversight"]);
    for task in TASKS {
        command.env(format!("QUORATE__SCHEDULE__{task}"), "0 0 0 1 1 *");
    }
    command
}

fn watch(place: &Place, moment: &str) -> String {
    let output = command(place, moment).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Changes the records behind everybody's back.
async fn behind(place: &Place, statement: &str) {
    let db = sea_orm::Database::connect(&place.url).await.unwrap();
    db.execute_unprepared(statement).await.unwrap();
    db.close().await.unwrap();
}

async fn page(place: &Place, moment: &str) -> String {
    let site = place.site(moment).await;
    Person::with_role(place, &site, "administrator").await.get("/oversight").await.body
}

both! {
    async fn while_everything_owed_has_gone_nothing_is_found(place: Place) {
        missed(&place);
        assert!(watch(&place, "2026-09-30T15:40:00Z").contains("nothing"), "within the hold");
        make_and_send(&place);
        assert!(watch(&place, MORNING).contains("nothing"));
        let page = page(&place, MORNING).await;
        for text in ["All is as it should be", "2 of 2 (100%)"] {
            assert!(page.contains(text), "{text}: {page}");
        }
    }

    async fn an_absence_whose_letter_was_lost_is_found_told_once_and_settled_when_it_has_gone(place: Place) {
        missed(&place);
        place.account_of("keeper", "administrator", "a long enough password 1");
        make_and_send(&place);
        behind(&place, "delete from outbox where about_id in (select id from feedback where wording = 'no_answer')").await;
        behind(&place, "delete from feedback_link where feedback_id in (select id from feedback where wording = 'no_answer')").await;
        behind(&place, "delete from feedback where wording = 'no_answer'").await;
        assert!(watch(&place, "2026-09-30T16:20:00Z").contains("nothing"), "a quarter of an hour is left");
        assert!(watch(&place, "2026-10-01T07:31:00Z").contains("1 found"));
        assert!(watch(&place, "2026-10-01T07:36:00Z").contains("nothing"), "told once");
        place.done_at("2026-10-01T07:37:00Z", &["run-task", "dispatch"]);
        let told: Vec<_> = place.mail().into_iter().filter(|m| m.subject.contains("not as it should be")).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].to, "keeper@quorate.example");
        assert!(told[0].text.contains("1 × an absence on a confirmed register without its feedback"), "{}", told[0].text);
        assert!(page(&place, MORNING).await.contains("an absence on a confirmed register without its feedback"));
        // The feedback task is told to look again.
        behind(&place, "update register set feedback = 'wanted'").await;
        place.done_at(MORNING, &["run-task", "feedback"]);
        assert!(watch(&place, "2026-10-01T09:30:00Z").contains("1 settled, 0 open"));
        assert!(page(&place, "2026-10-01T09:31:00Z").await.contains("All is as it should be"));
    }

    async fn a_letter_to_somebody_who_was_there_and_feedback_without_a_message_are_found(place: Place) {
        missed(&place);
        make_and_send(&place);
        behind(&place, "update invitation set attendance = 'video' where response = 'none'").await;
        behind(&place, "delete from outbox where kind = 'accepted_not_come'").await;
        let said = watch(&place, MORNING);
        assert!(said.contains("2 found"), "{said}");
        let page = page(&place, MORNING).await;
        for text in ["a letter to a service that was represented", "feedback without a message"] {
            assert!(page.contains(text), "{text}: {page}");
        }
    }

    async fn a_recorded_reason_for_there_being_no_letter_is_believed(place: Place) {
        let mut rows = conference("C-1");
        // Ours, and to be settled first; not expected; excused.
        rows[2] = rows[2].clone().absent().with("absence_reason", "wrong_contact");
        rows[3] = rows[3].clone().absent().with("excused", "excluded_by_chair");
        rows[1] = rows[1].clone().absent().with("necessity", "information_only");
        place.import(EVENING, &rows);
        make_and_send(&place);
        assert!(watch(&place, MORNING).contains("nothing"));
        // History: imported without asking for letters.
        let mut old = conference("C-2");
        old[2] = old[2].clone().absent();
        let folder = place.records(&old);
        place.done_at(MORNING, &["import", folder.to_str().unwrap()]);
        assert!(watch(&place, "2026-10-02T09:00:00Z").contains("nothing"));
    }

    async fn a_message_that_does_not_go_and_a_step_that_is_late_are_found(place: Place) {
        missed(&place);
        place.done_at(LATER, &["run-task", "feedback"]);
        assert!(watch(&place, "2026-09-30T17:00:00Z").contains("nothing"));
        let said = watch(&place, "2026-09-30T17:06:00Z");
        assert!(said.contains("4 found"), "four messages wait for more than an hour: {said}");
        place.done_at(MORNING, &["run-task", "dispatch"]);
        assert!(watch(&place, MORNING).contains("4 settled, 0 open"));
        // They went on the first, and are to be answered by the eighth; two working days later a step should be there.
        assert!(watch(&place, "2026-10-12T09:00:01Z").contains("nothing"));
        let said = watch(&place, "2026-10-13T09:00:00Z");
        assert!(said.contains("2 found"), "{said}");
        place.done_at("2026-10-13T09:20:00Z", &["run-task", "ladder"]);
        assert!(watch(&place, "2026-10-13T09:30:00Z").contains("2 settled, 0 open"));
        let said = watch(&place, "2026-10-21T09:30:00Z");
        assert!(said.contains("2 found"), "steps that nobody decides on: {said}");
    }

    async fn a_task_that_does_not_run_is_found_and_one_that_never_had_the_chance_is_not(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let command = |moment: &str| {
            let mut command = command(&place, moment);
            for task in &TASKS[..2] {
                command.env(format!("QUORATE__SCHEDULE__{task}"), "*/5 * * * * *");
            }
            String::from_utf8(command.output().unwrap().stdout).unwrap()
        };
        assert!(command("2026-10-01T09:00:00Z").contains("nothing"), "nobody watched before");
        let said = command("2026-10-01T10:00:00Z");
        assert!(said.contains("2 found"), "{said}");
        place.done_at("2026-10-01T10:01:00Z", &["run-task", "feedback"]);
        place.done_at("2026-10-01T10:01:00Z", &["run-task", "dispatch"]);
        let said = command("2026-10-01T10:05:00Z");
        assert!(said.contains("2 settled, 0 open"), "idle runs count as runs: {said}");
    }
}

/// Answers one request, and gives back its first line; `None` where nobody calls.
fn called(listener: &TcpListener) -> Option<String> {
    listener.set_nonblocking(true).unwrap();
    for _ in 0..50 {
        if let Ok((mut stream, _)) = listener.accept() {
            stream.set_nonblocking(false).unwrap();
            let mut buffer = [0; 1024];
            let n = stream.read(&mut buffer).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            return String::from_utf8_lossy(&buffer[..n]).lines().next().map(str::to_owned);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    None
}

#[test]
fn a_sign_of_life_is_given_while_all_is_well_and_not_otherwise() {
    let place = Place::sqlite();
    missed(&place);
    make_and_send(&place);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/ping/0123", listener.local_addr().unwrap());
    let watch = |moment: &str| {
        let mut command = command(&place, moment);
        command.env("QUORATE__OVERSIGHT__HEARTBEAT", &address);
        let child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let call = called(&listener);
        (call, String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap())
    };
    let (call, said) = watch(MORNING);
    assert_eq!(call.as_deref(), Some("GET /ping/0123 HTTP/1.1"), "{said}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(behind(&place, "delete from outbox where kind = 'accepted_not_come'"));
    assert_eq!(watch("2026-10-01T09:05:00Z").0, None);
    drop(listener);
    runtime.block_on(behind(&place, "delete from finding"));
    runtime.block_on(behind(
        &place,
        "update feedback set state = 'telephoned' where wording = 'accepted_not_come'",
    ));
    let mut command = command(&place, "2026-10-01T09:10:00Z");
    let said = command.env("QUORATE__OVERSIGHT__HEARTBEAT", &address).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("the heartbeat address cannot be reached") && !said.contains("0123"), "{said}");
}

#[test]
fn the_queries_of_oversight_name_no_function_of_those_whom_it_checks() {
    let folder = root().join("src/oversight");
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for room in ["register", "feedback", "ladder", "replies", "invitations"] {
            assert!(!text.contains(&format!("crate::{room}")), "{room}");
        }
    }
}
