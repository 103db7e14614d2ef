//! Running the service: the pages for post and schedule, health, figures, logs.

use std::io::{Read, Write};
use std::net::TcpStream;

use sea_orm::ConnectionTrait as _;

use crate::both;
use crate::harness::Place;
use crate::harness::http::{Person, encode};
use crate::harness::log::LATER;
use crate::harness::smtp::{MailServer, Tls, Trouble};
use crate::post::{absences, dispatch, states};
use crate::processes::serve;

both! {
    async fn the_post_page_shows_the_letter_as_it_was_sent_and_puts_a_refused_one_back(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::OneRecipient("lead@oh.nhs.example", "550 5.1.1 no such mailbox"));
        dispatch(&place, &server, LATER, &[]);
        let site = place.site("2026-09-30T16:30:00Z").await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let all = administrator.get("/post").await.body;
        assert!(all.contains("all (2)") && all.contains("given up (1)") && all.contains("25 minutes ago"), "{all}");
        let given_up = administrator.get("/post?state=failed").await.body;
        assert!(given_up.contains("550") && !given_up.contains("health-visiting-north@"), "{given_up}");
        let letter = regex::Regex::new("/post/[0-9a-f-]{36}").unwrap().find(&given_up).unwrap().as_str().to_owned();
        let page = administrator.get(&letter).await.body;
        assert!(page.contains("we missed you") && page.contains("lead@oh.nhs.example"), "{page}");
        assert!(!page.contains("L0"), "no child");
        let alone = administrator.get(&format!("{letter}/as-sent")).await;
        assert!(alone.body.contains("<table"), "{}", alone.body);
        assert!(alone.headers["content-security-policy"].to_str().unwrap().starts_with("sandbox;"));
        assert_eq!(administrator.post(&format!("{letter}/requeue"), &[]).await.status, 303);
        assert!(administrator.get(&letter).await.body.contains("waiting"));
        server.trouble(Trouble::None);
        dispatch(&place, &server, "2026-09-30T16:31:00Z", &[]);
        assert_eq!(states(&place), ["sent", "sent"]);
    }

    async fn a_notice_that_was_given_up_is_put_back_and_its_text_is_not_shown(place: Place) {
        absences(&place, 1);
        let server = MailServer::start(Tls::None);
        server.trouble(Trouble::OneRecipient("lead@oh.nhs.example", "550 5.1.1 no such mailbox"));
        dispatch(&place, &server, LATER, &[]);
        let given_up = place.outbox().into_iter().find(|m| m["state"] == "failed").unwrap();
        let path = format!("/post/{}", given_up["id"].as_str().unwrap());
        // About nothing that anybody may look up.
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        let nothing = if db.get_database_backend() == sea_orm::DbBackend::Postgres { "gen_random_uuid()" } else { "randomblob(16)" };
        let notice = format!("update outbox set about_id = {nothing}, is_notice = true, kind = 'notice' where state = 'failed'");
        assert_eq!(db.execute_unprepared(&notice).await.unwrap().rows_affected(), 1);
        let site = place.site("2026-09-30T16:30:00Z").await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        assert!(administrator.get("/post?state=failed").await.body.contains(&path));
        let page = administrator.get(&path).await.body;
        assert!(page.contains("lead@oh.nhs.example") && page.contains("is not shown here"), "{page}");
        assert!(!page.contains("we missed you"), "{page}");
        for letter in ["as-sent", "letter.eml"] {
            assert_eq!(administrator.get(&format!("{path}/{letter}")).await.status, 404, "{letter}");
        }
        assert_eq!(administrator.post(&format!("{path}/requeue"), &[]).await.status, 303);
        assert_eq!(states(&place).iter().filter(|s| *s == "waiting").count(), 1);
    }

    async fn a_reason_is_wanted_for_holding_the_post_back_and_everybody_who_looks_reads_it(place: Place) {
        absences(&place, 1);
        let site = place.site(LATER).await;
        let mut keeper = Person::with_role(&place, &site, "system_administrator").await;
        let refused = keeper.post("/post/hold", &[]).await;
        assert!(refused.status == 422 && refused.body.contains("Say why"), "{}", refused.body);
        let why = [("why".to_owned(), "a wrong telephone number".to_owned())];
        assert_eq!(keeper.post("/post/hold", &why).await.status, 303);
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let page = qa.get("/post").await.body;
        assert!(page.contains("All post is held back since") && page.contains("a wrong telephone number"), "{page}");
        let said = place.done_at(LATER, &["run-task", "dispatch"]);
        assert!(said.contains("the post is held back: a wrong telephone number"), "{said}");
        assert_eq!(keeper.post("/post/release", &[]).await.status, 303);
        place.done_at(LATER, &["run-task", "dispatch"]);
        assert_eq!(states(&place), ["sent", "sent"]);
    }

    async fn the_schedule_shows_what_runs_did_and_runs_a_task_now(place: Place) {
        absences(&place, 1);
        let site = place.site(LATER).await;
        let mut keeper = Person::with_role(&place, &site, "system_administrator").await;
        assert_eq!(keeper.get("/").await.location.as_deref(), Some("/post"));
        let page = keeper.get("/schedule").await.body;
        assert!(page.contains("2 letters about 1 absences"), "{page}");
        let ran = keeper.post("/schedule/dispatch/run", &[]).await;
        assert_eq!(ran.location.as_deref(), Some("/schedule?ran=dispatch&came=done"));
        let page = keeper.get("/schedule?ran=dispatch&came=done").await.body;
        assert!(page.contains("dispatch ran.") && page.contains("2 sent, 0 put off"), "{page}");
        let again = keeper.post("/schedule/sessions/run", &[]).await;
        assert_eq!(again.location.as_deref(), Some("/schedule?ran=sessions&came=nothing"));
        assert_eq!(keeper.post("/schedule/tea/run", &[]).await.status, 404);
    }
}

