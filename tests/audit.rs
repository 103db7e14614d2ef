//! The audit trail: what changes it is found, who looked is in it, and an auditor can read it.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

use crate::both;
use crate::harness::Place;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, LATER, conference};

async fn opened(place: &Place) -> DatabaseConnection {
    Database::connect(&place.url).await.unwrap()
}

/// What `audit verify` says, and whether it was satisfied.
fn verified(place: &Place, more: &[&str]) -> (bool, String) {
    let ran = place.run(&[&["audit", "verify"], more].concat());
    assert!(ran.code == 0 || ran.code == 1, "{}", ran.err);
    (ran.code == 0, ran.out)
}

/// How many entries a trail that stands has.
fn entries(place: &Place) -> usize {
    let (stands, said) = verified(place, &[]);
    assert!(stands, "{said}");
    let number = regex::Regex::new("([0-9]+) entries").unwrap().captures(&said).unwrap()[1].to_owned();
    number.parse().unwrap()
}

both! {
    async fn a_change_a_removal_and_a_reordering_are_found_and_told(place: Place) {
        place.import(EVENING, &conference("C-1"));
        place.import(EVENING, &conference("C-2"));
        let (stands, said) = verified(&place, &[]);
        assert!(stands && said.contains("5 entries"), "{said}");
        let db = opened(&place).await;
        for (harm, mend, told) in [
            ("update audit_entry set actor = 'somebody' where number = 1", "update audit_entry set actor = 'audit trail' where number = 1", "entry 1: it was changed"),
            ("update audit_entry set number = 9 where number = 2", "update audit_entry set number = 2 where number = 9", "entry 2: it is gone"),
            ("update audit_entry set number = case number when 1 then -2 else -1 end where number < 3", "update audit_entry set number = case number when -2 then 1 else 2 end where number < 0", "entry 1"),
            ("update audit_payload set salt = payload", "", "entry 1: what it says was changed"),
        ] {
            let kept = "create table kept as select * from audit_payload";
            db.execute_unprepared(kept).await.unwrap();
            db.execute_unprepared(harm).await.unwrap_or_else(|e| panic!("{harm}: {e}"));
            if harm.contains("case number") {
                db.execute_unprepared("update audit_entry set number = -number where number < 0").await.unwrap();
            }
            let (stands, said) = verified(&place, &[]);
            assert!(!stands && said.contains(told), "{harm}\n{said}");
            assert_eq!(place.run(&["check"]).code, 1, "{harm}");
            if harm.contains("case number") {
                db.execute_unprepared("update audit_entry set number = -number where number < 3").await.unwrap();
                db.execute_unprepared("update audit_entry set number = case number when -2 then 1 else 2 end where number < 0").await.unwrap();
            } else if !mend.is_empty() {
                db.execute_unprepared(mend).await.unwrap();
            }
            db.execute_unprepared("update audit_payload set salt = (select salt from kept where kept.id = audit_payload.id)").await.unwrap();
            db.execute_unprepared("drop table kept").await.unwrap();
            let (stands, said) = verified(&place, &[]);
            assert!(stands, "{harm}\n{said}");
        }
    }

    async fn an_end_that_was_cut_off_is_found_although_the_rest_fits(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let db = opened(&place).await;
        place.import(EVENING, &conference("C-2"));
        db.execute_unprepared("delete from audit_entry where number = 5").await.unwrap();
        db.execute_unprepared("update audit_head set number = 4, hash = (select hash from audit_entry where number = 4)").await.unwrap();
        let (stands, said) = verified(&place, &[]);
        assert!(!stands && said.contains("entry 5: the trail's head was not written by these keys"), "{said}");
        // Records go on being kept, and the trail says from where it cannot be trusted, for good.
        place.import(EVENING, &conference("C-3"));
        let (stands, said) = verified(&place, &[]);
        assert!(!stands && said.contains("entry 5: the trail's head had been changed before it was written"), "{said}");
        let site = place.site(LATER).await;
        let mut auditor = Person::with_role(&place, &site, "auditor").await;
        let page = auditor.get("/audit?what=audit.head_not_ours").await.body;
        assert!(page.contains("<a class=\"govuk-link\" href=\"/audit/5\">5</a>"), "{page}");
    }

    async fn a_trail_that_was_taken_away_whole_does_not_begin_anew(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let db = opened(&place).await;
        for harm in ["delete from audit_entry", "delete from audit_payload"] {
            db.execute_unprepared(harm).await.unwrap();
        }
        let nothing = if place.url.starts_with("sqlite") { "x'00'" } else { "'\\x00'" };
        db.execute_unprepared(&format!("update audit_head set number = 0, hash = {nothing}, seal = null")).await.unwrap();
        place.import(EVENING, &conference("C-2"));
        let (stands, said) = verified(&place, &[]);
        assert!(!stands && said.contains("entry 1: the trail's head had been changed before it was written"), "{said}");
    }

    async fn what_an_entry_said_cannot_be_taken_away_and_no_entry_put_before_the_first(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let db = opened(&place).await;
        db.execute_unprepared("insert into audit_entry select -5, at, 'somebody', role, action, object, payload_id, payload_digest, previous, payload_digest from audit_entry where number = 2").await.unwrap();
        let (stands, said) = verified(&place, &[]);
        assert!(!stands && said.contains("entries stand before the first"), "{said}");
        db.execute_unprepared("delete from audit_entry where number < 1").await.unwrap();
        assert!(verified(&place, &[]).0);
        db.execute_unprepared("delete from audit_payload where id = (select payload_id from audit_entry where number = 2)").await.unwrap();
        let (stands, said) = verified(&place, &[]);
        assert!(!stands && said.contains("entry 2: what it says is gone"), "{said}");
        let refused = place.run(&["audit", "checkpoint"]);
        assert!(refused.code == 1 && refused.err.contains("entry 2: what it says is gone"), "{}", refused.err);
    }

    async fn a_trail_begins_with_an_entry_and_a_seal_that_was_taken_off_is_not_made_anew(place: Place) {
        let (stands, said) = verified(&place, &[]);
        assert!(stands && said.contains("1 entries"), "a new trail begins with an entry: {said}");
        let db = opened(&place).await;
        db.execute_unprepared("update audit_head set seal = null").await.unwrap();
        let (stands, said) = verified(&place, &[]);
        assert!(!stands && said.contains("entry 2: the trail's head had been changed"), "a seal that was there is not made anew: {said}");
    }

    async fn a_checkpoint_kept_elsewhere_finds_a_trail_that_was_set_back_with_its_own_head(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let db = opened(&place).await;
        db.execute_unprepared("create table old as select * from audit_head").await.unwrap();
        place.import(EVENING, &conference("C-2"));
        let kept = place.path("checkpoint.json");
        let kept = kept.to_str().unwrap();
        place.done_at(LATER, &["audit", "checkpoint", "--output", kept]);
        let (stands, said) = verified(&place, &["--checkpoint", kept]);
        assert!(stands && said.contains("entry 5 is as it states"), "{said}");
        db.execute_unprepared("delete from audit_entry where number > 3").await.unwrap();
        db.execute_unprepared("update audit_head set number = (select number from old), hash = (select hash from old), seal = (select seal from old)").await.unwrap();
        assert!(verified(&place, &[]).0, "by itself the trail fits");
        let (stands, said) = verified(&place, &["--checkpoint", kept]);
        assert!(!stands && said.contains("the end was cut off"), "{said}");
        let forged = std::fs::read_to_string(kept).unwrap().replace("\"number\": 5", "\"number\": 3");
        std::fs::write(kept, forged).unwrap();
        let (stands, said) = verified(&place, &["--checkpoint", kept]);
        assert!(!stands && said.contains("these keys did not sign it"), "{said}");
    }

    async fn processes_that_write_in_turns_and_at_once_keep_one_trail(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let (one, other) = (place.site(LATER).await, place.site(LATER).await);
        let mut people = Vec::new();
        for (n, site) in [&one, &other, &one, &other, &one, &other].into_iter().enumerate() {
            people.push(Person::called(&place, site, &format!("reader-{n}"), "qa_manager").await);
        }
        let before = entries(&place);
        for _ in 0..3 {
            for person in &mut people {
                assert_eq!(person.get("/reports/2026-09/figures.csv").await.status, 200);
            }
        }
        let at_once = people.into_iter().map(|mut person| async move {
            for _ in 0..4 {
                assert_eq!(person.get("/reports/2026-09/figures.csv").await.status, 200);
            }
        });
        futures_util::future::join_all(at_once).await;
        assert_eq!(entries(&place), before + 6 * 3 + 6 * 4, "each is in it, once");
    }

    async fn a_head_that_somebody_changes_while_a_process_serves_is_told_by_its_next_entry(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        for _ in 0..2 {
            assert_eq!(qa.get("/reports/2026-09/figures.csv").await.status, 200);
        }
        let last = entries(&place);
        let db = opened(&place).await;
        // As this process left it in all but the seal.
        db.execute_unprepared("update audit_head set seal = hash").await.unwrap();
        assert_eq!(qa.get("/reports/2026-09/figures.csv").await.status, 200);
        let (stands, said) = verified(&place, &[]);
        let told = format!("entry {}: the trail's head had been changed before it was written", last + 1);
        assert!(!stands && said.contains(&told), "{said}");
    }

    async fn the_schedule_proves_the_trail_and_a_run_that_fails_says_where(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let said = place.done_at(LATER, &["run-task", "audit"]);
        assert!(said.contains("the trail stands: 3 entries"), "{said}");
        let db = opened(&place).await;
        db.execute_unprepared("update audit_entry set object = 'x' where number = 2").await.unwrap();
        let ran = place.run(&["--at", "2026-09-30T17:05:00Z", "run-task", "audit"]);
        assert!(ran.code == 1 && ran.err.contains("entry 2: it was changed"), "{}", ran.err);
    }

    async fn who_took_figures_or_a_letter_away_is_in_the_trail_with_the_request(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import(EVENING, &rows);
        place.done_at(LATER, &["run-task", "feedback"]);
        let letter = place.outbox()[0]["id"].as_str().unwrap().to_owned();
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut auditor = Person::with_role(&place, &site, "auditor").await;
        let entries = regex::Regex::new("href=\"(/audit/[0-9]+)\"").unwrap();
        for (path, what) in [
            ("/reports/2026-09/figures.csv".to_owned(), "figures.saved"),
            ("/reports/2026-09/behind?figure=M1".to_owned(), "figure.looked_behind"),
            (format!("/post/{letter}/letter.eml"), "letter.saved"),
        ] {
            let seen = qa.get(&path).await;
            assert_eq!(seen.status, 200, "{path}");
            let request = seen.headers["x-request-id"].to_str().unwrap().to_owned();
            let page = auditor.get(&format!("/audit?what={what}")).await.body;
            let entry = entries.captures(&page);
            let entry = entry.unwrap_or_else(|| panic!("{what}: {page}"))[1].to_owned();
            let page = auditor.get(&entry).await.body;
            assert!(page.contains("qa_manager, QA manager") && page.contains(&request), "{page}");
        }
    }

    async fn an_auditor_finds_a_change_by_who_what_and_day_and_reads_before_and_after(place: Place) {
        let rows: Vec<_> = conference("C-1").into_iter().map(|row| row.with("attendance", "").with("by_deputy", "")).collect();
        place.import(EVENING, &rows);
        let site = place.site(LATER).await;
        let mut keeper = Person::with_role(&place, &site, "administrator").await;
        let page = keeper.get("/?day=2026-09-30").await.body;
        let href = regex::Regex::new("(/conferences/[0-9a-f-]{36})").unwrap().captures(&page).unwrap()[1].to_owned();
        let path = format!("{href}/register");
        let page = keeper.get(&path).await;
        let mut form = page.form();
        let field = form.iter().map(|(name, _)| name.clone()).chain(
            regex::Regex::new("name=\"([^\"]*\\.attendance)\"").unwrap().captures_iter(&page.body).map(|c| c[1].to_owned())
        ).find(|name| name.ends_with(".attendance")).unwrap();
        crate::harness::http::set(&mut form, &field, "video");
        assert_eq!(keeper.post(&path, &form).await.status, 303);
        let mut auditor = Person::with_role(&place, &site, "auditor").await;
        let page = auditor.get("/audit?who=administrator&what=register.saved&from=2026-09-30&until=2026-09-30").await.body;
        let entry = regex::Regex::new("href=\"(/audit/[0-9]+)\"").unwrap().captures(&page).unwrap()[1].to_owned();
        let page = auditor.get(&entry).await.body;
        assert!(page.contains("<td class=\"govuk-table__cell\">attendance</td><td class=\"govuk-table__cell\"></td><td class=\"govuk-table__cell\">video</td>"), "{page}");
        for nothing in ["until=2026-09-29", "from=2026-10-01", "what=register.confirmed", "who=chair"] {
            assert!(auditor.get(&format!("/audit?{nothing}&object={}", &href[13..])).await.body.contains("No entry fits"), "{nothing}");
        }
        assert!(auditor.get("/audit?from=yesterday").await.body.contains("A day is written as 2026-09-30"));
        let file = auditor.get("/audit/entries.csv?what=register").await;
        assert!(file.body.starts_with("number,at,who,role,what,object\n") && file.body.contains("register.saved"), "{}", file.body);
        assert!(auditor.get("/audit?what=audit.saved").await.body.contains("<td class=\"govuk-table__cell\">audit.saved</td>"), "taking it away is in it too");
    }
}

