//! Restricted conferences: in every total, in no list, and no letter by itself.

use crate::both;
use crate::feedback::make_and_send;
use crate::harness::Place;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, LATER, conference};

/// A conference at which the health visitor was missed, confirmed, its letters not made yet.
fn missed(place: &Place) {
    let mut rows = conference("C-1");
    rows[2] = rows[2].clone().absent();
    place.import(EVENING, &rows);
}

pub async fn address(person: &mut Person) -> String {
    let page = person.get("/?day=2026-09-30").await.body;
    regex::Regex::new("/conferences/[0-9a-f-]{36}")
        .unwrap()
        .find(&page)
        .expect("a conference")
        .as_str()
        .to_owned()
}

async fn reference(person: &mut Person, at: &str) -> String {
    let page = person.get(at).await.body;
    regex::Regex::new("<h1[^>]*>Conference ([A-Z0-9-]{9})<").unwrap().captures(&page).unwrap()[1].to_owned()
}

fn fields(form: &[(&str, &str)]) -> Vec<(String, String)> {
    form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The value of the box of an account on the page that restricts.
async fn box_of(person: &mut Person, at: &str, name: &str) -> String {
    let page = person.get(&format!("{at}/restrict")).await.body;
    let found = regex::Regex::new(&format!("value=\"([0-9a-f-]{{36}})\"[^>]*><label[^>]*>{name},")).unwrap();
    found.captures(&page).unwrap_or_else(|| panic!("{page}"))[1].to_owned()
}

/// Restricts a conference to whoever does it, and others by name.
pub async fn restrict(person: &mut Person, at: &str, names: &[&str]) {
    let mut form = Vec::new();
    for name in names {
        form.push(("account".to_owned(), box_of(person, at, name).await));
    }
    assert_eq!(person.post(&format!("{at}/restrict"), &form).await.status, 303);
}

both! {
    async fn a_restricted_conference_is_there_for_nobody_who_is_not_named(place: Place) {
        missed(&place);
        make_and_send(&place);
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut chair = Person::with_role(&place, &site, "chair").await;
        let mut keeper = Person::with_role(&place, &site, "system_administrator").await;
        let at = address(&mut administrator).await;
        let reference = reference(&mut administrator, &at).await;
        let letter = format!("/post/{}", place.outbox()[0]["id"].as_str().unwrap());
        let before = place.report("2026-09");
        let nobody = administrator.post(&format!("{at}/restrict"), &[]).await;
        assert!(nobody.status == 422 && nobody.body.contains("Choose who goes on seeing it"), "{}", nobody.body);
        let mut warden = Person::called(&place, &site, "warden", "qa_manager").await;
        let alone = [("account".to_owned(), box_of(&mut administrator, &at, "administrator").await)];
        let alone = administrator.post(&format!("{at}/restrict"), &alone).await;
        assert!(alone.status == 422 && alone.body.contains("Choose a QA manager too"), "{}", alone.body);
        restrict(&mut administrator, &at, &["administrator", "warden"]).await;
        assert_eq!(administrator.get(&at).await.status, 200, "whoever restricts it is named");
        for person in [&mut qa, &mut chair, &mut keeper] {
            for path in [at.clone(), format!("{at}/register"), format!("{at}/confirm"), format!("{at}/amend"), format!("{at}/restrict"), letter.clone(), format!("{letter}/as-sent"), format!("{letter}/letter.eml")] {
                let seen = person.get(&path).await;
                assert!(matches!(seen.status.as_u16(), 403 | 404), "{path}: {}", seen.status);
            }
            for path in ["/?day=2026-09-30", "/", "/feedback", "/post", "/restricted", "/reports/2026-09", "/reports/2026-09/behind?figure=invitations"] {
                assert!(!person.get(path).await.body.contains(&reference), "{path}");
            }
            assert!(matches!(person.post(&format!("{at}/restrict"), &[]).await.status.as_u16(), 403 | 404));
            assert!(matches!(person.post(&format!("{at}/restrict/lift"), &[]).await.status.as_u16(), 403 | 404));
        }
        assert!(qa.get("/reports/2026-09/behind?figure=invitations").await.body.contains("0 invitations. Those of restricted conferences"));
        assert_eq!(place.report("2026-09"), before, "in every total");

        restrict(&mut administrator, &at, &["chair"]).await;
        assert_eq!(chair.get(&at).await.status, 200, "named");
        assert_eq!(qa.get(&at).await.status, 404);
        let page = administrator.get(&format!("{at}/restrict")).await.body;
        let ends = regex::Regex::new("action=\"([^\"]*/end)\"").unwrap();
        let ends: Vec<String> = ends.captures_iter(&page).map(|c| c[1].to_owned()).collect();
        assert_eq!(ends.len(), 3);
        assert_eq!(administrator.post(&ends[0], &[]).await.status, 303);
        assert_eq!(administrator.get(&at).await.status, 404, "took itself off");
        let last = chair.post(&ends[1], &[]).await;
        assert!(last.status == 400 && last.body.contains("No QA manager would be left"), "{}", last.body);
        assert_eq!(warden.get(&at).await.status, 200);
        let unsure = chair.post(&format!("{at}/restrict/lift"), &[]).await;
        assert!(unsure.status == 422 && unsure.body.contains("you are sure"), "{}", unsure.body);
        assert_eq!(chair.post(&format!("{at}/restrict/lift"), &fields(&[("sure", "yes")])).await.status, 303);
        assert_eq!(qa.get(&at).await.status, 200);

        let mut auditor = Person::with_role(&place, &site, "auditor").await;
        let trail = auditor.get("/audit").await.body;
        for action in ["restricted.begun", "restricted.named", "restricted.looked", "restricted.unnamed", "restricted.lifted"] {
            assert!(trail.contains(action), "{action}: {trail}");
        }
    }

    async fn broken_glass_shows_a_conference_for_four_hours_and_the_qa_managers_are_told_at_any_hour(place: Place) {
        missed(&place);
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        Person::with_role(&place, &site, "qa_manager").await;
        let at = address(&mut administrator).await;
        let reference = reference(&mut administrator, &at).await;
        restrict(&mut administrator, &at, &["administrator", "qa_manager"]).await;

        let night = "2026-09-30T23:30:00Z";
        let site = place.site(night).await;
        let mut chair = Person::with_role(&place, &site, "chair").await;
        let try_it = |reference: &str, why: &str| fields(&[("reference", reference), ("why", why)]);
        let seen = chair.post("/restricted", &try_it(&reference, "now")).await;
        assert!(seen.status == 422 && seen.body.contains("Say why you need to see it"), "{}", seen.body);
        let seen = chair.post("/restricted", &try_it("ZZZZ-ZZZZ", "the police ring about tonight")).await;
        assert!(seen.status == 422 && seen.body.contains("no restricted conference of yours"), "{}", seen.body);
        assert_eq!(chair.get(&at).await.status, 404);
        let seen = chair.post("/restricted", &try_it(&reference.to_lowercase(), "the police ring about CANARY tonight")).await;
        assert_eq!(seen.location.as_deref(), Some(at.as_str()));
        assert_eq!(chair.get(&at).await.status, 200);

        place.done_at(night, &["run-task", "dispatch"]);
        let mail = place.mail();
        assert_eq!(mail.len(), 1);
        assert_eq!(mail[0].to, "qa_manager@quorate.example");
        assert!(mail[0].text.contains(&format!("chair (chair) opened restricted conference {reference}")), "{}", mail[0].text);
        assert!(!mail[0].raw.contains("CANARY"), "the reason is read on the page alone");
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        // Who opened it decides nothing about who sees it, and does not take its trace away.
        for does in ["restrict", "restrict/lift"] {
            assert_eq!(chair.post(&format!("{at}/{does}"), &fields(&[("account", "x")])).await.status, 404, "{does}");
        }
        assert_eq!(chair.get(&format!("{at}/restrict")).await.status, 404);
        assert!(chair.get(&at).await.body.contains("without being named on it"));
        let page = qa.get("/restricted").await.body;
        assert!(page.contains("the police ring about CANARY tonight") && page.contains(&reference), "{page}");
        let post = administrator.get("/post").await.body;
        assert!(!post.contains("CANARY") && !post.contains("restricted opened") && !post.contains("qa_manager@"), "{post}");
        let notice = place.outbox()[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(administrator.get(&format!("/post/{notice}")).await.status, 404, "between the service and its recipient");

        let end = regex::Regex::new("action=\"(/restricted/[^\"]*/end)\"").unwrap().captures(&page).unwrap()[1].to_owned();
        assert_eq!(chair.post(&end, &[]).await.status, 403);
        assert_eq!(qa.post(&end, &[]).await.status, 303);
        assert_eq!(chair.get(&at).await.status, 404, "ended");
        chair.post("/restricted", &try_it(&reference, "the police ring a second time")).await;
        assert_eq!(chair.get(&at).await.status, 200);
        let site = place.site("2026-10-01T03:30:00Z").await;
        let mut chair = Person::with_role(&place, &site, "chair").await;
        assert_eq!(chair.get(&at).await.status, 404, "four hours");
    }

    async fn a_qa_manager_brings_a_conference_back_that_nobody_keeps_any_more(place: Place) {
        missed(&place);
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        Person::called(&place, &site, "warden", "qa_manager").await;
        let at = address(&mut administrator).await;
        let reference = reference(&mut administrator, &at).await;
        restrict(&mut administrator, &at, &["administrator", "warden"]).await;
        let glass = fields(&[("reference", &reference), ("why", "the police ring about tonight")]);
        assert_eq!(qa.post("/restricted", &glass).await.status, 303);
        assert_eq!(qa.get(&format!("{at}/restrict")).await.status, 404, "somebody keeps it");
        for leaver in ["warden", "administrator"] {
            place.done_at(LATER, &["account", "disable", &format!("{leaver}@quorate.example")]);
        }
        restrict(&mut qa, &at, &["qa_manager"]).await;
        let later = place.site("2026-10-02T10:00:00Z").await;
        let mut qa = Person::with_role(&place, &later, "qa_manager").await;
        assert_eq!(qa.get(&at).await.status, 200, "named from now on");
    }

    async fn a_restricted_conference_sends_only_what_a_qa_manager_releases(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        rows[3] = rows[3].clone().absent();
        place.import(EVENING, &rows);
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let at = address(&mut qa).await;
        place.done_at(LATER, &["run-task", "feedback"]);
        let posted = place.outbox().len();
        assert!(posted >= 2, "letters wait in the post");
        restrict(&mut qa, &at, &["qa_manager"]).await;
        place.done_at(LATER, &["run-task", "dispatch"]);
        assert!(place.mail().is_empty(), "what had not gone does not go");
        place.done_at("2026-09-30T16:06:00Z", &["run-task", "feedback"]);
        place.done_at("2026-09-30T16:06:00Z", &["run-task", "dispatch"]);
        assert!(place.mail().is_empty());

        let page = qa.get("/feedback").await.body;
        let actions = regex::Regex::new("action=\"(/feedback/release/[^\"]*)\"").unwrap();
        let actions: Vec<String> = actions.captures_iter(&page).map(|c| c[1].to_owned()).collect();
        assert_eq!(actions.len(), 2, "{page}");
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        assert!(!administrator.get("/feedback").await.body.contains("/feedback/release/"));
        assert_eq!(administrator.post(&actions[0], &fields(&[("do", "withhold")])).await.status, 403);
        let elsewhere = qa.post(&actions[0], &fields(&[("do", "release"), ("to", "lead@sch.gov.example")])).await;
        assert!(elsewhere.status == 422 && elsewhere.body.contains("Choose who gets the letter"), "{}", elsewhere.body);
        assert_eq!(qa.post(&actions[0], &fields(&[("do", "release"), ("to", "lead@oh.nhs.example")])).await.status, 303);
        assert_eq!(qa.post(&actions[0], &fields(&[("do", "release"), ("to", "lead@oh.nhs.example")])).await.status, 404, "once");
        assert_eq!(qa.post(&actions[1], &fields(&[("do", "withhold")])).await.status, 303);
        for later in ["2026-09-30T16:10:00Z", "2026-09-30T16:20:00Z"] {
            place.done_at(later, &["run-task", "feedback"]);
            place.done_at(later, &["run-task", "dispatch"]);
        }
        let mail = place.mail();
        assert_eq!(mail.iter().map(|m| m.to.as_str()).collect::<Vec<_>>(), ["lead@oh.nhs.example"]);
        assert!(qa.get("/feedback").await.body.contains("None waits for you"));
        let outbox = place.outbox();
        assert_eq!(outbox.iter().filter(|m| m["state"] == "sent").count(), 1);
    }

    async fn once_the_restriction_is_lifted_the_letters_go_by_themselves(place: Place) {
        missed(&place);
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let at = address(&mut qa).await;
        restrict(&mut qa, &at, &["qa_manager"]).await;
        make_and_send(&place);
        assert!(place.mail().is_empty());
        qa.post(&format!("{at}/restrict/lift"), &fields(&[("sure", "yes")])).await;
        place.done_at("2026-09-30T16:10:00Z", &["run-task", "feedback"]);
        place.done_at("2026-09-30T16:10:00Z", &["run-task", "dispatch"]);
        assert_eq!(place.mail().len(), 2);
    }

    async fn a_file_tells_and_changes_nothing_of_a_conference_that_its_bringer_may_not_see(place: Place) {
        missed(&place);
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let at = address(&mut qa).await;
        restrict(&mut qa, &at, &["qa_manager"]).await;
        let before = place.report("2026-09");
        let rows: Vec<_> = conference("C-1").into_iter().map(|row| row.with("locality", "south").with("chair", "Chair 9")).collect();
        let file = crate::harness::log::csv(&rows);
        for what in ["check", "import"] {
            let body = format!("--x\r\nContent-Disposition: form-data; name=\"what\"\r\n\r\n{what}\r\n--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"attendance-log.csv\"\r\nContent-Type: text/csv\r\n\r\n{file}\r\n--x--\r\n");
            let request = axum::http::Request::post("/imports").header("content-type", "multipart/form-data; boundary=x");
            let seen = administrator.send(request.body(axum::body::Body::from(body)).unwrap()).await;
            assert!(seen.body.contains("1 conference(s) of the file were left as they are") && !seen.body.contains("C-1:"), "{}", seen.body);
            for told in ["north", "health-visiting-north@", "Chair 1", "Before"] {
                assert!(!seen.body.contains(told), "{what}: {told}");
            }
        }
        assert_eq!(place.report("2026-09"), before);
    }

    async fn nobody_requeues_a_letter_that_they_may_not_see(place: Place) {
        missed(&place);
        make_and_send(&place);
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut keeper = Person::with_role(&place, &site, "system_administrator").await;
        let at = address(&mut qa).await;
        restrict(&mut qa, &at, &["qa_manager"]).await;
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(&db, "update outbox set state = 'failed', sent_at = null").await.unwrap();
        let letter = format!("/post/{}/requeue", place.outbox()[0]["id"].as_str().unwrap());
        keeper.post(&letter, &[]).await;
        keeper.post("/post/requeue", &[]).await;
        assert!(place.outbox().iter().all(|m| m["state"] == "failed"));
    }
}
