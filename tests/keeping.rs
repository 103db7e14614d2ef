//! What is kept, for how long, under which key, and how it is handed out.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Database, Statement};

use crate::both;
use crate::feedback::make_and_send;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, LATER, Row, conference};
use crate::harness::{Place, root};

fn fields(form: &[(&str, &str)]) -> Vec<(String, String)> {
    form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn count(place: &Place, sql: &str) -> i64 {
    let db = Database::connect(&place.url).await.unwrap();
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

/// A conference in March 2019 at which the health visitor was missed and a plan ended.
fn old(name: &str, child: &str) -> Vec<Row> {
    let decisions = format!("{child}=plan_ended_child_in_need");
    let mut rows: Vec<Row> = conference(name)
        .into_iter()
        .map(|row| {
            row.with("conference_date", "2019-03-20")
                .with("invited_on", "2019-02-20")
                .with("report_received_on", "2019-03-11")
                .with("child_refs", child)
                .with("decisions", &decisions)
        })
        .collect();
    rows[2] = rows[2].clone().absent();
    rows
}

/// Two conferences of 2019, their letters sent, and one of 2026.
fn years(place: &Place) {
    place.import(
        "2019-03-20T15:30:00Z",
        &[old("OLD-CANARY-1", "CANARY1"), old("OLD-CANARY-2", "CANARY2")].concat(),
    );
    place.done_at("2019-03-20T16:05:00Z", &["run-task", "feedback"]);
    place.done_at("2019-03-20T16:05:00Z", &["run-task", "dispatch"]);
    place.import(EVENING, &conference("NEW-1"));
}

both! {
    async fn a_key_is_put_in_anothers_place_while_the_service_runs(place: Place) {
        let rows: Vec<Row> = conference("C-1").into_iter().map(|row| row.with("child_refs", "CANARYCHILD").with("decisions", "CANARYCHILD=plan_continues")).collect();
        place.import(EVENING, &rows);
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let page = administrator.get("/?day=2026-09-30").await.body;
        let at = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
        let said = place.run(&["keys", "rotate"]);
        assert!(said.code == 1 && said.err.contains("no key waits"), "{}", said.err);
        assert!(place.done_at(LATER, &["keys", "add"]).contains("There are 2 sealing keys"));
        let said = place.done_at(LATER, &["keys", "rotate"]);
        assert!(said.contains("values were sealed anew") && !said.starts_with("0 "), "{said}");
        // The service that runs meanwhile reads what the new key sealed, and seals with it.
        assert!(administrator.get(&at).await.body.contains("CANARYCHILD"));
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert_eq!(administrator.post("/me/sessions/end", &[]).await.status, 303, "which is audited, and sealed");
        let said = place.done_at(LATER, &["keys", "reseal"]);
        assert!(said.starts_with("0 values"), "{said}");
        let said = place.run(&["keys", "rotate"]);
        assert!(said.code == 1 && said.err.contains("no key waits"), "done twice it does not go back: {}", said.err);
        assert!(place.done_at(LATER, &["keys", "retire"]).contains("One sealing key is left"));
        let site = place.site(LATER).await;
        administrator.moved_to(&site);
        assert!(administrator.get(&at).await.body.contains("CANARYCHILD"));
        assert_eq!(place.run(&["audit", "verify"]).code, 0);
    }

    async fn what_has_had_its_time_is_erased_and_the_figures_stay(place: Place) {
        years(&place);
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut keeper = Person::with_role(&place, &site, "system_administrator").await;
        let figures = (place.report("2019-03"), place.report("2026-09"));
        let held = qa.post("/holds", &fields(&[("reference", "CANARY2"), ("why", "court order 12")])).await;
        assert_eq!(held.status, 303, "{}", held.body);
        let unknown = qa.post("/holds", &fields(&[("reference", "NOBODY"), ("why", "court order 12")])).await;
        assert!(unknown.body.contains("no conference and no child with this reference"));
        let dry = place.done_at(LATER, &["retention"]);
        assert!(dry.contains("1 due, up to 2020-03-31; 1 held"), "{dry}");
        let page = keeper.get("/retention").await.body;
        assert!(page.contains("Destroy 1<") && !page.contains("CANARY"), "{page}");
        let unsure = keeper.post("/retention/register/destroy", &[]).await;
        assert!(unsure.status == 422 && unsure.body.contains("you are sure"), "{}", unsure.body);
        let done = keeper.post("/retention/register/destroy", &fields(&[("sure", "yes")])).await;
        let certificate = keeper.get(&done.location.unwrap()).await.body;
        assert!(certificate.contains("31 March 2020") && certificate.contains("Kept under a legal hold"), "{certificate}");
        assert_eq!((place.report("2019-03"), place.report("2026-09")), figures, "every figure as before");
        let again = place.import(LATER, &old("OLD-CANARY-1", "CANARY1"));
        assert!(again.contains("OLD-CANARY-1: left as it is"), "no file brings it back: {again}");
        assert_eq!(place.report("2019-03"), figures.0);

        let day = qa.get("/?day=2019-03-20").await.body;
        assert!(!day.contains("OLD-CANARY-1") && day.contains("OLD-CANARY-2"), "{day}");
        assert_eq!(count(&place, "select count(*) from invitation where contact_email is not null and conference_id in (select id from conference where erased_at is not null)").await, 0);
        assert_eq!(count(&place, "select count(*) from outbox where recipient like 'erased %' and length(message) = 0").await, 2);
        assert_eq!(count(&place, "select count(*) from conference where erased_at is not null").await, 1);

        let erased: uuid::Uuid = {
            let db = Database::connect(&place.url).await.unwrap();
            let sql = "select id from conference where erased_at is not null";
            let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
            row.unwrap().try_get_by_index(0).unwrap()
        };
        let page = qa.get(&format!("/conferences/{erased}")).await;
        assert!(page.body.contains("what identified anybody was erased") && !page.body.contains("/amend"), "{}", page.body);
        assert_eq!(qa.post(&format!("/conferences/{erased}/amend"), &[]).await.status, 404, "nothing is written there again");
        let said = count(&place, &format!("select count(*) from audit_payload p join audit_entry e on e.payload_id = p.id where e.object = '{erased}'")).await;
        assert_eq!(said, 0, "what the trail said of it went with it");
        assert_eq!(place.run(&["audit", "verify"]).code, 0);

        let old = "select count(*) from audit_payload p join audit_entry e on e.payload_id = p.id where e.at < '2019-04-01' and e.action not like 'audit.%'";
        let texts = count(&place, old).await;
        let done = keeper.post("/retention/audit_text/destroy", &fields(&[("sure", "yes")])).await;
        assert_eq!(done.status, 303, "{}", done.body);
        let left = count(&place, old).await;
        assert!(0 < left && left < texts, "what is held keeps its text: {left} of {texts}");
        assert_eq!(place.run(&["audit", "verify"]).code, 0, "the chain stays whole");
        let db = Database::connect(&place.url).await.unwrap();
        db.execute_unprepared("delete from audit_payload where id in (select payload_id from audit_entry where action = 'hold.placed')").await.unwrap();
        let said = place.run(&["audit", "verify"]);
        assert!(said.code == 1 && said.out.contains("what it says is gone"), "one that is missing for another reason is found: {}", said.out);

        let holds = qa.get("/holds").await.body;
        assert!(holds.contains("Every conference of CANARY2") && holds.contains("court order 12"), "{holds}");
        let end = regex::Regex::new("action=\"(/holds/[0-9a-f-]+/end)\"").unwrap().captures(&holds).unwrap()[1].to_owned();
        assert_eq!(qa.post(&end, &[]).await.status, 303);
        assert!(place.done_at(LATER, &["retention", "--destroy", "register", "--sure"]).contains("The certificate is"));
        assert_eq!(count(&place, "select count(*) from legal_hold").await, 0, "an ended hold goes with what it held");
        if let Some(file) = place.url.strip_prefix("sqlite://") {
            let file = std::fs::read(file.split('?').next().unwrap()).unwrap();
            let left = |text: &[u8]| file.windows(text.len()).any(|part| part == text);
            assert!(left(b"NEW-1") && !left(b"OLD-CANARY"), "nothing is left on the pages of the file");
        }
        assert_eq!(place.report("2019-03"), figures.0);
        assert!(place.done_at(LATER, &["retention", "--destroy", "register", "--sure"]).contains("Nothing is due"));
        let wrong = place.run(&["retention", "--destroy", "everything", "--sure"]);
        assert!(wrong.code == 2 && wrong.err.contains("the classes are register, audit_text"), "{}", wrong.err);
    }

    async fn a_register_that_was_touched_in_the_last_year_is_not_due_whatever_its_date(place: Place) {
        years(&place);
        let mut moved = conference("NEW-1");
        for row in &mut moved {
            *row = row.clone().with("conference_date", "2010-09-30").with("invited_on", "2010-08-30").with("report_received_on", "2010-09-20");
        }
        place.import(LATER, &moved);
        assert!(place.done_at("2026-10-01T10:00:00Z", &["retention"]).contains("2 due, up to 2020-03-31"), "the two of 2019");
    }

    async fn destroying_texts_covers_for_none_that_somebody_else_took_away(place: Place) {
        years(&place);
        let db = Database::connect(&place.url).await.unwrap();
        let take_away = |where_: &str| format!("delete from audit_payload where id = (select payload_id from audit_entry where {where_})");
        let destroy = || place.run(&["--at", "2026-10-01T10:00:00Z", "retention", "--destroy", "audit_text", "--sure"]);
        db.execute_unprepared("create table kept_text as select * from audit_payload").await.unwrap();
        db.execute_unprepared(&take_away("number = 2")).await.unwrap();
        let refused = destroy();
        assert!(refused.code == 1 && refused.err.contains("does not stand at entry 2"), "{}", refused.err);
        db.execute_unprepared("insert into audit_payload select * from kept_text k where not exists (select 1 from audit_payload p where p.id = k.id)").await.unwrap();
        assert_eq!(destroy().code, 0);
        assert_eq!(place.run(&["audit", "verify"]).code, 0);
        // The clock ran ahead once: what is written after is covered for by nothing all the same.
        db.execute_unprepared("drop table kept_text").await.unwrap();
        place.import(EVENING, &conference("NEW-2"));
        db.execute_unprepared(&take_away("number = (select max(number) from audit_entry where action = 'conference.imported')")).await.unwrap();
        let said = place.run(&["audit", "verify"]);
        assert!(said.code == 1 && said.out.contains("what it says is gone"), "{}", said.out);
        let ahead = place.run(&["--at", "2099-01-01T10:00:00Z", "retention", "--destroy", "register", "--sure"]);
        assert!(ahead.code == 2 && ahead.err.contains("ahead of this machine's clock"), "{}", ahead.err);
    }

    async fn a_hold_on_a_restricted_child_is_seen_and_ended_by_who_sees_the_child(place: Place) {
        place.import(EVENING, &conference("C-1").into_iter().map(|row| row.with("child_refs", "CANARY7").with("decisions", "CANARY7=plan_continues")).collect::<Vec<_>>());
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let held = qa.post("/holds", &fields(&[("reference", "CANARY7"), ("why", "court order 12")])).await;
        assert_eq!(held.status, 303);
        let page = qa.get("/holds").await.body;
        let end = regex::Regex::new("action=\"(/holds/[0-9a-f-]+/end)\"").unwrap().captures(&page).unwrap()[1].to_owned();
        let db = Database::connect(&place.url).await.unwrap();
        db.execute_unprepared("update conference set restricted = true").await.unwrap();
        let page = qa.get("/holds").await.body;
        assert!(!page.contains("CANARY7") && !page.contains("court order 12") && page.contains("1 more"), "{page}");
        assert_eq!(qa.post(&end, &[]).await.status, 404);
        assert_eq!(count(&place, "select count(*) from legal_hold where ended_at is null").await, 1);
    }

    async fn a_child_with_younger_conferences_is_counted_as_before_and_is_nobody_once_the_last_has_gone(place: Place) {
        let mut younger: Vec<Row> = conference("YOUNG").into_iter().map(|row| row.with("conference_date", "2019-04-24").with("invited_on", "2019-04-01").with("report_received_on", "2019-04-15").with("child_refs", "CANARY1").with("decisions", "CANARY1=plan_continues")).collect();
        younger[2] = younger[2].clone().absent();
        place.import("2019-03-20T15:30:00Z", &old("OLD", "CANARY1"));
        place.import("2019-04-24T15:30:00Z", &younger);
        let months = || ["2019-03", "2019-04", "2019-05"].map(|month| place.report(month));
        let figures = months();
        assert_eq!(figures[1]["M15"]["denominator"], 1, "the older one is looked back at: {}", figures[1]);
        // The old one's financial year ended in 2019, the younger one's in 2020.
        place.done_at("2025-04-02T10:00:00Z", &["retention", "--destroy", "register", "--sure"]);
        assert_eq!(count(&place, "select count(*) from conference where erased_at is not null").await, 1);
        assert_eq!(months(), figures);
        assert_eq!(count(&place, "select count(*) from conference_child where length(child_key) = 32").await, 2);
        place.done_at("2026-04-02T10:00:00Z", &["retention", "--destroy", "register", "--sure"]);
        assert_eq!(count(&place, "select count(*) from conference where erased_at is not null").await, 2);
        assert_eq!(months(), figures);
        assert_eq!(count(&place, "select count(*) from conference_child where length(child_key) = 32").await, 0, "nobody finds the child by it");
        assert_eq!(count(&place, "select count(distinct child_key) from conference_child").await, 1, "and it is still one child");
    }

    async fn the_text_of_a_letter_goes_after_ninety_days_and_when_it_went_stays(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import(EVENING, &rows);
        make_and_send(&place);
        let figures = place.report("2026-10");
        assert!(place.done_at("2026-12-29T10:00:00Z", &["run-task", "retention"]).contains("nothing to do"));
        let said = place.done_at("2026-12-31T10:00:00Z", &["run-task", "retention"]);
        assert!(said.contains("the text of messages: 2"), "{said}");
        assert_eq!(place.report("2026-10"), figures);
        let site = place.site("2026-12-31T10:00:00Z").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let letter = format!("/post/{}", place.outbox()[0]["id"].as_str().unwrap());
        for path in [letter.clone(), format!("{letter}/as-sent"), format!("{letter}/letter.eml")] {
            let seen = qa.get(&path).await;
            assert!(seen.status == 410 && seen.body.contains("has had its time"), "{path} {}", seen.status);
        }
        assert!(qa.get("/post").await.body.contains("accepted"));
    }

    async fn what_is_held_about_a_child_or_a_practitioner_is_gathered_and_noted(place: Place) {
        years(&place);
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let nothing = qa.post("/subject-access", &fields(&[("child", "NOBODY"), ("why", "request 7")])).await;
        assert!(nothing.status == 422 && nothing.body.contains("Nothing is held about a child"), "{}", nothing.body);
        let both = qa.post("/subject-access", &fields(&[("child", "CANARY1"), ("email", "a@b.example"), ("why", "request 7")])).await;
        assert!(both.body.contains("and not both"));
        let file = qa.post("/subject-access", &fields(&[("child", "CANARY1"), ("why", "request 7")])).await;
        assert!(file.headers["content-disposition"].to_str().unwrap().contains("subject-access-2026-09-30"));
        let bundle: serde_json::Value = serde_json::from_str(&file.body).unwrap();
        assert_eq!(bundle["conferences"].as_array().unwrap().len(), 1);
        assert_eq!(bundle["conferences"][0]["local_reference"], "OLD-CANARY-1");
        assert_eq!(bundle["conferences"][0]["invitations"].as_array().unwrap().len(), 4);
        assert_eq!(bundle["conferences"][0]["invitations"][2]["standing"], "absent without word");
        assert!(!file.body.contains("CANARY2"), "nobody else's");
        let file = qa.post("/subject-access", &fields(&[("email", "Health-Visiting-North@oh.nhs.example"), ("why", "request 8")])).await;
        let bundle: serde_json::Value = serde_json::from_str(&file.body).unwrap();
        assert_eq!(bundle["invitations"].as_array().unwrap().len(), 3);
        assert_eq!(bundle["messages"].as_array().unwrap().len(), 2);
        let mut auditor = Person::with_role(&place, &site, "auditor").await;
        assert_eq!(auditor.get("/audit?action=subject").await.body.matches("subject.gathered").count(), 2);
    }

    async fn everything_is_exported_opened_and_without_what_lets_people_in(place: Place) {
        let rows: Vec<Row> = conference("C-1").into_iter().map(|row| row.with("child_refs", "CANARYCHILD").with("decisions", "CANARYCHILD=plan_continues")).collect();
        place.import(EVENING, &rows);
        place.account("qa_manager", "a long enough password");
        let to = place.path("export");
        place.done_at(LATER, &["export", to.to_str().unwrap()]);
        let read = |name: &str| std::fs::read_to_string(to.join(format!("{name}.csv"))).unwrap();
        assert!(read("conference_child").contains("CANARYCHILD"));
        assert_eq!(read("invitation").lines().count(), 5);
        assert!(read("audit_payload").contains("qa_manager@quorate.example"));
        assert!(read("account").contains("qa_manager@quorate.example"));
        for file in std::fs::read_dir(&to).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(!text.contains("$argon2") && !text.contains("password_hash"));
        }
        let again = place.run(&["export", to.to_str().unwrap()]);
        assert!(again.code == 1 && again.err.contains("export into a new folder"), "{}", again.err);
    }
}

#[test]
fn every_sealed_column_is_one_that_rotation_walks() {
    let walked: BTreeSet<(String, String)> =
        quorate::app::SEALED.iter().map(|c| (c.table.to_owned(), c.column.to_owned())).collect();
    let (table, field) = (
        regex::Regex::new("table_name = \"([a-z_]+)\"").unwrap(),
        regex::Regex::new(r"pub ([a-z_]+): (?:Option<)?Sealed").unwrap(),
    );
    let mut found = BTreeSet::new();
    for entry in walkdir(&root().join("src")) {
        let text = std::fs::read_to_string(entry).unwrap();
        let mut at = None;
        for line in text.lines() {
            if let Some(name) = table.captures(line) {
                at = Some(name[1].to_owned());
            }
            if let (Some(name), Some(table)) = (field.captures(line), &at) {
                found.insert((table.clone(), name[1].to_owned()));
            }
        }
    }
    assert_eq!(found, walked);
}

fn walkdir(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { walkdir(&path) } else { vec![path] });
    found.filter(|path| path.is_dir() || path.extension().is_some_and(|e| e == "rs")).collect()
}