fn exchange(address: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    (text[9..12].parse().unwrap(), text)
}

pub fn get(address: &str, path: &str) -> (u16, String) {
    get_as(address, path, "")
}

pub fn get_as(address: &str, path: &str, cookie: &str) -> (u16, String) {
    let head =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n");
    exchange(address, &head)
}

/// Signs in, and gives back the cookie.
pub fn sign_in(address: &str, email: &str, password: &str) -> String {
    let form = [("email".to_owned(), email.to_owned()), ("password".to_owned(), password.to_owned())];
    let body = encode(&form);
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let (_, text) = exchange(address, &head);
    // The other cookie that comes with it, in either order, is the device's.
    let mut cookies = text.lines().filter_map(|l| l.strip_prefix("set-cookie: "));
    let session = |c: &&str| c.starts_with("quorate=") || c.starts_with("__Host-quorate=");
    let cookie = cookies.find(session).expect("signed in");
    cookie.split(';').next().unwrap().to_owned()
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_serving_process_says_that_it_lives_is_ready_and_what_it_did() {
    let place = Place::sqlite();
    absences(&place, 3);
    let server = MailServer::start(Tls::None);
    let figures = format!("127.0.0.1:{}", free_port());
    let mut settings = server.settings();
    settings.push(("QUORATE__SERVER__METRICS_LISTEN".to_owned(), figures.clone()));
    let serving = serve(&place, settings);
    assert_eq!(get(&serving.address, "/health/live").0, 200);
    crate::processes::until("ready", || get(&serving.address, "/health/ready").0 == 200);
    crate::processes::until("sent", || states(&place).iter().all(|s| s == "sent"));
    assert_eq!(get(&serving.address, "/sign-in").0, 200);
    assert_eq!(get(&serving.address, "/metrics").0, 404, "not beside the pages");
    for line in [
        "quorate_requests_total{method=\"GET\",route=\"/sign-in\",status=\"200\"} 1\n",
        "quorate_outbox_messages{state=\"sent\"} 6\n",
        "quorate_messages_total{outcome=\"sent\"} 6\n",
        "quorate_message_due_to_accepted_seconds_count 6\n",
        "quorate_task_runs_total{task=\"dispatch\",outcome=\"did\"} 1\n",
        "quorate_post_held_back 0\n",
    ] {
        // Counted a moment after it is done.
        crate::processes::until(line, || get(&figures, "/metrics").1.contains(line));
    }
}

#[test]
fn logs_are_json_and_name_nobody() {
    let place = Place::sqlite();
    absences(&place, 2);
    let server = MailServer::start(Tls::None);
    server.trouble(Trouble::OneRecipient("lead@oh.nhs.example", "550 5.1.1 lead@oh.nhs.example is unknown"));
    let mut settings = server.settings();
    settings.push(("QUORATE__LOG__FORMAT".to_owned(), "json".to_owned()));
    settings.push(("QUORATE__LOG__LEVEL".to_owned(), "debug".to_owned()));
    let serving = serve(&place, settings);
    get(&serving.address, "/sign-in?next=/canary-in-a-query");
    get(&serving.address, "/canary-in-a-path");
    crate::processes::until("ended", || states(&place).iter().all(|s| s == "sent" || s == "failed"));
    drop(serving);
    let log = std::fs::read_to_string(place.path("log")).unwrap();
    assert!(log.lines().count() > 10);
    for line in log.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(entry["level"].is_string() && entry["timestamp"].is_string(), "{line}");
    }
    for canary in
        ["canary-in", "L0", "L1", "C-0", "lead@", "health-visiting", "Health Visiting", "Marston", "Chair 1"]
    {
        assert!(!log.contains(canary), "{canary} is in the log");
    }
    assert!(log.contains("\"route\":\"/sign-in\""));
}
