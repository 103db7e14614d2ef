//! The chair's hands: keeping, confirming and amending a register at the pages.

use std::sync::Arc;

use quorate::app::Site;

use crate::both;
use crate::harness::Place;
use crate::harness::http::{Person, set};
use crate::harness::log::{EVENING, LATER, Row, conference};

/// A conference whose register is open, imported before it was kept.
pub fn open(rows: Vec<Row>) -> Vec<Row> {
    let blank = ["attendance", "view", "decision_time"];
    rows.into_iter().map(|row| blank.iter().fold(row, |row, column| row.with(column, ""))).collect()
}

pub async fn at_the_register(place: &Place, rows: Vec<Row>, role: &str) -> (Arc<Site>, Person, String) {
    place.import(EVENING, &rows);
    let site = place.site(LATER).await;
    let mut person = Person::with_role(place, &site, role).await;
    let page = person.get("/?day=2026-09-30").await.body;
    let link = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap();
    let conference = link.find(&page).unwrap_or_else(|| panic!("{page}")).as_str().to_owned();
    (site, person, conference)
}

/// The name of a field of the nth agency.
pub fn field(form: &[(String, String)], nth: usize, name: &str) -> String {
    let ends = format!(".{name}");
    form.iter()
        .filter(|(n, _)| n.ends_with(&ends))
        .nth(nth)
        .unwrap_or_else(|| panic!("{name} {nth}"))
        .0
        .clone()
}

/// The names of the fields of attendance, in order (the form holds no radio that is not chosen).
pub fn attendances(form: &[(String, String)]) -> Vec<String> {
    let reports = form.iter().filter(|(name, _)| name.ends_with(".report"));
    reports.map(|(name, _)| name.replace(".report", ".attendance")).collect()
}

/// Sets the attendance of each agency in order (the form holds no radio that is not chosen).
pub fn attend(form: &mut Vec<(String, String)>, values: &[&str]) {
    let names: Vec<String> =
        (0..values.len()).map(|n| field(form, n, "report").replace(".report", ".attendance")).collect();
    for (name, value) in names.iter().zip(values) {
        set(form, name, value);
    }
}

