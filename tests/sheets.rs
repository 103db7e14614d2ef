//! An agency's own sheet of a month: its figures, no restricted conference, and of other agencies nothing that is theirs.

use crate::both;
use crate::harness::Place;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, LATER};
use crate::months::missed_on;
use crate::restricted::{address, restrict};

const MAY: &str = "agency_lead@quorate.example";

/// Two conferences of September that the health visitor missed, one of them restricted; the month closed and approved.
async fn september(place: &Place) -> Person {
    place.import(EVENING, &missed_on("C-1", "2026-09-30"));
    let mut administrator = Person::with_role(place, &place.site(LATER).await, "administrator").await;
    Person::with_role(place, &place.site(LATER).await, "qa_manager").await;
    let at = address(&mut administrator).await;
    restrict(&mut administrator, &at, &["administrator", "qa_manager"]).await;
    place.import(EVENING, &missed_on("C-2", "2026-09-29"));
    place.done_at("2026-10-07T08:00:00Z", &["run-task", "report"]);
    let mut qa = Person::with_role(place, &place.site("2026-10-08T09:00:00Z").await, "qa_manager").await;
    assert_eq!(qa.post("/reports/2026-09/approve", &[]).await.status, 303);
    qa
}

both! {
    async fn a_restricted_conference_is_in_the_months_totals_and_in_no_agencys_own_sheet(place: Place) {
        let mut qa = september(&place).await;
        let month = place.report("2026-09");
        assert_eq!(month["agencies"]["OH"]["rate"]["denominator"], 2, "in the table of agencies it counts");
        assert!(month.get("own_agencies").is_none() && month.get("own_sheets").is_none(), "whoever has both could subtract");
        let sheet = qa.get("/reports/2026-09/agency/OH").await.body;
        assert!(sheet.contains("0 of 1") && !sheet.contains("of 2"), "{sheet}");
        // The months after it know it so too.
        place.import("2026-10-21T15:00:00Z", &missed_on("C-3", "2026-10-20"));
        place.done_at("2026-11-06T09:00:00Z", &["run-task", "report"]);
        let mut qa = Person::with_role(&place, &place.site("2026-11-08T09:00:00Z").await, "qa_manager").await;
        let sheet = qa.get("/reports/2026-10/agency/OH").await.body;
        assert!(sheet.contains("0 of 2") && !sheet.contains("of 3"), "two of three in twelve months: {sheet}");
        assert_eq!(place.report("2026-10")["agencies"]["OH"]["rolling"]["denominator"], 3);
    }

    async fn an_agencys_account_reads_its_own_sheet_of_a_circulated_month_and_no_other(place: Place) {
        september(&place).await;
        let site = place.site("2026-10-08T09:00:00Z").await;
        let mut lead = Person::with_role(&place, &site, "agency_lead").await;
        let at = "/agency/papers/2026-09/OH";
        assert_eq!(lead.get(at).await.status, 404, "nothing was granted");
        place.done_at(LATER, &["account", "grant", MAY, "--agency", "OH", "--service", "health visiting north"]);
        assert_eq!(lead.get(at).await.status, 404, "one service is not the agency");
        place.done_at(LATER, &["account", "grant", MAY, "--agency", "OH"]);
        assert!(lead.get("/agency").await.body.contains(&format!("href=\"{at}\"")));
        let sheet = lead.get(at).await.body;
        assert!(sheet.contains("0 of 1") && !sheet.contains("of 2") && !sheet.contains("/reports/"), "{sheet}");
        assert!(sheet.contains("too few agencies of its kind to compare") && !sheet.contains("all of its group"), "{sheet}");
        // Restricted since, it would be told by what it adds.
        let mut administrator = Person::with_role(&place, &place.site(LATER).await, "administrator").await;
        for other in ["/agency/papers/2026-09/TVP", "/agency/papers/2026-10/OH", "/agency/papers/2026-09/NOBODY", "/agency/papers/2026-10/OH/paper.pdf"] {
            assert_eq!(lead.get(other).await.status, 404, "{other}");
        }
        let page = administrator.get("/?day=2026-09-29").await.body;
        let c2 = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
        restrict(&mut administrator, &c2, &["administrator", "qa_manager"]).await;
        assert_eq!(lead.get(at).await.status, 404);
        assert!(!lead.get("/agency").await.body.contains(at));
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        assert!(qa.get("/reports/2026-09/agency/OH").await.body.contains("Not to be handed out"));
    }

    async fn paqas_members_are_told_no_localitys_conferences_where_one_has_few_and_who_may_look_behind_is(place: Place) {
        let mut qa = september(&place).await;
        let mut member = Person::with_role(&place, &place.site("2026-10-08T09:00:00Z").await, "paqa_member").await;
        for at in ["/reports/2026-09/figures.csv", "/reports/over/12-to-2026-09/figures.csv"] {
            let told = member.get(at).await.body;
            assert!(told.contains("conferences,locality,north,c,"), "{at}: {told}");
            assert!(told.contains("conferences,type,review,2,"), "whole for the partnership: {told}");
            assert!(qa.get(at).await.body.contains("conferences,locality,north,2,"));
        }
        // Of five and more a month tells each; months together never, for of two that differ by a month it would follow.
        let five: Vec<_> = (0..5).flat_map(|n| missed_on(&format!("D-{n}"), "2026-10-20")).collect();
        place.import("2026-10-21T15:00:00Z", &five);
        place.done_at("2026-11-06T09:00:00Z", &["run-task", "report"]);
        let site = place.site("2026-11-08T09:00:00Z").await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        assert_eq!(qa.post("/reports/2026-10/approve", &[]).await.status, 303);
        let mut member = Person::with_role(&place, &site, "paqa_member").await;
        assert!(member.get("/reports/2026-10/figures.csv").await.body.contains("conferences,locality,north,5,"));
        assert!(member.get("/reports/over/12-to-2026-10/figures.csv").await.body.contains("conferences,locality,north,c,"));
        let mut member = Person::with_role(&place, &place.site("2026-10-08T09:00:00Z").await, "paqa_member").await;
        let json: serde_json::Value = serde_json::from_str(&member.get("/reports/2026-09/figures.json").await.body).unwrap();
        assert_eq!(json["conferences_by_locality"]["north"], serde_json::Value::Null);
    }
}
