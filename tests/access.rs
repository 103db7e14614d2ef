//! Who may do what: every route as every role, against a table that is reviewed like code.

use crate::both;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, LATER, conference};

const ROUTES: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/conferences/{c}"),
    ("GET", "/conferences/{c}/register"),
    ("POST", "/conferences/{c}/register"),
    ("GET", "/conferences/{c}/confirm"),
    ("POST", "/conferences/{c}/confirm"),
    ("GET", "/conferences/{c}/amend"),
    ("POST", "/conferences/{c}/amend"),
    ("GET", "/conferences/{c}/amend/{i}"),
    ("POST", "/conferences/{c}/amend/{i}"),
    ("GET", "/feedback"),
    ("POST", "/feedback/00000000-0000-0000-0000-000000000000/telephoned"),
    ("GET", "/imports"),
    ("POST", "/imports"),
    ("GET", "/reports"),
    ("GET", "/reports/2026-09"),
    ("GET", "/reports/2026-09/figures.csv"),
    ("GET", "/reports/2026-09/figures.json"),
    ("GET", "/reports/2026-09/behind?figure=M1"),
    ("GET", "/post"),
    ("GET", "/post/{m}"),
    ("GET", "/post/{m}/as-sent"),
    ("GET", "/post/{m}/letter.eml"),
    ("POST", "/post/{m}/requeue"),
    ("POST", "/post/requeue"),
    ("POST", "/post/hold"),
    ("POST", "/post/release"),
    ("GET", "/schedule"),
    ("POST", "/schedule/sessions/run"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_every_role_as_the_golden_table_says() {
    let place = crate::harness::Place::sqlite();
    let mut rows = conference("C-1");
    rows[2] = rows[2].clone().absent();
    place.import(EVENING, &rows);
    place.done_at(LATER, &["run-task", "feedback"]);
    let m = place.outbox()[0]["id"].as_str().unwrap().to_owned();
    let site = place.site(LATER).await;
    let mut administrator = Person::with_role(&place, &site, "administrator").await;
    let page = administrator.get("/?day=2026-09-30").await.body;
    let c = regex::Regex::new("/conferences/([0-9a-f-]{36})").unwrap().captures(&page).unwrap()[1].to_owned();
    let page = administrator.get(&format!("/conferences/{c}")).await.body;
    let i = regex::Regex::new("/amend/([0-9a-f-]{36})").unwrap().captures(&page).unwrap()[1].to_owned();
    let roles = ["administrator", "chair", "qa_manager", "paqa_member", "system_administrator"];
    let mut people = vec![("nobody", Person::anonymous(&site))];
    for role in roles {
        people.push((role, Person::with_role(&place, &site, role).await));
    }
    let mut table = format!("{:<75}", "");
    for (name, _) in &people {
        table.push_str(&format!("{name:<22}"));
    }
    for (method, route) in ROUTES {
        table.push_str(&format!("\n{:<75}", format!("{method} {route}")));
        let path = route.replace("{c}", &c).replace("{i}", &i).replace("{m}", &m);
        for (_, person) in &mut people {
            let seen = if *method == "GET" { person.get(&path).await } else { person.post(&path, &[]).await };
            let verdict = match (seen.status.as_u16(), seen.location.as_deref()) {
                (303, Some(to)) if to.starts_with("/sign-in") => "sign in".to_owned(),
                (403, _) => "no".to_owned(),
                // The schedule's alarm is not running in this test; the route was reached.
                (503, _) if *route == "/health/ready" => "yes".to_owned(),
                (500.., _) => format!("FAILS {}", seen.status),
                // 4xx other than 403: the route was reached, and this empty request made no sense to it.
                _ => "yes".to_owned(),
            };
            table.push_str(&format!("{verdict:<22}"));
        }
    }
    let lines: Vec<&str> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

both! {
    async fn five_wrong_passwords_lock_an_account_for_fifteen_minutes(place: Place) {
        let site = place.site(LATER).await;
        Person::with_role(&place, &site, "qa_manager").await;
        let mut person = Person::anonymous(&site);
        for _ in 0..5 {
            let seen = person.sign_in("qa_manager@quorate.example", "a wrong password").await;
            assert!(seen.body.contains("The email address or the password is not right."), "{}", seen.body);
        }
        let seen = person.sign_in("qa_manager@quorate.example", "a long enough password").await;
        assert_eq!(seen.status, 422, "locked, and told no more than anybody");
        let later = place.site("2026-09-30T16:25:00Z").await;
        let mut person = Person::anonymous(&later);
        let seen = person.sign_in("qa_manager@quorate.example", "a long enough password").await;
        assert_eq!(seen.status, 303);
    }

    async fn a_disabled_account_is_out_at_once_and_a_reset_one_needs_its_new_password(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        assert_eq!(qa.get("/reports/2026-09").await.status, 200);
        place.done_at(LATER, &["account", "disable", "qa_manager@quorate.example"]);
        assert_eq!(qa.get("/reports/2026-09").await.status, 303);
        assert_eq!(qa.sign_in("qa_manager@quorate.example", "a long enough password").await.status, 422);
        let said = place.done_at(LATER, &["account", "reset", "qa_manager@quorate.example"]);
        let password = said.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
        assert_eq!(qa.sign_in("qa_manager@quorate.example", &password).await.status, 303);
        assert_eq!(qa.get("/reports/2026-09").await.status, 200);
    }

    async fn a_session_ends_after_its_hours(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let after = place.site("2026-10-01T04:06:00Z").await;
        let cookie = qa.get("/reports/2026-09").await;
        assert_eq!(cookie.status, 200);
        qa.moved_to(&after);
        assert_eq!(qa.get("/reports/2026-09").await.status, 303);
    }

    async fn a_session_ends_when_it_is_not_used_and_sooner_for_who_keeps_the_machine(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut keeper = Person::with_role(&place, &site, "system_administrator").await;
        let half_an_hour_on = place.site("2026-09-30T16:35:00Z").await;
        for person in [&mut qa, &mut keeper] {
            person.moved_to(&half_an_hour_on);
        }
        assert_eq!(keeper.get("/schedule").await.status, 303);
        assert_eq!(qa.get("/reports/2026-09").await.status, 200, "and so it is used");
        for (later, status) in [("2026-09-30T18:34:00Z", 200), ("2026-09-30T20:34:30Z", 303)] {
            qa.moved_to(&place.site(later).await);
            assert_eq!(qa.get("/reports/2026-09").await.status, status, "{later}");
        }
    }

    async fn signing_in_gives_a_new_session_and_ends_the_one_that_the_browser_had(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut planted = qa.twin(&site);
        qa.sign_in("qa_manager@quorate.example", "a long enough password").await;
        assert_eq!(qa.get("/reports/2026-09").await.status, 200);
        assert_eq!(planted.get("/reports/2026-09").await.status, 303);
    }

    async fn a_form_from_another_site_is_refused(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let request = axum::http::Request::post("/sign-out").header("sec-fetch-site", "cross-site");
        let seen = qa.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(seen.status, 403);
        assert_eq!(qa.get("/reports/2026-09").await.status, 200, "still signed in");
        assert_eq!(qa.post("/sign-out", &[]).await.status, 303);
        assert_eq!(qa.get("/reports/2026-09").await.status, 303);
    }

    async fn signing_in_leads_only_to_this_site(place: Place) {
        let site = place.site(LATER).await;
        let mut person = Person::with_role(&place, &site, "qa_manager").await;
        for (next, to) in [("/reports", "/reports"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil", "/")] {
            let form = [("email", "qa_manager@quorate.example"), ("password", "a long enough password"), ("next", next)];
            let form: Vec<_> = form.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(person.post("/sign-in", &form).await.location.as_deref(), Some(to), "{next}");
        }
    }
}