both! {
    async fn lines_that_change_in_different_facts_each_keep_the_rest_and_what_is_cleared_is_empty(place: Place) {
        let (_, mut chair, conference) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let path = format!("{conference}/register");
        let mut form = chair.get(&path).await.form();
        attend(&mut form, &["in_person", "video", "phone"]);
        let (joined, day, deputy) = (field(&form, 0, "joined_at"), field(&form, 1, "report_received_on"), field(&form, 2, "deputy"));
        set(&mut form, &joined, "16:05");
        let report = field(&form, 2, "report");
        set(&mut form, &report, "late");
        set(&mut form, &report.replace(".report", ".by_deputy"), "yes");
        set(&mut form, &deputy, "Ann Field");
        assert_eq!(chair.post(&path, &form).await.status, 303);
        let saved = chair.get(&path).await.form();
        let said = |form: &[(String, String)]| {
            let names = [&joined, &deputy, &attendances(form)[0], &attendances(form)[2]].map(Clone::clone);
            let value = |name: &String| form.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value).to_owned();
            (names.each_ref().map(value), [0, 1, 2].map(|n| value(&field(form, n, "report"))), value(&day))
        };
        let ([at, who, first, third], reports, received) = said(&saved);
        assert_eq!((at.as_str(), who.as_str(), first.as_str(), third.as_str()), ("16:05", "Ann Field", "in_person", "phone"));
        assert_eq!(reports[2], "late");
        // One fact each, and two of them are cleared.
        let mut form = saved;
        set(&mut form, &joined, "");
        let second = attendances(&form)[1].clone();
        set(&mut form, &second, "in_person");
        set(&mut form, &deputy, "");
        assert_eq!(chair.post(&path, &form).await.status, 303);
        let now = chair.get(&path).await.form();
        let ([at, who, first, third], after, kept) = said(&now);
        assert_eq!((at.as_str(), who.as_str(), first.as_str(), third.as_str()), ("", "", "in_person", "phone"));
        assert_eq!((after, kept), (reports, received));
        assert!(now.iter().any(|(name, value)| *name == second && value == "in_person"), "{now:?}");
    }

    async fn a_chair_fills_an_open_register_and_confirms_it(place: Place) {
        let (site, mut chair, conference) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut behind = async |figure: &str| qa.get(&format!("/reports/2026-09/behind?figure={figure}")).await.body;
        assert!(behind("M19&of=all").await.contains("0 invitations."), "a file does not say when its register was confirmed");
        let shown = chair.get(&format!("{conference}/register")).await;
        assert!(shown.body.contains("Not quorate: nobody who counts is here"), "{}", shown.body);
        let mut form = shown.form();
        attend(&mut form, &["in_person", "video", "phone"]);
        set(&mut form, "conference.decision_time", "14:30");
        assert_eq!(chair.post(&format!("{conference}/register"), &form).await.status, 303);

        let blocked = chair.get(&format!("{conference}/confirm")).await.body;
        assert!(blocked.contains("Child Abuse Investigation Unit, Officer: not recorded"), "{blocked}");
        let refused = chair.post(&format!("{conference}/confirm"), &[]).await;
        assert!(!chair.get(&conference).await.body.contains("Confirmed by"), "{}", refused.body);

        let mut form = chair.get(&format!("{conference}/register")).await.form();
        attend(&mut form, &["in_person", "video", "phone", "absent"]);
        set(&mut form, "then", "confirm");
        let next = chair.post(&format!("{conference}/register"), &form).await.location.unwrap();
        let shown = chair.get(&next).await;
        let (check, form) = (shown.body.clone(), shown.form());
        assert!(check.contains("Quorate: social care and 2 others."), "{check}");
        assert!(check.contains("Child Abuse Investigation Unit, Officer: sent a report only"), "{check}");
        assert_eq!(chair.post(&next, &form).await.status, 303);
        assert!(chair.get(&conference).await.body.contains("Confirmed by chair"));
        assert_eq!(place.report("2026-09")["M19"]["numerator"], 1);
        assert!(behind("M19").await.contains("4 invitations."));

        place.done_at("2026-09-30T16:30:00Z", &["run-task", "feedback"]);
        assert!(place.outbox().is_empty(), "the hold");
        place.done_at("2026-09-30T16:36:00Z", &["run-task", "feedback"]);
        assert_eq!(place.outbox()[0]["kind"], "contributed");
    }

    async fn a_plan_that_ends_without_a_core_agency_needs_a_reason_before_it_is_confirmed(place: Place) {
        let ends = |row: Row| row.with("decisions", "L1042=plan_ended_child_in_need");
        let rows = open(conference("C-1").into_iter().map(ends).collect());
        let (_, mut chair, conference) = at_the_register(&place, rows, "chair").await;
        let mut form = chair.get(&format!("{conference}/register")).await.form();
        attend(&mut form, &["in_person", "absent", "phone", "video"]);
        let report = field(&form, 1, "report");
        set(&mut form, &report, "none");
        let received = field(&form, 1, "report_received_on");
        set(&mut form, &received, "");
        set(&mut form, "conference.decision_time", "14:30");
        assert_eq!(chair.post(&format!("{conference}/register"), &form).await.status, 303);

        let shown = chair.get(&format!("{conference}/confirm")).await;
        let (check, mut form) = (shown.body.clone(), shown.form());
        assert!(check.contains("You are ending the plan for L1042"), "{check}");
        assert!(check.contains("Marston Primary School, Designated safeguarding lead (core) was not there and sent no report. Its view is not known."), "{check}");
        let refused = chair.post(&format!("{conference}/confirm"), &form).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("Say why the plan for L1042 still ends."), "{}", refused.body);

        let why = regex::Regex::new("why\\.[0-9a-f-]{36}").unwrap().find(&check).unwrap().as_str().to_owned();
        set(&mut form, &why, "The school wrote on Monday that it agrees.");
        assert_eq!(chair.post(&format!("{conference}/confirm"), &form).await.status, 303);
        assert!(chair.get(&conference).await.body.contains("The school wrote on Monday that it agrees."));
    }

    async fn going_on_without_quorum_needs_a_reason(place: Place) {
        let (_, mut chair, conference) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let mut form = chair.get(&format!("{conference}/register")).await.form();
        attend(&mut form, &["in_person", "video", "absent", "absent"]);
        set(&mut form, "conference.decision_time", "14:30");
        chair.post(&format!("{conference}/register"), &form).await;
        let confirm = format!("{conference}/confirm");
        let mut form = chair.get(&confirm).await.form();
        assert_eq!(chair.post(&confirm, &form).await.status, 422);
        set(&mut form, "proceeded", "delay_harmful");
        assert_eq!(chair.post(&confirm, &form).await.status, 303);
        let month = place.report("2026-09");
        assert_eq!(month["M8_by_reason"]["delay_harmful"], 1);
        assert_eq!(month["M10_pivotal"], 2);
    }

    async fn the_second_writer_is_shown_what_the_first_changed_and_overwrites_nothing(place: Place) {
        let (site, mut chair, conference) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let register = format!("{conference}/register");
        let mut hers = chair.get(&register).await.form();
        let mut his = administrator.get(&register).await.form();
        attend(&mut hers, &["in_person", "video"]);
        assert_eq!(chair.post(&register, &hers).await.status, 303);
        attend(&mut his, &["in_person", "absent", "phone"]);
        let shown = administrator.post(&register, &his).await;
        assert_eq!(shown.status, 409);
        assert!(shown.body.contains("chair recorded “by video” as attendance a moment ago. That stands. You had “absent”"), "{}", shown.body);
        let form = administrator.get(&register).await.form();
        let chosen: Vec<&str> = form.iter().filter(|(n, _)| n.ends_with(".attendance")).map(|(_, v)| v.as_str()).collect();
        assert_eq!(chosen, ["in_person", "video", "phone"], "what did not clash is saved");
    }

    async fn a_confirmed_register_is_amended_only_with_a_reason_and_shows_before_and_after(place: Place) {
        let (_, mut qa, conference) = at_the_register(&place, conference("C-1"), "qa_manager").await;
        let page = qa.get(&conference).await.body;
        let amend = regex::Regex::new("/conferences/[^\"]*/amend/[^\"]*").unwrap().find(&page).unwrap().as_str().to_owned();
        let mut form = qa.get(&amend).await.form();
        attend(&mut form, &["phone"]);
        let refused = qa.post(&amend, &form).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("Say why the register is amended."), "{}", refused.body);
        set(&mut form, "why", "She rang in from the car.");
        assert_eq!(crate::amending::amend(&mut qa, &amend, &form).await.status, 303);
        let page = qa.get(&conference).await.body;
        assert!(page.contains("attendance: “by video” became “by phone”"), "{page}");
        assert!(page.contains("She rang in from the car."), "{page}");
        attend(&mut form, &["in_person"]);
        set(&mut form, "why", "Again.");
        assert_eq!(qa.post(&amend, &form).await.status, 409, "the form was opened before the amendment");

        let decisions = format!("{conference}/amend");
        let mut form = qa.get(&decisions).await.form();
        let decision = field(&form, 0, "decision");
        set(&mut form, &decision, "plan_ended_early_help");
        set(&mut form, "why", "The minutes say so.");
        assert_eq!(crate::amending::amend(&mut qa, &decisions, &form).await.status, 303);
        assert_eq!(place.report("2026-09")["M9"]["denominator"], 1);
        assert_eq!(qa.post(&format!("{conference}/register"), &form).await.status, 403, "a register is not hers to keep");
    }

    async fn a_confirmed_register_of_a_conference_without_a_child_is_read_as_confirmed(place: Place) {
        // No form and no file makes one: it is what an erasure or a repair by hand may leave.
        place.import(EVENING, &conference("C-1").into_iter().chain(conference("C-2")).collect::<Vec<_>>());
        let before = place.report("2026-09");
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(
            &db,
            "delete from conference_child where conference_id in (select id from conference where conference_ref = 'C-1')",
        )
        .await
        .unwrap();
        let after = place.report("2026-09");
        assert_eq!((&after["conferences"], &after["registers_open"]), (&before["conferences"], &before["registers_open"]));
        assert_eq!(after["expected"], before["expected"]);
    }

    async fn what_is_confirmed_is_what_was_read(place: Place) {
        let (site, mut chair, conference) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let register = format!("{conference}/register");
        let mut form = chair.get(&register).await.form();
        attend(&mut form, &["in_person", "video", "phone", "video"]);
        set(&mut form, "conference.decision_time", "14:30");
        chair.post(&register, &form).await;
        let read = chair.get(&format!("{conference}/confirm")).await.form();
        let mut form = administrator.get(&register).await.form();
        attend(&mut form, &["in_person", "absent", "phone", "video"]);
        assert_eq!(administrator.post(&register, &form).await.status, 303);
        let seen = chair.post(&format!("{conference}/confirm"), &read).await;
        assert!(seen.body.contains("Somebody changed the register while you were reading."), "{}", seen.body);
        assert!(!chair.get(&conference).await.body.contains("Confirmed by"));
    }

    async fn a_file_does_not_confirm_a_register_that_somebody_is_filling(place: Place) {
        let rows = open(conference("C-1"));
        let (_, mut chair, conference) = at_the_register(&place, rows.clone(), "chair").await;
        let register = format!("{conference}/register");
        let mut form = chair.get(&register).await.form();
        attend(&mut form, &["in_person", "video", "phone", "absent"]);
        set(&mut form, "conference.decision_time", "14:30");
        assert_eq!(chair.post(&register, &form).await.status, 303);
        let said = place.import(LATER, &rows);
        assert!(said.contains("0 confirmed, 1 open"), "{said}");
        assert!(said.contains("attendance is \"in_person\" here and \"\" in the file"), "{said}");
        assert!(chair.get(&conference).await.body.contains("Open the register"));
    }

    async fn the_register_refuses_what_an_import_would(place: Place) {
        let (_, mut chair, conference) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let register = format!("{conference}/register");
        let form = chair.get(&register).await.form();
        for (nth, name, value, error) in [
            (0, "excused", "no_longer_involved", "children&#x27;s social care cannot be excused"),
            (1, "invited_on", "01/12/26", "is not a date"),
            (1, "invited_on", "-262143-01-01", "is not a date"),
            (1, "invited_on", "01/12/2026", "lies in the future"),
            (1, "contact_email", "x y@nhs.uk", "is not a mail address"),
            (1, "deputy", "Jo, team manager", "tick that a deputy came"),
        ] {
            let mut form = form.clone();
            let name = field(&form, nth, name);
            set(&mut form, &name, value);
            let seen = chair.post(&register, &form).await;
            assert_eq!(seen.status, 422, "{name} = {value}");
            assert!(seen.body.contains(error), "{name} = {value}: {}", seen.body);
        }
        let mut form = form.clone();
        let received = field(&form, 1, "report_received_on");
        set(&mut form, &received, "29/09/2026");
        assert_eq!(chair.post(&register, &form).await.status, 303);
        let form = chair.get(&register).await.form();
        let report = field(&form, 1, "report");
        assert!(form.contains(&(report, "late".to_owned())), "the day of receipt decides");
        for day in ["-262143-01-01", "+262142-12-31", "tomorrow"] {
            assert_eq!(chair.get(&format!("/?day={}", day.replace('+', "%2B"))).await.status, 400, "{day}");
        }
    }

    async fn a_field_that_cannot_be_read_is_shown_as_it_was_typed_and_nothing_is_lost(place: Place) {
        let (_, mut chair, conference) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let register = format!("{conference}/register");
        let mut form = chair.get(&register).await.form();
        attend(&mut form, &["in_person", "video", "phone", "absent"]);
        set(&mut form, "conference.decision_time", "half past two");
        let refused = chair.post(&register, &form).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("value=\"half past two\""), "{}", refused.body);
        let kept = refused.form();
        let chosen = kept.iter().filter(|(n, _)| n.ends_with(".attendance")).count();
        assert_eq!(chosen, 4, "what was chosen is still chosen");
    }

    async fn a_deputys_name_is_sealed_in_the_database(place: Place) {
        let (_, mut chair, conference) = at_the_register(&place, open(conference("C-1")), "chair").await;
        let register = format!("{conference}/register");
        let mut form = chair.get(&register).await.form();
        attend(&mut form, &["in_person"]);
        let (by, who) = (field(&form, 0, "report").replace("report", "by_deputy"), field(&form, 0, "deputy"));
        set(&mut form, &by, "yes");
        set(&mut form, &who, "Canary Deputy, team manager");
        assert_eq!(chair.post(&register, &form).await.status, 303);
        assert!(chair.get(&register).await.body.contains("Canary Deputy, team manager"));
        if place.url.starts_with("sqlite") {
            for name in ["quorate.db", "quorate.db-wal"] {
                let bytes = std::fs::read(place.path(name)).unwrap_or_default();
                for canary in ["Canary Deputy", "L1042"] {
                    assert!(!bytes.windows(canary.len()).any(|w| w == canary.as_bytes()), "{canary} in {name}");
                }
            }
        }
    }

    async fn a_chair_sees_only_the_conferences_that_it_chairs(place: Place) {
        let mut rows = conference("C-1");
        rows.extend(conference("C-2").into_iter().map(|r| r.with("chair", "Chair 2").with("child_refs", "L7").with("decisions", "L7=plan_continues")));
        place.import(EVENING, &rows);
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let mut chair = Person::with_role(&place, &site, "chair").await;
        let link = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap();
        let all = administrator.get("/?day=2026-09-30").await.body;
        let own = chair.get("/?day=2026-09-30").await.body;
        assert_eq!((link.find_iter(&all).count(), link.find_iter(&own).count()), (2, 1));
        let own = link.find(&own).unwrap().as_str();
        let other = link.find_iter(&all).map(|m| m.as_str()).find(|l| *l != own).unwrap();
        assert_eq!(chair.get(own).await.status, 200);
        for path in [other.to_owned(), format!("{other}/register"), format!("{other}/confirm"), format!("{other}/amend")] {
            assert_eq!(chair.get(&path).await.status, 404, "{path}");
            assert!(chair.post(&path, &[]).await.status.is_client_error(), "{path}");
        }
    }
}