/// What PostgreSQL alone has: several who write at once.
#[tokio::test(flavor = "multi_thread")]
async fn who_goes_on_from_what_was_left_there_does_not_ask_and_one_that_was_rolled_back_is_not_gone_on_from()
{
    let Some(place) = Place::postgres() else { return };
    place.import(EVENING, &conference("C-1"));
    let db = opened(&place).await;
    for sql in [
        "create table seen (number bigint, query text)",
        "create function see() returns trigger language plpgsql as \
         'begin insert into seen values (new.number, current_query()); return new; end'",
        "create trigger see before update on audit_head for each row execute function see()",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    let guarded = async || {
        let sql = "select count(*) filter (where query like 'WITH \"taken\"%') as guarded, count(*) as changes from seen";
        let row = db
            .query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql))
            .await
            .unwrap()
            .unwrap();
        let counted =
            (row.try_get::<i64>("", "guarded").unwrap(), row.try_get::<i64>("", "changes").unwrap());
        db.execute_unprepared("delete from seen").await.unwrap();
        counted
    };
    let (site, other) = (place.site(LATER).await, place.site(LATER).await);
    let mut qa = Person::called(&place, &site, "qa", "qa_manager").await;
    let mut twin = Person::called(&place, &other, "twin", "qa_manager").await;
    let take = "/reports/2026-09/figures.csv";
    assert_eq!(qa.get(take).await.status, 200);
    guarded().await;
    for _ in 0..3 {
        assert_eq!(qa.get(take).await.status, 200);
    }
    assert_eq!(guarded().await, (3, 3), "nobody else wrote: each goes on from the one before");
    assert_eq!(twin.get(take).await.status, 200);
    guarded().await;
    assert_eq!(qa.get(take).await.status, 200);
    assert_eq!(guarded().await, (0, 1), "another process wrote: its head is gone on from");
    // What was going to be the head, and was rolled back.
    db.execute_unprepared(
        "create function refuse() returns trigger language plpgsql as 'begin raise exception ''no''; end';
         create constraint trigger refuse after insert on audit_entry deferrable initially deferred for each row execute function refuse()",
    )
    .await
    .unwrap();
    assert_eq!(qa.get(take).await.status, 500);
    db.execute_unprepared("drop trigger refuse on audit_entry").await.unwrap();
    let before = entries(&place);
    assert_eq!(qa.get(take).await.status, 200);
    assert_eq!(guarded().await, (0, 1), "the head that never was is not gone on from");
    assert_eq!(entries(&place), before + 1);
}
